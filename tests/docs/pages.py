"""Runs what a page of the documentation tells its readers to do.

Every <pre> of a page says what it is, by an attribute:

    data-file="NAME"    the reader saves it as NAME
    data-run            commands, which are run in order in one shell
    data-needs="TEST"   beside data-run: a shell command; if it fails, the
                        section is left out
    data-output         what the commands before it have printed; with the
                        value "figures" another time is as good
    data-part           a fragment, which is only looked at

A section begins at each <h2> or <h3> with an id. A section whose class is
"case" is a test of its own: it is run in an empty directory, with the files of
the section that it belongs to. A page without cases is one test.
"""
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

SKIPPED = 77
KINDS = ("data-file", "data-run", "data-output", "data-part")


class Section:
    def __init__(self, level, name, is_case, parent):
        self.level = level
        self.name = name
        self.is_case = is_case
        self.parent = parent
        self.blocks = []

    def files(self):
        above = self.parent.files() if self.parent else []
        return above + [b for b in self.blocks if b.kind == "data-file"]


class Block:
    def __init__(self, kind, value, needs, line):
        self.kind = kind
        self.value = value
        self.needs = needs
        self.line = line
        self.text = ""


class Page(HTMLParser):
    """sections: all of a page, in order. faults: what is wrong with it."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.sections = [Section(0, "", False, None)]
        self.block = None
        self.faults = []
        self.feed(text)

    def handle_starttag(self, tag, pairs):
        attributes = dict(pairs)
        if tag in ("h2", "h3") and "id" in attributes:
            self.begin_section(int(tag[1]), attributes)
        if tag == "pre":
            self.begin_block(attributes)

    def begin_section(self, level, attributes):
        parent = self.sections[-1]
        while parent and parent.level >= level:
            parent = parent.parent
        is_case = "case" in attributes.get("class", "").split()
        self.sections.append(
            Section(level, attributes["id"], is_case, parent))

    def begin_block(self, attributes):
        kinds = [kind for kind in KINDS if kind in attributes]
        line = self.getpos()[0]
        if len(kinds) != 1:
            self.faults.append(f"line {line}: <pre> says not what it is")
            kinds = ["data-part"]
        self.block = Block(kinds[0], attributes[kinds[0]],
                           attributes.get("data-needs"), line)
        self.sections[-1].blocks.append(self.block)

    def handle_endtag(self, tag):
        if tag == "pre":
            self.block = None

    def handle_data(self, data):
        if self.block:
            self.block.text += data


def read_page(path):
    with open(path, encoding="utf-8") as file:
        page = Page(file.read())
    if page.faults:
        sys.exit(f"FAIL: {path}: " + "; ".join(page.faults))
    return page


def write_file(directory, block):
    path = os.path.join(directory, block.value)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(block.text.rstrip("\n") + "\n")


def check_needs(blocks, directory):
    for block in blocks:
        if block.needs and subprocess.run(
                ["sh", "-c", block.needs], cwd=directory, capture_output=True,
                check=False).returncode:
            print(f"skipped: this fails: {block.needs}")
            sys.exit(SKIPPED)


def pattern_of(text, values_vary=False):
    """A pattern for output that is said of commands. "…" is any text; if values
    vary, a time is any time."""
    pattern = re.escape(text.rstrip("\n")).replace("…", ".*")
    if values_vary:
        pattern = re.sub(r"[0-9.\\]+(?=\\ [mu]?s)", "[0-9.]+", pattern)
    return pattern


def run_case(page, name, directory):
    section = next((s for s in page.sections if s.name == name), None)
    if not section or not section.is_case:
        sys.exit(f"FAIL: no case '{name}'")
    check_needs(section.blocks, directory)
    for block in section.files():
        write_file(directory, block)
    commands = [b.text for b in section.blocks if b.kind == "data-run"]
    said = "\n".join(b.text.rstrip("\n") for b in section.blocks
                     if b.kind == "data-output")
    if not said:
        sys.exit(f"FAIL: {name}: nothing is compared")
    done = subprocess.run(["sh", "-c", "\n".join(["set -e", *commands])],
                          cwd=directory, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    if done.returncode or not re.fullmatch(pattern_of(said),
                                           done.stdout.rstrip("\n")):
        sys.exit(f"FAIL: {name}: exit status {done.returncode}\n"
                 f"--- said to be printed\n{said}\n--- printed\n"
                 f"{done.stdout}--- on standard error\n{done.stderr}")


# ---- A whole page, in one shell ----

class Plan:
    """Commands of a page in order, without those that are left out."""

    def __init__(self, left_out):
        self.left_out = left_out
        self.used = set()
        self.steps = []

    def add(self, text, place, said=None, values_vary=False):
        kept = []
        for command in split_commands(text):
            prefix = next((p for p in self.left_out
                           if command.startswith(p)), None)
            if prefix:
                self.used.add(prefix)
                print(f"left out: {command.splitlines()[0]}: "
                      f"{self.left_out[prefix]}")
            else:
                kept.append(command)
        if kept:
            self.steps.append([kept, place, said, values_vary])

    def say(self, said, values_vary):
        self.steps[-1][2:] = [said, values_vary]


def split_commands(text):
    """Lines, with those that continue them: an open quote or block, or a
    backslash."""
    commands = []
    command = ""
    for line in text.splitlines():
        command += ("\n" if command else "") + line
        is_complete = subprocess.run(
            ["sh", "-n"], input=command, text=True, capture_output=True,
            check=False).returncode == 0
        if is_complete and not command.endswith(("\\", "|")):
            if command.strip():
                commands.append(command)
            command = ""
    if command:
        sys.exit(f"FAIL: no end of: {command}")
    return commands


def plan_page(path, plan, directory):
    for section in read_page(path).sections:
        for block in section.blocks:
            if block.kind == "data-file":
                write_file(directory, block)
            if block.kind == "data-run":
                plan.add(block.text, f"{path}:{block.line}")
            if block.kind == "data-output":
                plan.say(block.text, block.value == "figures")


def plan_manual(path, plan):
    """Commands of a manual page: lines "$ \\fBCOMMAND\\fP" of its examples."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    examples = re.findall(r"^\.EX\n(.*?)^\.EE", text, re.S | re.M)
    for command in re.findall(r"^\$ \\fB(.*?)\\fP$", "\n".join(examples),
                              re.S | re.M):
        command = command.replace("\\-", "-").replace("\\(aq", "'")
        plan.add(command.replace("\\e", "\\"), path)


