/* Cache directories and entries that cannot be used or trusted: never an error
 * of an executable, always a reason in its report. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* Compile or load answer.bc, and see that it works. */
static BCCScriptRef launch(const char *cache_dir, unsigned long flags,
                           int expected)
{
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    assert_succeeds(script,
                    bccPrepareExecutable(script, cache_dir, "entry", flags));
    assert_cache(script, expected);
    assert_int_equal(call(script, "answer"), 42);
    assert_int_equal(call(script, "count"), 1);
    assert_int_equal(*(int *)bccGetVarAddr(script, "started"), 101);
    return script;
}

static void launch_once(const char *cache_dir, unsigned long flags,
                        int expected)
{
    bccDisposeScript(launch(cache_dir, flags, expected));
}

static void assert_runs_without_cache(const char *cache_dir)
{
    BCCScriptRef script = launch(cache_dir, 0, BCC_CACHE_OFF);

    assert_string_not_equal(report_of(script).reason, "");
    assert_string_equal(report_of(script).path, "");
    bccDisposeScript(script);
    script = open_script(bitcode_path("answer.bc").text, NULL);
    assert_fails(script, bccPrepareSharedObject(script, cache_dir, "entry", 0),
                 BCC_IO_ERROR);
    bccDisposeScript(script);
}

static ino_t inode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st.st_ino;
}

/* ---- Directories ---- */

