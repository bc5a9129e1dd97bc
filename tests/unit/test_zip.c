/* Entries of ZIP archives: which are read, and which are refused and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "zip.h"
#include "zip_fixture.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const char text[] =
    "a text that repeats, a text that repeats, a text that repeats itself";

enum { TEXT_SIZE = sizeof(text) - 1 };

static const struct zip_file usual_files[] = {
    {"AndroidManifest.xml", "<manifest/>", 11, 0},
    {"res/raw/stored.bc", text, TEXT_SIZE, 0},
    {"res/raw/deflated.bc", text, TEXT_SIZE, ZIP_DEFLATED},
    {"empty/", "", 0, 0},
    {"empty/stored", "", 0, 0},
    {"empty/deflated", "", 0, ZIP_DEFLATED},
    {"later/stored", text, TEXT_SIZE, ZIP_DESCRIPTOR},
    {"later/deflated", text, TEXT_SIZE, ZIP_DESCRIPTOR | ZIP_DEFLATED},
};

/* ---- Reading what is in memory ---- */

static enum status read_from(struct span archive, const char *entry,
                             struct span *ret_bytes, struct error *err)
{
    enum status status;
    int fd;

    assert_int_equal(file_create_memory("zip", archive, &fd, NULL), STATUS_OK);
    status = zip_read(fd, archive.size, "a.apk!entry", entry, ret_bytes, err);
    close(fd);
    return status;
}

static void assert_reads(struct span archive, const char *entry,
                         const char *content, size_t size)
{
    struct span bytes;
    struct error err = {0};

    if (read_from(archive, entry, &bytes, &err))
        fail_msg("%s: %s", entry, err.message);
    assert_non_null(bytes.data);
    assert_int_equal(bytes.size, size);
    assert_memory_equal(bytes.data, content, size);
    free((void *)bytes.data);
}

static void assert_refused(struct span archive, const char *entry,
                           enum status expected, const char *fact)
{
    struct span bytes = {NULL, 0};
    struct error err = {0};
    enum status status = read_from(archive, entry, &bytes, &err);

    if (status != expected || !strstr(err.message, fact))
        fail_msg("%s: status %d, not %d: '%s', not '%s'", entry, status,
                 expected, err.message, fact);
    assert_int_equal(strncmp(err.message, "a.apk!entry: ", 13), 0);
    assert_null(bytes.data);
}

static void assert_all_read(struct span archive)
{
    for (size_t i = 0; i < ARRAY_SIZE(usual_files); i++)
        assert_reads(archive, usual_files[i].name, usual_files[i].data,
                     usual_files[i].size);
}

/* ---- What is read ---- */

static void reads_every_kind_of_entry(void **state)
{
    struct buffer archive;

    (void)state;
    buffer_init(&archive);
    zip_make(usual_files, ARRAY_SIZE(usual_files), 0, &archive, NULL);
    assert_all_read(buffer_span(&archive));
    buffer_release(&archive);
}

static void reads_zip64(void **state)
{
    struct zip_file files[ARRAY_SIZE(usual_files)];
    struct buffer archive;

    (void)state;
    memcpy(files, usual_files, sizeof(files));
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        files[i].flags |= ZIP_64;
    for (unsigned flags = 0; flags <= ZIP_64; flags += ZIP_64) {
        buffer_init(&archive);
        zip_make(files, ARRAY_SIZE(files), flags, &archive, NULL);
        assert_all_read(buffer_span(&archive));
        buffer_release(&archive);
    }
    buffer_init(&archive);
    zip_make(usual_files, ARRAY_SIZE(usual_files), ZIP_64, &archive, NULL);
    assert_all_read(buffer_span(&archive));
    buffer_release(&archive);
}

