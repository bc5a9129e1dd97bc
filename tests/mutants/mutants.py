#!/usr/bin/env python3
"""mutants.py: how many small wrong changes of the code do the tests notice?

    mutants.py --source DIR --build DIR [--files FILE,... | --room ROOM,...]
               [--number N] [--seconds N] [--seed N] [--jobs N] [--sample]

Takes a random sample of the mutants of the files (by default those that git
says have changed), builds each in DIR/mutants, runs the tests that reach the
changed line, those of the file first, and prints a table. A mutant is

    killed      a test fails, or takes much longer than it does
    survived    all of these tests pass
    equivalent  the compiler makes the same code of it, or tests/mutants/
                equivalent.txt says why no test can notice it

Mutants that are no C are drawn again. Which tests reach a line is known from
`ninja coverage`. Without that, the tests are the unit tests that the file is
linked into. With --sample the result is a report: the exit status is 0."""

import argparse
import os
import random
import shutil
import subprocess
import sys
from collections import Counter

import coverage
import mutate
import suite as suites

HERE = os.path.dirname(os.path.abspath(__file__))

# A mutant may take this much longer than its tests took with counters.
PATIENCE = 4
PATIENCE_S = 5


# ---- What is judged equivalent ----

def judged_in(text):
    """{(file, before, after): reason} of equivalent.txt: paragraphs of a line
    "FILE", "- " and the line before, "+ " and the line after, and a reason."""
    judged = {}
    for paragraph in text.split("\n\n"):
        lines = [line for line in paragraph.splitlines()
                 if line and not line.startswith("#")]
        if not lines:
            continue
        if (len(lines) < 4 or not lines[1].startswith("- ") or
                not lines[2].startswith("+ ")):
            raise ValueError("equivalent.txt: not a file, '- ', '+ ' and a "
                             "reason: " + lines[0])
        key = lines[0], lines[1][2:].strip(), lines[2][2:].strip()
        judged[key] = " ".join(lines[3:])
    return judged


def judged_equivalent():
    with open(os.path.join(HERE, "equivalent.txt"), encoding="utf-8") as file:
        return judged_in(file.read())


# ---- Which files ----

