/* What the compiler process inherits from the host, and what the host makes of
 * its answers. odd_compiler.c is the process; the names of its behaviours are
 * those of the files that it is started by. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* answer.bc, to be compiled by the odd compiler of this name. */
static BCCScriptRef open_with(const struct fixture *f, const char *name)
{
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
    struct path compiler = fixture_path(f, name);
    BCCOptions options = runnable_options();

    if (access(compiler.text, F_OK) != 0)
        assert_int_equal(symlink(ODD_COMPILER, compiler.text), 0);
    options.compilerPath = compiler.text;
    assert_succeeds(script, bccSetOptions(script, &options));
    return script;
}

/* ---- What it inherits ---- */

/* What "tell" finds out when it is to fill this cache directory. */
static char *facts_of(const struct fixture *f, const char *cache)
{
    BCCScriptRef script = open_with(f, "tell");
    size_t size;

    assert_fails(script, bccPrepareExecutable(script, cache, "entry", 0),
                 BCC_COMPILE_ERROR);
    bccDisposeScript(script);
    return read_whole(fixture_path(f, "tell.facts").text, &size);
}

/* A line of the facts that begins so; false: there is none. */
static bool has_line(const char *facts, const char *start)
{
    for (const char *line = facts; *line;) {
        if (strncmp(line, start, strlen(start)) == 0)
            return true;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return false;
}

/* A host that has files open without O_CLOEXEC, near and far, and two below 3
 * closed. */
static void the_compiler_gets_its_own_descriptors_alone(void **state)
{
    static const int numbers[] = {9, 10, 11, 20, 200, 700};
    enum { N = sizeof(numbers) / sizeof(numbers[0]) };
    const struct fixture *f = *state;
    bool opened[N];
    char *facts;

    for (size_t i = 0; i < N; i++) {
        opened[i] = fcntl(numbers[i], F_GETFD) < 0;
        if (opened[i])
            assert_int_equal(dup2(STDERR_FILENO, numbers[i]), numbers[i]);
    }
    facts = facts_of(f, f->cache);
    for (size_t i = 0; i < N; i++)
        if (opened[i])
            close(numbers[i]);
    assert_true(has_line(facts, "fd 0 /dev/null\n"));
    assert_true(has_line(facts, "fd 1 /dev/null\n"));
    assert_true(has_line(facts, "fd 2 /dev/null\n"));
    assert_true(has_line(facts, "fd 3 /memfd:bcc-request"));
    assert_true(has_line(facts, "fd 4 "));
    assert_true(has_line(facts, "fd 5 /memfd:bcc-reply"));
    assert_true(has_line(facts, "fd 9 "));
    assert_non_null(strstr(facts, "/answer.bc\n"));
    for (int fd = 10; fd < 1024; fd++) {
        char start[16];

        snprintf(start, sizeof(start), "fd %d ", fd);
        if (has_line(facts, start))
            fail_msg("the compiler has %s", start);
    }
    free(facts);
}

/* What it is to write or to lock is not there where no directory is. */
static void the_compiler_gets_no_directory_without_a_cache(void **state)
{
    const struct fixture *f = *state;
    char *facts = facts_of(f, f->cache);

    assert_true(has_line(facts, "fd 7 /"));
    assert_false(has_line(facts, "fd 7 /dev/null\n"));
    free(facts);
    facts = facts_of(f, NULL);
    assert_true(has_line(facts, "fd 4 /memfd:bcc-code"));
    assert_true(has_line(facts, "fd 6 /dev/null\n"));
    assert_true(has_line(facts, "fd 7 /dev/null\n"));
    free(facts);
}

static void on_signal(int number)
{
    (void)number;
}

static void the_compiler_gets_no_signal_state(void **state)
{
    const struct fixture *f = *state;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old, old_handler;
    struct sigaction handle = {.sa_handler = on_signal};
    sigset_t all, before;
    char *facts;

    sigfillset(&all);
    assert_int_equal(sigaction(SIGPIPE, &ignore, &old), 0);
    assert_int_equal(sigaction(SIGUSR1, &handle, &old_handler), 0);
    assert_int_equal(sigprocmask(SIG_SETMASK, &all, &before), 0);
    facts = facts_of(f, f->cache);
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
    assert_int_equal(sigaction(SIGPIPE, &old, NULL), 0);
    assert_int_equal(sigaction(SIGUSR1, &old_handler, NULL), 0);
    assert_false(has_line(facts, "blocked"));
    assert_false(has_line(facts, "handled"));
    assert_true(has_line(facts, "group own\n"));
    assert_true(has_line(facts, "argument compile\n"));
    free(facts);
}

/* Names that begin like one that is passed are others. */
static void the_compiler_gets_the_variables_it_needs(void **state)
{
    static const char *const kept_back[] = {"LD_PRELOAD_OF_NOBODY",
                                            "MALLOC_CONF",
                                            "GLIBC_TUNABLES",
                                            "HOME",
                                            "BCC_CACHE_DIR",
                                            "PATH_TO_IT",
                                            "BCC_BCC",
                                            "LD_LIBRARY_PATH_2"};
    static const char *const passed[] = {"BCC_SYSROOT", "QEMU_LD_PREFIX",
                                         "QEMU_CPU", "TSAN_OPTIONS"};
    const struct fixture *f = *state;
    char *facts;

    for (size_t i = 0; i < sizeof(kept_back) / sizeof(*kept_back); i++)
        assert_int_equal(setenv(kept_back[i], "", 0), 0);
    for (size_t i = 0; i < sizeof(passed) / sizeof(*passed); i++)
        assert_int_equal(setenv(passed[i], "of=the=test", 1), 0);
    facts = facts_of(f, f->cache);
    for (size_t i = 0; i < sizeof(kept_back) / sizeof(*kept_back); i++) {
        char start[64];

        snprintf(start, sizeof(start), "variable %s=", kept_back[i]);
        if (has_line(facts, start))
            fail_msg("the compiler has %s", start);
    }
    for (size_t i = 0; i < sizeof(passed) / sizeof(*passed); i++) {
        char line[64];

        snprintf(line, sizeof(line), "variable %s=of=the=test\n", passed[i]);
        if (!has_line(facts, line))
            fail_msg("the compiler lacks %s", line);
        assert_int_equal(unsetenv(passed[i]), 0);
    }
    assert_true(has_line(facts, "variable PATH="));
    free(facts);
}

/* ---- What it answers ---- */

static void every_answer_is_success_or_one_clear_error(void **state)
{
    static const struct {
        const char *compiler;
        int code;
        const char *says;
    } cases[] = {
        {"whole", BCC_UNSUPPORTED, "so the compiler says"},
        {"cut", BCC_COMPILE_ERROR, "exited without a reply (exit status 0)"},
        {"magic", BCC_COMPILE_ERROR, "exited without a reply (exit status 0)"},
        {"endless", BCC_UNSUPPORTED, "xxxxxxxxxxxxxxxx"},
        {"lines", BCC_UNSUPPORTED, "one?two?[2Jthree"},
        {"strange", BCC_COMPILE_ERROR, "so the compiler says"},
        {"success", BCC_COMPILE_ERROR, "what the compiler wrote"},
    };
    const struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int with_cache = 0; with_cache < 2; with_cache++) {
            BCCScriptRef script = open_with(f, cases[i].compiler);

            assert_fails(script,
                         bccPrepareExecutable(
                             script, with_cache ? f->cache : NULL, "entry", 0),
                         cases[i].code);
            if (!strstr(bccGetErrorMessage(script), cases[i].says))
                fail_msg("%s: %s", cases[i].compiler,
                         bccGetErrorMessage(script));
            bccDisposeScript(script);
        }
    }
    assert_int_not_equal(access(fixture_path(f, "cache/entry.oBCC").text, F_OK),
                         0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* What the host asked for must be what the compiler is. */
static void a_request_that_is_not_for_this_compiler_is_refused(void **state)
{
    static const struct {
        const char *compiler;
        int code;
        const char *says;
    } cases[] = {
        {"version", BCC_UNSUPPORTED, "asked by libbcc 1.1.0 for LLVM "},
        {"llvm", BCC_UNSUPPORTED, "asked by libbcc 0.1.0 for LLVM "},
        {"format", BCC_INVALID_VALUE, "request"},
        {"size", BCC_COMPILE_ERROR, "that were announced"},
    };
    const struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        BCCScriptRef script = open_with(f, cases[i].compiler);

        assert_fails(script, bccPrepareExecutable(script, NULL, NULL, 0),
                     cases[i].code);
        if (!strstr(bccGetErrorMessage(script), cases[i].says))
            fail_msg("%s: %s", cases[i].compiler, bccGetErrorMessage(script));
        bccDisposeScript(script);
    }
}

