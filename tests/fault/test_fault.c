/* Every call of the operating system and of the allocator fails in turn, the
 * 1st, the 2nd, the 3rd ... of its kind, until a prepare does not make it. Each
 * time
 *   - the outcome is code that is right, or an error with a message,
 *   - no descriptor and no memory is lost,
 *   - the next prepare, with nothing failing, is right. */
#include "faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "temp_dir.h"
#include "zip_fixture.h"

static const struct {
    const char *name;
    int os_errno[3];
} calls[N_CALLS] = {
#define X(name, ...) [CALL_##name] = {#name, {__VA_ARGS__}},
    CALL_MAP(X)
#undef X
};

static int set_up(void **state)
{
    struct temp_dir *dir = malloc(sizeof(*dir));

    *state = dir;
    return dir ? temp_dir_make(dir) : -1;
}

static int tear_down(void **state)
{
    struct temp_dir *dir = *state;
    int result = temp_dir_remove(dir);

    free(dir);
    return result;
}

/* ---- One prepare ---- */

struct scenario {
    const char *name;
    size_t n_errors; /* of those of each call */
    bool has_cache;
    bool is_stale;       /* an entry of other bitcode is there */
    bool has_entry;      /* an entry is there */
    bool is_old;         /* and its use is to be recorded */
    unsigned long flags; /* of the prepare */
    bool has_layers;     /* and two directories more that hold nothing */
    bool in_archive;     /* the script is, and the archive's stamp is new */
    enum { AS_BITCODE, AS_COMPILED_FILE, AS_COMPILED_BYTES } form;
};

/* The entry, where bytes are wanted. */
static struct {
    char bytes[65536];
    size_t size;
} compiled;

struct outcome {
    bool is_prepared;
    int cache;
    bool reached; /* the call that was to fail was there */
    char message[1024];
};

/* The sum of what the script's functions say, 42 if all is well. */
static int ask(BCCScriptRef script)
{
    int (*answer)(void);

    *(void **)&answer = bccGetFuncAddr(script, "answer");
    assert_non_null(answer);
    return answer();
}

static int read_script(BCCScriptRef script, const struct scenario *scenario,
                       const char *dir)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", dir,
             scenario->in_archive ? "app.apk" : "entry.oBCC");
    if (scenario->in_archive)
        return bccReadResource(script, path, "a.bc", 0);
    if (scenario->form == AS_COMPILED_FILE)
        return bccReadExecutableFile(script, path, 0);
    if (scenario->form == AS_COMPILED_BYTES)
        return bccReadExecutable(script, "bytes", compiled.bytes, compiled.size,
                                 BCC_COPY_INPUT);
    return bccReadFile(script, ANSWER_BITCODE, 0);
}

/* All that a host does. What is to fail is armed already. */
static void launch_into(const struct scenario *scenario, const char *dir,
                        struct outcome *ret_outcome)
{
    const BCCOptions options = {.size = sizeof(options),
                                .optLevel = BCC_OPT_O0};
    BCCReport report = {.size = sizeof(report)};
    BCCScriptRef script = bccCreateScript();
    bool failed;

    failed =
        !script || read_script(script, scenario, dir) ||
        bccSetOptions(script, &options) ||
        bccSetCachePath(script, scenario->has_layers ? "/bin:/usr/bin" : "") ||
        bccPrepareExecutable(script, scenario->has_cache ? dir : NULL, "entry",
                             scenario->flags);

    ret_outcome->reached = faults_disarm();
    ret_outcome->is_prepared = !failed;
    if (script) {
        snprintf(ret_outcome->message, sizeof(ret_outcome->message), "%s",
                 bccGetErrorMessage(script));
        bccGetReport(script, &report);
        ret_outcome->cache = report.cache;
    } else {
        snprintf(ret_outcome->message, sizeof(ret_outcome->message),
                 "no script");
    }
    if (!failed)
        assert_int_equal(ask(script), 42);
    bccDisposeScript(script);
}

static struct outcome launch(const struct scenario *scenario, const char *dir,
                             enum call call, int os_errno, unsigned nth)
{
    struct outcome outcome = {0};

    faults_arm(call, os_errno, nth);
    launch_into(scenario, dir, &outcome);
    return outcome;
}

/* With nothing failing. */
static void launch_rightly(const struct scenario *scenario, const char *dir)
{
    struct outcome outcome = launch(scenario, dir, N_CALLS, 0, 1);

    if (!outcome.is_prepared)
        fail_msg("%s", outcome.message);
}

/* ---- What may be lost ---- */

static size_t count_names(const char *path, const char *suffix)
{
    DIR *listing = opendir(path);
    const struct dirent *entry;
    size_t n = 0;

    while (listing && (entry = readdir(listing)))
        n += strstr(entry->d_name, suffix) != NULL;
    if (listing)
        closedir(listing);
    return n;
}

static size_t count_descriptors(void)
{
    return count_names("/proc/self/fd", "");
}

