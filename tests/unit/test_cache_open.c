/* cache_file_open(), the way of the tools: which bytes are read and checked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache_file.h"
#include "sample_cache.h"
#include "temp_dir.h"

struct fixture {
    struct temp_dir dir;
    struct temp_path path;
    struct sample_cache sample;
    struct buffer bytes; /* of the file */
    struct cache_file file;
    struct error err;
};

static void write_bytes(const struct fixture *f, size_t size)
{
    int fd = open(f->path.text, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, f->bytes.data, size), size);
    close(fd);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct cache_contents contents;

    *state = f;
    if (temp_dir_make(&f->dir) || sample_cache_init(&f->sample))
        return -1;
    f->path = temp_dir_path(&f->dir, "test.oBCC");
    contents = f->sample.contents;
    contents.debug = (struct span){(const uint8_t *)"debug", 5};
    buffer_init(&f->bytes);
    if (cache_write(&contents, &f->bytes, &f->err))
        return -1;
    write_bytes(f, f->bytes.size);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    const int result = temp_dir_remove(&f->dir);

    buffer_release(&f->bytes);
    sample_cache_release(&f->sample);
    free(f);
    return result;
}

static enum status open_file(struct fixture *f, unsigned flags)
{
    return cache_file_open(f->path.text, flags, &f->file, &f->err);
}

static struct cache_extent extent_of(struct fixture *f, unsigned kind)
{
    struct cache_extent extent;

    assert_int_equal(open_file(f, 0), STATUS_OK);
    extent = f->file.layout.section[kind];
    cache_file_close(&f->file);
    assert_true(extent.size > 0);
    return extent;
}

/* Change a byte of the section in the file. */
static void damage(struct fixture *f, unsigned kind)
{
    const struct cache_extent extent = extent_of(f, kind);

    f->bytes.data[extent.offset + extent.size - 1] ^= 1;
    write_bytes(f, f->bytes.size);
}

static bool is_all_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

/* ---- What is read ---- */

static void every_byte_is_read(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(open_file(f, CACHE_CHECK_ALL), STATUS_OK);
    assert_int_equal(f->file.bytes.size, f->bytes.size);
    assert_memory_equal(f->file.bytes.data, f->bytes.data, f->bytes.size);
    cache_file_close(&f->file);
    assert_null(f->file.bytes.data);
}

/* What is not to be checked is not read: its bytes are zero, all others are
 * there. */
static void what_is_not_checked_is_not_read(void **state)
{
    static const struct {
        unsigned flag, kind;
    } cases[] = {
        {CACHE_CHECK_NO_CODE, OBCC_CONTEXT},
        {CACHE_CHECK_NO_DEBUG, OBCC_DEBUG},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct cache_extent extent = extent_of(f, cases[i].kind);
        const size_t end = extent.offset + extent.size;

        assert_int_equal(open_file(f, CACHE_CHECK_ALL | cases[i].flag),
                         STATUS_OK);
        assert_true(
            is_all_zero(f->file.bytes.data + extent.offset, extent.size));
        assert_memory_equal(f->file.bytes.data, f->bytes.data, extent.offset);
        assert_memory_equal(f->file.bytes.data + end, f->bytes.data + end,
                            f->bytes.size - end);
        cache_file_close(&f->file);
    }
}

/* ---- What is checked ---- */

static void damage_is_found_unless_it_is_not_looked_for(void **state)
{
    static const struct {
        unsigned kind, flags;
        bool is_found;
    } cases[] = {
        {OBCC_CONTEXT, CACHE_CHECK_ALL, true},
        {OBCC_CONTEXT, CACHE_CHECK_ALL | CACHE_CHECK_NO_DEBUG, true},
        {OBCC_CONTEXT, CACHE_CHECK_ALL | CACHE_CHECK_NO_CODE, false},
        {OBCC_CONTEXT, 0, false},
        {OBCC_DEBUG, CACHE_CHECK_ALL, true},
        {OBCC_DEBUG, CACHE_CHECK_ALL | CACHE_CHECK_NO_CODE, true},
        {OBCC_DEBUG, CACHE_CHECK_ALL | CACHE_CHECK_NO_DEBUG, false},
        {OBCC_IDENTITY, CACHE_CHECK_ALL, true},
        {OBCC_IDENTITY,
         CACHE_CHECK_ALL | CACHE_CHECK_NO_DEBUG | CACHE_CHECK_NO_CODE, true},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        damage(f, cases[i].kind);
        if (open_file(f, cases[i].flags) == STATUS_OK) {
            cache_file_close(&f->file);
            assert_false(cases[i].is_found);
        } else {
            assert_true(cases[i].is_found);
            assert_int_equal(f->err.status, STATUS_CORRUPT);
            assert_non_null(strstr(f->err.message, "checksum mismatch"));
        }
        damage(f, cases[i].kind);
    }
}

static void every_length_but_its_own_is_refused(void **state)
{
    struct fixture *f = *state;

    for (size_t size = 0; size < f->bytes.size; size += 13) {
        write_bytes(f, size);
        assert_int_equal(open_file(f, 0), STATUS_CORRUPT);
    }
    write_bytes(f, f->bytes.size - 1);
    assert_int_equal(open_file(f, 0), STATUS_CORRUPT);
    buffer_append(&f->bytes, "", 1);
    write_bytes(f, f->bytes.size);
    assert_int_equal(open_file(f, 0), STATUS_CORRUPT);
    write_bytes(f, f->bytes.size - 1);
    assert_int_equal(open_file(f, 0), STATUS_OK);
    cache_file_close(&f->file);
    assert_int_equal(unlink(f->path.text), 0);
    assert_int_equal(open_file(f, 0), STATUS_IO);
    assert_int_equal(f->err.os_errno, ENOENT);
}

/* ---- What is left ---- */

static size_t count_descriptors(void)
{
    DIR *listing = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(listing);
    while (readdir(listing))
        n++;
    closedir(listing);
    return n;
}

static void neither_memory_nor_descriptors_are_left(void **state)
{
    struct fixture *f = *state;
    const size_t n_before = count_descriptors();
    size_t memory = 0;

    for (int i = 0; i < 20; i++) {
        write_bytes(f, f->bytes.size);
        assert_int_equal(open_file(f, CACHE_CHECK_ALL), STATUS_OK);
        cache_file_close(&f->file);
        damage(f, OBCC_IDENTITY);
        assert_int_equal(open_file(f, CACHE_CHECK_ALL), STATUS_CORRUPT);
        damage(f, OBCC_IDENTITY);
        write_bytes(f, 100);
        assert_int_equal(open_file(f, 0), STATUS_CORRUPT);
        if (i == 0)
            memory = mallinfo2().uordblks;
    }
    /* The allocator keeps some of its own; twenty files are more. */
    assert_true(mallinfo2().uordblks < memory + f->bytes.size);
    assert_int_equal(count_descriptors(), n_before);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_byte_is_read),
        TEST(what_is_not_checked_is_not_read),
        TEST(damage_is_found_unless_it_is_not_looked_for),
        TEST(every_length_but_its_own_is_refused),
        TEST(neither_memory_nor_descriptors_are_left),
    };

    return cmocka_run_group_tests_name("cache_open", tests, NULL, NULL);
}
