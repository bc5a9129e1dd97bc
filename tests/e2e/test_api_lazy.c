/* BCC_JIT_LAZY: functions are compiled when they are first called, and behave
 * as those of any other script. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

enum { N_THREADS = 8, LOOK_MS = 1000 };

/* ---- Scripts ---- */

static BCCScriptRef new_lazy(const char *name, int tier)
{
    BCCOptions options = runnable_options();
    BCCScriptRef script = bccCreateScript();

    options.jit = BCC_JIT_LAZY;
    options.tier = tier;
    assert_non_null(script);
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_succeeds(script, bccReadFile(script, bitcode_path(name).text, 0));
    return script;
}

static int prepare(BCCScriptRef script, const char *dir)
{
    return bccPrepareExecutable(script, dir, "entry",
                                BCC_PROCESS_SYMBOLS | BCC_DEFAULT_LIBRARIES);
}

static BCCScriptRef prepared(const char *name)
{
    BCCScriptRef script = new_lazy(name, BCC_TIER_BASELINE);

    assert_succeeds(script, prepare(script, NULL));
    return script;
}

/* How many mappings the process has that hold code. */
static int count_code(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    int n = 0;

    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps)) {
        const char *access = strchr(line, ' ');

        assert_false(access[2] == 'w' && access[3] == 'x');
        n += access[3] == 'x';
    }
    fclose(maps);
    return n;
}

/* ---- Functions ---- */

static void every_kind_of_call_reaches_its_function(void **state)
{
    static const struct {
        const char *function;
        int result;
    } rows[] = {
        {"recursion", 610},       {"mutual_recursion", 1},
        {"one_address", 1},       {"variadic", 55},
        {"through_pointers", 21}, {"structs", 123486},
        {"vectors", 16128},       {"jumps", 5},
        {"computed_goto", 12},
    };
    BCCScriptRef script = prepared("lazy.bc");

    (void)state;
    assert_int_equal(report_of(script).lazy, 1);
    assert_int_equal(report_of(script).tier, BCC_TIER_BASELINE);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            assert_int_equal(call(script, rows[i].function), rows[i].result);
    bccDisposeScript(script);
}

static void a_function_has_one_address_for_the_host_too(void **state)
{
    BCCScriptRef script = prepared("lazy.bc");
    int (*function)(void);
    int (**variable)(void);

    (void)state;
    *(void **)&function = bccGetFuncAddr(script, "recursion");
    *(void **)&variable = bccGetVarAddr(script, "in_variable");
    assert_non_null(function);
    assert_int_equal(function(), 610);
    *variable = function;
    assert_int_equal(call(script, "through_pointers"), 7 + 610 + 7);
    assert_ptr_equal(bccGetFuncAddr(script, "recursion"), (void *)function);
    bccDisposeScript(script);
}

static void constructors_and_destructors_run(void **state)
{
    BCCScriptRef script = prepared("lazy.bc");
    int n_destroyed = 0;
    int **place = bccGetVarAddr(script, "n_destroyed");

    (void)state;
    assert_int_equal(*(int *)bccGetVarAddr(script, "n_constructed"), 1);
    *place = &n_destroyed;
    bccDisposeScript(script);
    assert_int_equal(n_destroyed, 1);
}

static void what_is_not_called_is_not_compiled(void **state)
{
    BCCScriptRef script;
    int before;

    (void)state;
    bccDisposeScript(prepared("lazy.bc")); /* libraries stay open */
    before = count_code();
    script = prepared("lazy.bc");
    call(script, "variadic");
    call(script, "jumps");
    assert_true(count_code() >= before + 3);
    call(script, "variadic");
    bccDisposeScript(script);
    assert_int_equal(count_code(), before);
}

/* ---- Exceptions ---- */

static void an_exception_passes_through_pieces(void **state)
{
    BCCScriptRef script = new_lazy("caught.bc", BCC_TIER_BASELINE);
    BCCScriptRef eager = open_script(bitcode_path("caught.bc").text, NULL);

    (void)state;
    assert_succeeds(script, bccLinkSharedLibrary(script, "libstdc++.so.6", 0));
    assert_succeeds(eager, bccLinkSharedLibrary(eager, "libstdc++.so.6", 0));
    assert_succeeds(script, prepare(script, NULL));
    assert_succeeds(eager, prepare(eager, NULL));
    assert_int_equal(report_of(script).lazy, 1);
    assert_int_equal(call(script, "caught"), call(eager, "caught"));
    bccDisposeScript(script);
    bccDisposeScript(eager);
}

/* ---- Threads, processes ---- */

struct race {
    pthread_barrier_t barrier;
    int (*function)(void);
};

static void *run_race(void *context)
{
    struct race *race = context;

    pthread_barrier_wait(&race->barrier);
    race->function();
    return NULL;
}

