/* BCC_JIT_IN_PROCESS: libobcc-llvm.so makes the entry that bccc makes, starts
 * no process, and leaves the host as it was. */
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bcc/bcc_cache.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* The library's calls come here: processes that were started. */
static int n_spawned;

__attribute__((visibility("default"))) int
posix_spawn(pid_t *pid, const char *path,
            const posix_spawn_file_actions_t *actions,
            const posix_spawnattr_t *attributes, char *const *argv,
            char *const *environment)
{
    n_spawned++;
    return posix_spawnp(pid, path, actions, attributes, argv, environment);
}

/* ---- Scripts ---- */

static BCCScriptRef new_script_for(int jit, int tier, const char *cpu)
{
    BCCOptions options = runnable_options();
    BCCScriptRef script = bccCreateScript();

    options.jit = jit;
    options.tier = tier;
    if (cpu)
        options.cpu = cpu;
    assert_non_null(script);
    assert_succeeds(script, bccSetOptions(script, &options));
    return script;
}

static BCCScriptRef in_process(const char *path)
{
    BCCScriptRef script =
        new_script_for(BCC_JIT_IN_PROCESS, BCC_TIER_BEST, NULL);

    assert_succeeds(script, bccReadFile(script, path, 0));
    return script;
}

static int prepare(BCCScriptRef script, const struct fixture *f,
                   const char *name)
{
    return bccPrepareExecutable(script, f->cache, name,
                                BCC_PROCESS_SYMBOLS | BCC_DEFAULT_LIBRARIES);
}

static void text_script(const struct fixture *f, const char *name,
                        const char *text)
{
    write_whole(fixture_path(f, name).text, text, strlen(text));
}

static char *entry_of(const struct fixture *f, const char *name,
                      size_t *ret_size)
{
    struct path path;

    snprintf(path.text, sizeof(path.text), "%s/%s.oBCC", f->cache, name);
    return read_whole(path.text, ret_size);
}

/* ---- The same bytes ---- */

static void makes(const struct fixture *f, const char *bitcode, int jit,
                  int tier)
{
    BCCScriptRef script = new_script_for(jit, tier, NULL);

    assert_succeeds(script, bccReadFile(script, bitcode, 0));
    assert_succeeds(script, prepare(script, f, jit ? "ours" : "theirs"));
    assert_cache(script, BCC_CACHE_MISS);
    bccDisposeScript(script);
}

static void assert_same_bytes(const struct fixture *f, const char *bitcode,
                              int tier)
{
    char *ours, *theirs;
    size_t size, other;

    makes(f, bitcode, BCC_JIT_PROCESS, tier);
    makes(f, bitcode, BCC_JIT_IN_PROCESS, tier);
    ours = entry_of(f, "ours", &size);
    theirs = entry_of(f, "theirs", &other);
    assert_int_equal(size, other);
    assert_memory_equal(ours, theirs, size);
    free(ours);
    free(theirs);
    unlink(fixture_path(f, "cache/ours.oBCC").text);
    unlink(fixture_path(f, "cache/theirs.oBCC").text);
}

static void an_entry_has_the_bytes_of_the_compiler_process(void **state)
{
    static const char *const names[] = {"answer.bc", "hooks.bc",
                                        "kernels_debug.bc", "caught.bc",
                                        "trampolines.bc"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct path bitcode = bitcode_path(names[i]);

        assert_same_bytes(*state, bitcode.text, BCC_TIER_BEST);
        assert_same_bytes(*state, bitcode.text, BCC_TIER_BASELINE);
    }
}

static void a_divided_module_has_the_same_bytes_too(void **state)
{
    assert_same_bytes(*state, INTERPRETER, BCC_TIER_BEST);
}