/* A program that unpacks itself, and signatures behind the directory. */
static void reads_archives_with_something_around_them(void **state)
{
    struct zip_places places;
    struct buffer archive;

    (void)state;
    buffer_init(&archive);
    buffer_append_string(&archive, "#!/bin/sh\nexit 0\n");
    zip_make(usual_files, ARRAY_SIZE(usual_files), 0, &archive, &places);
    archive.data[places.end + 20] = 7; /* bytes of comment */
    buffer_append_string(&archive, "comment");
    assert_all_read(buffer_span(&archive));
    buffer_release(&archive);
}

/* Larger than every buffer on the way. */
static void reads_large_entries(void **state)
{
    enum { SIZE = 3 * 1000 * 1000 };
    char *data = malloc(SIZE);
    struct zip_file files[] = {{"stored", data, SIZE, 0},
                               {"deflated", data, SIZE, ZIP_DEFLATED}};
    struct buffer archive;
    uint32_t number = 1;

    (void)state;
    assert_non_null(data);
    for (size_t i = 0; i < SIZE; i++) {
        number = number * 1664525 + 1013904223;
        data[i] = (char)(number >> 28);
    }
    buffer_init(&archive);
    zip_make(files, ARRAY_SIZE(files), 0, &archive, NULL);
    assert_reads(buffer_span(&archive), "stored", data, SIZE);
    assert_reads(buffer_span(&archive), "deflated", data, SIZE);
    buffer_release(&archive);
    free(data);
}

static void add_64(uint8_t *at, uint64_t number)
{
    for (size_t i = 0; i < 8; i++) {
        number += at[i];
        at[i] = (uint8_t)number;
        number >>= 8;
    }
}

/* The archive is at 5 GiB of a file that has nothing before it, first as what
 * precedes it, then as what its offsets tell. */
static void reads_beyond_4_gib(void **state)
{
    const uint64_t far = UINT64_C(5) << 30;
    struct zip_file file = {"far.bc", text, TEXT_SIZE, ZIP_DEFLATED | ZIP_64};
    struct zip_places places;
    struct buffer archive;
    struct error err = {0};
    struct span bytes;
    int fd;

    (void)state;
    buffer_init(&archive);
    zip_make(&file, 1, ZIP_64, &archive, &places);
    assert_int_equal(
        file_create_memory("zip", (struct span){NULL, 0}, &fd, NULL),
        STATUS_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(pwrite(fd, archive.data, archive.size, (off_t)far),
                         archive.size);
        if (zip_read(fd, far + archive.size, "far", file.name, &bytes, &err))
            fail_msg("round %d: %s", round, err.message);
        assert_int_equal(bytes.size, TEXT_SIZE);
        assert_memory_equal(bytes.data, text, TEXT_SIZE);
        free((void *)bytes.data);
        /* The local header's offset, and the directory's. */
        add_64(archive.data + places.central[0] + 46 + 6 + 4 + 16, far);
        add_64(archive.data + places.end - 20 - 56 + 48, far);
    }
    close(fd);
    buffer_release(&archive);
}

/* A million zeros: near the ratio that deflate cannot exceed. */
static void reads_what_is_packed_as_tightly_as_can_be(void **state)
{
    enum { SIZE = 1000 * 1000 };
    char *zeros = calloc(1, SIZE);
    struct zip_file file = {"zeros", zeros, SIZE, ZIP_DEFLATED};
    struct buffer archive;

    (void)state;
    assert_non_null(zeros);
    buffer_init(&archive);
    zip_make(&file, 1, 0, &archive, NULL);
    assert_reads(buffer_span(&archive), "zeros", zeros, SIZE);
    buffer_release(&archive);
    free(zeros);
}

