/* An entry's record of its inputs: the digest of the bytes that were compiled,
 * and a stamp only if it stands for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/compiler/entry/inputs.h"
#include "temp_dir.h"
#include "zip_fixture.h"

/* ---- The clock ---- */

/* Files are as old as the test wants them to be. */
static time_t later_s;

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = __real_clock_gettime(clock, now);

    now->tv_sec += later_s;
    return result;
}

/* ---- One input ---- */

struct fixture {
    struct temp_dir dir;
    struct temp_path path;
    struct arena arena;
    struct request_input input;
    struct request request;
    struct inputs inputs;
    struct cache_dependency row;
    struct error err;
    int fd; /* the input's descriptor */
};

static const char old_text[] = "an input, an input";
static const char new_text[] = "an inPut, an input";

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f || temp_dir_make(&f->dir))
        return -1;
    f->path = temp_dir_path(&f->dir, "input");
    f->request.inputs = &f->input;
    f->request.n_inputs = 1;
    f->fd = -1;
    arena_init(&f->arena);
    later_s = 0;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    inputs_release(&f->inputs);
    arena_release(&f->arena);
    if (f->fd >= 0)
        close(f->fd);
    temp_dir_remove(&f->dir);
    free(f);
    return 0;
}

static void write_once(const struct fixture *f, const void *data, size_t size)
{
    int fd = open(f->path.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_return_code(fd, 0);
    assert_int_equal(write(fd, data, size), size);
    close(fd);
}

/* In place, as a rename would be another file; until the file system's clock
 * has ticked, as ours runs ahead of it. */
static void write_input(const struct fixture *f, const void *data, size_t size)
{
    struct stat before = {0}, after;

    stat(f->path.text, &before);
    do {
        write_once(f, data, size);
        assert_int_equal(stat(f->path.text, &after), 0);
    } while (after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
             after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

static void write_archive(const struct fixture *f, const char *entry,
                          const char *text, unsigned flags)
{
    struct zip_file file = {entry, text, strlen(text), flags};
    struct buffer archive;

    buffer_init(&archive);
    zip_make(&file, 1, 0, &archive, NULL);
    write_input(f, archive.data, archive.size);
    buffer_release(&archive);
}

static enum status open_inputs(struct fixture *f)
{
    struct stat st;
    int fd = open(f->path.text, O_RDONLY | O_CLOEXEC);

    assert_return_code(fd, 0);
    assert_int_equal(fstat(fd, &st), 0);
    f->input.size = (uint64_t)st.st_size;
    f->fd = fd;
    return inputs_open(&f->inputs, &f->request, &f->fd, &f->arena, &f->err);
}

static void open_file(struct fixture *f)
{
    f->input.type = OBCC_FILE_RESOURCE;
    f->input.name = "input";
    assert_int_equal(open_inputs(f), STATUS_OK);
}

static void open_entry(struct fixture *f, const char *entry)
{
    f->input.type = OBCC_APK_RESOURCE;
    f->input.name = "input!...";
    f->input.entry = entry;
    assert_int_equal(open_inputs(f), STATUS_OK);
}

static void assert_bytes(const struct fixture *f, const char *text)
{
    assert_int_equal(f->inputs.bytes[0].size, strlen(text));
    assert_memory_equal(f->inputs.bytes[0].data, text, strlen(text));
}

static enum status settle(struct fixture *f)
{
    inputs_start_hashing(&f->inputs);
    inputs_finish_hashing(&f->inputs);
    return inputs_settle(&f->inputs, &f->row, &f->err);
}

static void assert_settles(struct fixture *f, const char *text,
                           uint32_t expected_flags)
{
    uint8_t sha1[SHA1_SIZE];
    struct stat st;

    if (settle(f))
        fail_msg("%s", f->err.message);
    assert_int_equal(f->row.flags, expected_flags);
    sha1_digest((struct span){(const uint8_t *)text, strlen(text)}, sha1);
    assert_memory_equal(f->row.sha1, sha1, SHA1_SIZE);
    if (!(expected_flags & OBCC_DEPENDENCY_STAMPED))
        return;
    assert_int_equal(stat(f->path.text, &st), 0);
    assert_int_equal(f->row.stamp.size, st.st_size);
    assert_int_equal(f->row.stamp.inode, st.st_ino);
}

/* ---- Files ---- */

static void an_old_file_is_stamped(void **state)
{
    struct fixture *f = *state;

    write_input(f, old_text, strlen(old_text));
    later_s = 10;
    open_file(f);
    assert_bytes(f, old_text);
    assert_settles(f, old_text, OBCC_DEPENDENCY_STAMPED);
}

static void a_file_written_just_now_is_stamped_if_it_has_aged(void **state)
{
    struct fixture *f = *state;

    write_input(f, old_text, strlen(old_text));
    later_s = -1; /* not before its change: the clock may be set back */
    open_file(f);
    assert_settles(f, old_text, 0);
    later_s = 10;
    assert_settles(f, old_text, OBCC_DEPENDENCY_STAMPED);
}

static void a_file_that_changes_fails_or_was_copied(void **state)
{
    struct fixture *f = *state;

    write_input(f, old_text, strlen(old_text));
    later_s = -1;
    open_file(f);
    write_input(f, new_text, strlen(new_text));
    assert_bytes(f, old_text);
    later_s = 10;
    assert_settles(f, old_text, 0);

    inputs_release(&f->inputs);
    open_file(f);
    inputs_start_hashing(&f->inputs);
    write_input(f, old_text, strlen(old_text));
    assert_int_equal(inputs_settle(&f->inputs, &f->row, &f->err), STATUS_STALE);
    assert_non_null(strstr(f->err.message, "changed while it was being"));
}

static void another_size_than_announced_is_refused(void **state)
{
    struct fixture *f = *state;

    write_input(f, old_text, strlen(old_text));
    open_file(f);
    inputs_release(&f->inputs);
    f->input.size++;
    assert_int_equal(
        inputs_open(&f->inputs, &f->request, &f->fd, &f->arena, &f->err),
        STATUS_STALE);
}

/* ---- Entries of archives ---- */

static void an_entry_is_unpacked_and_its_archive_signed(void **state)
{
    struct fixture *f = *state;

    write_archive(f, "raw/a.bc", old_text, ZIP_DEFLATED);
    later_s = 10;
    f->input.role = REQUEST_LIBRARY;
    open_entry(f, "raw/a.bc");
    assert_bytes(f, old_text);
    assert_settles(f, old_text,
                   OBCC_DEPENDENCY_ARCHIVE | OBCC_DEPENDENCY_LIBRARY |
                       OBCC_DEPENDENCY_STAMPED);
    assert_int_equal(f->row.type, OBCC_APK_RESOURCE);
    assert_string_equal(f->row.name, "input!...");
}

static void an_archive_written_just_now_is_stamped_if_it_has_aged(void **state)
{
    struct fixture *f = *state;

    write_archive(f, "a.bc", old_text, 0);
    later_s = -1;
    open_entry(f, "a.bc");
    assert_settles(f, old_text, OBCC_DEPENDENCY_ARCHIVE);
    later_s = 10;
    assert_settles(f, old_text,
                   OBCC_DEPENDENCY_ARCHIVE | OBCC_DEPENDENCY_STAMPED);
}

/* What was unpacked is compiled and digested, and no stamp says that the
 * archive is as it was. */
static void an_archive_that_changes_is_not_signed(void **state)
{
    static const time_t ages[] = {-1, 10};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        write_archive(f, "a.bc", old_text, 0);
        later_s = ages[i];
        open_entry(f, "a.bc");
        write_archive(f, "a.bc", new_text, 0);
        later_s = 20;
        assert_bytes(f, old_text);
        assert_settles(f, old_text, OBCC_DEPENDENCY_ARCHIVE);
        inputs_release(&f->inputs);

        /* Cut short, it cannot even be read again. */
        write_archive(f, "a.bc", old_text, 0);
        later_s = ages[i];
        open_entry(f, "a.bc");
        assert_int_equal(truncate(f->path.text, 10), 0);
        later_s = 20;
        assert_settles(f, old_text, OBCC_DEPENDENCY_ARCHIVE);
        inputs_release(&f->inputs);
    }
}

static void what_may_be_taken_for_another_is_not_signed(void **state)
{
    struct fixture *f = *state;

    write_archive(f, "x!a.bc", old_text, 0);
    later_s = 10;
    open_entry(f, "x!a.bc");
    assert_settles(f, old_text, OBCC_DEPENDENCY_ARCHIVE);
}

static void what_travels_is_not_signed(void **state)
{
    struct fixture *f = *state;

    write_archive(f, "a.bc", old_text, 0);
    later_s = 10;
    f->request.portable = true;
    open_entry(f, "a.bc");
    assert_settles(f, old_text, OBCC_DEPENDENCY_ARCHIVE);
}

static void what_is_skipped_has_no_digest(void **state)
{
    static const uint8_t nothing[SHA1_SIZE];
    struct fixture *f = *state;

    write_archive(f, "a.bc", old_text, 0);
    later_s = 10;
    f->input.skip_sha1 = true;
    open_entry(f, "a.bc");
    assert_int_equal(settle(f), STATUS_OK);
    assert_int_equal(f->row.flags,
                     OBCC_DEPENDENCY_ARCHIVE | OBCC_DEPENDENCY_SKIP_SHA1);
    assert_memory_equal(f->row.sha1, nothing, SHA1_SIZE);
}

static void an_archive_without_the_entry_is_refused(void **state)
{
    struct fixture *f = *state;

    write_archive(f, "a.bc", old_text, 0);
    f->input.type = OBCC_APK_RESOURCE;
    f->input.name = "input!b.bc";
    f->input.entry = "b.bc";
    assert_int_equal(open_inputs(f), STATUS_IO);
    assert_string_equal(f->err.message,
                        "input!b.bc: the archive has no such entry");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_old_file_is_stamped),
        TEST(a_file_written_just_now_is_stamped_if_it_has_aged),
        TEST(a_file_that_changes_fails_or_was_copied),
        TEST(another_size_than_announced_is_refused),
        TEST(an_entry_is_unpacked_and_its_archive_signed),
        TEST(an_archive_written_just_now_is_stamped_if_it_has_aged),
        TEST(an_archive_that_changes_is_not_signed),
        TEST(what_may_be_taken_for_another_is_not_signed),
        TEST(what_travels_is_not_signed),
        TEST(what_is_skipped_has_no_digest),
        TEST(an_archive_without_the_entry_is_refused),
    };
#undef TEST

    return cmocka_run_group_tests_name("inputs", tests, NULL, NULL);
}