/* But for the C library's own text of what dlsym() did not find. */
static size_t count_bytes(void)
{
    while (dlerror())
        ;
    return mallinfo2().uordblks;
}

/* Bytes of all mappings but the heap, which count_bytes() is about. */
static size_t count_mapped(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    unsigned long start, end;
    size_t size = 0;
    char line[512];

    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps))
        if (!strstr(line, "[heap]") &&
            sscanf(line, "%lx-%lx", &start, &end) == 2)
            size += end - start;
    fclose(maps);
    return size;
}

/* Children, dead or alive. */
static bool has_child(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static size_t count_temporaries(const struct temp_dir *dir)
{
    return count_names(temp_dir_path(dir, ".bcc").text, ".tmp");
}

/* ---- Every call ---- */

static void write_archive(const struct temp_dir *dir)
{
    struct zip_file file = {.name = "a.bc", .flags = ZIP_DEFLATED};
    struct buffer archive;
    char bitcode[65536];
    int fd = open(ANSWER_BITCODE, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, bitcode, sizeof(bitcode));

    assert_true(size > 0 && size < (ssize_t)sizeof(bitcode));
    close(fd);
    file.data = bitcode;
    file.size = (size_t)size;
    buffer_init(&archive);
    zip_make(&file, 1, 0, &archive, NULL);
    fd = open(temp_dir_path(dir, "app.apk").text,
              O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, archive.data, archive.size), archive.size);
    close(fd);
    buffer_release(&archive);
}

static void read_entry(const struct temp_dir *dir)
{
    int fd = open(temp_dir_path(dir, "entry.oBCC").text, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, compiled.bytes, sizeof(compiled.bytes));

    assert_true(size > 0 && size < (ssize_t)sizeof(compiled.bytes));
    compiled.size = (size_t)size;
    close(fd);
}

static void set_scene(const struct scenario *scenario,
                      const struct temp_dir *dir)
{
    const struct scenario plain = {.has_cache = true,
                                   .in_archive = scenario->in_archive};
    const struct timespec long_ago[2] = {{.tv_sec = 1000000},
                                         {.tv_sec = 1000000}};

    if (scenario->in_archive)
        write_archive(dir);
    unlink(temp_dir_path(dir, "entry.oBCC").text);
    if (scenario->has_entry)
        launch_rightly(&plain, dir->path);
    if (scenario->is_old)
        assert_int_equal(utimensat(AT_FDCWD,
                                   temp_dir_path(dir, "entry.oBCC").text,
                                   long_ago, 0),
                         0);
    if (scenario->form == AS_COMPILED_BYTES)
        read_entry(dir);
    if (scenario->is_stale)
        assert_int_equal(temp_dir_write(dir, "entry.oBCC", "stale"), 0);
    if (scenario->in_archive)
        write_archive(dir);
}

/* Calls that serve the cache alone: without it the code runs all the same. */
static bool serves_the_cache_alone(enum call call, const char *message)
{
    if (call == CALL_faccessat && strstr(message, "no such compiler"))
        return false;
    return call == CALL_openat || call == CALL_mkdirat || call == CALL_lstat ||
           call == CALL_faccessat || call == CALL_futimens ||
           call == CALL_unlinkat || call == CALL_fsync ||
           call == CALL_getrandom || call == CALL_renameat2 ||
           call == CALL_fdopendir;
}

/* What is lost is lost each time; what an allocator keeps, ASan's above all,
 * is not. */
static void expect_no_leak(const struct scenario *scenario,
                           const struct temp_dir *dir, enum call call,
                           int os_errno, unsigned nth)
{
    size_t n_mapped;

    set_scene(scenario, dir);
    n_mapped = count_mapped();
    launch(scenario, dir->path, call, os_errno, nth);
    if (count_mapped() != n_mapped)
        fail_msg("%s: %s %u, %s: %zd bytes stay mapped", scenario->name,
                 calls[call].name, nth, strerror(os_errno),
                 (ssize_t)(count_mapped() - n_mapped));
}

