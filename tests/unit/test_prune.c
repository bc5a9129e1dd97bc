/* A cache directory is bounded: the oldest entries are removed, those in use
 * stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "inventory.h"
#include "entry_use.h"
#include "prune.h"
#include "temp_dir.h"

enum { HOUR = 3600, PAGE = 4096 };

static int set_up(void **state)
{
    struct temp_dir *dir = malloc(sizeof(*dir));

    *state = dir;
    return dir ? temp_dir_make(dir) : -1;
}

static int tear_down(void **state)
{
    int result = temp_dir_remove(*state);

    free(*state);
    return result;
}

/* ---- Helpers ---- */

/* A file of `pages` pages, last used age_s seconds ago. */
static void make_file(const struct temp_dir *dir, const char *name,
                      size_t pages, time_t age_s)
{
    struct temp_path path = temp_dir_path(dir, name);
    const time_t used_s = time(NULL) - age_s;
    const struct timespec times[2] = {{.tv_sec = used_s}, {.tv_sec = used_s}};
    static const uint8_t page[PAGE] = {1};
    int fd = open(path.text, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    for (size_t i = 0; i < pages; i++)
        assert_int_equal(write(fd, page, PAGE), PAGE);
    assert_int_equal(fsync(fd), 0); /* some systems give blocks late */
    assert_int_equal(futimens(fd, times), 0);
    file_close(fd);
}

static bool exists(const struct temp_dir *dir, const char *name)
{
    return access(temp_dir_path(dir, name).text, F_OK) == 0;
}

static struct prune_result prune(const struct temp_dir *dir, uint64_t limit,
                                 bool dry_run)
{
    const struct prune_options options = {.limit = limit, .dry_run = dry_run};
    struct prune_result result = {0};
    struct error err = {0};

    if (prune_directory(dir->path, &options, &result, &err))
        fail_msg("%s", err.message);
    return result;
}

/* ---- Limits ---- */

static void limits_are_numbers_with_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t limit;
    } good[] = {
        {"0", 0},
        {"12345", 12345},
        {"4K", 4096},
        {"512M", UINT64_C(512) << 20},
        {"1G", UINT64_C(1) << 30},
        {"2T", UINT64_C(2) << 40},
        {"none", PRUNE_NO_LIMIT},
    };
    static const char *const bad[] = {
        "",   "G",    "-1",  " 1",          "1 G",
        "1g", "1GiB", "0x1", "1.5G",        "99999999999999999999",
        "+1", "None", "1GG", "99999999999T"};
    uint64_t limit;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(prune_parse_limit(good[i].text, &limit));
        assert_int_equal(limit, good[i].limit);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (prune_parse_limit(bad[i], &limit))
            fail_msg("'%s' was taken for %llu", bad[i],
                     (unsigned long long)limit);
}

/* ---- Inventory ---- */

static void inventory_has_entries_only(void **state)
{
    const struct temp_dir *dir = *state;
    struct inventory inventory;
    struct error err = {0};

    make_file(dir, "b.oBCC", 2, HOUR);
    make_file(dir, "a.oBCC", 1, 0);
    make_file(dir, "0.iBCC", 1, 2 * HOUR);
    make_file(dir, "notes.txt", 1, 0);
    make_file(dir, ".hidden.oBCC", 1, 0);
    make_file(dir, ".oBCC", 1, 0);
    assert_int_equal(symlink("a.oBCC", temp_dir_path(dir, "c.oBCC").text), 0);
    assert_int_equal(mkdir(temp_dir_path(dir, "d.oBCC").text, 0700), 0);
    assert_int_equal(inventory_read(dir->path, &inventory, &err), STATUS_OK);
    assert_int_equal(inventory.n_entries, 3);
    assert_int_equal(inventory.n_indexes, 1);
    assert_string_equal(inventory_name(&inventory, 0), "0.iBCC");
    assert_true(inventory.entries[0].is_index);
    assert_string_equal(inventory_name(&inventory, 1), "a.oBCC");
    assert_false(inventory.entries[1].is_index);
    assert_string_equal(inventory_name(&inventory, 2), "b.oBCC");
    assert_int_equal(inventory.size, 4 * PAGE);
    inventory_sort_by_use(&inventory);
    assert_string_equal(inventory_name(&inventory, 0), "0.iBCC");
    assert_string_equal(inventory_name(&inventory, 1), "b.oBCC");
    inventory_release(&inventory);
    assert_int_equal(inventory_read("/proc/version", &inventory, &err),
                     STATUS_IO);
}

