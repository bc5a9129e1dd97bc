"""Runs what a page of the documentation tells its readers to do.

Every <pre> of a page says what it is, by an attribute:

    data-file="NAME"    the reader saves it as NAME
    data-run            commands, which are run in order in one shell
    data-needs="TEST"   beside data-run: a shell command; if it fails, the
                        section is left out
    data-output         what the commands since the last output have printed
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


def pattern_of(text):
    """A pattern for output that is said of commands: "…" is any text."""
    return "".join(".*" if part == "…" else re.escape(part)
                   for part in re.split("(…)", text.rstrip("\n")))


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


if __name__ == "__main__":
    run_case(read_page(sys.argv[1]), sys.argv[2], os.getcwd())