/* But not its parent, which may be an unmounted disk. */
static void a_missing_directory_is_made(void **state)
{
    const struct fixture *f = *state;
    struct path missing = fixture_path(f, "missing");
    const mode_t mask = umask(002);
    struct stat st;

    for (int i = 0; i < 2; i++) {
        BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

        assert_succeeds(
            script, bccPrepareExecutable(script, missing.text, "answer", 0));
        assert_cache(script, i ? BCC_CACHE_HIT : BCC_CACHE_MISS);
        bccDisposeScript(script);
    }
    assert_int_equal(stat(missing.text, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    umask(mask);
}

/* What an application with that umask makes itself is of no use, and the report
 * says so. */
static void a_directory_that_the_group_may_write_is_reported(void **state)
{
    const struct fixture *f = *state;
    struct path dir = fixture_path(f, "group");
    const mode_t mask = umask(002);
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    assert_int_equal(mkdir(dir.text, 0777), 0);
    umask(mask);
    assert_succeeds(script,
                    bccPrepareExecutable(script, dir.text, "answer", 0));
    assert_cache(script, BCC_CACHE_OFF);
    assert_int_equal(report_of(script).reasonCode, BCC_REASON_UNTRUSTED);
    assert_non_null(strstr(report_of(script).reason, "mode 0775"));
    bccDisposeScript(script);
}

static void a_missing_parent_means_no_cache(void **state)
{
    const struct fixture *f = *state;
    struct path missing = fixture_path(f, "missing/cache");
    struct path file = fixture_path(f, "file");

    assert_runs_without_cache(missing.text);
    assert_int_equal(access(missing.text, F_OK), -1);
    write_whole(file.text, "", 0);
    assert_runs_without_cache(file.text);
    assert_runs_without_cache("");
}

static void an_unwritable_directory_means_no_cache(void **state)
{
    const struct fixture *f = *state;
    struct path locked = fixture_path(f, "locked");

    /* Root writes where the mode forbids it, but not into /proc. */
    assert_runs_without_cache("/proc");
    if (geteuid() == 0)
        return;
    assert_int_equal(mkdir(locked.text, 0500), 0);
    assert_runs_without_cache(locked.text);
}

static void a_directory_that_others_may_write_means_no_cache(void **state)
{
    static const mode_t modes[] = {0770, 0777, 01777, 0702};
    const struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(chmod(f->cache, modes[i]), 0);
        assert_runs_without_cache(f->cache);
    }
    assert_int_equal(chmod(f->cache, 0755), 0);
    launch_once(f->cache, 0, BCC_CACHE_MISS);
    launch_once(f->cache, 0, BCC_CACHE_HIT);
}

static void an_entry_that_others_may_write_is_not_used(void **state)
{
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");

    launch_once(f->cache, 0, BCC_CACHE_MISS);
    assert_int_equal(chmod(entry.text, 0666), 0);
    launch_once(f->cache, 0, BCC_CACHE_MISS);
    launch_once(f->cache, 0, BCC_CACHE_HIT);
}

static void an_entry_behind_a_link_is_not_used(void **state)
{
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    struct path moved = fixture_path(f, "cache/moved.oBCC");

    launch_once(f->cache, 0, BCC_CACHE_MISS);
    assert_int_equal(rename(entry.text, moved.text), 0);
    assert_int_equal(symlink("moved.oBCC", entry.text), 0);
    launch_once(f->cache, 0, BCC_CACHE_MISS);
    launch_once(f->cache, 0, BCC_CACHE_HIT);
}

/* The compiler, but that a cache file is written to a full device. */
static void a_full_file_system_means_no_cache(void **state)
{
    static const char full[] =
        "#!/bin/sh\n"
        "case $(readlink /proc/self/fd/4) in\n"
        "*.tmp) exec \"$BCC_BCCC\" \"$@\" 4>/dev/full ;;\n"
        "esac\n"
        "exec \"$BCC_BCCC\" \"$@\"\n";
    const struct fixture *f = *state;
    struct path compiler = fixture_path(f, "compiler");
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
    BCCOptions options = runnable_options();

    write_whole(compiler.text, full, strlen(full));
    assert_int_equal(chmod(compiler.text, 0700), 0);
    options.compilerPath = compiler.text;
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_fails(script, bccPrepareSharedObject(script, f->cache, "entry", 0),
                 BCC_IO_ERROR);
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_cache(script, BCC_CACHE_OFF);
    assert_non_null(strstr(report_of(script).reason, "No space left"));
    assert_string_equal(report_of(script).path, "");
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

static void no_directory_means_no_cache_and_no_name(void **state)
{
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    (void)state;
    assert_succeeds(script, bccPrepareExecutable(script, NULL, NULL, 0));
    assert_cache(script, BCC_CACHE_OFF);
    assert_string_equal(report_of(script).path, "");
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

static void launch_in(BCCCacheRef cache, const char *dir, int expected)
{
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    assert_succeeds(script, bccUseCache(script, cache));
    assert_succeeds(script, bccPrepareExecutable(script, dir, "entry", 0));
    assert_cache(script, expected);
    assert_int_equal(call(script, "answer"), 42);
    assert_fails(script, bccUseCache(script, NULL), BCC_INVALID_OPERATION);
    bccDisposeScript(script);
}

static void a_directory_kept_open_serves_and_takes_entries(void **state)
{
    const struct fixture *f = *state;
    struct path moved = fixture_path(f, "moved");
    struct path other = fixture_path(f, "other");
    BCCCacheRef cache = bccOpenCache(f->cache);
    BCCScriptRef script;

    assert_non_null(cache);
    launch_in(cache, NULL, BCC_CACHE_MISS);
    launch_in(cache, NULL, BCC_CACHE_HIT);
    launch_once(f->cache, 0, BCC_CACHE_HIT);
    /* A directory that is named comes first. */
    assert_int_equal(mkdir(other.text, 0700), 0);
    launch_in(cache, other.text, BCC_CACHE_MISS);
    /* Renamed, it is still the same; what it lacks, its name is asked for. */
    assert_int_equal(rename(f->cache, moved.text), 0);
    assert_int_equal(rename(other.text, f->cache), 0);
    launch_in(cache, NULL, BCC_CACHE_HIT);
    assert_int_equal(unlink(fixture_path(f, "moved/entry.oBCC").text), 0);
    launch_in(cache, NULL, BCC_CACHE_HIT);
    script = open_script(bitcode_path("answer.bc").text, NULL);
    assert_succeeds(script, bccUseCache(script, cache));
    assert_fails(script, bccPrepareExecutable(script, NULL, ".name", 0),
                 BCC_INVALID_VALUE);
    assert_succeeds(script, bccPrepareSharedObject(script, NULL, "more", 0));
    bccDisposeScript(script);
    bccCloseCache(cache);
    bccCloseCache(NULL);
}

/* ---- Damage ---- */

/* Put these bytes in the entry's place; the next launch has to compile, say
 * why, and leave a good entry. */
static void assert_recompiled(const struct fixture *f, const char *data,
                              size_t size)
{
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    BCCScriptRef script;

    write_whole(entry.text, data, size);
    script = launch(f->cache, 0, BCC_CACHE_MISS);
    assert_non_null(strstr(report_of(script).reason, "entry.oBCC"));
    assert_string_equal(report_of(script).path, entry.text);
    bccDisposeScript(script);
    launch_once(f->cache, BCC_VERIFY, BCC_CACHE_HIT);
}

static void a_damaged_entry_is_compiled_anew(void **state)
{
    static const size_t places[] = {0, 4, 9, 12, 33, 88, 100, 200, 500};
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    size_t size;
    char *data;

    launch_once(f->cache, 0, BCC_CACHE_MISS);
    data = read_whole(entry.text, &size);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        data[places[i]] ^= 0x10;
        assert_recompiled(f, data, size);
        data[places[i]] ^= 0x10;
    }
    free(data);
}

static void a_truncated_or_foreign_entry_is_compiled_anew(void **state)
{
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    size_t size;
    char *data;

    launch_once(f->cache, 0, BCC_CACHE_MISS);
    data = read_whole(entry.text, &size);
    assert_recompiled(f, data, 0);
    assert_recompiled(f, data, 50);
    assert_recompiled(f, data, size / 2);
    assert_recompiled(f, data, size - 1);
    memset(data, 0, size);
    assert_recompiled(f, data, size);
    assert_recompiled(f, "\177ELF, but no more", 17);
    free(data);
}

static void verify_finds_damage_in_the_code(void **state)
{
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    size_t size;
    char *data;

    launch_once(f->cache, 0, BCC_CACHE_MISS);
    data = read_whole(entry.text, &size);
    data[size - 1] ^= 1;
    write_whole(entry.text, data, size);
    launch_once(f->cache, BCC_VERIFY, BCC_CACHE_MISS);
    launch_once(f->cache, BCC_VERIFY, BCC_CACHE_HIT);
    free(data);
}

/* The mark that an entry was checked since the start of the machine is in its
 * times. A disk that loses a bit changes none of them. */
/* In the byte that no launch reads, and soon after it was marked. */
static void damage_and_keep_the_mark(const struct fixture *f)
{
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
    struct stat st;
    uint8_t byte;
    int fd;

    do {
        launch_once(f->cache, BCC_REBUILD, BCC_CACHE_MISS);
        fd = open(entry.text, O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        launch_once(f->cache, BCC_VERIFY, BCC_CACHE_HIT);
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(pread(fd, &byte, 1, st.st_size - 1), 1);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, st.st_size - 1), 1);
        times[1] = st.st_mtim;
        assert_int_equal(futimens(fd, times), 0);
        assert_int_equal(fstat(fd, &st), 0);
        close(fd);
        /* After a second the mark is not believed, and this a busy machine. */
    } while (st.st_ctim.tv_sec > st.st_mtim.tv_sec + 1);
}

static void verify_finds_damage_that_keeps_the_mark(void **state)
{
    const struct fixture *f = *state;

    damage_and_keep_the_mark(f);
    launch_once(f->cache, 0, BCC_CACHE_HIT); /* the mark is believed */
    launch_once(f->cache, BCC_VERIFY, BCC_CACHE_MISS);
    launch_once(f->cache, BCC_VERIFY, BCC_CACHE_HIT);
}

static void what_is_no_file_in_the_place_of_an_entry_is_survived(void **state)
{
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");

    assert_int_equal(mkfifo(entry.text, 0600), 0);
    launch_once(f->cache, 0, BCC_CACHE_MISS);
    launch_once(f->cache, 0, BCC_CACHE_HIT);
    assert_int_equal(remove(entry.text), 0);
    assert_int_equal(mkdir(entry.text, 0700), 0);
    launch_once(f->cache, 0, BCC_CACHE_OFF); /* nothing replaces it */
}

/* ---- Replacing ---- */

static void a_good_entry_survives_failed_attempts_to_replace_it(void **state)
{
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    BCCOptions options = runnable_options();
    BCCScriptRef script;
    ino_t inode;

    options.compilerPath = "/nonexistent/bccc";
    launch_once(f->cache, 0, BCC_CACHE_MISS);
    inode = inode_of(entry.text);

    script = open_script(bitcode_path("answer.bc").text, NULL);
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_fails(script,
                 bccPrepareExecutable(script, f->cache, "entry", BCC_REBUILD),
                 BCC_NO_COMPILER);
    bccDisposeScript(script);

    script = new_script();
    assert_succeeds(script, bccReadBC(script, "garbage", "garbage", 7, 0));
    assert_fails(script, bccPrepareExecutable(script, f->cache, "entry", 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccPrepareSharedObject(script, f->cache, "entry", 0),
                 BCC_INVALID_VALUE);
    bccDisposeScript(script);

    assert_int_equal(inode_of(entry.text), inode);
    launch_once(f->cache, BCC_VERIFY, BCC_CACHE_HIT);
}

static void stripping_debug_information_is_part_of_the_identity(void **state)
{
    const struct fixture *f = *state;

    launch_once(f->cache, 0, BCC_CACHE_MISS);
    launch_once(f->cache, BCC_STRIP_DEBUG, BCC_CACHE_MISS);
    launch_once(f->cache, BCC_STRIP_DEBUG, BCC_CACHE_HIT);
}

static void rounding_is_part_of_the_identity(void **state)
{
    const struct fixture *f = *state;

    launch_once(f->cache, 0, BCC_CACHE_MISS);
    launch_once(f->cache, BCC_FP_CONTRACT_OFF, BCC_CACHE_MISS);
    launch_once(f->cache, BCC_FP_CONTRACT_OFF, BCC_CACHE_HIT);
    launch_once(f->cache, 0, BCC_CACHE_MISS);
}

static void failed_attempts_leave_no_files_behind(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = new_script();

    assert_succeeds(script, bccReadBC(script, "garbage", "garbage", 7, 0));
    assert_fails(script, bccPrepareExecutable(script, f->cache, "entry", 0),
                 BCC_INVALID_VALUE);
    bccDisposeScript(script);
    /* The lock file stays: it is empty, and others may be using it. */
    assert_int_equal(unlink(fixture_path(f, "cache/.bcc/lock").text), 0);
    assert_int_equal(rmdir(fixture_path(f, "cache/.bcc").text), 0);
    assert_int_equal(rmdir(f->cache), 0);
    assert_int_equal(mkdir(f->cache, 0700), 0);
}

static void rebuild_makes_the_same_entry_again(void **state)
{
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    size_t size, size_again;
    char *data, *data_again;
    BCCScriptRef running;

    running = launch(f->cache, 0, BCC_CACHE_MISS);
    data = read_whole(entry.text, &size);
    launch_once(f->cache, BCC_REBUILD, BCC_CACHE_MISS);
    data_again = read_whole(entry.text, &size_again);
    assert_int_equal(size, size_again);
    assert_memory_equal(data, data_again, size);
    /* What runs keeps the file that it was loaded from. */
    assert_int_equal(call(running, "count"), 2);
    bccDisposeScript(running);
    free(data);
    free(data_again);
}

/* /dev/null, say. */
static void a_shared_object_file_replaces_nothing_but_files(void **state)
{
    const struct fixture *f = *state;
    struct path fifo = fixture_path(f, "fifo");
    struct path link = fixture_path(f, "link");
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
    struct stat st;

    assert_int_equal(mkfifo(fifo.text, 0600), 0);
    assert_int_equal(symlink("fifo", link.text), 0);
    assert_fails(script, bccPrepareSharedObjectFile(script, fifo.text, 0),
                 BCC_IO_ERROR);
    assert_fails(script, bccPrepareSharedObjectFile(script, link.text, 0),
                 BCC_IO_ERROR);
    assert_fails(script, bccPrepareSharedObjectFile(script, f->cache, 0),
                 BCC_IO_ERROR);
    assert_int_equal(lstat(fifo.text, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(lstat(link.text, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    bccDisposeScript(script);
}

static void a_shared_object_file_replaces_no_input(void **state)
{
    const struct fixture *f = *state;
    struct path input = fixture_path(f, "input.bc");
    struct path link = fixture_path(f, "link.oBCC");
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    BCCScriptRef script;

    copy_whole(bitcode_path("answer.bc").text, input.text);
    assert_int_equal(symlink("input.bc", link.text), 0);
    assert_int_equal(rename(input.text, entry.text), 0);
    assert_int_equal(symlink("cache/entry.oBCC", input.text), 0);
    script = open_script(input.text, NULL);
    assert_fails(script, bccPrepareSharedObjectFile(script, input.text, 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccPrepareSharedObjectFile(script, link.text, 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccPrepareSharedObject(script, f->cache, "entry", 0),
                 BCC_INVALID_VALUE);
    assert_non_null(strstr(bccGetErrorMessage(script), "would be overwritten"));
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "other", 0));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

static void a_shared_object_file_is_an_entry_of_its_directory(void **state)
{
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    assert_succeeds(script, bccPrepareSharedObjectFile(script, entry.text, 0));
    assert_int_equal(bccGetFuncCount(script), 0);
    assert_succeeds(script,
                    bccPrepareSharedObject(script, f->cache, "entry", 0));
    assert_cache(script, BCC_CACHE_HIT);
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_cache(script, BCC_CACHE_HIT);
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

/* ---- Many at once ---- */

struct launcher {
    const char *cache_dir, *compiler;
    int cache, reason; /* what its report said */
};

static void *launch_at_once(void *context)
{
    struct launcher *launcher = context;
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
    BCCReport report = {.size = sizeof(report)};
    BCCOptions options = runnable_options();

    options.compilerPath = launcher->compiler;
    if (bccSetOptions(script, &options) ||
        bccPrepareExecutable(script, launcher->cache_dir, "entry", 0) ||
        call(script, "answer") != 42 || bccGetReport(script, &report))
        launcher->cache = -1;
    else
        launcher->cache = report.cache;
    launcher->reason = report.reasonCode;
    bccDisposeScript(script);
    return NULL;
}

/* A compiler that notes where the lock of its host is. */
static struct path write_noting_compiler(const struct fixture *f)
{
    struct path compiler = fixture_path(f, "compiler");
    char text[4 * PATH_SIZE];

    snprintf(text, sizeof(text),
             "#!/bin/sh\n"
             "sed -n 's/^pos:[^0-9]*//p' /proc/$$/fdinfo/6 >>'%.400s/notes'\n"
             "exec '%s' \"$@\"\n",
             f->dir, getenv("BCC_BCCC"));
    write_whole(compiler.text, text, strlen(text));
    assert_int_equal(chmod(compiler.text, 0700), 0);
    return compiler;
}

/* The compiles, *ret_patient of them those of a thread that had not waited in
 * vain: on a busy machine others may, and are at the next levels of the lock
 * (flight.h), or without one. */
static int count_compiles(const struct fixture *f, int *ret_patient)
{
    FILE *notes = fopen(fixture_path(f, "notes").text, "re");
    long long at;
    int n = 0;

    *ret_patient = 0;
    assert_non_null(notes);
    for (; fscanf(notes, "%lld", &at) == 1; n++)
        *ret_patient += at && at % 32 == 0;
    fclose(notes);
    return n;
}

static void threads_that_miss_at_once_compile_once(void **state)
{
    enum { N = 12 };
    const struct fixture *f = *state;
    const struct path compiler = write_noting_compiler(f);
    struct launcher launchers[N];
    pthread_t threads[N];
    int n_hits = 0, n_misses = 0, n_patient;

    for (int i = 0; i < N; i++) {
        launchers[i] =
            (struct launcher){.cache_dir = f->cache, .compiler = compiler.text};
        assert_int_equal(
            pthread_create(&threads[i], NULL, launch_at_once, &launchers[i]),
            0);
    }
    for (int i = 0; i < N; i++) {
        pthread_join(threads[i], NULL);
        n_hits += launchers[i].cache == BCC_CACHE_HIT;
        n_misses += launchers[i].cache == BCC_CACHE_MISS;
        assert_int_equal(launchers[i].reason,
                         launchers[i].cache == BCC_CACHE_HIT
                             ? BCC_REASON_NONE
                             : BCC_REASON_NO_ENTRY);
    }
    assert_int_equal(n_hits + n_misses, N);
    assert_int_equal(count_compiles(f, &n_patient), n_misses);
    assert_int_equal(n_patient, 1);
}

/* ---- Messages ---- */

static void collect_line(void *context, int level, const char *area,
                         const char *text)
{
    unsigned *n_lines = context;

    (void)level;
    (void)area;
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            fail_msg("a control character in '%s'", text);
    *n_lines += strstr(text, "a?b?[2Jc") != NULL;
}

/* Also for names with newlines; callers that print them escape the rest. */
static void messages_and_log_are_single_lines(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
    unsigned n_lines = 0;

    assert_succeeds(script, bccSetLogCallback(script, collect_line, &n_lines));
    assert_int_equal(setenv("BCC_CACHE_SIZE", "a\nb\033[2Jc", 1), 0);
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_int_equal(unsetenv("BCC_CACHE_SIZE"), 0);
    assert_true(n_lines > 0);
    bccDisposeScript(script);
    script = bccCreateScript();
    assert_fails(script, bccReadFile(script, "/none/a\nb\033[2Jc", 0),
                 BCC_IO_ERROR);
    assert_non_null(strstr(bccGetErrorMessage(script), "/none/a?b?[2Jc"));
    bccDisposeScript(script);
}

/* ---- Layers ---- */

struct layers {
    struct path vendor, system;
    char list[PATH_SIZE * 6];
};

static struct layers make_layers(const struct fixture *f)
{
    struct layers layers = {
        .vendor = fixture_path(f, "vendor"),
        .system = fixture_path(f, "system"),
    };

    assert_int_equal(mkdir(layers.vendor.text, 0755), 0);
    assert_int_equal(mkdir(layers.system.text, 0755), 0);
    snprintf(layers.list, sizeof(layers.list), "%s::%s:/nonexistent",
             layers.vendor.text, layers.system.text);
    return layers;
}

/* As launch_once(), with layers; the entry comes from, or goes to, `place`. */
static void launch_layered(const struct fixture *f, const char *list,
                           unsigned long flags, int expected, const char *place)
{
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
    const char *path;

    assert_succeeds(script, bccSetCachePath(script, list));
    assert_succeeds(script,
                    bccPrepareExecutable(script, f->cache, "entry", flags));
    assert_cache(script, expected);
    path = report_of(script).path;
    assert_memory_equal(path, place, strlen(place));
    assert_int_equal(path[strlen(place)], '/');
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

static void layers_are_searched_in_order_and_not_written_to(void **state)
{
    const struct fixture *f = *state;
    struct layers layers = make_layers(f);

    launch_layered(f, layers.list, 0, BCC_CACHE_MISS, f->cache);
    launch_layered(f, layers.list, 0, BCC_CACHE_HIT, f->cache);
    assert_int_equal(rmdir(layers.vendor.text), 0);
    assert_int_equal(mkdir(layers.vendor.text, 0755), 0);
    launch_once(layers.system.text, 0, BCC_CACHE_MISS);
    launch_layered(f, layers.list, 0, BCC_CACHE_HIT, layers.system.text);
    launch_once(layers.vendor.text, 0, BCC_CACHE_MISS);
    launch_layered(f, layers.list, 0, BCC_CACHE_HIT, layers.vendor.text);
    launch_layered(f, layers.list, BCC_REBUILD, BCC_CACHE_MISS, f->cache);
    launch_layered(f, "", 0, BCC_CACHE_HIT, f->cache);
}

static void
layers_that_are_stale_damaged_or_open_to_all_are_passed(void **state)
{
    const struct fixture *f = *state;
    struct layers layers = make_layers(f);
    struct path damaged = fixture_path(f, "vendor/entry.oBCC");
    BCCScriptRef script;

    write_whole(damaged.text, "damaged", 7);
    script = open_script(bitcode_path("answer_43.bc").text, NULL);
    assert_succeeds(
        script, bccPrepareSharedObject(script, layers.system.text, "entry", 0));
    bccDisposeScript(script);
    launch_layered(f, layers.list, 0, BCC_CACHE_MISS, f->cache);
    launch_layered(f, layers.list, 0, BCC_CACHE_HIT, f->cache);
    launch_once(layers.system.text, 0, BCC_CACHE_MISS);
    launch_layered(f, layers.list, 0, BCC_CACHE_HIT, layers.system.text);
    assert_int_equal(chmod(layers.system.text, 0777), 0);
    launch_layered(f, layers.list, 0, BCC_CACHE_HIT, f->cache);
}

static void layers_come_from_the_environment_unless_they_are_set(void **state)
{
    const struct fixture *f = *state;
    struct layers layers = make_layers(f);

    launch_once(layers.system.text, 0, BCC_CACHE_MISS);
    assert_int_equal(setenv("BCC_CACHE_PATH", layers.list, 1), 0);
    launch_layered(f, NULL, 0, BCC_CACHE_HIT, layers.system.text);
    launch_layered(f, "", 0, BCC_CACHE_MISS, f->cache);
    assert_int_equal(unsetenv("BCC_CACHE_PATH"), 0);
}

static void layers_are_searched_where_nothing_may_be_kept(void **state)
{
    const struct fixture *f = *state;
    struct layers layers = make_layers(f);
    BCCReport report = {.size = sizeof(report)};
    BCCScriptRef script;

    launch_once(layers.system.text, 0, BCC_CACHE_MISS);
    script = open_script(bitcode_path("answer.bc").text, NULL);
    assert_succeeds(script, bccSetCachePath(script, layers.list));
    assert_succeeds(script, bccPrepareExecutable(script, NULL, "entry", 0));
    assert_cache(script, BCC_CACHE_HIT);
    assert_int_equal(bccGetReport(script, &report), 0);
    assert_int_equal(report.reasonCode, BCC_REASON_NONE);
    bccDisposeScript(script);
    script = open_script(bitcode_path("answer.bc").text, NULL);
    assert_succeeds(script, bccSetCachePath(script, layers.list));
    assert_succeeds(script, bccPrepareExecutable(script, NULL, NULL, 0));
    assert_cache(script, BCC_CACHE_OFF);
    bccDisposeScript(script);
}

static void a_hit_in_a_layer_is_not_recorded(void **state)
{
    const struct timespec old[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    const struct fixture *f = *state;
    struct layers layers = make_layers(f);
    struct path entry = fixture_path(f, "system/entry.oBCC");
    struct stat st;

    launch_once(layers.system.text, 0, BCC_CACHE_MISS);
    assert_int_equal(utimensat(AT_FDCWD, entry.text, old, 0), 0);
    launch_layered(f, layers.list, 0, BCC_CACHE_HIT, layers.system.text);
    assert_int_equal(stat(entry.text, &st), 0);
    assert_int_equal(st.st_mtim.tv_sec, 1000000);
    launch_once(layers.system.text, 0, BCC_CACHE_HIT);
    assert_int_equal(stat(entry.text, &st), 0);
    assert_int_not_equal(st.st_mtim.tv_sec, 1000000);
}

/* A layer's entry, without a directory of the caller's own. */
static BCCScriptRef open_layered(const struct layers *layers, const char *keys)
{
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
    BCCOptions options = runnable_options();

    options.trustedKeys = keys;
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_succeeds(script, bccSetCachePath(script, layers->list));
    return script;
}

static void layers_serve_those_who_may_not_compile(void **state)
{
    static const char key[] =
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const struct fixture *f = *state;
    struct layers layers = make_layers(f);
    struct path entry = fixture_path(f, "system/entry.oBCC");
    BCCScriptRef script;

    launch_once(layers.system.text, 0, BCC_CACHE_MISS);
    script = open_layered(&layers, NULL);
    assert_succeeds(script, bccPrepareSharedObject(script, f->cache, "entry",
                                                   BCC_CACHE_ONLY));
    assert_string_equal(report_of(script).path, entry.text);
    assert_succeeds(
        script, bccPrepareExecutable(script, NULL, "entry", BCC_CACHE_ONLY));
    assert_cache(script, BCC_CACHE_HIT);
    bccDisposeScript(script);

    script = open_layered(&layers, key);
    assert_fails(script, bccPrepareExecutable(script, NULL, "entry", 0),
                 BCC_NO_COMPILER);
    assert_int_equal(report_of(script).reasonCode, BCC_REASON_UNSIGNED);
    bccDisposeScript(script);

    write_whole(entry.text, "damaged", 7);
    script = open_layered(&layers, NULL);
    assert_fails(script,
                 bccPrepareExecutable(script, NULL, "entry", BCC_CACHE_ONLY),
                 BCC_NO_COMPILER);
    assert_int_equal(report_of(script).reasonCode, BCC_REASON_DAMAGED);
    assert_fails(
        script, bccPrepareExecutable(script, f->cache, "entry", BCC_CACHE_ONLY),
        BCC_NO_COMPILER);
    assert_int_equal(report_of(script).reasonCode, BCC_REASON_NO_ENTRY);
    bccDisposeScript(script);
}

/* What an installer makes is wanted where it says. */
static void an_entry_that_is_to_be_made_is_not_found_in_a_layer(void **state)
{
    const struct fixture *f = *state;
    struct layers layers = make_layers(f);
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    launch_once(layers.system.text, 0, BCC_CACHE_MISS);
    assert_succeeds(script, bccSetCachePath(script, layers.list));
    assert_succeeds(script,
                    bccPrepareSharedObject(script, f->cache, "entry", 0));
    assert_cache(script, BCC_CACHE_MISS);
    bccDisposeScript(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_missing_directory_is_made),
        TEST(a_directory_that_the_group_may_write_is_reported),
        TEST(a_missing_parent_means_no_cache),
        TEST(an_unwritable_directory_means_no_cache),
        TEST(a_directory_that_others_may_write_means_no_cache),
        TEST(an_entry_that_others_may_write_is_not_used),
        TEST(an_entry_behind_a_link_is_not_used),
        TEST(a_full_file_system_means_no_cache),
        TEST(a_directory_kept_open_serves_and_takes_entries),
        cmocka_unit_test(no_directory_means_no_cache_and_no_name),
        TEST(messages_and_log_are_single_lines),
        TEST(a_damaged_entry_is_compiled_anew),
        TEST(a_truncated_or_foreign_entry_is_compiled_anew),
        TEST(verify_finds_damage_in_the_code),
        TEST(verify_finds_damage_that_keeps_the_mark),
        TEST(what_is_no_file_in_the_place_of_an_entry_is_survived),
        TEST(a_good_entry_survives_failed_attempts_to_replace_it),
        TEST(stripping_debug_information_is_part_of_the_identity),
        TEST(rounding_is_part_of_the_identity),
        TEST(failed_attempts_leave_no_files_behind),
        TEST(rebuild_makes_the_same_entry_again),
        TEST(a_shared_object_file_replaces_nothing_but_files),
        TEST(a_shared_object_file_replaces_no_input),
        TEST(a_shared_object_file_is_an_entry_of_its_directory),
        TEST(threads_that_miss_at_once_compile_once),
        TEST(layers_are_searched_in_order_and_not_written_to),
        TEST(layers_that_are_stale_damaged_or_open_to_all_are_passed),
        TEST(layers_come_from_the_environment_unless_they_are_set),
        TEST(layers_are_searched_where_nothing_may_be_kept),
        TEST(a_hit_in_a_layer_is_not_recorded),
        TEST(layers_serve_those_who_may_not_compile),
        TEST(an_entry_that_is_to_be_made_is_not_found_in_a_layer),
    };

    return cmocka_run_group_tests_name("api_cache", tests, NULL, NULL);
}