def run_plan(plan, directory):
    """Each step is named in a file before it runs, so that a failure has a
    place. What it prints goes to a file of its own."""
    script = "set -e\n"
    for number, (commands, *_) in enumerate(plan.steps):
        script += f"echo {number} >.step; exec >.out.{number}\n"
        script += "\n".join(commands) + "\n"
    script = script.replace(">.", f">{directory}/.page/.")
    os.makedirs(f"{directory}/.page", exist_ok=True)
    done = subprocess.run(["sh", "-c", script], cwd=directory, text=True,
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          check=False)
    with open(f"{directory}/.page/.step", encoding="utf-8") as file:
        last = int(file.read())
    n_faults = 0
    for number, (commands, place, said, values_vary) in enumerate(plan.steps):
        if number > last:
            break
        with open(f"{directory}/.page/.out.{number}", encoding="utf-8",
                  errors="replace") as file:
            printed = file.read()
        if number == last and done.returncode:
            n_faults += 1
            print(f"FAIL: {place}: exit status {done.returncode} in:\n" +
                  "\n".join(commands) + f"\n--- printed\n{printed[-2000:]}"
                  f"--- on standard error\n{done.stderr[-2000:]}")
        elif said and not re.fullmatch(pattern_of(said, values_vary),
                                       printed.rstrip("\n")):
            n_faults += 1
            print(f"FAIL: {place}: said to be printed:\n{said}\n"
                  f"--- printed\n{printed}")
    print(f"{sum(len(step[0]) for step in plan.steps)} commands were run")
    return n_faults


def run_whole(arguments):
    """DIRECTORY LIST PAGE...: run all commands of pages and manual pages in
    DIRECTORY. LIST has lines PREFIX<TAB>REASON: commands that are left out."""
    directory, path, *pages = arguments
    with open(path, encoding="utf-8") as file:
        plan = Plan(dict(line.rstrip("\n").split("\t") for line in file))
    for page in pages:
        if page.endswith(".html"):
            plan_page(page, plan, directory)
        else:
            plan_manual(page, plan)
    unused = set(plan.left_out) - plan.used
    if unused:
        sys.exit(f"FAIL: left out, but on no page: {unused}")
    sys.exit(run_plan(plan, directory) > 0)


# ---- What pages have in common with each other and with the code ----

class Facts(HTMLParser):
    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.ids = []
        self.messages = []
        self.pages = []
        self.is_message = self.is_list_of_pages = False
        with open(path, encoding="utf-8") as file:
            self.feed(file.read())

    def handle_starttag(self, tag, pairs):
        attributes = dict(pairs)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "nav":
            self.is_list_of_pages = attributes.get("class") == "pages"
        if "href" in attributes and self.is_list_of_pages:
            self.pages.append(attributes["href"])
        if "data-message" in attributes:
            self.is_message = True
            self.messages.append("")

    def handle_endtag(self, tag):
        self.is_message &= tag != "code"
        self.is_list_of_pages &= tag != "nav"

    def handle_data(self, data):
        if self.is_message:
            self.messages[-1] += data


def list_pages(source):
    docs = os.path.join(source, "docs")
    return [os.path.join(source, "README.html")] + sorted(
        os.path.join(docs, name) for name in os.listdir(docs)
        if name.endswith(".html"))


def read_sources(source):
    text = ""
    for folder in ("lib", "tools"):
        for path, _, names in os.walk(os.path.join(source, folder)):
            for name in names:
                if name.endswith((".c", ".h")):
                    with open(os.path.join(path, name),
                              encoding="utf-8") as file:
                        text += file.read()
    return re.sub(r'"\s*"', "", text)


def check_facts(source):
    source = os.path.abspath(source)
    pages = {path: Facts(path) for path in list_pages(source)}
    code = read_sources(source)
    faults = []
    lists = set()
    for path, page in pages.items():
        where = os.path.relpath(path, source)
        folder = os.path.dirname(path)
        lists.add(tuple(os.path.relpath(os.path.join(folder, link), source)
                        for link in page.pages))
        for twice in {i for i in page.ids if page.ids.count(i) > 1}:
            faults.append(f"{where}: two elements have the id '{twice}'")
        for message in page.messages:
            parts = [" ".join(p.split()) for p in message.split("…")]
            faults += [f"{where}: no message says '{part}'"
                       for part in parts
                       if len(part) > 3 and part.strip("' :,") not in code]
    if len(lists) != 1:
        faults.append("pages have different lists of pages")
    elif set(next(iter(lists))) < {os.path.relpath(p, source) for p in pages}:
        faults.append("a page is missing in the list of pages")
    for fault in faults:
        print(f"FAIL: {fault}")
    return len(faults)


if __name__ == "__main__":
    if sys.argv[1] == "case":
        run_case(read_page(sys.argv[2]), sys.argv[3], os.getcwd())
    elif sys.argv[1] == "whole":
        run_whole(sys.argv[2:])
    elif sys.argv[1] == "facts":
        sys.exit(check_facts(sys.argv[2]) > 0)
