"""Builds mutants, runs the tests of their lines, and says what became of them.

Each mutant meets alone the tests that have most to do with its file: most that
are killed at all are killed there. Those that are left are built together, some
dozens, each in a function of its own, and all other tests that reach one of them
run once. If a test fails, halves of them are tried until those are found with
which it fails alone. So most mutants that survive cost a share of one run of the
suite instead of a run each."""

from concurrent.futures import ThreadPoolExecutor

import mutate
import suite as suites

# A mutant may take this much longer than its tests took with counters.
PATIENCE = 5
PATIENCE_S = 10

# Tests that mutants meet together before what is known is kept.
AT_ONCE = 40


class Judge:
    def __init__(self, suite, tests, results, options, clock):
        self.suite = suite
        self.tests = tests
        self.results = results
        self.options = options
        self.clock = clock # of the whole run
        self.objects = {} # of files without a mutant
        self.texts = {}
        self.active = {} # file: its mutants

    # ---- Sources and builds ----

    def _activate(self, drawn):
        """Let the copy of the sources have these mutants and no other."""
        wanted = {}
        for one in drawn:
            wanted.setdefault(one.path, []).append(one.mutant)
        for path in {*wanted, *self.active}:
            text = self.texts[path]
            for mutant in sorted(wanted.get(path, ()),
                                 key=lambda m: -m.start):
                text = mutate.apply(text, mutant)
            self.suite.write(path, text.encode())
        self.active = wanted

    def _build(self, targets):
        """Raises Timeout, like the next, if the time of the run is over."""
        return self.suite.ninja(targets, self.clock.left(), self.options.jobs)

    def _object(self, path):
        """Bytes of the object of this file; None: it does not compile."""
        name = self.suite.object_of(path)
        if not name or not self._build([name]):
            return None
        with open(self.suite.in_build(name), "rb") as file:
            return file.read()

    # ---- Tests ----

    def _run(self, test):
        """True: passes; False: fails; None: takes longer than it may."""
        left = self.clock.left()
        seconds = min(test.timeout,
                      self.tests.seconds(test) * PATIENCE + PATIENCE_S)
        try:
            return self.suite.run(test, min(seconds, left))
        except suites.Timeout:
            if left < seconds:
                raise
            return None

    def _passes(self, test):
        return bool(self._build(self.suite.targets_of(test)) and
                    self._run(test))

    def _passes_clean(self, test):
        """A test that fails without a mutant, too, says nothing."""
        if test.name not in self.results.passing | self.results.failing:
            active = self.active
            self._activate([])
            self.results.add_test(test.name, self._passes(test))
            self._activate_again(active)
        return test.name in self.results.passing

    def _activate_again(self, active):
        for path, mutants in active.items():
            text = self.texts[path]
            for mutant in sorted(mutants, key=lambda m: -m.start):
                text = mutate.apply(text, mutant)
            self.suite.write(path, text.encode())
        self.active = active

    def _notices(self, test):
        """Does the test fail because of what is active? It fails twice: the
        machine may be busy."""
        if self._passes(test) or not self._passes_clean(test):
            return False
        return not self._passes(test)

    # ---- Verdicts ----

    def compiles(self, drawn, text):
        """False: the verdict is known without a test."""
        self.texts[drawn.path] = text
        self._activate([])
        if drawn.path not in self.objects:
            self.objects[drawn.path] = self._object(drawn.path)
        before = self.objects[drawn.path]
        if before is None:
            drawn.verdict = "no object"
            return False
        self._activate([drawn])
        after = self._object(drawn.path)
        if after is None:
            drawn.verdict = "no C"
        elif after == before:
            drawn.verdict, drawn.why = "equivalent", "the compiler"
        return not drawn.verdict

    def _kill(self, drawn, witness):
        if drawn.verdict == "survived":
            drawn.since = witness
        else:
            drawn.verdict, drawn.why = "killed", witness
        self.results.add(drawn)

    def try_near(self, drawn):
        """The nearest tests, one by one; True: one notices."""
        self._activate([drawn])
        left = self.options.near_seconds
        for test in self.tests.of_line(drawn.path, drawn.mutant.line):
            seconds = self.tests.seconds(test)
            # One test is not to take the place of many.
            if (seconds > self.options.near_seconds / 3 or
                    test.name in self.results.failing):
                continue
            left -= seconds
            if left < 0:
                break
            if test.name in drawn.ran:
                continue
            if self._notices(test):
                self._kill(drawn, test.name)
                return True
            drawn.ran.add(test.name)
        self.results.add(drawn)
        return False

    def _left_of(self, drawn):
        """Tests of the line that have not met this mutant alone."""
        return [test for test in self.tests.of_line(drawn.path,
                                                    drawn.mutant.line)
                if test.name not in drawn.ran | self.results.failing]

    def try_together(self, group):
        """All other tests of these mutants, the fast ones first, some at a
        time; then each has its verdict."""
        tests, of_test = {}, {}
        for drawn in group:
            for test in self._left_of(drawn):
                tests[test.name] = test
                of_test.setdefault(test.name, []).append(drawn)
        todo = sorted(tests.values(), key=self.tests.seconds)
        for start in range(0, len(todo), AT_ONCE):
            self._try_some(todo[start:start + AT_ONCE], of_test, group)
        for drawn in group:
            if not drawn.verdict:
                n_tests = len(self.tests.of_line(drawn.path,
                                                 drawn.mutant.line))
                drawn.verdict = "survived"
                drawn.why = (f"{n_tests} tests" if n_tests
                             else "no test reaches the line")
                self.results.add(drawn)

    def _try_some(self, tests, of_test, group):
        targets = sorted({target for test in tests
                          for target in self.suite.targets_of(test)})
        self._find_killers(lambda: not targets or self._build(targets),
                           "the build", group)
        self._activate([one for one in group if not self._is_killed(one)])
        if targets:
            self._build(targets)
        with ThreadPoolExecutor(self.options.jobs) as pool:
            passed = list(pool.map(self._run, tests))
        failed = [test for test, passes in zip(tests, passed) if not passes]
        failed.sort(key=lambda t: (len(of_test[t.name]),
                                   self.tests.seconds(t)))
        for test in failed:
            if self._passes_clean(test):
                self._find_killers(lambda test=test: self._passes(test),
                                   test.name, of_test[test.name])
        for test in tests:
            for drawn in of_test[test.name]:
                drawn.ran.add(test.name)
        for drawn in group:
            if not self._is_killed(drawn):
                self.results.add(drawn)

    def _is_killed(self, drawn):
        return drawn.verdict == "killed" or bool(drawn.since)

    def _find_killers(self, passes, name, group):
        """Which of these mutants lets it fail, without the others?"""
        group = [one for one in group if not self._is_killed(one)]
        if not group:
            return
        self._activate(group)
        if passes():
            return
        if len(group) > 1:
            half = len(group) // 2
            self._find_killers(passes, name, group[:half])
            self._find_killers(passes, name, group[half:])
        elif not passes():
            self._kill(group[0], name)

    def end(self):
        self._activate([])