static void names_are_compared_as_a_whole(void **state)
{
    static const char *const others[] = {
        "stored.bc",
        "res/raw/stored.b",
        "res/raw/stored.bcx",
        "RES/RAW/STORED.BC",
        "res\\raw\\stored.bc",
        "/res/raw/stored.bc",
        "res/raw/../raw/stored.bc",
        "res/raw",
        "x",
    };
    struct buffer archive;

    (void)state;
    buffer_init(&archive);
    zip_make(usual_files, ARRAY_SIZE(usual_files), 0, &archive, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_refused(buffer_span(&archive), others[i], STATUS_IO,
                       "no such entry");
    buffer_release(&archive);
}

static enum status append_name(void *context, struct span entry,
                               struct error *err)
{
    (void)err;
    buffer_append(context, entry.data, entry.size);
    buffer_append(context, "\n", 1);
    return STATUS_OK;
}

static enum status stop_at_once(void *context, struct span entry,
                                struct error *err)
{
    (void)entry;
    ++*(int *)context;
    return error_set(err, STATUS_MISUSE, "enough");
}

static void lists_entries_in_order(void **state)
{
    struct buffer archive, names;
    struct error err = {0};
    int n_calls = 0, fd;

    (void)state;
    buffer_init(&archive);
    buffer_init(&names);
    zip_make(usual_files, 4, 0, &archive, NULL);
    assert_int_equal(
        file_create_memory("zip", buffer_span(&archive), &fd, NULL), STATUS_OK);
    assert_int_equal(
        zip_list(fd, archive.size, "a.apk", append_name, &names, &err),
        STATUS_OK);
    buffer_append(&names, "", 1);
    assert_string_equal((char *)names.data,
                        "AndroidManifest.xml\nres/raw/stored.bc\n"
                        "res/raw/deflated.bc\nempty/\n");
    assert_int_equal(
        zip_list(fd, archive.size, "a.apk", stop_at_once, &n_calls, &err),
        STATUS_MISUSE);
    assert_int_equal(n_calls, 1);
    close(fd);
    buffer_release(&names);
    buffer_release(&archive);
}

static void lists_an_empty_archive(void **state)
{
    struct buffer archive, names;
    struct error err = {0};
    int fd;

    (void)state;
    buffer_init(&archive);
    buffer_init(&names);
    zip_make(NULL, 0, 0, &archive, NULL);
    assert_int_equal(archive.size, 22);
    assert_int_equal(
        file_create_memory("zip", buffer_span(&archive), &fd, NULL), STATUS_OK);
    assert_int_equal(
        zip_list(fd, archive.size, "a.apk", append_name, &names, &err),
        STATUS_OK);
    assert_int_equal(names.size, 0);
    close(fd);
    assert_refused(buffer_span(&archive), "x", STATUS_IO, "no such entry");
    buffer_release(&archive);
}

/* 65,537 entries without ZIP64, as some tools write them: the count is what
 * 16 bits hold of it. */
static void reads_archives_of_more_entries_than_are_counted(void **state)
{
    enum { N = 65537, HEADER_SIZE = 46 + 5 };
    struct zip_file file = {"00000", "1", 1, 0};
    struct zip_places places;
    struct buffer one, archive;
    uint8_t header[HEADER_SIZE], end[22];
    uint32_t size = N * HEADER_SIZE;

    (void)state;
    buffer_init(&one);
    buffer_init(&archive);
    zip_make(&file, 1, 0, &one, &places);
    memcpy(header, one.data + places.central[0], sizeof(header));
    memcpy(end, one.data + places.end, sizeof(end));
    buffer_append(&archive, one.data, places.central[0]);
    for (unsigned i = 0; i < N; i++) {
        char name[8];

        snprintf(name, sizeof(name), "%05u", i);
        memcpy(header + 46, name, 5);
        buffer_append(&archive, header, sizeof(header));
    }
    for (size_t i = 0; i < 4; i++)
        end[ZIP_END_SIZE + i] = (uint8_t)(size >> 8 * i);
    buffer_append(&archive, end, sizeof(end));
    assert_reads(buffer_span(&archive), "00000", "1", 1);
    assert_refused(buffer_span(&archive), "65537", STATUS_IO, "no such entry");
    buffer_release(&archive);
    buffer_release(&one);
}

static void refuses_a_name_that_is_there_twice(void **state)
{
    static const struct zip_file files[] = {
        {"a.bc", "one", 3, 0}, {"b.bc", "two", 3, 0}, {"a.bc", "three", 5, 0}};
    struct buffer archive;

    (void)state;
    buffer_init(&archive);
    zip_make(files, ARRAY_SIZE(files), 0, &archive, NULL);
    assert_refused(buffer_span(&archive), "a.bc", STATUS_CORRUPT,
                   "two entries");
    assert_reads(buffer_span(&archive), "b.bc", "two", 3);
    buffer_release(&archive);
}

/* ---- What is refused ---- */

enum { TARGET = 2 }; /* of usual_files: deflated */

struct damage {
    const char *what;
    enum { IN_LOCAL, IN_DATA, IN_CENTRAL, IN_END } place;
    size_t offset;
    size_t size; /* bytes of value */
    uint32_t value;
    enum status status;
    const char *fact;
    size_t target; /* 0: TARGET */
};

static const struct damage damages[] = {
    {"encrypted", IN_CENTRAL, ZIP_CENTRAL_FLAGS, 2, 1, STATUS_UNSUPPORTED,
     "encrypted", 0},
    {"method", IN_CENTRAL, ZIP_CENTRAL_METHOD, 2, 12, STATUS_UNSUPPORTED,
     "method 12", 0},
    {"method of the local header", IN_LOCAL, ZIP_LOCAL_METHOD, 2, 0,
     STATUS_CORRUPT, "local header", 0},
    {"CRC-32", IN_CENTRAL, ZIP_CENTRAL_CRC, 4, 0x12345678, STATUS_CORRUPT,
     "CRC-32", 7},
    {"CRC-32 of the local header", IN_CENTRAL, ZIP_CENTRAL_CRC, 4, 0x12345678,
     STATUS_CORRUPT, "local header", 0},
    {"bytes", IN_DATA, 3, 1, 0xff, STATUS_CORRUPT, "compressed bytes", 0},
    {"stored bytes", IN_DATA, 3, 1, 0xff, STATUS_CORRUPT, "CRC-32", 1},
    {"a bomb", IN_CENTRAL, ZIP_CENTRAL_SIZE, 4, 0xfffffff0, STATUS_CORRUPT,
     "cannot be made of", 0},
    {"one byte too many", IN_CENTRAL, ZIP_CENTRAL_SIZE, 4, TEXT_SIZE + 1,
     STATUS_CORRUPT, "compressed bytes", 7},
    {"one byte too few", IN_CENTRAL, ZIP_CENTRAL_SIZE, 4, TEXT_SIZE - 1,
     STATUS_CORRUPT, "compressed bytes", 7},
    {"stored, and of two sizes", IN_CENTRAL, ZIP_CENTRAL_SIZE, 4, TEXT_SIZE - 1,
     STATUS_CORRUPT, "cannot be made of", 1},
    {"more compressed bytes than there are", IN_CENTRAL, ZIP_CENTRAL_PACKED, 4,
     0x7fffffff, STATUS_CORRUPT, "local header", 0},
    {"fewer compressed bytes", IN_CENTRAL, ZIP_CENTRAL_PACKED, 4, 9,
     STATUS_CORRUPT, "compressed bytes", 7},
    {"more compressed bytes, and a descriptor", IN_CENTRAL, ZIP_CENTRAL_PACKED,
     4, 0x7fffffff, STATUS_CORRUPT, "beyond the archive", 7},
    {"one of several parts", IN_END, ZIP_END_DISK, 2, 1, STATUS_UNSUPPORTED,
     "several parts", 0},
    {"a comment's size", IN_END, ZIP_END_COMMENT, 2, 1, STATUS_CORRUPT,
     "not a ZIP archive", 0},
    {"offset outside", IN_CENTRAL, ZIP_CENTRAL_LOCAL, 4, 0x7fffffff,
     STATUS_CORRUPT, "outside", 0},
    {"offset of nothing", IN_CENTRAL, ZIP_CENTRAL_LOCAL, 4, 1, STATUS_CORRUPT,
     "local header", 0},
    {"size of the local name", IN_LOCAL, ZIP_LOCAL_NAME_SIZE, 2, 7,
     STATUS_CORRUPT, "local header", 0},
    {"size of the local extra field", IN_LOCAL, ZIP_LOCAL_EXTRA_SIZE, 2, 0xffff,
     STATUS_CORRUPT, "beyond the archive", 0},
    {"directory's header", IN_CENTRAL, 0, 1, 'X', STATUS_CORRUPT, "directory",
     0},
    {"size of a name", IN_CENTRAL, ZIP_CENTRAL_NAME_SIZE, 2, 0xffff,
     STATUS_CORRUPT, "directory", 1},
    {"size of the directory", IN_END, ZIP_END_SIZE, 4, 0x7fffffff,
     STATUS_CORRUPT, "directory", 0},
    {"offset of the directory", IN_END, ZIP_END_OFFSET, 4, 0x7fffffff,
     STATUS_CORRUPT, "directory", 0},
    {"number of entries", IN_END, ZIP_END_COUNT, 2, 3, STATUS_CORRUPT,
     "directory", 0},
    {"no end", IN_END, 0, 1, 'X', STATUS_CORRUPT, "not a ZIP archive", 0},
};

static void refuses_what_is_damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
        const struct damage *damage = &damages[i];
        size_t target = damage->target ? damage->target : TARGET;
        struct zip_places places;
        struct buffer archive;
        size_t at = damage->offset;

        buffer_init(&archive);
        zip_make(usual_files, ARRAY_SIZE(usual_files), 0, &archive, &places);
        at += damage->place == IN_LOCAL     ? places.local[target]
              : damage->place == IN_DATA    ? places.data[target]
              : damage->place == IN_CENTRAL ? places.central[target]
                                            : places.end;
        for (size_t j = 0; j < damage->size; j++)
            archive.data[at + j] = (uint8_t)(damage->value >> (8 * j));
        print_message("  %s\n", damage->what);
        assert_refused(buffer_span(&archive), usual_files[target].name,
                       damage->status, damage->fact);
        buffer_release(&archive);
    }
}

