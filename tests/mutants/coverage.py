#!/usr/bin/env python3
"""coverage.py: which lines and branches the tests reach, in all and one by one.

    coverage.py --source DIR --build DIR [--tests PATTERN] [--jobs N]
                [--seconds N] [--lines FILE]

Builds the project with gcov's counters in DIR/mutants/coverage, runs each test
with counters of its own, and prints lines and branches for each room. What each
test reached is kept in DIR/mutants/coverage.json, for mutants.py. With --tests these
tests alone are measured, and the rest of that file stays. --lines shows the
lines of a file that no test reaches. Needs gcc and gcov."""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import suite as suites


# Tests that stop at each system call stop at those of the counters, too.
MAX_SECONDS = 120


def digest_of(path):
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""


class Reached:
    """Lines and branches of files, with the tests that reach them."""

    def __init__(self):
        self.tests = []    # names
        self.seconds = []  # each took, with counters
        self.lines = {}    # file: {line: bits of tests}
        self.branches = {} # file: {line: [number, bits of those taken]}
        self.digests = {}  # of the files; "": measured more than once
        self.lock = threading.Lock()

    def add(self, name, seconds, files):
        with self.lock:
            bit = 1 << len(self.tests)
            self.tests.append(name)
            self.seconds.append(round(seconds, 3))
            for path, rows in files.items():
                self._add_file(path, rows, bit)

    def _add_file(self, path, rows, bit):
        lines = self.lines.setdefault(path, {})
        branches = self.branches.setdefault(path, {})
        for number, count, taken in rows:
            lines[number] = lines.get(number, 0) | (bit if count else 0)
            if taken:
                known = branches.setdefault(number, [len(taken), 0])
                for i, is_taken in enumerate(taken[:known[0]]):
                    known[1] |= is_taken << i

    def forget(self, names):
        """These tests are measured anew."""
        kept = [i for i, name in enumerate(self.tests) if name not in names]

        def without(bits):
            return sum((bits >> i & 1) << k for k, i in enumerate(kept))

        self.tests = [self.tests[i] for i in kept]
        self.seconds = [self.seconds[i] for i in kept]
        self.lines = {path: {n: without(bits) for n, bits in rows.items()}
                      for path, rows in self.lines.items()}

    def mark_texts(self, source):
        """These are the texts of the files that are measured now."""
        for path in self.lines:
            digest = digest_of(os.path.join(source, path))
            if self.digests.setdefault(path, digest) != digest:
                self.digests[path] = ""

    def save(self, path):
        with self.lock, open(path + ".new", "w", encoding="utf-8") as file:
            json.dump({"tests": self.tests, "seconds": self.seconds,
                       "digests": self.digests,
                       "lines": {path: {str(n): hex(bits)
                                        for n, bits in rows.items()}
                                 for path, rows in self.lines.items()},
                       "branches": {path: {str(n): row
                                           for n, row in rows.items()}
                                    for path, rows in self.branches.items()}},
                      file)
        os.replace(path + ".new", path)

    @classmethod
    def load(cls, path):
        reached = cls()
        with open(path, encoding="utf-8") as file:
            text = json.load(file)
        reached.tests, reached.seconds = text["tests"], text["seconds"]
        reached.digests = text.get("digests", {})
        for path, rows in text["lines"].items():
            reached.lines[path] = {int(n): int(bits, 16)
                                   for n, bits in rows.items()}
        for path, rows in text["branches"].items():
            reached.branches[path] = {int(n): row for n, row in rows.items()}
        return reached

    def tests_of(self, path, line, now=None):
        """Indices of the tests that reach the line; of a line without code those
        of the nearest one above it. Of a file that is another `now`: of the
        tests that reach any line."""
        lines = self.lines.get(path, {})
        if now and self.digests.get(path, "") != digest_of(now):
            return self.tests_of_file(path)
        for number in range(line, max(line - 12, 0), -1):
            if number in lines:
                bits = lines[number]
                return [i for i in range(len(self.tests)) if bits >> i & 1]
        return []

    def tests_of_file(self, path):
        return [i for i in range(len(self.tests))
                if any(bits >> i & 1
                       for bits in self.lines.get(path, {}).values())]

    def lines_of_tests(self, paths):
        """How many lines of these files each test reaches."""
        counts = [0] * len(self.tests)
        for path in paths:
            for bits in self.lines.get(path, {}).values():
                while bits:
                    lowest = bits & -bits
                    counts[lowest.bit_length() - 1] += 1
                    bits ^= lowest
        return counts


def rows_of(text, copy):
    """What gcov says of one object: {file: [(line, count, branches)]}."""
    files = {}
    for file in json.loads(text)["files"]:
        path = os.path.relpath(os.path.join(copy, file["file"]), copy)
        if suites.room_of(path):
            files.setdefault(path, []).extend(
                (line["line_number"], line["count"],
                 [branch["count"] > 0 for branch in line["branches"]])
                for line in file["lines"])
    return files