def changed_files(source):
    """Files that differ from the commit before, or in the work tree; none if
    this is no git checkout."""
    paths = set()
    for arguments in (["diff", "--name-only", "HEAD~1"],
                      ["ls-files", "--others", "--exclude-standard"]):
        try:
            result = subprocess.run(
                ["git", "-C", source, *arguments], capture_output=True,
                text=True, stdin=subprocess.DEVNULL, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return []
        if result.returncode == 0:
            paths.update(result.stdout.split())
    return sorted(paths)


def all_files(source):
    for room in suites.ROOMS:
        for directory, _, names in os.walk(os.path.join(source, room)):
            for name in names:
                path = os.path.relpath(os.path.join(directory, name), source)
                if suites.room_of(path) == room:
                    yield path


def chosen_files(options):
    if options.files:
        paths = options.files.split(",")
    elif options.room:
        rooms = options.room.split(",")
        paths = [path for path in all_files(options.source)
                 if "all" in rooms or suites.room_of(path) in rooms]
    else:
        paths = changed_files(options.source)
    return sorted(path for path in paths
                  if path.endswith(".c") and suites.room_of(path) and
                  os.path.exists(os.path.join(options.source, path)))


# ---- Which tests ----

class Tests:
    """The tests of a line, with the time that each took."""

    def __init__(self, suite, reached):
        self.suite = suite
        self.reached = reached
        self.all = {test.name: test for test in suite.tests()}
        self.linked = {}
        self.n_lines = (reached.lines_of_tests(reached.lines) if reached
                        else [])
        self.n_lines_in = {} # of a file

    def _linked_with(self, path):
        """Unit tests whose programs have the file in them."""
        if not self.linked:
            for test in self.all.values():
                if "unit" not in test.labels:
                    continue
                for target in self.suite.targets_of(test):
                    for line in self.suite.query("inputs", target):
                        if line.endswith(".c"):
                            source = os.path.relpath(
                                os.path.join(self.suite.build, line),
                                self.suite.copy)
                            self.linked.setdefault(source, []).append(test)
        return self.linked.get(path, [])

    def _reaching(self, path, line):
        return self.reached.tests_of(path, line) if self.reached else []

    def of_line(self, path, line):
        """Pairs of a test and the seconds it may take. First those that have
        most to do with the file: of the lines that they reach, the largest
        share is there. Of equals the fastest."""
        found = [i for i in self._reaching(path, line)
                 if self.reached.tests[i] in self.all]
        # Not measured, or in a sandbox that lets no counters out.
        if not found:
            return [(test, 20) for test in self._linked_with(path)]
        if path not in self.n_lines_in:
            self.n_lines_in[path] = self.reached.lines_of_tests([path])
        here = self.n_lines_in[path]
        found.sort(key=lambda i: (-round(here[i] / self.n_lines[i], 2),
                                  self.reached.seconds[i]))
        return [(self.all[self.reached.tests[i]],
                 self.reached.seconds[i] * PATIENCE + PATIENCE_S)
                for i in found]


# ---- One mutant ----

class Judge:
    """Builds a mutant, runs its tests, and says what became of it."""

    def __init__(self, suite, tests, options, clock):
        self.suite = suite
        self.tests = tests
        self.options = options
        self.clock = clock # of the whole run
        self.failing = set() # fail without a mutant, too
        self.passing = set()
        self.objects = {} # of files without a mutant

    def _object(self, path):
        """Bytes of the object of this file; None: it does not compile."""
        name = self.suite.object_of(path)
        if not name or not self._build([name]):
            return None
        with open(os.path.join(self.suite.build, name), "rb") as file:
            return file.read()

    def _build(self, targets):
        """Raises Timeout, like the next, if the time of the run is over."""
        return self.suite.ninja(targets, self.clock.left(), self.options.jobs)

    def _test(self, test, seconds):
        """True: passes; False: fails; None: takes longer."""
        left = self.clock.left()
        try:
            return self.suite.run(test, min(seconds, left))
        except suites.Timeout:
            if left < seconds:
                raise
            return None

    def _run(self, chosen):
        """Name of a test that notices, or None; and the number that ran."""
        clock = suites.Clock(self.options.mutant_seconds)
        for n_run, (test, seconds) in enumerate(chosen):
            if clock.left() <= 0:
                return None, n_run
            if not self._build(self.suite.targets_of(test)):
                return "the build", n_run
            passes = self._test(test, seconds)
            if not passes:
                return (test.name + (" (time)" if passes is None else ""),
                        n_run)
        return None, len(chosen)

    def _passes(self, test, seconds):
        """Does the test pass without a mutant, in this time?"""
        return bool(self._build(self.suite.targets_of(test)) and
                    self._test(test, seconds))

    def _is_witness(self, test, was_slow, seconds):
        """A test that fails without a mutant says nothing; nor does one that
        was slow because the machine is."""
        if was_slow:
            return self._passes(test, seconds)
        if test.name not in self.passing | self.failing:
            passes = self._passes(test, test.timeout)
            (self.passing if passes else self.failing).add(test.name)
        return test.name in self.passing

    def judge(self, path, text, mutant):
        """(verdict, by what)"""
        chosen = self.tests.of_line(path, mutant.line)
        if path not in self.objects:
            self.suite.write(path, text.encode())
            self.objects[path] = self._object(path)
        before = self.objects[path]
        if before is None:
            return "no object", ""
        try:
            self.suite.write(path, mutate.apply(text, mutant).encode())
            after = self._object(path)
            if after is None:
                return "no C", ""
            if after == before:
                return "equivalent", "the compiler"
            if not chosen:
                return "survived", "no test reaches the line"
            notices, n_run = self._run(
                [(test, seconds) for test, seconds in chosen
                 if test.name not in self.failing])
        finally:
            self.suite.write(path, text.encode())
        if not notices:
            return "survived", f"{n_run} of {len(chosen)} tests"
        return "killed", notices

    def judge_soundly(self, path, text, mutant):
        """Like judge(), with a witness that passes without the mutant."""
        for _ in range(5):
            verdict, witness = self.judge(path, text, mutant)
            name = witness.removesuffix(" (time)")
            if verdict != "killed" or name not in self.tests.all:
                return verdict, witness
            test = self.tests.all[name]
            seconds = dict(
                (test.name, seconds) for test, seconds in
                self.tests.of_line(path, mutant.line))[name]
            if self._is_witness(test, name != witness, seconds):
                return verdict, witness
            self.failing.add(name)
        return "unknown", ""


# ---- The sample ----

def draw(candidates, generator):
    """One of the kinds of change, then one change of that kind: else most
    mutants would be of constants."""
    operator = generator.choice(sorted(candidates))
    row = candidates[operator]
    path, mutant = row.pop(generator.randrange(len(row)))
    if not row:
        del candidates[operator]
    return path, mutant


def candidates_of(source, paths):
    texts, candidates = {}, {}
    for path in paths:
        with open(os.path.join(source, path), encoding="utf-8") as file:
            texts[path] = file.read()
        for mutant in mutate.mutants_of(texts[path]):
            candidates.setdefault(mutant.operator, []).append((path, mutant))
    return texts, candidates


def print_table(counts, survivors):
    verdicts = ("killed", "survived", "equivalent")
    print(f"\n{'room':<14}" + "".join(f"{v:>12}" for v in verdicts) +
          f"{'score':>8}")
    total = Counter()
    for room in (*suites.ROOMS, "all"):
        row = total if room == "all" else counts.get(room)
        if not row:
            continue
        if room != "all":
            total.update(row)
        judged = row["killed"] + row["survived"]
        score = f"{100 * row['killed'] / judged:.0f} %" if judged else ""
        print(f"{room:<14}" + "".join(f"{row[v]:>12}" for v in verdicts) +
              f"{score:>8}")
    for path, line, before, after, why in survivors:
        print(f"\n{path}:{line}: survived ({why})\n- {before}\n+ {after}")


def run_sample(options, suite, paths, clock):
    kept = os.path.join(suite.top, "coverage.json")
    reached = coverage.Reached.load(kept) if os.path.exists(kept) else None
    texts, candidates = candidates_of(options.source, paths)
    generator = random.Random(options.seed)
    judge = Judge(suite, Tests(suite, reached), options, clock)
    judged = judged_equivalent()
    counts, survivors, n_done = {}, [], 0

    while candidates and n_done < options.number and clock.left() > 0:
        path, mutant = draw(candidates, generator)
        before, after = mutate.describe(texts[path], mutant)
        if (path, before, after) in judged:
            verdict, why = "equivalent", "judged"
        else:
            try:
                verdict, why = judge.judge_soundly(path, texts[path], mutant)
            except suites.Timeout:
                break
        if verdict in ("no C", "no object", "unknown"):
            continue
        n_done += 1
        counts.setdefault(suites.room_of(path), Counter())[verdict] += 1
        print(f"{n_done:>4} {verdict:<10} {path}:{mutant.line} "
              f"{mutant.operator}: {why}", flush=True)
        if verdict == "survived":
            survivors.append((path, mutant.line, before, after, why))
    print_table(counts, survivors)
    print(f"\n{n_done} mutants, seed {options.seed}")
    return survivors


def parse_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--files", default=os.environ.get("BCC_MUTANT_FILES"))
    parser.add_argument("--room", default=os.environ.get("BCC_MUTANT_ROOM"))
    parser.add_argument("--number", type=int,
                        default=int(os.environ.get("BCC_MUTANTS", 30)))
    parser.add_argument("--seconds", type=float, default=float(
        os.environ.get("BCC_MUTANT_SECONDS", 1800)))
    parser.add_argument("--seed", type=int, default=int(
        os.environ.get("BCC_MUTANT_SEED", 1)))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--mutant-seconds", type=float, default=90)
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--cmake", action="append", default=[])
    return parser.parse_args()


def main():
    options = parse_options()
    options.source = os.path.realpath(options.source)
    clock = suites.Clock(options.seconds)
    paths = chosen_files(options)
    if not paths:
        print("mutants: no C file of lib/ or tools/ has changed")
        return 0
    suite = suites.Suite(
        options.source, os.path.join(os.path.realpath(options.build),
                                     "mutants"),
        "sample" if options.sample else "build",
        ["-DCMAKE_BUILD_TYPE=Release",
         *("-D" + value for value in options.cmake)])
    if not suite.lock():
        print("mutants: another run uses the directory")
        return 0 if options.sample else 1
    try:
        suite.sync()
        if not suite.configure(clock.left()) or (
                not options.sample and
                not suite.ninja([], clock.left(), options.jobs)):
            print(f"mutants: the build failed, see {suite.log}")
            return 0 if options.sample else 1
        survivors = run_sample(options, suite, paths, clock)
    except suites.Timeout:
        print("mutants: the time was too short for the build")
        return 0
    finally:
        shutil.rmtree(suite.scratch, ignore_errors=True)
    return 0 if options.sample or not survivors else 1


if __name__ == "__main__":
    sys.exit(main())