static void no_directory_has_no_entries(void **state)
{
    const struct temp_dir *dir = *state;
    struct temp_path path = temp_dir_path(dir, "missing");
    struct prune_result result;
    struct inventory inventory;
    struct error err = {0};

    assert_int_equal(inventory_read(path.text, &inventory, &err), STATUS_OK);
    assert_int_equal(inventory.n_entries, 0);
    inventory_release(&inventory);
    assert_int_equal(
        prune_directory(path.text, &(struct prune_options){0}, &result, &err),
        STATUS_OK);
    assert_false(exists(dir, "missing"));
}

/* ---- Removing ---- */

static void oldest_entries_go_first(void **state)
{
    const struct temp_dir *dir = *state;
    struct prune_result result;

    make_file(dir, "new.oBCC", 40, 2 * HOUR);
    make_file(dir, "old.oBCC", 40, 9 * HOUR);
    make_file(dir, "older.oBCC", 40, 10 * HOUR);
    make_file(dir, "notes.txt", 40, 20 * HOUR);
    result = prune(dir, 100 * PAGE, false);
    assert_int_equal(result.n_removed, 1);
    assert_int_equal(result.n_left, 2);
    assert_int_equal(result.n_in_use, 0);
    assert_false(exists(dir, "older.oBCC"));
    assert_true(exists(dir, "old.oBCC"));
    assert_true(exists(dir, "notes.txt"));
    result = prune(dir, 100 * PAGE, false);
    assert_int_equal(result.n_removed, 0);
}

static void entries_in_use_stay(void **state)
{
    const struct temp_dir *dir = *state;
    struct prune_result result;

    make_file(dir, "running.oBCC", 10, HOUR - 60);
    make_file(dir, "idle.oBCC", 10, HOUR + 60);
    result = prune(dir, 0, false);
    assert_int_equal(result.n_removed, 1);
    assert_int_equal(result.n_in_use, 1);
    assert_true(exists(dir, "running.oBCC"));
    assert_false(exists(dir, "idle.oBCC"));
}

/* As if the clock had been set back by years. */
static void entries_of_the_future_are_not_in_use(void **state)
{
    const struct temp_dir *dir = *state;
    struct prune_result result;

    make_file(dir, "future.oBCC", 10, -50000 * HOUR);
    make_file(dir, "running.oBCC", 10, 0);
    make_file(dir, "idle.oBCC", 10, 2 * HOUR);
    result = prune(dir, 0, false);
    assert_int_equal(result.n_removed, 2);
    assert_int_equal(result.n_in_use, 1);
    assert_true(exists(dir, "running.oBCC"));
}

enum { N_MANY = 300 };

static void make_many(const struct temp_dir *dir)
{
    char name[32];

    for (int i = 0; i < N_MANY; i++) {
        snprintf(name, sizeof(name), "entry%d.oBCC", i);
        make_file(dir, name, 1, (2 + i) * HOUR);
    }
}

static void note_order(void *context, const char *name,
                       const struct inventory_entry *entry)
{
    int64_t *last_s = context;

    (void)name;
    assert_true(entry->used_s >= *last_s);
    *last_s = entry->used_s;
}

static void many_entries_go_in_order(void **state)
{
    const struct temp_dir *dir = *state;
    struct prune_result result;
    struct error err = {0};
    int64_t last_s = 0;
    const struct prune_options options = {
        .limit = 100 * PAGE,
        .visit = note_order,
        .context = &last_s,
    };

    make_many(dir);
    assert_int_equal(prune_directory(dir->path, &options, &result, &err),
                     STATUS_OK);
    assert_int_equal(result.n_removed, N_MANY - 90);
    assert_int_equal(result.n_left, 90);
    assert_int_equal(result.left, 90 * PAGE);
    assert_int_equal(result.n_failed, 0);
    assert_true(exists(dir, "entry89.oBCC"));
    assert_false(exists(dir, "entry90.oBCC"));
}