def read_counters(suite, prefix):
    """Run gcov over all counters below this directory."""
    objects = []
    for directory, _, names in os.walk(prefix):
        for name in names:
            if not name.endswith(".gcda"):
                continue
            path = os.path.join(directory, name)
            notes = path[len(prefix):-len(".gcda")] + ".gcno"
            if os.path.exists(notes):
                os.symlink(notes, path[:-len(".gcda")] + ".gcno")
                objects.append(path)
    if not objects:
        return {}
    output = subprocess.run(
        ["gcov", "--json-format", "--branch-probabilities", "--stdout",
         *objects], cwd=suite.build, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        timeout=300, check=False).stdout
    files = {}
    for line in output.splitlines():
        if line.startswith("{"):
            for path, rows in rows_of(line, suite.copy).items():
                files.setdefault(path, []).extend(rows)
    return files


def measure(suite, test, reached, clock):
    prefix = os.path.join(suite.top, "counters", test.name)
    shutil.rmtree(prefix, ignore_errors=True)
    start = time.monotonic()
    try:
        passed = suite.run(test, min(MAX_SECONDS, test.timeout, clock.left()),
                           {"GCOV_PREFIX": prefix})
        seconds = time.monotonic() - start
        files = read_counters(suite, prefix)
    except (suites.Timeout, subprocess.TimeoutExpired):
        print(f"{test.name}: took too long", flush=True)
        return
    finally:
        shutil.rmtree(prefix, ignore_errors=True)
    reached.add(test.name, seconds, files)
    if not passed:
        print(f"{test.name}: fails with counters", flush=True)


def print_rooms(reached):
    print(f"{'room':<14}{'lines':>8}{'reached':>10}{'branches':>10}"
          f"{'taken':>8}")
    for room in suites.ROOMS:
        n_lines = n_reached = n_branches = n_taken = 0
        for path, rows in reached.lines.items():
            if suites.room_of(path) != room:
                continue
            n_lines += len(rows)
            n_reached += sum(1 for bits in rows.values() if bits)
            for number, bits in reached.branches[path].values():
                n_branches += number
                n_taken += bin(bits).count("1")
        if n_lines:
            print(f"{room:<14}{n_lines:>8}{100 * n_reached / n_lines:>9.1f}%"
                  f"{n_branches:>10}{100 * n_taken / (n_branches or 1):>7.1f}%")


def print_lines(reached, path, copy):
    with open(os.path.join(copy, path), encoding="utf-8") as file:
        text = file.read().splitlines()
    for number, bits in sorted(reached.lines.get(path, {}).items()):
        if not bits:
            print(f"{path}:{number}: {text[number - 1].strip()}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--tests", help="measure these anew, keep the others")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=7200)
    parser.add_argument("--lines")
    parser.add_argument("--cmake", action="append", default=[])
    options = parser.parse_args()

    top = os.path.join(os.path.realpath(options.build), "mutants")
    kept = os.path.join(top, "coverage.json")
    exit_object = os.path.join(top, "coverage_exit.o")
    suite = suites.Suite(
        os.path.realpath(options.source), top, "coverage",
        ["-DCMAKE_BUILD_TYPE=Debug", "-DBCC_COVERAGE_FLAGS=--coverage",
         "-DCMAKE_EXE_LINKER_FLAGS=--coverage -Wl,--wrap=_exit "
         "-Wl,--wrap=cage_close " + exit_object,
         *("-D" + value for value in options.cmake)])
    if options.lines:
        for path in options.lines.split(","):
            print_lines(Reached.load(kept), path, suite.copy)
        return 0
    if not suite.lock():
        print("coverage: another run uses the directory")
        return 1
    clock = suites.Clock(options.seconds)
    suite.sync()
    subprocess.run(["gcc", "-O1", "-c", os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "coverage_exit.c"), "-o",
                    exit_object], check=True)
    if (not suite.configure(clock.left()) or
            not suite.ninja([], clock.left(), options.jobs)):
        print(f"coverage: the build failed, see {suite.log}")
        return 1
    reached = Reached()
    tests = suite.tests()
    if options.tests:
        tests = [test for test in tests
                 if re.search(options.tests, test.name)]
        if os.path.exists(kept):
            reached = Reached.load(kept)
            reached.forget({test.name for test in tests})
    with ThreadPoolExecutor(options.jobs) as pool:
        for done, _ in enumerate(pool.map(
                lambda test: measure(suite, test, reached, clock), tests), 1):
            if done % 50 == 0:
                print(f"{done} of {len(tests)} tests", flush=True)
                reached.save(kept)
    reached.mark_texts(suite.copy)
    reached.save(kept)
    print_rooms(reached)
    return 0


if __name__ == "__main__":
    sys.exit(main())
