#!/usr/bin/env python3
"""mutants.py: how many small wrong changes of the code do the tests notice?

    mutants.py --source DIR --build DIR [--files FILE,... | --room ROOM,...]
               [--number N] [--seconds N] [--seed N] [--jobs N]
               [--sample | --again]

Takes a random sample of the mutants of the files (by default those that git
says have changed), builds them in DIR/mutants, runs the tests that reach the
changed lines, and prints a table. A mutant is

    killed      a test fails, or takes much longer than it does
    survived    all of these tests pass
    equivalent  the compiler makes the same code of it, or tests/mutants/
                equivalent.txt says why no test can notice it

Mutants that are no C are drawn again. Which tests reach a line is known from
`ninja coverage`. Without that, the tests are the unit tests that the file is
linked into. What is known of a mutant is kept in DIR/mutants/sample-SEED.json:
the same command goes on where a run stopped. --again tries those that survived
once more, with the nearest tests of now. With --sample the result is a report: the exit
status is 0."""

import argparse
import os
import random
import shutil
import subprocess
import sys
from collections import Counter

import coverage
import judge as judges
import mutate
import suite as suites
from results import Drawn, Results

HERE = os.path.dirname(os.path.abspath(__file__))

# Of a test that no counter was measured of.
UNKNOWN_S = 2


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

    def __init__(self, suite, reached, is_again=False):
        self.suite = suite
        self.is_again = is_again
        self.reached = reached
        self.all = {test.name: test for test in suite.tests()}
        self.linked = {}
        self.took = (dict(zip(reached.tests, reached.seconds)) if reached
                     else {})
        self.n_lines = (reached.lines_of_tests(reached.lines) if reached
                        else [])
        self.n_lines_in = {} # of a file

    def seconds(self, test):
        return self.took.get(test.name, UNKNOWN_S)

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
                                self.suite.in_build(line), self.suite.copy)
                            self.linked.setdefault(source, []).append(test)
        return self.linked.get(path, [])

    def _reaching(self, path, line):
        if not self.reached:
            return []
        if self.is_again: # new cases may reach what no test did
            return self.reached.tests_of_file(path)
        return self.reached.tests_of(path, line, os.path.join(self.suite.origin,
                                                              path))

    def of_line(self, path, line):
        """First those that have most to do with the file: of the lines that
        they reach, the largest share is there. Of equals the fastest."""
        found = [i for i in self._reaching(path, line)
                 if self.reached.tests[i] in self.all]
        # Not measured, or in a sandbox that lets no counters out.
        if not found:
            return self._linked_with(path)
        if path not in self.n_lines_in:
            self.n_lines_in[path] = self.reached.lines_of_tests([path])
        here = self.n_lines_in[path]
        found.sort(key=lambda i: (-round(here[i] / self.n_lines[i], 2),
                                  self.reached.seconds[i]))
        new = [test for name, test in self.all.items()
               if self.is_again and name not in self.took]
        return new + [self.all[self.reached.tests[i]] for i in found]


# ---- The sample ----

def candidates_of(source, paths):
    texts, candidates = {}, {}
    for path in paths:
        with open(os.path.join(source, path), encoding="utf-8") as file:
            texts[path] = file.read()
        for mutant in mutate.mutants_of(texts[path]):
            candidates.setdefault(mutant.operator, []).append((path, mutant))
    return texts, candidates


def draw(candidates, generator):
    """One of the kinds of change, then one change of that kind: else most
    mutants would be of constants."""
    operator = generator.choice(sorted(candidates))
    row = candidates[operator]
    path, mutant = row.pop(generator.randrange(len(row)))
    if not row:
        del candidates[operator]
    return path, mutant


def function_of(text, mutant):
    """Where the function starts that the mutant is in; of an enum its line."""
    source = mutate.Source(text)
    for first, last in source.bodies:
        if source.tokens[first].start < mutant.start <= source.tokens[last].end:
            return source.tokens[first].start
    return -mutant.line