static void *prune_all(void *context)
{
    static struct prune_result results[2];
    const struct temp_dir *dir = context;
    static atomic_int n_calls;
    struct prune_result *result = &results[atomic_fetch_add(&n_calls, 1)];

    *result = prune(dir, 0, false);
    return result;
}

/* Each is removed once, and that the other was faster is no failure. */
static void two_may_prune_at_once(void **state)
{
    const struct temp_dir *dir = *state;
    const struct prune_result *mine, *theirs;
    pthread_t thread;
    void *result;

    make_many(dir);
    assert_int_equal(pthread_create(&thread, NULL, prune_all, (void *)dir), 0);
    mine = prune_all((void *)dir);
    assert_int_equal(pthread_join(thread, &result), 0);
    theirs = result;
    assert_int_equal(mine->n_failed + theirs->n_failed, 0);
    assert_int_equal(mine->n_removed + theirs->n_removed, N_MANY);
    assert_int_equal(mine->n_left + theirs->n_left, 0);
}

static void dry_run_removes_nothing(void **state)
{
    const struct temp_dir *dir = *state;
    struct prune_result result;

    make_file(dir, "a.oBCC", 10, 2 * HOUR);
    make_file(dir, "b.oBCC", 10, 3 * HOUR);
    result = prune(dir, 0, true);
    assert_int_equal(result.n_removed, 2);
    assert_true(exists(dir, "a.oBCC") && exists(dir, "b.oBCC"));
    assert_false(exists(dir, PRUNE_NOTES_NAME));
}

static void no_limit_removes_nothing(void **state)
{
    const struct temp_dir *dir = *state;

    make_file(dir, "a.oBCC", 10, 2 * HOUR);
    assert_int_equal(prune(dir, PRUNE_NO_LIMIT, false).n_removed, 0);
}

/* ---- Notes ---- */

static int open_dir(const struct temp_dir *dir)
{
    int fd = open(dir->path, O_RDONLY | O_DIRECTORY);

    assert_true(fd >= 0);
    return fd;
}

/* The first record says when the directory was looked at. */
static void age_notes(int dir_fd, uint64_t seconds)
{
    int fd = openat(dir_fd, PRUNE_NOTES_NAME, O_RDWR);
    uint64_t time_s;

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &time_s, 8, 8), 8);
    time_s -= seconds;
    assert_int_equal(pwrite(fd, &time_s, 8, 8), 8);
    file_close(fd);
}

static void notes_are_summed_up_to_the_limit(void **state)
{
    const struct temp_dir *dir = *state;
    int fd = open_dir(dir);

    assert_false(prune_note_entry(fd, 50, 100));
    age_notes(fd, 2 * PRUNE_PAUSE_S);
    assert_false(prune_note_entry(fd, 50, 100));
    assert_true(prune_note_entry(fd, 1, 100));
    assert_false(prune_note_entry(fd, 1, PRUNE_NO_LIMIT));
    /* After a look: the true sum, and a pause. */
    prune(dir, 100, false);
    assert_false(prune_note_entry(fd, 200, 100));
    age_notes(fd, PRUNE_PAUSE_S - 10);
    assert_false(prune_note_entry(fd, 1, 100));
    age_notes(fd, 10);
    assert_true(prune_note_entry(fd, 1, 100));
    file_close(fd);
}

static void many_notes_are_a_reason_to_look(void **state)
{
    const struct temp_dir *dir = *state;
    int fd = open_dir(dir);

    assert_false(prune_note_entry(fd, 0, 100));
    age_notes(fd, 2 * PRUNE_PAUSE_S);
    for (int i = 2; i < PRUNE_MAX_RECORDS; i++)
        assert_false(prune_note_entry(fd, 0, 100));
    assert_true(prune_note_entry(fd, 0, 100));
    prune(dir, 100, false);
    age_notes(fd, 2 * PRUNE_PAUSE_S);
    assert_false(prune_note_entry(fd, 0, 100));
    file_close(fd);
}

