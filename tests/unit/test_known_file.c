/* The content of files that were read before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "known_file.h"
#include "temp_dir.h"

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

static const struct known_file small = {
    .stamp = {
        .device = 0xfe00, .inode = 7, .size = 1, .mtime_ns = 2, .ctime_ns = 3}};

static struct known_file other_stamp(int field)
{
    struct known_file file = small;
    uint64_t *const fields[] = {&file.stamp.device, &file.stamp.inode,
                                &file.stamp.size, &file.stamp.mtime_ns,
                                &file.stamp.ctime_ns};

    *fields[field] ^= UINT64_C(1) << 63;
    return file;
}

static void remembers_what_was_noted(void **state)
{
    const struct temp_dir *dir = *state;
    uint8_t sha1[SHA1_SIZE], found[SHA1_SIZE] = {0};

    for (unsigned i = 0; i < SHA1_SIZE; i++)
        sha1[i] = (uint8_t)(251 * i + 3);
    assert_false(known_file_hint(dir->path, &small, found));
    assert_false(known_file_find(dir->path, &small, found));
    known_file_note(dir->path, &small, sha1);
    assert_true(known_file_hint(dir->path, &small, found));
    assert_memory_equal(found, sha1, SHA1_SIZE);
    found[0] = 0;
    assert_true(known_file_find(dir->path, &small, found));
    assert_memory_equal(found, sha1, SHA1_SIZE);
    for (int field = 0; field < 5; field++) {
        struct known_file file = other_stamp(field);

        assert_false(known_file_hint(dir->path, &file, found));
        assert_false(known_file_find(dir->path, &file, found));
    }
}

/* Each letter of a note, in each of four places. */
static void reads_every_letter_back(void **state)
{
    const struct temp_dir *dir = *state;
    uint8_t sha1[SHA1_SIZE], found[SHA1_SIZE];

    for (unsigned value = 0; value < 64; value++) {
        const unsigned bits = value | value << 6 | value << 12 | value << 18;

        for (unsigned i = 0; i < SHA1_SIZE; i++)
            sha1[i] = (uint8_t)(bits >> (16 - i % 3 * 8));
        known_file_note(dir->path, &small, sha1);
        assert_true(known_file_find(dir->path, &small, found));
        assert_memory_equal(found, sha1, SHA1_SIZE);
    }
}

static void a_new_note_replaces_the_old(void **state)
{
    const struct temp_dir *dir = *state;
    const uint8_t first[SHA1_SIZE] = {1}, second[SHA1_SIZE] = {2};
    struct known_file later = other_stamp(4);
    uint8_t found[SHA1_SIZE];

    known_file_note(dir->path, &small, first);
    known_file_note(dir->path, &later, second);
    assert_false(known_file_hint(dir->path, &small, found));
    assert_true(known_file_hint(dir->path, &later, found));
    assert_memory_equal(found, second, SHA1_SIZE);
}

static void entries_of_an_archive_are_apart(void **state)
{
    const struct temp_dir *dir = *state;
    const uint8_t one[SHA1_SIZE] = {1}, two[SHA1_SIZE] = {2};
    struct known_file a = small, b = small;
    uint8_t found[SHA1_SIZE];

    a.entry = "a.bc";
    b.entry = "b.bc";
    known_file_note(dir->path, &a, one);
    assert_false(known_file_hint(dir->path, &b, found));
    assert_false(known_file_hint(dir->path, &small, found));
    known_file_note(dir->path, &b, two);
    assert_true(known_file_find(dir->path, &a, found));
    assert_memory_equal(found, one, SHA1_SIZE);
}

static void nothing_is_believed_where_others_may_write(void **state)
{
    const struct temp_dir *dir = *state;
    const struct temp_path known = temp_dir_path(dir, KNOWN_FILE_DIR);
    const uint8_t sha1[SHA1_SIZE] = {1};
    uint8_t found[SHA1_SIZE];

    known_file_note(dir->path, &small, sha1);
    assert_int_equal(chmod(known.text, 0770), 0);
    assert_false(known_file_find(dir->path, &small, found));
    assert_int_equal(chmod(known.text, 0700), 0);
    assert_int_equal(chmod(dir->path, 0707), 0);
    assert_false(known_file_find(dir->path, &small, found));
    assert_int_equal(chmod(dir->path, 0700), 0);
    assert_true(known_file_find(dir->path, &small, found));
}

static void only_old_links_are_swept(void **state)
{
    const struct temp_dir *dir = *state;
    const uint8_t sha1[SHA1_SIZE] = {1};
    uint8_t found[SHA1_SIZE];
    int fd = open(dir->path, O_RDONLY | O_DIRECTORY);

    assert_true(fd >= 0);
    known_file_note(dir->path, &small, sha1);
    known_file_sweep(fd, KNOWN_FILE_MAX_AGE_S);
    assert_true(known_file_hint(dir->path, &small, found));
    known_file_sweep(fd, 0);
    assert_false(known_file_hint(dir->path, &small, found));
    assert_int_equal(faccessat(fd, KNOWN_FILE_DIR, F_OK, 0), -1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(remembers_what_was_noted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(reads_every_letter_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_new_note_replaces_the_old, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(entries_of_an_archive_are_apart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            nothing_is_believed_where_others_may_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_old_links_are_swept, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
