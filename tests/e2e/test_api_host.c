/* The parts of its host that a prepare uses, and those that it must not
 * change. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* ---- A small stack ---- */

/* A coroutine: the stack that bcc.h speaks of, above a page without access. */
struct coroutine {
    ucontext_t caller, own;
    uint8_t *pages;
    void (*body)(struct coroutine *);
    const struct fixture *f;
    const char *cache, *script, *shared;
    unsigned long flags;
    int result, report;
};

enum { SMALL_STACK = 16 * 1024, GUARD = 4096 };

static void prepare_and_dispose(struct coroutine *c)
{
    BCCReport report = {.size = sizeof(report)};
    BCCScriptRef script = bccCreateScript();

    c->result = !script || bccReadFile(script, c->script, 0) ||
                (c->shared && bccLinkSharedLibrary(script, c->shared, 0)) ||
                bccPrepareExecutable(script, c->cache, "entry", c->flags) ||
                bccGetReport(script, &report);
    c->report = report.cache;
    bccDisposeScript(script);
}

/* makecontext() passes int. */
static void enter(unsigned high, unsigned low)
{
    struct coroutine *c =
        (void *)((uintptr_t)high << 16 << 16 | (uintptr_t)low);

    c->body(c);
}

/* Without the guard nothing would be shown: it is hit, or there was room. */
static void run_on_small_stack(struct coroutine *c)
{
    const uintptr_t address = (uintptr_t)c;

    c->pages = mmap(NULL, GUARD + SMALL_STACK, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(c->pages, MAP_FAILED);
    assert_int_equal(
        mprotect(c->pages + GUARD, SMALL_STACK, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(getcontext(&c->own), 0);
    c->own.uc_stack.ss_sp = c->pages + GUARD;
    c->own.uc_stack.ss_size = SMALL_STACK;
    c->own.uc_link = &c->caller;
    makecontext(&c->own, (void (*)(void))enter, 2,
                (unsigned)(address >> 16 >> 16), (unsigned)address);
    assert_int_equal(swapcontext(&c->caller, &c->own), 0);
    munmap(c->pages, GUARD + SMALL_STACK);
}

static void expect_on_small_stack(struct coroutine *c, int result, int report)
{
    c->body = prepare_and_dispose;
    run_on_small_stack(c);
    assert_int_equal(c->result, result);
    assert_int_equal(c->report, report);
}

static void sixteen_kibibytes_of_stack_are_enough(void **state)
{
    const struct path script = bitcode_path("answer.bc");
    const struct fixture *f = *state;
    struct coroutine c = {.cache = f->cache, .script = script.text};

    expect_on_small_stack(&c, 0, BCC_CACHE_MISS);
    expect_on_small_stack(&c, 0, BCC_CACHE_HIT);
    c.flags = BCC_VERIFY;
    expect_on_small_stack(&c, 0, BCC_CACHE_HIT);
    c.flags = BCC_REBUILD;
    expect_on_small_stack(&c, 0, BCC_CACHE_MISS);
    c.flags = 0;
    c.cache = NULL;
    expect_on_small_stack(&c, 0, BCC_CACHE_OFF);
}

/* As many entries were noted as ever are; the first one just now, so that the
 * directory is not looked at behind the test's back. */
static void many_notes_of_entries_need_no_more_stack(void **state)
{
    const struct path script = bitcode_path("answer.bc");
    const struct fixture *f = *state;
    struct coroutine c = {.cache = f->cache, .script = script.text};
    struct path stamp = fixture_path(f, "cache/.size");
    static uint64_t records[2 * 4096];

    records[1] = (uint64_t)time(NULL);
    write_whole(stamp.text, records, sizeof(records));
    assert_int_equal(chmod(stamp.text, 0600), 0);
    expect_on_small_stack(&c, 0, BCC_CACHE_MISS);
}

static void an_error_needs_no_more_stack(void **state)
{
    const struct path needy = bitcode_path("needy.bc");
    const struct path damaged = fixture_path(*state, "damaged.bc");
    const struct fixture *f = *state;
    struct coroutine c = {.cache = f->cache, .script = needy.text};

    expect_on_small_stack(&c, 1, 0); /* unresolved */
    expect_on_small_stack(&c, 1, 0);
    write_whole(damaged.text, "BC\xc0\xde damaged", 12);
    c.script = damaged.text;
    expect_on_small_stack(&c, 1, 0);
}

static void opening_shared_libraries_needs_no_more_stack(void **state)
{
    const struct path script = bitcode_path("extra.bc");
    const struct fixture *f = *state;
    struct coroutine c = {.cache = f->cache,
                          .script = script.text,
                          .shared = EXTRA_LIBRARY,
                          .flags = BCC_PROCESS_SYMBOLS};

    expect_on_small_stack(&c, 0, BCC_CACHE_MISS);
    expect_on_small_stack(&c, 0, BCC_CACHE_HIT);
}

/* ---- A thread that is cancelled ---- */

static int count_descriptors(void)
{
    DIR *list = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(list);
    while (readdir(list))
        n++;
    closedir(list);
    return n;
}

struct cancelled {
    const struct fixture *f;
    pthread_barrier_t started;
    const char *script, *compiler;
    int state_after, result;
};

static void *prepare_while_cancelled(void *context)
{
    struct cancelled *c = context;
    BCCOptions options = runnable_options();
    BCCScriptRef script = bccCreateScript();
    int state;

    /* Pending from here on: at the first chance the thread ends. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_barrier_wait(&c->started);
    pthread_barrier_wait(&c->started);
    options.compilerPath = c->compiler;
    c->result =
        bccSetOptions(script, &options) || bccReadFile(script, c->script, 0);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    if (!c->result)
        c->result = bccPrepareExecutable(script, c->f->cache, "entry", 0);
    bccDisposeScript(script);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    c->state_after = state;
    return NULL;
}

static void cancel_a_prepare(struct cancelled *c)
{
    pthread_t thread;
    void *end = NULL;

    c->state_after = c->result = -1;
    assert_int_equal(pthread_create(&thread, NULL, prepare_while_cancelled, c),
                     0);
    pthread_barrier_wait(&c->started);
    assert_int_equal(pthread_cancel(thread), 0);
    pthread_barrier_wait(&c->started);
    assert_int_equal(pthread_join(thread, &end), 0);
    assert_null(end);
    assert_int_equal(c->state_after, PTHREAD_CANCEL_ENABLE);
}

/* The prepare is finished, and the thread may be cancelled after it. */
static void a_cancelled_thread_leaves_nothing_behind(void **state)
{
    const struct path script = bitcode_path("answer.bc");
    const struct path other = bitcode_path("answer_43.bc");
    struct cancelled c = {.f = *state, .script = script.text};
    int before;

    assert_int_equal(pthread_barrier_init(&c.started, NULL, 2), 0);
    before = count_descriptors();
    cancel_a_prepare(&c); /* miss */
    assert_int_equal(c.result, 0);
    cancel_a_prepare(&c); /* hit */
    assert_int_equal(c.result, 0);
    c.script = other.text;
    c.compiler = "/bin/false";
    cancel_a_prepare(&c); /* failure */
    assert_int_equal(c.result, 1);
    assert_int_equal(count_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    pthread_barrier_destroy(&c.started);
}

/* ---- A limit of file size ---- */

/* Prepares in a child with that limit and SIGXFSZ at its default. Returns the
 * child's wait status: 0 is success, 1 << 8 an error that names the cause. */
static int prepare_limited(const struct fixture *f, rlim_t limit, bool memory)
{
    const struct rlimit limits = {limit, limit};
    const struct path file = bitcode_path("launch.bc");
    size_t size;
    char *bytes = read_whole(file.text, &size);
    int status = -1;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        BCCScriptRef script = bccCreateScript();
        int failed = setrlimit(RLIMIT_FSIZE, &limits);

        failed = failed || (memory ? bccReadBC(script, "script", bytes, size, 0)
                                   : bccReadFile(script, file.text, 0));
        failed =
            failed || bccPrepareExecutable(script, f->cache, "entry",
                                           BCC_PROCESS_SYMBOLS | BCC_REBUILD);
        if (failed && !strstr(bccGetErrorMessage(script), "File too large"))
            _exit(2);
        _exit(failed);
    }
    free(bytes);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void no_signal_comes_of_a_limit_of_file_size(void **state)
{
    const struct fixture *f = *state;

    for (rlim_t limit = 0; limit < 20000; limit = limit * 3 + 1)
        for (int memory = 0; memory < 2; memory++)
            assert_true(WIFEXITED(prepare_limited(f, limit, memory)));
    assert_int_equal(prepare_limited(f, 0, false), 1 << 8);
    assert_int_equal(prepare_limited(f, 200, true), 1 << 8);
    assert_int_equal(prepare_limited(f, RLIM_INFINITY, true), 0);
}

/* ---- A host that has ended ---- */

/* What a compiler process is started as, but with an empty request: one that
 * goes to work answers that. -1 for the host's descriptor: none. */
_Noreturn static void become_compiler(pid_t host, int host_fd, int reply_fd)
{
    int nothing = open("/dev/null", O_RDWR);
    char pid[24];

    snprintf(pid, sizeof(pid), "%jd", (intmax_t)host);
    host_fd = fcntl(host_fd < 0 ? nothing : host_fd, F_DUPFD, 20);
    reply_fd = fcntl(reply_fd, F_DUPFD, 20);
    for (int fd = 3; fd < 8; fd++)
        dup2(fd == 5 ? reply_fd : nothing, fd);
    dup2(host_fd, 8);
    close_range(9, ~0u, 0);
    execl(getenv("BCC_BCCC"), "bccc", "compile", pid, (char *)NULL);
    _exit(127);
}

enum host { HOST_LIVES, HOST_IS_GRANDPARENT, HOST_HAS_ENDED };

/* The compiler's parent. Of one that has ended the compiler is started when it
 * can know no longer who that was. */
_Noreturn static void be_parent(enum host kind, bool with_pidfd, int reply_fd)
{
    pid_t host = kind == HOST_IS_GRANDPARENT ? getppid() : getpid();
    int host_fd = with_pidfd ? (int)syscall(SYS_pidfd_open, host, 0) : -1;
    pid_t child = fork();

    if (child == 0) {
        while (kind == HOST_HAS_ENDED && getppid() == host)
            sched_yield();
        become_compiler(host, host_fd, reply_fd);
    }
    if (kind != HOST_HAS_ENDED)
        waitpid(child, NULL, 0);
    _exit(0);
}

/* Did a compiler process with such a host go to work? */
static bool goes_to_work(enum host kind, bool with_pidfd)
{
    int reply_fd = memfd_create("reply", 0);
    struct stat st;
    pid_t parent = fork();

    assert_true(reply_fd >= 0 && parent >= 0);
    if (parent == 0)
        be_parent(kind, with_pidfd, reply_fd);
    while (wait(NULL) >= 0 || errno == EINTR)
        ; /* orphans are ours */
    assert_int_equal(fstat(reply_fd, &st), 0);
    close(reply_fd);
    return st.st_size > 0;
}

static void a_compiler_ends_if_its_host_ended_before_it_began(void **state)
{
    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assert_true(goes_to_work(HOST_LIVES, true));
    assert_true(goes_to_work(HOST_LIVES, false));
    assert_false(goes_to_work(HOST_HAS_ENDED, true));
    assert_false(goes_to_work(HOST_HAS_ENDED, false));
    /* A script between the two, or another pid namespace. */
    assert_true(goes_to_work(HOST_IS_GRANDPARENT, true));
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* The same by way of the library: the host is killed while the compiler is
 * stopped before its first instruction. */
static void a_compiler_ends_if_its_host_was_killed(void **state)
{
    const struct fixture *f = *state;
    struct path fifo = fixture_path(f, "fifo");
    struct path script_path = bitcode_path("answer.bc");
    char compiler_text[4 * PATH_SIZE];
    struct path compiler = fixture_path(f, "compiler");
    BCCOptions options = {.size = sizeof(options)};
    int pid = 0, status;
    pid_t host;
    FILE *stream;

    assert_int_equal(mkfifo(fifo.text, 0600), 0);
    snprintf(compiler_text, sizeof(compiler_text),
             "#!/bin/sh\necho $$ >'%s'\nkill -STOP $$\n"
             "exec '%s' \"$@\"\n",
             fifo.text, getenv("BCC_BCCC"));
    write_whole(compiler.text, compiler_text, strlen(compiler_text));
    assert_int_equal(chmod(compiler.text, 0700), 0);
    options.compilerPath = compiler.text;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        BCCScriptRef script = bccCreateScript();

        _exit(bccSetOptions(script, &options) ||
              bccReadFile(script, script_path.text, 0) ||
              bccPrepareExecutable(script, f->cache, "entry", 0));
    }
    stream = fopen(fifo.text, "re");
    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%d", &pid), 1);
    fclose(stream);
    assert_int_equal(kill(host, SIGKILL), 0);
    assert_int_equal(waitpid(host, &status, 0), host);
    /* Ours now; it may be on its way to the stop. */
    assert_int_equal(waitpid((pid_t)pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(kill((pid_t)pid, SIGCONT), 0);
    assert_int_equal(waitpid((pid_t)pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_int_equal(access(fixture_path(f, "cache/entry.oBCC").text, F_OK),
                     -1);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* ---- What the compiler is given ---- */

/* A compiler that keeps what it gets, and goes on as bccc. */
static struct path write_noting_compiler(const struct fixture *f)
{
    struct path compiler = fixture_path(f, "compiler");
    char text[4 * PATH_SIZE];

    snprintf(text, sizeof(text),
             "#!/bin/sh\ncat /proc/$$/environ >'%.400s/environment'\n"
             "cat <&3 >'%.400s/message'\nexec '%.400s' \"$@\"\n",
             f->dir, f->dir, getenv("BCC_BCCC"));
    write_whole(compiler.text, text, strlen(text));
    assert_int_equal(chmod(compiler.text, 0700), 0);
    return compiler;
}

/* Whether a line of a kept file begins so; lines may end in NUL. */
static bool is_noted(const struct fixture *f, const char *name,
                     const char *start)
{
    size_t size;
    char *text = read_whole(fixture_path(f, name).text, &size);
    bool found = false;

    for (size_t at = 0; at < size && !found; at++)
        found = (at == 0 || text[at - 1] == '\n' || text[at - 1] == '\0') &&
                strncmp(text + at, start, strlen(start)) == 0;
    free(text);
    return found;
}

static void compile_with(const struct fixture *f, BCCOptions *options)
{
    struct path compiler = write_noting_compiler(f);
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    options->compilerPath = compiler.text;
    assert_succeeds(script, bccSetOptions(script, options));
    assert_succeeds(script, bccPrepareExecutable(script, NULL, NULL, 0));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

/* The last two end a process that is linked with jemalloc, or with what is not
 * there for it. */
static void the_compiler_gets_a_clean_environment(void **state)
{
    static const char *const names[] = {"PATH",       "LD_LIBRARY_PATH",
                                        "HOME",       "BCC_CACHE_DIR",
                                        "LD_PRELOAD", "MALLOC_CONF"};
    static const char *const values[] = {
        "/usr/bin:/bin", "/nowhere",       "/nowhere",
        "/nowhere",      "/no/library.so", "abort_conf:true,nonsense:1"};
    enum { N = sizeof(names) / sizeof(names[0]), N_PASSED = 2 };
    const struct fixture *f = *state;
    BCCOptions options = runnable_options();
    char *saved[N];

    for (size_t i = 0; i < N; i++) {
        const char *value = getenv(names[i]);

        saved[i] = value ? strdup(value) : NULL;
        assert_int_equal(setenv(names[i], values[i], 1), 0);
    }
    compile_with(f, &options);
    for (size_t i = 0; i < N; i++) {
        if (is_noted(f, "environment", names[i]) != (i < N_PASSED))
            fail_msg("%s: not as it should be", names[i]);
        if (saved[i])
            setenv(names[i], saved[i], 1);
        else
            unsetenv(names[i]);
        free(saved[i]);
    }
    assert_true(is_noted(f, "environment", "LD_LIBRARY_PATH=/nowhere"));
}

static void a_compile_has_a_limit_of_memory_unless_told(void **state)
{
    const struct fixture *f = *state;
    BCCOptions options = runnable_options();

    compile_with(f, &options);
    assert_true(is_noted(f, "message", "limit-memory=17179869184\n"));
    options.compileMemoryLimit = UINT64_C(1) << 32;
    compile_with(f, &options);
    assert_true(is_noted(f, "message", "limit-memory=4294967296\n"));
    options.compileMemoryLimit = UINT64_MAX;
    options.compileTimeLimitMs = UINT32_MAX;
    compile_with(f, &options);
    assert_true(is_noted(f, "message", "limit-memory=0\n"));
}

/* What has ended can be asked as long as nobody waits for it. */
static void the_compiler_dies_before_its_host(void **state)
{
    int reply_fd = memfd_create("reply", 0), score = 0;
    char path[64];
    siginfo_t info;
    FILE *stream;
    pid_t child;

    (void)state;
    assert_true(reply_fd >= 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        become_compiler(getppid(), -1, reply_fd);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    snprintf(path, sizeof(path), "/proc/%jd/oom_score_adj", (intmax_t)child);
    stream = fopen(path, "re");
    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%d", &score), 1);
    fclose(stream);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(reply_fd);
    assert_int_equal(score, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sixteen_kibibytes_of_stack_are_enough),
        TEST(many_notes_of_entries_need_no_more_stack),
        TEST(an_error_needs_no_more_stack),
        TEST(opening_shared_libraries_needs_no_more_stack),
        TEST(a_cancelled_thread_leaves_nothing_behind),
        TEST(no_signal_comes_of_a_limit_of_file_size),
        TEST(a_compiler_ends_if_its_host_ended_before_it_began),
        TEST(a_compiler_ends_if_its_host_was_killed),
        TEST(the_compiler_gets_a_clean_environment),
        TEST(a_compile_has_a_limit_of_memory_unless_told),
        TEST(the_compiler_dies_before_its_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