class Sample:
    """Mutants as they are drawn. Those that the nearest tests do not notice
    wait until they are enough to be tried together."""

    def __init__(self, options, judge, results, texts):
        self.options = options
        self.judge = judge
        self.results = results
        self.texts = texts
        self.judged = judged_equivalent()
        self.drawn = []
        self.waiting = []

    def _look(self, drawn):
        """True: it is one, and its verdict is known or waited for."""
        if (drawn.path, drawn.before, drawn.after) in self.judged:
            drawn.verdict, drawn.why = "equivalent", "judged"
            return True
        self.results.fill(drawn)
        if not drawn.verdict and not drawn.ran:
            if not self.judge.compiles(drawn, self.texts[drawn.path]):
                self.results.add(drawn)
        self.judge.texts[drawn.path] = self.texts[drawn.path]
        if drawn.verdict in ("no C", "no object"):
            return False
        if not drawn.verdict and not self.judge.try_near(drawn):
            self.waiting.append(drawn)
        return True

    def take(self, path, mutant):
        drawn = Drawn(path, mutant, self.texts[path])
        if self._look(drawn):
            self.drawn.append(drawn)
            print(f"{len(self.drawn):>4} {drawn.verdict or 'waits':<10} {path}:"
                  f"{mutant.line} {mutant.operator}: {drawn.why}", flush=True)
        if len(self.waiting) >= self.options.together:
            self.try_waiting()

    def try_waiting(self):
        """Of each function one at a time, or one could hide another."""
        while self.waiting:
            group, functions = [], set()
            for one in self.waiting[:self.options.together]:
                place = one.path, function_of(self.texts[one.path], one.mutant)
                if place not in functions:
                    functions.add(place)
                    group.append(one)
            self.judge.try_together(group)
            for one in group:
                self.waiting.remove(one)
                print(f"     {'killed' if one.since else one.verdict:<10} "
                      f"{one.path}:{one.mutant.line} {one.mutant.operator}: "
                      f"{one.since or one.why}", flush=True)

    def take_again(self):
        for one in self.drawn:
            if one.verdict == "survived" and not one.since:
                one.ran = set()
                self.judge.try_near(one)
                print(f"     {'killed' if one.since else one.verdict:<10} "
                      f"{one.path}:{one.mutant.line} {one.mutant.operator}: "
                      f"{one.since}", flush=True)


def print_table(drawn):
    columns = ("killed", "since", "survived", "equivalent")
    counts = {}
    for one in drawn:
        if one.verdict:
            column = "since" if one.since else one.verdict
            for room in (one.room(), "all"):
                counts.setdefault(room, Counter())[column] += 1
    print(f"\n{'room':<14}" + "".join(f"{c:>12}" for c in columns) +
          f"{'score':>8}{'now':>8}")
    for room in (*suites.ROOMS, "all"):
        row = counts.get(room)
        if not row:
            continue
        n = row["killed"] + row["since"] + row["survived"]
        scores = [f"{100 * k / n:.0f} %" if n else "" for k in
                  (row["killed"], row["killed"] + row["since"])]
        print(f"{room:<14}" + "".join(f"{row[c]:>12}" for c in columns) +
              "".join(f"{score:>8}" for score in scores))
    for one in drawn:
        if one.verdict == "survived" and not one.since:
            print(f"\n{one.path}:{one.mutant.line}: survived ({one.why})\n"
                  f"- {one.before}\n+ {one.after}")


def run_sample(options, suite, paths, clock):
    kept = os.path.join(suite.top, "coverage.json")
    reached = coverage.Reached.load(kept) if os.path.exists(kept) else None
    texts, candidates = candidates_of(options.source, paths)
    generator = random.Random(options.seed)
    results = Results(os.path.join(
        suite.top, f"{options.results}-{options.seed}.json"), options.seed,
                      texts)
    tests = Tests(suite, reached, options.again)
    judge = judges.Judge(suite, tests, results, options, clock)
    sample = Sample(options, judge, results, texts)
    try:
        while candidates and len(sample.drawn) < options.number:
            if clock.left() <= 0:
                raise suites.Timeout
            sample.take(*draw(candidates, generator))
        sample.try_waiting()
        if options.again:
            sample.take_again()
    except suites.Timeout:
        print("the time is over; the same command goes on")
    finally:
        judge.end()
        suites.end_orphans()
    print_table(sample.drawn)
    print(f"\n{len(sample.drawn)} mutants, seed {options.seed}; "
          f"{sum(not one.verdict for one in sample.drawn)} wait for tests")
    return any(one.verdict == "survived" for one in sample.drawn)


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
    parser.add_argument("--near-seconds", type=float, default=10,
                        help="of the nearest tests, for a mutant alone")
    parser.add_argument("--together", type=int, default=24,
                        help="mutants that meet the other tests together")
    parser.add_argument("--results", default="sample")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--again", action="store_true",
                        default="BCC_MUTANT_AGAIN" in os.environ)
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
    suites.adopt_orphans()
    try:
        suite.sync()
        if not suite.configure(clock.left()) or (
                not options.sample and
                not suite.ninja([], clock.left(), options.jobs)):
            print(f"mutants: the build failed, see {suite.log}")
            return 0 if options.sample else 1
        survived = run_sample(options, suite, paths, clock)
    except suites.Timeout:
        print("mutants: the time was too short for the build")
        return 0
    finally:
        shutil.rmtree(suite.scratch, ignore_errors=True)
    return 0 if options.sample or not survived else 1


if __name__ == "__main__":
    sys.exit(main())