static void damaged_notes_are_survived(void **state)
{
    const struct temp_dir *dir = *state;
    struct temp_path path = temp_dir_path(dir, PRUNE_NOTES_NAME);
    int fd = open_dir(dir);

    make_file(dir, PRUNE_NOTES_NAME, 100, 0);
    prune_note_entry(fd, 1, 100);
    prune(dir, 100, false);
    assert_false(prune_note_entry(fd, 1, 100));
    /* What is no file is left alone. */
    assert_int_equal(unlink(path.text), 0);
    assert_int_equal(mkfifo(path.text, 0600), 0);
    assert_false(prune_note_entry(fd, 200, 100));
    assert_int_equal(unlink(path.text), 0);
    assert_int_equal(symlink("elsewhere", path.text), 0);
    assert_false(prune_note_entry(fd, 200, 100));
    assert_false(exists(dir, "elsewhere"));
    file_close(fd);
}

/* ---- Last use ---- */

static void a_use_is_written_once_an_hour(void **state)
{
    const struct temp_dir *dir = *state;
    struct temp_path path = temp_dir_path(dir, "a.oBCC");
    struct stat st;
    int fd;

    make_file(dir, "a.oBCC", 1, 2 * HOUR);
    fd = open(path.text, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(entry_note_use(dir->path, fd, &st, false));
    assert_true(time(NULL) - st.st_mtim.tv_sec < 60);
    assert_true(entry_is_checked(&st));
    assert_false(entry_note_use(dir->path, fd, &st, false));
    make_file(dir, "a.oBCC", 1, HOUR - 60);
    assert_int_equal(fstat(fd, &st), 0);
    assert_false(entry_note_use(dir->path, fd, &st, false));
    make_file(dir, "a.oBCC", 1, -50000 * HOUR);
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(entry_note_use(dir->path, fd, &st, false));
    make_file(dir, "a.oBCC", 1, 2 * HOUR);
    assert_int_equal(fstat(fd, &st), 0);
    /* Root may write everywhere. */
    if (geteuid() != 0)
        assert_false(entry_note_use("/", fd, &st, false));
    st.st_uid = geteuid() + 1;
    assert_false(entry_note_use(dir->path, fd, &st, false));
    file_close(fd);
}

/* A stat of the file, after its mtime was set to that of `before`. */
static struct stat stat_with_time_of(int fd, const struct stat *before)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, before->st_mtim};
    struct stat st;

    assert_int_equal(futimens(fd, times), 0);
    assert_int_equal(fstat(fd, &st), 0);
    return st;
}

static void a_checked_file_is_marked_until_it_changes(void **state)
{
    const struct temp_dir *dir = *state;
    struct temp_path path = temp_dir_path(dir, "a.oBCC");
    struct temp_path other = temp_dir_path(dir, "b.oBCC");
    struct stat st, marked;
    int fd, other_fd;

    make_file(dir, "a.oBCC", 1, 60);
    fd = open(path.text, O_RDWR);
    assert_int_equal(fstat(fd, &st), 0);
    assert_false(entry_is_checked(&st));
    assert_true(entry_note_use(dir->path, fd, &st, true));
    assert_true(entry_is_checked(&st));
    assert_true(time(NULL) - st.st_mtim.tv_sec < 60);
    marked = st;
    assert_false(entry_note_use(dir->path, fd, &st, true));
    /* Written to: other times. */
    assert_int_equal(pwrite(fd, "x", 1, 0), 1);
    assert_int_equal(fstat(fd, &st), 0);
    assert_false(entry_is_checked(&st));
    /* Another size; and another file, though with these times. */
    assert_int_equal(ftruncate(fd, 2), 0);
    st = stat_with_time_of(fd, &marked);
    assert_false(entry_is_checked(&st));
    make_file(dir, "b.oBCC", 1, 0);
    other_fd = open(other.text, O_RDWR);
    st = stat_with_time_of(other_fd, &marked);
    assert_false(entry_is_checked(&st));
    /* Another second, and a change long after the mark. */
    st = marked;
    st.st_mtim.tv_sec--;
    assert_false(entry_is_checked(&st));
    st = marked;
    st.st_ctim.tv_sec += 2;
    assert_false(entry_is_checked(&st));
    file_close(fd);
    file_close(other_fd);
}

/* ---- Checked since boot ---- */

/* The test's clocks: the machine started that much later; or so long ago, and
 * the time is that much later. */
static time_t boot_is_later_s, up_s, time_is_later_s;

int __real_clock_gettime(clockid_t clock, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    const int result = __real_clock_gettime(clock, ret_time);

    if (clock == CLOCK_BOOTTIME)
        ret_time->tv_sec = up_s ? up_s : ret_time->tv_sec - boot_is_later_s;
    if (clock == CLOCK_REALTIME)
        ret_time->tv_sec += time_is_later_s;
    return result;
}