static void refuses_a_zip64_bomb(void **state)
{
    struct zip_file file = {"bomb", text, TEXT_SIZE, ZIP_DEFLATED | ZIP_64};
    struct zip_places places;
    struct buffer archive;
    size_t size_at;

    (void)state;
    buffer_init(&archive);
    zip_make(&file, 1, ZIP_64, &archive, &places);
    size_at = places.central[0] + 46 + strlen(file.name) + 4;
    memset(archive.data + size_at, 0xff, 7);
    assert_refused(buffer_span(&archive), "bomb", STATUS_CORRUPT,
                   "cannot be made of");
    buffer_release(&archive);
}

static void refuses_what_is_no_archive(void **state)
{
    static const char *const contents[] = {
        "",
        "PK",
        "BC\xc0\xde and what follows, which is no archive at all",
        "PK\3\4 and nothing like a directory",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(contents); i++)
        assert_refused(
            (struct span){(const uint8_t *)contents[i], strlen(contents[i])},
            "x", STATUS_CORRUPT, "not a ZIP archive");
}

static void says_that_the_archive_cannot_be_read(void **state)
{
    struct span bytes;
    struct error err = {0};

    (void)state;
    assert_int_equal(zip_read(-1, 1000, "a.apk!entry", "x", &bytes, &err),
                     STATUS_IO);
    assert_non_null(strstr(err.message, "a.apk!entry: read: Bad file"));
    assert_int_equal(zip_list(-1, 1000, "a.apk", append_name, NULL, &err),
                     STATUS_IO);
}