/* ---- What it leaves ---- */

/* Code in memory was checked. Nobody may change it then, a child of the
 * compiler included. */
static void code_in_memory_cannot_be_changed_after_its_check(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_with(f, "stay");
    struct path done = fixture_path(f, "stay.done");
    size_t size;
    char *facts;

    assert_succeeds(script, bccPrepareExecutable(script, NULL, NULL, 0));
    write_whole(fixture_path(f, "stay.go").text, "", 0);
    for (int i = 0; access(done.text, F_OK) != 0 && i < 3000; i++)
        usleep(10000);
    facts = read_whole(fixture_path(f, "stay.facts").text, &size);
    assert_string_equal(facts, "write EPERM\ngrow EPERM\nshrink EPERM\n");
    free(facts);
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

static size_t count_lines(const char *path)
{
    FILE *file = fopen(path, "re");
    size_t n_lines = 0;
    int c;

    assert_non_null(file);
    while ((c = getc(file)) != EOF)
        n_lines += c == '\n';
    fclose(file);
    return n_lines;
}

static size_t count_descriptors(void)
{
    size_t n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Whatever the compiler does: the host has its descriptors and mappings back,
 * and no child. */
static void nothing_of_a_compile_is_left(void **state)
{
    static const char *const compilers[] = {"whole", "cut", "success", "tell"};
    const struct fixture *f = *state;
    size_t n_descriptors = 0, n_mappings = 0;

    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof(compilers) / sizeof(*compilers); i++) {
            BCCScriptRef script = open_with(f, compilers[i]);

            assert_int_equal(bccPrepareExecutable(script, f->cache, "entry", 0),
                             1);
            assert_int_equal(bccPrepareExecutable(script, NULL, NULL, 0), 1);
            bccDisposeScript(script);
        }
        if (round == 0) {
            n_descriptors = count_descriptors();
            n_mappings = count_lines("/proc/self/maps");
        }
    }
    assert_int_equal(count_descriptors(), n_descriptors);
    assert_int_equal(count_lines("/proc/self/maps"), n_mappings);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_compiler_gets_its_own_descriptors_alone),
        TEST(the_compiler_gets_no_directory_without_a_cache),
        TEST(the_compiler_gets_no_signal_state),
        TEST(the_compiler_gets_the_variables_it_needs),
        TEST(every_answer_is_success_or_one_clear_error),
        TEST(a_request_that_is_not_for_this_compiler_is_refused),
        TEST(code_in_memory_cannot_be_changed_after_its_check),
        TEST(nothing_of_a_compile_is_left),
    };

    return cmocka_run_group_tests_name("api_process", tests, NULL, NULL);
}