static void threads_may_call_one_function_first(void **state)
{
    BCCScriptRef script = prepared("lazy.bc");
    pthread_t thread[N_THREADS];
    struct race race;

    (void)state;
    *(void **)&race.function = bccGetFuncAddr(script, "counted");
    pthread_barrier_init(&race.barrier, NULL, N_THREADS);
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, run_race, &race), 0);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(*(int *)bccGetVarAddr(script, "n_calls"), N_THREADS);
    pthread_barrier_destroy(&race.barrier);
    bccDisposeScript(script);
}

static void *compile_meanwhile(void *script)
{
    static const char *const functions[] = {"recursion", "variadic", "structs",
                                            "vectors"};

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        call(script, functions[i]);
    return NULL;
}

static void a_child_of_fork_compiles_for_itself(void **state)
{
    BCCScriptRef script = prepared("lazy.bc");
    pthread_t thread;
    int status = -1;
    pid_t pid;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, compile_meanwhile, script),
                     0);
    pid = fork();
    if (pid == 0)
        _exit(call(script, "mutual_recursion") + call(script, "jumps"));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    pthread_join(thread, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 6);
    bccDisposeScript(script);
}

/* ---- Failures ---- */

static int log_fd;

static void log_fatal(void *context, int level, const char *area,
                      const char *text)
{
    (void)context;
    (void)area;
    if (level == BCC_LOG_FATAL)
        (void)!write(log_fd, text, strlen(text));
}

static void a_failure_at_a_call_is_logged_and_ends_the_process(void **state)
{
    BCCScriptRef script = prepared("lazy.bc");
    char text[512] = "";
    int fds[2], status;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    log_fd = fds[1];
    assert_int_equal(call(script, "recursion"), 610);
    assert_succeeds(script, bccSetLogCallback(script, log_fatal, NULL));
    pid = fork();
    if (pid == 0) {
        signal(SIGILL, SIG_DFL);
        _exit(call(script, "needs_what_is_nowhere"));
    }
    close(fds[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
    close(fds[0]);
    assert_non_null(strstr(text, "needs_what_is_nowhere: cannot be compiled"));
    assert_non_null(strstr(text, "nothing defines 'is_nowhere'"));
    assert_int_equal(call(script, "jumps"), 5);
    bccDisposeScript(script);
}

static void keep_reason(void *context, int level, const char *area,
                        const char *text)
{
    (void)level;
    if (strcmp(area, "compile") == 0)
        snprintf(context, 256, "%s", text);
}

static void what_cannot_be_divided_is_compiled_at_once(void **state)
{
    BCCScriptRef script = new_lazy("lazy_thread_local.bc", BCC_TIER_BASELINE);
    char reason[256] = "";

    (void)state;
    assert_succeeds(script, bccSetLogCallback(script, keep_reason, reason));
    assert_succeeds(script, prepare(script, NULL));
    assert_int_equal(report_of(script).lazy, 0);
    assert_int_equal(report_of(script).tier, BCC_TIER_BASELINE);
    assert_non_null(strstr(reason, "a variable is thread-local"));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

/* In LLVM's text, where all bodies are read at once. */
static void what_a_stub_would_change_is_compiled_at_once(void **state)
{
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"define i32 @answer() {\n ret i32 42\n}\n", "body is still unread"},
        {"define coldcc i32 @cold() {\n ret i32 42\n}\n"
         "define i32 @answer() {\n %r = call coldcc i32 @cold()\n"
         " ret i32 %r\n}\n",
         "a calling convention of its own"},
        {"define void @keeps() \"no_caller_saved_registers\" {\n"
         " ret void\n}\n"
         "define i32 @answer() {\n call void @keeps() "
         "\"no_caller_saved_registers\"\n ret i32 42\n}\n",
         "a calling convention of its own"},
        {"define i32 @answer() {\n ret i32 42\n}\n"
         "!llvm.module.flags = !{!0}\n!0 = !{i32 4, !\"kcfi\", i32 1}\n",
         "kcfi"},
    };
    const struct path path = fixture_path(*state, "text.ll");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        BCCScriptRef script = bccCreateScript();
        BCCOptions options = runnable_options();
        char reason[256] = "";

        options.jit = BCC_JIT_LAZY;
        options.tier = BCC_TIER_BASELINE;
        write_whole(path.text, rows[i].text, strlen(rows[i].text));
        assert_succeeds(script, bccSetOptions(script, &options));
        assert_succeeds(script, bccReadFile(script, path.text, 0));
        assert_succeeds(script, bccSetLogCallback(script, keep_reason, reason));
        assert_succeeds(script, prepare(script, NULL));
        assert_int_equal(report_of(script).lazy, 0);
        assert_non_null(strstr(reason, rows[i].reason));
        assert_int_equal(call(script, "answer"), 42);
        bccDisposeScript(script);
    }
}