/* One call fails. False if there was no such call. */
static bool fail_one(const struct scenario *scenario,
                     const struct temp_dir *dir, enum call call, int os_errno,
                     unsigned nth)
{
    struct outcome outcome;
    size_t n_descriptors, n_bytes, n_mapped;

    set_scene(scenario, dir);
    n_descriptors = count_descriptors();
    n_bytes = count_bytes();
    n_mapped = count_mapped();
    outcome = launch(scenario, dir->path, call, os_errno, nth);
    if (count_bytes() != n_bytes || count_descriptors() != n_descriptors ||
        count_temporaries(dir) || (!outcome.is_prepared && !*outcome.message) ||
        (!outcome.is_prepared &&
         (os_errno == EINTR || serves_the_cache_alone(call, outcome.message))))
        fail_msg("%s: %s %u, %s: %zd bytes, %zd descriptors, %zu files left, "
                 "%s, '%s'",
                 scenario->name, calls[call].name, nth, strerror(os_errno),
                 (ssize_t)(count_bytes() - n_bytes),
                 (ssize_t)(count_descriptors() - n_descriptors),
                 count_temporaries(dir),
                 outcome.is_prepared ? "prepared" : "not prepared",
                 outcome.message);
    if (count_mapped() != n_mapped)
        expect_no_leak(scenario, dir, call, os_errno, nth);
    /* A child that cannot be waited for stays the host's. */
    if (call != CALL_waitid && has_child())
        fail_msg("%s: %s %u, %s: a child is left", scenario->name,
                 calls[call].name, nth, strerror(os_errno));
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    if (!outcome.reached && !outcome.is_prepared)
        fail_msg("%s: failed though nothing did: %s", scenario->name,
                 outcome.message);
    if (outcome.reached)
        launch_rightly(scenario, dir->path);
    return outcome.reached;
}

static void fail_all(const struct temp_dir *dir,
                     const struct scenario *scenario)
{
    unsigned n_faults = 0;

    /* The first time some things are made that stay. */
    set_scene(scenario, dir);
    launch_rightly(scenario, dir->path);
    for (enum call call = 0; call < N_CALLS; call++) {
        for (size_t i = 0; i < scenario->n_errors && calls[call].os_errno[i];
             i++) {
            unsigned nth = 1;
            while (fail_one(scenario, dir, call, calls[call].os_errno[i], nth))
                nth++;
            n_faults += nth - 1;
        }
    }
    printf("%s: %u faults\n", scenario->name, n_faults);
    /* Bytes in memory need no file. */
    assert_true(n_faults > (scenario->form == AS_COMPILED_BYTES ? 5 : 20));
}

static void hit_survives_every_fault(void **state)
{
    const struct scenario scenario = {
        .name = "hit", .n_errors = 3, .has_cache = true, .has_entry = true};

    fail_all(*state, &scenario);
}

/* The first after a start of the machine: all is checked, and remembered. */
static void first_hit_survives_every_fault(void **state)
{
    const struct scenario scenario = {.name = "first hit",
                                      .n_errors = 3,
                                      .has_cache = true,
                                      .has_entry = true,
                                      .is_old = true,
                                      .flags = BCC_VERIFY};

    fail_all(*state, &scenario);
}

static void layered_hit_survives_every_fault(void **state)
{
    const struct scenario scenario = {.name = "hit behind layers",
                                      .n_errors = 3,
                                      .has_cache = true,
                                      .has_entry = true,
                                      .has_layers = true};

    fail_all(*state, &scenario);
}

static void compiled_file_survives_every_fault(void **state)
{
    const struct scenario scenario = {.name = "compiled file",
                                      .n_errors = 3,
                                      .has_entry = true,
                                      .form = AS_COMPILED_FILE};

    fail_all(*state, &scenario);
}

static void compiled_bytes_survive_every_fault(void **state)
{
    const struct scenario scenario = {.name = "compiled bytes",
                                      .n_errors = 3,
                                      .has_entry = true,
                                      .form = AS_COMPILED_BYTES};

    fail_all(*state, &scenario);
}

/* By content: the archive is opened, and its entry unpacked. */
static void hit_in_an_archive_survives_every_fault(void **state)
{
    const struct scenario scenario = {.name = "hit in an archive",
                                      .n_errors = 3,
                                      .has_cache = true,
                                      .has_entry = true,
                                      .in_archive = true};

    fail_all(*state, &scenario);
}

static void miss_in_an_archive_survives_every_fault(void **state)
{
    const struct scenario scenario = {.name = "miss in an archive",
                                      .n_errors = 1,
                                      .has_cache = true,
                                      .in_archive = true};

    fail_all(*state, &scenario);
}

static void miss_survives_every_fault(void **state)
{
    const struct scenario scenario = {
        .name = "miss", .n_errors = 3, .has_cache = true};

    fail_all(*state, &scenario);
}

static void stale_entry_survives_every_fault(void **state)
{
    const struct scenario scenario = {.name = "stale entry",
                                      .n_errors = 1,
                                      .has_cache = true,
                                      .is_stale = true};

    fail_all(*state, &scenario);
}

static void compile_into_memory_survives_every_fault(void **state)
{
    const struct scenario scenario = {.name = "no cache", .n_errors = 2};

    fail_all(*state, &scenario);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(hit_survives_every_fault),
        TEST(first_hit_survives_every_fault),
        TEST(layered_hit_survives_every_fault),
        TEST(compiled_file_survives_every_fault),
        TEST(compiled_bytes_survive_every_fault),
        TEST(hit_in_an_archive_survives_every_fault),
        TEST(miss_in_an_archive_survives_every_fault),
        TEST(miss_survives_every_fault),
        TEST(stale_entry_survives_every_fault),
        TEST(compile_into_memory_survives_every_fault),
    };
#undef TEST

    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