static void the_entry_is_a_hit_for_either_way(void **state)
{
    const struct fixture *f = *state;
    const struct path answer = bitcode_path("answer.bc");
    BCCScriptRef script = in_process(answer.text);

    assert_succeeds(script, prepare(script, f, "entry"));
    assert_cache(script, BCC_CACHE_MISS);
    bccDisposeScript(script);
    script = new_script_for(BCC_JIT_PROCESS, BCC_TIER_BEST, NULL);
    assert_succeeds(script, bccReadFile(script, answer.text, 0));
    assert_succeeds(script, prepare(script, f, "entry"));
    assert_cache(script, BCC_CACHE_HIT);
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

static void without_a_cache_the_code_is_in_memory(void **state)
{
    BCCScriptRef script = in_process(bitcode_path("answer.bc").text);

    (void)state;
    assert_succeeds(script, bccPrepareExecutable(script, NULL, NULL, 0));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

/* ---- No process ---- */

static void no_process_is_started(void **state)
{
    const struct fixture *f = *state;
    const struct path answer = bitcode_path("answer.bc");
    BCCOptions options = runnable_options();
    BCCScriptRef script = bccCreateScript();
    char name[16];

    options.jit = BCC_JIT_IN_PROCESS;
    options.cacheSizeLimit = 1; /* each entry is too much: prune */
    n_spawned = 0;
    for (int i = 0; i < 3; i++) {
        bccDisposeScript(script);
        script = bccCreateScript();
        assert_succeeds(script, bccSetOptions(script, &options));
        assert_succeeds(script, bccReadFile(script, answer.text, 0));
        snprintf(name, sizeof(name), "entry%d", i);
        assert_succeeds(script, prepare(script, f, name));
        assert_cache(script, BCC_CACHE_MISS);
        assert_int_equal(call(script, "answer"), 42);
    }
    bccDisposeScript(script);
    assert_int_equal(n_spawned, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    /* The counter counts. */
    makes(f, answer.text, BCC_JIT_PROCESS, BCC_TIER_BEST);
    assert_int_equal(n_spawned, 1);
}

static void a_baseline_entry_gets_no_better_one_by_itself(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script;

    makes(f, bitcode_path("kernels.bc").text, BCC_JIT_IN_PROCESS,
          BCC_TIER_BASELINE);
    n_spawned = 0;
    script = new_script_for(BCC_JIT_IN_PROCESS, BCC_TIER_AUTO, NULL);
    assert_succeeds(script,
                    bccReadFile(script, bitcode_path("kernels.bc").text, 0));
    assert_succeeds(script, prepare(script, f, "ours"));
    assert_cache(script, BCC_CACHE_HIT);
    assert_int_equal(n_spawned, 0);
    bccDisposeScript(script);
}

/* ---- What cannot be compiled ---- */

static void errors_of_input_are_those_of_the_process(void **state)
{
    static const char assembly[] =
        "define void @f() {\n"
        "  call void asm sideeffect \"nonsense\", \"\"()\n"
        "  ret void\n}\n";
    static const char *const texts[] = {
        "no bitcode",
        "BC\xc0\xde nonsense",
        "define i32 @f() {\n  ret i64 0\n}\n",
        "module asm \".incbin \\22/etc/hostname\\22\"\n",
        assembly,
    };
    const struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char message[2][512];
        int code[2];

        text_script(f, "bad.ll", texts[i]);
        for (int jit = 0; jit < 2; jit++) {
            BCCScriptRef script = new_script_for(jit, BCC_TIER_BEST, NULL);

            assert_succeeds(
                script, bccReadFile(script, fixture_path(f, "bad.ll").text, 0));
            assert_int_equal(prepare(script, f, "bad"), 1);
            snprintf(message[jit], sizeof(message[jit]), "%s",
                     bccGetErrorMessage(script));
            code[jit] = take_error(script);
            bccDisposeScript(script);
        }
        assert_string_equal(message[1], message[0]);
        assert_int_equal(code[1], code[0]);
    }
}

#if defined(__x86_64__)
/* LLVM does not return from it. */
static void a_fatal_error_of_llvm_is_an_error_and_no_end(void **state)
{
    static const char text[] =
        "declare <16 x float> @llvm.x86.avx512.rsqrt14.ps.512(<16 x float>,"
        " <16 x float>, i16)\n"
        "define void @f(ptr %p) {\n"
        "  %v = load <16 x float>, ptr %p\n"
        "  %r = call <16 x float> @llvm.x86.avx512.rsqrt14.ps.512("
        "<16 x float> %v, <16 x float> %v, i16 -1)\n"
        "  store <16 x float> %r, ptr %p\n"
        "  ret void\n}\n";
    const struct fixture *f = *state;
    BCCScriptRef script;

    text_script(f, "fatal.ll", text);
    for (int i = 0; i < 3; i++) {
        script = new_script_for(BCC_JIT_IN_PROCESS, BCC_TIER_BEST, "x86-64");
        assert_succeeds(
            script, bccReadFile(script, fixture_path(f, "fatal.ll").text, 0));
        assert_int_equal(prepare(script, f, "fatal"), 1);
        assert_non_null(strstr(bccGetErrorMessage(script), "LLVM: "));
        assert_int_equal(take_error(script), BCC_COMPILE_ERROR);
        bccDisposeScript(script);
    }
    makes(f, bitcode_path("answer.bc").text, BCC_JIT_IN_PROCESS, BCC_TIER_BEST);
}
#endif

static void a_missing_library_is_named(void **state)
{
    const struct fixture *f = *state;
    const struct path bccc = fixture_path(f, "bccc");
    BCCOptions options = runnable_options();
    BCCScriptRef script = bccCreateScript();

    write_whole(bccc.text, "", 0);
    assert_int_equal(chmod(bccc.text, 0755), 0);
    options.jit = BCC_JIT_IN_PROCESS;
    options.compilerPath = bccc.text;
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_succeeds(script,
                    bccReadFile(script, bitcode_path("answer.bc").text, 0));
    assert_int_equal(prepare(script, f, "entry"), 1);
    assert_non_null(strstr(bccGetErrorMessage(script), "/libobcc-llvm.so: "));
    assert_int_equal(take_error(script), BCC_NO_COMPILER);
    bccDisposeScript(script);
}

static void an_unknown_way_is_refused(void **state)
{
    BCCOptions options = {.size = sizeof(options)};
    BCCScriptRef script = bccCreateScript();

    (void)state;
    for (options.jit = -1; options.jit < 100; options.jit += 100) {
        assert_fails(script, bccSetOptions(script, &options),
                     BCC_INVALID_VALUE);
    }
    options.jit = BCC_JIT_LAZY + 1;
    assert_fails(script, bccSetOptions(script, &options), BCC_INVALID_VALUE);
    bccDisposeScript(script);
}

/* ---- The host ---- */

struct host_state {
    void (*handlers[NSIG])(int);
    int flags[NSIG];
    sigset_t mask;
    int rounding;
    mode_t mode;
    char dir[PATH_MAX];
    char locale[64];
};

static void note_host(struct host_state *state)
{
    memset(state, 0, sizeof(*state));
    for (int i = 1; i < NSIG; i++) {
        struct sigaction action = {.sa_flags = 0};

        sigaction(i, NULL, &action);
        state->handlers[i] = action.sa_handler;
        state->flags[i] = action.sa_flags;
    }
    pthread_sigmask(SIG_SETMASK, NULL, &state->mask);
    state->rounding = fegetround();
    state->mode = umask(0);
    umask(state->mode);
    assert_non_null(getcwd(state->dir, sizeof(state->dir)));
    snprintf(state->locale, sizeof(state->locale), "%s",
             setlocale(LC_ALL, NULL));
}

static void the_host_is_as_before(void **state)
{
    static struct host_state before, after;
    const struct fixture *f = *state;

    note_host(&before);
    makes(f, bitcode_path("kernels.bc").text, BCC_JIT_IN_PROCESS,
          BCC_TIER_BEST);
    note_host(&after);
    assert_memory_equal(&before, &after, sizeof(before));
}

static void the_hosts_rounding_does_not_matter(void **state)
{
    const struct fixture *f = *state;
    const struct path bitcode = bitcode_path("arithmetic.bc");
    char *ours, *theirs;
    size_t size, other;

    makes(f, bitcode.text, BCC_JIT_PROCESS, BCC_TIER_BEST);
    fesetround(FE_UPWARD);
    makes(f, bitcode.text, BCC_JIT_IN_PROCESS, BCC_TIER_BEST);
    assert_int_equal(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
    ours = entry_of(f, "ours", &size);
    theirs = entry_of(f, "theirs", &other);
    assert_int_equal(size, other);
    assert_memory_equal(ours, theirs, size);
    free(ours);
    free(theirs);
}

static void no_memory_is_writable_and_executable(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = in_process(bitcode_path("trampolines.bc").text);
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[PATH_MAX + 128], mode[8];
    int n = 0;

    assert_non_null(maps);
    assert_succeeds(script, prepare(script, f, "entry"));
    rewind(maps);
    while (fgets(line, sizeof(line), maps)) {
        assert_int_equal(sscanf(line, "%*s %7s", mode), 1);
        assert_false(mode[1] == 'w' && mode[2] == 'x');
        n++;
    }
    assert_true(n > 10);
    fclose(maps);
    bccDisposeScript(script);
}

/* With features that LLVM does not know it warns on standard error. */
static void nothing_is_printed(void **state)
{
    const struct fixture *f = *state;
    const struct path path = fixture_path(f, "output");
    int fd = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int out = dup(STDOUT_FILENO), error = dup(STDERR_FILENO);
    BCCOptions options = runnable_options();
    BCCScriptRef script = bccCreateScript();
    struct stat st;

    fflush(NULL);
    options.jit = BCC_JIT_IN_PROCESS;
    options.features = "+nonsense";
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_succeeds(script,
                    bccReadFile(script, bitcode_path("answer.bc").text, 0));
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    prepare(script, f, "entry");
    fflush(NULL);
    dup2(out, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    close(out);
    close(error);
    bccDisposeScript(script);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 0);
    close(fd);
}

static void *make_on_small_stack(void *context)
{
    const struct fixture *f = context;
    BCCScriptRef script = in_process(bitcode_path("kernels.bc").text);
    int result = prepare(script, f, "small");

    bccDisposeScript(script);
    return (void *)(intptr_t)result;
}

static void a_thread_of_a_small_stack_may_compile(void **state)
{
    pthread_attr_t attributes;
    pthread_t thread;
    void *result;

    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(
        pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN + 24 * 1024),
        0);
    assert_int_equal(
        pthread_create(&thread, &attributes, make_on_small_stack, *state), 0);
    pthread_attr_destroy(&attributes);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_null(result);
}

static void *make_one(void *context)
{
    static _Atomic int counter;
    const struct fixture *f = context;
    BCCScriptRef script = in_process(bitcode_path("kernels.bc").text);
    char name[16];
    int result;

    snprintf(name, sizeof(name), "entry%d", counter++);
    result = prepare(script, f, name);
    bccDisposeScript(script);
    return (void *)(intptr_t)result;
}

static void several_threads_may_compile(void **state)
{
    pthread_t threads[4];
    void *result;

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_one, *state),
                         0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
}

static void *compile_large(void *context)
{
    BCCScriptRef script = in_process(INTERPRETER);

    prepare(script, context, "large");
    return NULL;
}

static int status_of_child(pid_t pid)
{
    int status;

    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void a_process_may_end_while_it_compiles(void **state)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    pid_t pid = fork();
    pthread_t thread;

    if (pid == 0) {
        pthread_create(&thread, NULL, compile_large, *state);
        nanosleep(&pause, NULL);
        exit(7);
    }
    assert_int_equal(status_of_child(pid), 7 << 8);
}

static void a_forked_process_may_compile(void **state)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    pthread_t thread;
    pid_t pid;

    assert_int_equal(pthread_create(&thread, NULL, compile_large, *state), 0);
    nanosleep(&pause, NULL);
    pid = fork(); /* while the thread compiles */
    if (pid == 0)
        _exit(make_one(*state) ? 1 : 7);
    assert_int_equal(status_of_child(pid), 7 << 8);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_process_is_started), /* before any other makes children */
        TEST(an_entry_has_the_bytes_of_the_compiler_process),
        TEST(a_divided_module_has_the_same_bytes_too),
        TEST(the_entry_is_a_hit_for_either_way),
        TEST(without_a_cache_the_code_is_in_memory),
        TEST(a_baseline_entry_gets_no_better_one_by_itself),
        TEST(errors_of_input_are_those_of_the_process),
#if defined(__x86_64__)
        TEST(a_fatal_error_of_llvm_is_an_error_and_no_end),
#endif
        TEST(a_missing_library_is_named),
        TEST(an_unknown_way_is_refused),
        TEST(the_host_is_as_before),
        TEST(the_hosts_rounding_does_not_matter),
        TEST(no_memory_is_writable_and_executable),
        TEST(nothing_is_printed),
        TEST(a_thread_of_a_small_stack_may_compile),
        TEST(several_threads_may_compile),
        TEST(a_process_may_end_while_it_compiles),
        TEST(a_forked_process_may_compile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