/* Only the field differs, by one, from the stat of a file that was checked. */
#define ASSERT_IN_MARK(known, field)                                           \
    do {                                                                       \
        struct stat other = known;                                             \
                                                                               \
        other.field++;                                                         \
        assert_false(entry_is_checked(&other));                                \
        other.field -= 2;                                                      \
        assert_false(entry_is_checked(&other));                                \
        other.field++;                                                         \
        assert_true(entry_is_checked(&other));                                 \
    } while (0)

static void a_mark_is_of_one_file_of_one_content_and_boot(void **state)
{
    const struct temp_dir *dir = *state;
    struct temp_path path = temp_dir_path(dir, "a.oBCC");
    struct stat known, st;
    int fd;

    make_file(dir, "a.oBCC", 1, 60);
    fd = open(path.text, O_RDWR);
    assert_int_equal(fstat(fd, &known), 0);
    assert_true(entry_note_use(dir->path, fd, &known, true));
    ASSERT_IN_MARK(known, st_dev);
    ASSERT_IN_MARK(known, st_ino);
    ASSERT_IN_MARK(known, st_size);
    ASSERT_IN_MARK(known, st_mtim.tv_sec);
    ASSERT_IN_MARK(known, st_mtim.tv_nsec);
    /* The time of change, with a second's grace either way. */
    for (int late = -2; late <= 2; late++) {
        st = known;
        st.st_ctim.tv_sec = st.st_mtim.tv_sec + late;
        assert_int_equal(entry_is_checked(&st), late >= -1 && late <= 1);
    }
    boot_is_later_s = 5;
    assert_false(entry_is_checked(&known));
    boot_is_later_s = 0;
    assert_true(entry_is_checked(&known));
    file_close(fd);
}

/* Without a directory that may be written to, the mark is a file elsewhere. */
static void a_marker_is_of_one_file_of_one_content_and_boot(void **state)
{
    const struct temp_dir *dir = *state;
    struct temp_path path = temp_dir_path(dir, "a.oBCC");
    struct stat before, known;
    int fd;

    make_file(dir, "a.oBCC", 1, 60);
    fd = open(path.text, O_RDWR);
    assert_int_equal(fstat(fd, &before), 0);
    known = before;
    assert_false(entry_note_use(NULL, fd, &known, false));
    assert_false(entry_is_checked(&known));
    assert_false(entry_note_use(NULL, fd, &known, true));
    if (!entry_is_checked(&known)) {
        file_close(fd);
        skip(); /* no /dev/shm */
    }
    assert_memory_equal(&known.st_mtim, &before.st_mtim, sizeof(known.st_mtim));
    ASSERT_IN_MARK(known, st_dev);
    ASSERT_IN_MARK(known, st_ino);
    ASSERT_IN_MARK(known, st_size);
    ASSERT_IN_MARK(known, st_ctim.tv_sec);
    ASSERT_IN_MARK(known, st_ctim.tv_nsec);
    /* A minute later, the machine started after the marker was made. */
    time_is_later_s = 60;
    up_s = 59;
    assert_false(entry_is_checked(&known));
    up_s = 61;
    assert_true(entry_is_checked(&known));
    up_s = time_is_later_s = 0;
    file_close(fd);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_numbers_with_units),
        TEST(inventory_has_entries_only),
        TEST(no_directory_has_no_entries),
        TEST(oldest_entries_go_first),
        TEST(entries_in_use_stay),
        TEST(entries_of_the_future_are_not_in_use),
        TEST(many_entries_go_in_order),
        TEST(two_may_prune_at_once),
        TEST(dry_run_removes_nothing),
        TEST(no_limit_removes_nothing),
        TEST(notes_are_summed_up_to_the_limit),
        TEST(many_notes_are_a_reason_to_look),
        TEST(damaged_notes_are_survived),
        TEST(a_use_is_written_once_an_hour),
        TEST(a_checked_file_is_marked_until_it_changes),
        TEST(a_mark_is_of_one_file_of_one_content_and_boot),
        TEST(a_marker_is_of_one_file_of_one_content_and_boot),
    };

    return cmocka_run_group_tests_name("prune", tests, NULL, NULL);
}