/* Shorter than it was when it was looked at. */
static void refuses_an_archive_that_was_cut_meanwhile(void **state)
{
    struct buffer archive;
    struct span bytes;
    struct error err = {0};
    int fd;

    (void)state;
    buffer_init(&archive);
    zip_make(usual_files, ARRAY_SIZE(usual_files), 0, &archive, NULL);
    assert_int_equal(
        file_create_memory("zip", buffer_span(&archive), &fd, NULL), STATUS_OK);
    assert_int_equal(ftruncate(fd, 100), 0);
    assert_int_equal(
        zip_read(fd, archive.size, "a.apk!entry", "x", &bytes, &err),
        STATUS_CORRUPT);
    close(fd);
    buffer_release(&archive);
}

/* ---- Every bit, every length ---- */

static const struct zip_file small_files[] = {
    {"a.bc", text, TEXT_SIZE, 0},
    {"b.bc", text, TEXT_SIZE, ZIP_DEFLATED},
    {"c.bc", text, TEXT_SIZE, ZIP_DEFLATED | ZIP_DESCRIPTOR},
    {"d.bc", "", 0, 0},
};

/* The content, or an error that says so. */
static void assert_right_or_refused(int fd, size_t size)
{
    struct error err = {0};
    struct buffer names;

    for (size_t i = 0; i < ARRAY_SIZE(small_files); i++) {
        const struct zip_file *file = &small_files[i];
        struct span bytes;

        if (zip_read(fd, size, "a.apk!entry", file->name, &bytes, &err)) {
            assert_int_equal(strncmp(err.message, "a.apk!entry: ", 13), 0);
            continue;
        }
        assert_int_equal(bytes.size, file->size);
        assert_memory_equal(bytes.data, file->data, file->size);
        free((void *)bytes.data);
    }
    buffer_init(&names);
    if (zip_list(fd, size, "a.apk", append_name, &names, &err))
        assert_int_equal(strncmp(err.message, "a.apk: ", 7), 0);
    buffer_release(&names);
}

