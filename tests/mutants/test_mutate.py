"""The mutation tool itself: what it changes, and what it leaves alone."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import coverage  # pylint: disable=wrong-import-position
import judge  # pylint: disable=wrong-import-position
import mutants  # pylint: disable=wrong-import-position
import mutate  # pylint: disable=wrong-import-position
import results  # pylint: disable=wrong-import-position
import suite  # pylint: disable=wrong-import-position

SAMPLE = r"""/* if (a < b) no code */
#define LIMIT(a, b) ((a) < \
                     (b))
enum { MAX = 7 };
static const char text[] = "x < y && z";

static int count(const struct list *list, int low)
{
    int n = 0;

    for (size_t i = 0; i < list->n; i++)
        if (list->row[i] >= low && !list->hidden)
            n += 2;
    return n;
}

static void close_all(struct list *list)
{
    release(list, 'a');
    unmap(list);
    if (list->fd < 0)
        return;
    close(list->fd);
}
"""


def after(operator):
    """All changed lines that an operator makes of the sample."""
    return [mutate.describe(SAMPLE, m)[1] for m in mutate.mutants_of(SAMPLE)
            if m.operator == operator.__name__]


class Operators(unittest.TestCase):
    def test_negates_conditions(self):
        self.assertEqual(after(mutate.condition_negated), [
            "if (!(list->row[i] >= low && !list->hidden))",
            "if (!(list->fd < 0))"])

    def test_loosens_conditions(self):
        self.assertEqual(after(mutate.condition_loosened), [
            "if (list->row[i] >= low || !list->hidden)",
            "if (list->row[i] >= low )",
            "if ( !list->hidden)"])

    def test_moves_limits_by_one(self):
        self.assertEqual(after(mutate.limit_off_by_one), [
            "for (size_t i = 0; i <= list->n; i++)",
            "if (list->row[i] > low && !list->hidden)",
            "if (list->fd <= 0)"])

    def test_changes_constants_of_functions_and_enums(self):
        changed = after(mutate.constant_changed)
        for line in ("enum { MAX = 8 };", "enum { MAX = 6 };", "int n = 1;",
                     "n += 3;", "n += 1;", "if (list->fd < 1)"):
            self.assertIn(line, changed)

    def test_removes_calls_assignments_and_jumps(self):
        removed = [mutate.describe(SAMPLE, m)[0]
                   for m in mutate.mutants_of(SAMPLE)
                   if m.operator == "statement_removed"]
        self.assertEqual(removed, ["n += 2;", "release(list, 'a');",
                                   "unmap(list);", "return;",
                                   "close(list->fd);"])

    def test_swaps_arguments(self):
        self.assertEqual(after(mutate.arguments_swapped),
                         ["release('a', list);"])

    def test_swaps_calls(self):
        self.assertEqual(after(mutate.calls_reordered),
                         ["unmap(list); release(list, 'a');"])

    def test_returns_early(self):
        self.assertEqual(after(mutate.early_return),
                         ["{ return 0;", "{ return;"])

    def test_changes_operations_but_no_signs(self):
        self.assertEqual(after(mutate.operation_changed), [
            "for (size_t i = 0; i < list->n; i--)", "n -= 2;"])

    def test_leaves_comments_strings_and_directives_alone(self):
        for mutant in mutate.mutants_of(SAMPLE):
            self.assertNotIn(mutant.line, (1, 2, 3, 5))

    def test_applies_one_change(self):
        for mutant in mutate.mutants_of(SAMPLE):
            changed = mutate.apply(SAMPLE, mutant)
            self.assertNotEqual(changed, SAMPLE)
            self.assertEqual(changed[:mutant.start], SAMPLE[:mutant.start])
            self.assertTrue(changed.endswith(SAMPLE[mutant.end:]))


class Judged(unittest.TestCase):
    def test_reads_paragraphs(self):
        self.assertEqual(
            mutants.judged_in("# comment\n\na.c\n- x < 1\n+ x <= 1\nwhy\nnot\n"),
            {("a.c", "x < 1", "x <= 1"): "why not"})

    def test_wants_a_reason(self):
        with self.assertRaises(ValueError):
            mutants.judged_in("a.c\n- x < 1\n+ x <= 1\n")

    def test_reads_the_list_of_the_tree(self):
        source = os.path.join(os.path.dirname(__file__), "..", "..")
        for path, before, after_ in mutants.judged_equivalent():
            with open(os.path.join(source, path), encoding="utf-8") as file:
                text = file.read()
            known = {mutate.describe(text, m) for m in mutate.mutants_of(text)}
            self.assertIn((before, after_), known, path + ": is no mutant")


class Runs(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def test_ends_what_takes_too_long_with_its_children(self):
        alive = os.path.join(self.directory, "alive")
        script = f"(sleep 30; touch {alive}) & sleep 30"
        start = time.monotonic()
        with self.assertRaises(suite.Timeout):
            suite.run_limited(["sh", "-c", script], 0.2)
        self.assertLess(time.monotonic() - start, 20)
        left = subprocess.run(["pgrep", "-f", alive], check=False,
                              stdout=subprocess.PIPE).stdout
        self.assertEqual(left, b"")

    def test_ends_what_left_its_group(self):
        alive = os.path.join(self.directory, "alive")
        script = f"exec setsid sh -c 'sleep 30; touch {alive}' >/dev/null 2>&1 &"
        code = ("import sys; sys.path.insert(0, sys.argv[1]); import suite;"
                "suite.adopt_orphans();"
                "suite.run_limited(['sh', '-c', sys.argv[2]], 20);"
                "suite.end_orphans()")
        subprocess.run([sys.executable, "-B", "-c", code,
                        os.path.dirname(os.path.abspath(__file__)), script],
                       check=True)
        left = subprocess.run(["pgrep", "-f", alive], check=False,
                              stdout=subprocess.PIPE).stdout
        self.assertEqual(left, b"")

    def test_nothing_has_changed_where_there_is_no_git(self):
        self.assertEqual(mutants.changed_files(self.directory), [])

    def test_lines_keep_their_tests(self):
        reached = coverage.Reached()
        reached.add("one", 1, {"lib/a.c": [(3, 1, [True, False]), (4, 0, [])]})
        reached.add("two", 2, {"lib/a.c": [(3, 0, [False, True]), (4, 5, [])]})
        path = os.path.join(self.directory, "coverage.json")
        reached.save(path)
        known = coverage.Reached.load(path)
        self.assertEqual(known.tests_of("lib/a.c", 3), [0])
        self.assertEqual(known.tests_of("lib/a.c", 4), [1])
        self.assertEqual(known.tests_of("lib/a.c", 9), [1])
        self.assertEqual(known.tests_of("lib/a.c", 2), [])
        self.assertEqual(known.branches["lib/a.c"][3], [2, 3])
        known.add("both", 1, {"lib/a.c": [(3, 1, []), (4, 1, [])]})
        self.assertEqual(known.lines_of_tests(["lib/a.c"]), [1, 1, 2])
        self.assertEqual(known.lines_of_tests(["lib/b.c"]), [0, 0, 0])

    def test_tests_are_measured_anew(self):
        path = os.path.join(self.directory, "a.c")
        with open(path, "w", encoding="utf-8") as file:
            file.write("one")
        reached = coverage.Reached()
        for name in ("one", "two", "three"):
            reached.add(name, 1, {"a.c": [(3, name != "two", []), (4, 1, [])]})
        reached.mark_texts(self.directory)
        reached.forget({"one"})
        self.assertEqual(reached.tests, ["two", "three"])
        self.assertEqual(reached.tests_of("a.c", 3, path), [1])
        with open(path, "w", encoding="utf-8") as file:
            file.write("two")
        self.assertEqual(reached.tests_of("a.c", 3, path), [0, 1])
        reached.mark_texts(self.directory)
        self.assertEqual(reached.tests_of("a.c", 3, path), [0, 1])


CODE = """int one(int a)
{
    return a < 1;
}
int two(int a)
{
    return a < 2;
}
int three(int a)
{
    return a < 3;
}
"""


class Samples(unittest.TestCase):
    """A judge over a copy of sources that hold one file."""

    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        self.kept = os.path.join(self.directory, "kept.json")
        self.suite = suite.Suite("", self.directory, "build", [])
        self.drawn = [results.Drawn("lib/a.c", m, CODE)
                      for m in mutate.mutants_of(CODE)
                      if m.operator == "limit_off_by_one"]

    def judge(self):
        known = results.Results(self.kept, 1, {"lib/a.c": CODE})
        found = judge.Judge(self.suite, None, known, None, None)
        found.texts["lib/a.c"] = CODE
        return found, known

    def code(self):
        path = os.path.join(self.suite.copy, "lib/a.c")
        with open(path, encoding="utf-8") as file:
            return file.read()

    def test_finds_those_that_let_a_test_fail(self):
        found, known = self.judge()
        found._find_killers(lambda: "<= 1" not in self.code() and
                            "<= 3" not in self.code(), "test", self.drawn)
        self.assertEqual([one.verdict for one in self.drawn],
                         ["killed", "", "killed"])
        found.end()
        self.assertEqual(self.code(), CODE)
        known.add_test("test", True)
        # The next run knows it, even if a line was cut short.
        with open(self.kept, "a", encoding="utf-8") as file:
            file.write('{"file": "lib')
        self.judge()[1].add_test("other", False)
        known = results.Results(self.kept, 1, {"lib/a.c": CODE})
        again = results.Drawn("lib/a.c", self.drawn[0].mutant, CODE)
        known.fill(again)
        self.assertEqual((again.verdict, again.why), ("killed", "test"))
        self.assertEqual(known.passing, {"test"})
        self.assertEqual(known.failing, {"other"})

    def test_one_that_needs_another_is_not_killed(self):
        found, _ = self.judge()
        found._find_killers(lambda: "<= 1" not in self.code() or
                            "<= 3" not in self.code(), "test", self.drawn)
        self.assertEqual([one.verdict for one in self.drawn], ["", "", ""])

    def test_other_code_has_other_results(self):
        self.judge()[1].add_test("test", True)
        known = results.Results(self.kept, 1, {"lib/a.c": CODE + "\n"})
        self.assertEqual(known.passing, set())

    def test_knows_the_function(self):
        places = {mutants.function_of(CODE, one.mutant) for one in self.drawn}
        self.assertEqual(len(places), 3)


if __name__ == "__main__":
    unittest.main()