/* An alternate stack for signals may have 8 KiB. */
static void a_first_call_needs_little_stack(void **state)
{
    enum { STACK_SIZE = 65536, LIMIT = 6000, FILL = 0x5a };
    static char stack[STACK_SIZE];
    BCCScriptRef script = prepared("lazy.bc");
    ucontext_t here, there;
    size_t n_unused = 0;
    void (*function)(void);

    (void)state;
    *(void **)&function = bccGetFuncAddr(script, "counted");
    memset(stack, FILL, sizeof(stack));
    assert_int_equal(getcontext(&there), 0);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof(stack);
    there.uc_link = &here;
    makecontext(&there, function, 0);
    assert_int_equal(swapcontext(&here, &there), 0);
    while (n_unused < sizeof(stack) && stack[n_unused] == FILL)
        n_unused++;
    assert_in_range(sizeof(stack) - n_unused, 1, LIMIT);
    assert_int_equal(*(int *)bccGetVarAddr(script, "n_calls"), 1);
    bccDisposeScript(script);
}

static int (*function_in_fork)(void);
static int results_in_fork;

static void call_in_fork(void)
{
    if (function_in_fork)
        results_in_fork += function_in_fork();
}

static void a_handler_of_fork_may_call_first(void **state)
{
    BCCScriptRef script = prepared("lazy.bc");
    int status = -1;
    pid_t pid;

    (void)state;
    *(void **)&function_in_fork = bccGetFuncAddr(script, "jumps");
    pid = fork();
    function_in_fork = NULL;
    if (pid == 0)
        _exit(call(script, "mutual_recursion"));
    assert_int_equal(results_in_fork, 5);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 1);
    bccDisposeScript(script);
}

static void the_best_code_is_made_at_once_where_it_is_wanted(void **state)
{
    BCCScriptRef script = new_lazy("answer.bc", BCC_TIER_BEST);

    assert_succeeds(script, prepare(script, ((struct fixture *)*state)->cache));
    assert_int_equal(report_of(script).lazy, 0);
    assert_int_equal(report_of(script).tier, BCC_TIER_BEST);
    bccDisposeScript(script);
}

/* ---- The next launch ---- */

/* The user's compilers in the background stand in one queue, which may have no
 * place: then another launch begins. */
static void launch_again(const struct fixture *f)
{
    BCCScriptRef script = new_lazy("answer.bc", BCC_TIER_AUTO);

    assert_succeeds(script, prepare(script, f->cache));
    bccDisposeScript(script);
}

static void expect_best_code_next(const struct fixture *f)
{
    BCCScriptRef script = new_lazy("answer.bc", BCC_TIER_AUTO);

    assert_succeeds(script, prepare(script, f->cache));
    assert_cache(script, BCC_CACHE_MISS);
    assert_int_equal(report_of(script).lazy, 1);
    assert_int_equal(call(script, "answer"), 42);
    while (bccWaitForBest(script, LOOK_MS)) {
        assert_int_equal(take_error(script), BCC_NOT_READY);
        launch_again(f);
    }
    bccDisposeScript(script);

    script = new_lazy("answer.bc", BCC_TIER_AUTO);
    assert_succeeds(script, prepare(script, f->cache));
    assert_cache(script, BCC_CACHE_HIT);
    assert_int_equal(report_of(script).lazy, 0);
    assert_int_equal(report_of(script).tier, BCC_TIER_BEST);
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

static void the_next_launch_hits_the_best_code(void **state)
{
    expect_best_code_next(*state);
}

static void the_best_code_replaces_that_of_other_bytes(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = new_lazy("answer_43.bc", BCC_TIER_BEST);

    assert_succeeds(script, prepare(script, f->cache));
    bccDisposeScript(script);
    expect_best_code_next(f);
}

static void a_prepare_that_fails_leaves_nothing_behind(void **state)
{
    BCCScriptRef script = new_lazy("needy.bc", BCC_TIER_BASELINE);
    const char *file = ((struct fixture *)*state)->dir;

    /* A root whose variables refer to what is nowhere is not loaded. */
    (void)prepare(script, file);
    (void)prepare(script, file);
    bccDisposeScript(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_call_reaches_its_function),
        TEST(a_function_has_one_address_for_the_host_too),
        TEST(constructors_and_destructors_run),
        TEST(what_is_not_called_is_not_compiled),
        TEST(an_exception_passes_through_pieces),
        TEST(threads_may_call_one_function_first),
        TEST(a_child_of_fork_compiles_for_itself),
        TEST(a_failure_at_a_call_is_logged_and_ends_the_process),
        TEST(what_cannot_be_divided_is_compiled_at_once),
        TEST(what_a_stub_would_change_is_compiled_at_once),
        TEST(a_first_call_needs_little_stack),
        TEST(a_handler_of_fork_may_call_first),
        TEST(the_best_code_is_made_at_once_where_it_is_wanted),
        TEST(the_next_launch_hits_the_best_code),
        TEST(the_best_code_replaces_that_of_other_bytes),
        TEST(a_prepare_that_fails_leaves_nothing_behind),
    };

    /* Before the library's own handlers, which come later. */
    pthread_atfork(call_in_fork, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