static void damage_everywhere(unsigned file_flags, unsigned flags)
{
    struct zip_file files[ARRAY_SIZE(small_files)];
    struct buffer archive;
    int fd;

    memcpy(files, small_files, sizeof(files));
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        files[i].flags |= file_flags;
    buffer_init(&archive);
    zip_make(files, ARRAY_SIZE(files), flags, &archive, NULL);
    assert_int_equal(
        file_create_memory("zip", buffer_span(&archive), &fd, NULL), STATUS_OK);
    for (size_t bit = 0; bit < archive.size * 8; bit++) {
        uint8_t byte = archive.data[bit / 8] ^ (uint8_t)(1u << bit % 8);

        assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
        assert_right_or_refused(fd, archive.size);
        assert_int_equal(
            pwrite(fd, &archive.data[bit / 8], 1, (off_t)(bit / 8)), 1);
    }
    assert_right_or_refused(fd, archive.size);
    for (size_t size = archive.size; size-- > 0;) {
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
        assert_right_or_refused(fd, size);
    }
    close(fd);
    buffer_release(&archive);
}

static void survives_every_bit_and_every_length(void **state)
{
    (void)state;
    damage_everywhere(0, 0);
}

static void survives_every_bit_and_every_length_of_zip64(void **state)
{
    (void)state;
    damage_everywhere(ZIP_64, ZIP_64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_entry),
        cmocka_unit_test(reads_zip64),
        cmocka_unit_test(reads_archives_with_something_around_them),
        cmocka_unit_test(reads_large_entries),
        cmocka_unit_test(reads_beyond_4_gib),
        cmocka_unit_test(reads_what_is_packed_as_tightly_as_can_be),
        cmocka_unit_test(names_are_compared_as_a_whole),
        cmocka_unit_test(lists_entries_in_order),
        cmocka_unit_test(lists_an_empty_archive),
        cmocka_unit_test(reads_archives_of_more_entries_than_are_counted),
        cmocka_unit_test(refuses_a_name_that_is_there_twice),
        cmocka_unit_test(refuses_what_is_damaged),
        cmocka_unit_test(refuses_a_zip64_bomb),
        cmocka_unit_test(refuses_what_is_no_archive),
        cmocka_unit_test(says_that_the_archive_cannot_be_read),
        cmocka_unit_test(refuses_an_archive_that_was_cut_meanwhile),
        cmocka_unit_test(survives_every_bit_and_every_length),
        cmocka_unit_test(survives_every_bit_and_every_length_of_zip64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
