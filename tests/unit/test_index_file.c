/* The index of a runtime library: what was written is read, and damage is
 * detected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "sample_index.h"

struct fixture {
    struct buffer file;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    return f && index_write(&sample_index, &f->file, NULL) == STATUS_OK ? 0
                                                                        : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    buffer_release(&f->file);
    free(f);
    return 0;
}

static enum status open_file(const struct fixture *f, struct index_view *view)
{
    return index_view_open(buffer_span(&f->file), sample_identity, "index",
                           view, NULL);
}

/* ---- Sound files ---- */

static void what_was_written_is_read(void **state)
{
    const struct fixture *f = *state;
    struct index_view view;
    struct index_row row;

    assert_int_equal(open_file(f, &view), STATUS_OK);
    assert_memory_equal(view.header->sha1, sample_sha1, SHA1_SIZE);
    assert_false(index_view_is_whole(&view));
    assert_int_equal(view.n_rows, sample_index.n_rows);
    for (size_t i = 0; i < view.n_rows; i++) {
        const struct index_row *wanted = &sample_rows[i];

        assert_string_equal(index_view_name(&view, i), wanted->name);
        assert_int_equal(index_view_kind(&view, i), wanted->kind);
        assert_true(index_view_find(&view, wanted->name, &row));
        assert_int_equal(row.kind, wanted->kind);
        assert_int_equal(row.closure.size, wanted->closure.size);
        if (row.kind == IBCC_CLOSURE)
            assert_memory_equal(row.closure.data, wanted->closure.data,
                                row.closure.size);
    }
    assert_false(index_view_find(&view, "clam", &row));
    assert_false(index_view_find(&view, "zero", &row));
}

static void definitions_are_known_by_a_hash(void **state)
{
    static const char *const names[] = {"one", "two", "three", "four"};
    struct index_contents contents = sample_index;
    struct fixture f = {0};
    struct index_view view;
    uint32_t hashes[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        size_t at = i;

        for (; at > 0 && hashes[at - 1] > checksum_name(names[i]); at--)
            hashes[at] = hashes[at - 1];
        hashes[at] = checksum_name(names[i]);
    }
    contents.defined = hashes;
    contents.n_defined = 3;
    assert_int_equal(index_write(&contents, &f.file, NULL), STATUS_OK);
    assert_int_equal(open_file(&f, &view), STATUS_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(index_view_defines(&view, names[i]), i < 3);
    buffer_release(&f.file);
}

static void a_library_that_is_linked_whole_has_no_rows(void **state)
{
    const struct index_contents contents = {
        .identity = sample_identity, .sha1 = sample_sha1, .is_whole = true};
    struct fixture f = {0};
    struct index_view view;
    struct index_row row;

    (void)state;
    assert_int_equal(index_write(&contents, &f.file, NULL), STATUS_OK);
    assert_int_equal(open_file(&f, &view), STATUS_OK);
    assert_true(index_view_is_whole(&view));
    assert_int_equal(view.n_rows, 0);
    assert_false(index_view_find(&view, "clamp", &row));
    assert_false(index_view_defines(&view, "clamp"));
    buffer_release(&f.file);
}

static void an_index_of_something_else_is_stale(void **state)
{
    static const struct span others[] = {SAMPLE_BYTES("llvm=1\nsize=8\n"),
                                         SAMPLE_BYTES("llvm=1\n")};
    const struct fixture *f = *state;
    struct index_view view;

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(index_view_open(buffer_span(&f->file), others[i],
                                         "index", &view, NULL),
                         STATUS_STALE);
}

static void an_index_has_a_largest_size(void **state)
{
    struct index_row row = {.name = "large", .kind = IBCC_CLOSURE};
    struct index_contents contents = sample_index;
    struct buffer out;

    (void)state;
    row.closure.size = INDEX_MAX_SIZE;
    row.closure.data = calloc(1, row.closure.size);
    assert_non_null(row.closure.data);
    contents.rows = &row;
    contents.n_rows = 1;
    buffer_init(&out);
    assert_int_equal(index_write(&contents, &out, NULL), STATUS_UNSUPPORTED);
    assert_int_equal(out.size, 0);
    row.closure.size -= 1024;
    assert_int_equal(index_write(&contents, &out, NULL), STATUS_OK);
    assert_true(out.size <= INDEX_MAX_SIZE);
    free((void *)row.closure.data);
    buffer_release(&out);
}

/* ---- Damage ---- */

/* Either it is found, or what is read is what was written. */
static bool is_found_or_harmless(const struct fixture *f)
{
    struct index_view view;
    struct index_row row;

    if (open_file(f, &view))
        return true;
    for (size_t i = 0; i < sample_index.n_rows; i++) {
        const struct index_row *wanted = &sample_rows[i];

        if (strcmp(index_view_name(&view, i), wanted->name) != 0 ||
            index_view_kind(&view, i) != wanted->kind)
            return false;
        if (index_view_row(&view, i, &row) &&
            (row.closure.size != wanted->closure.size ||
             (row.kind == IBCC_CLOSURE &&
              memcmp(row.closure.data, wanted->closure.data,
                     row.closure.size) != 0)))
            return false;
    }
    return memcmp(view.header->sha1, sample_sha1, SHA1_SIZE) == 0;
}

static void every_flipped_bit_is_found_or_harmless(void **state)
{
    struct fixture *f = *state;

    for (size_t bit = 0; bit < f->file.size * 8; bit++) {
        f->file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (!is_found_or_harmless(f))
            fail_msg("bit %zu", bit);
        f->file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void every_other_length_is_found(void **state)
{
    struct fixture *f = *state;
    size_t whole = f->file.size;

    for (size_t size = 0; size < whole; size++) {
        struct index_view view;
        uint8_t *cut = malloc(size + 1);

        assert_non_null(cut);
        memcpy(cut, f->file.data, size);
        assert_int_not_equal(index_view_open((struct span){cut, size},
                                             sample_identity, "index", &view,
                                             NULL),
                             STATUS_OK);
        free(cut);
    }
    buffer_append(&f->file, "x", 1);
    assert_true(f->file.size > whole);
    assert_true(is_found_or_harmless(f));
}

/* With a checksum that is right. */
static void seal(struct fixture *f)
{
    struct ibcc_header *header = (void *)f->file.data;
    size_t from = offsetof(struct ibcc_header, sha1);
    /* Up to the first closure, 24 and 8 bytes before the end. */
    size_t size = f->file.size - 32 - from;

    header->checksum =
        obcc_le64(checksum_xxh3((struct span){f->file.data + from, size}));
}

static struct ibcc_row *row_of(struct fixture *f, size_t i)
{
    return (struct ibcc_row *)(void *)(f->file.data +
                                       sizeof(struct ibcc_header) + 16) +
           i;
}

static void rows_that_nobody_wrote_are_found(void **state)
{
    struct fixture *f = *state;
    struct index_view view;

    seal(f);
    assert_int_equal(open_file(f, &view), STATUS_OK);
    for (int damage = 0; damage < 7; damage++) {
        struct ibcc_row *row = row_of(f, damage == 6 ? 0 : 1), kept = *row;

        switch (damage) {
        case 0: /* the name before it again */
            row->name = obcc_le32(0);
            break;
        case 1:
            row->name = obcc_le32(UINT32_MAX);
            break;
        case 2:
            row->kind = obcc_le32(IBCC_LARGE + 1);
            break;
        case 3: /* before the closures */
            row->offset = obcc_le64(64);
            break;
        case 4:
            row->offset = obcc_le64(UINT64_MAX - 7);
            break;
        case 5:
            row->size = obcc_le64(UINT64_MAX);
            break;
        default: /* declared, and yet there */
            row->size = obcc_le64(8);
            break;
        }
        seal(f);
        if (open_file(f, &view) != STATUS_CORRUPT)
            fail_msg("damage %d", damage);
        *row = kept;
    }
    seal(f);
    assert_int_equal(open_file(f, &view), STATUS_OK);
}

int main(void)
{
#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read),
        TEST(definitions_are_known_by_a_hash),
        TEST(a_library_that_is_linked_whole_has_no_rows),
        TEST(an_index_of_something_else_is_stale),
        TEST(an_index_has_a_largest_size),
        TEST(every_flipped_bit_is_found_or_harmless),
        TEST(every_other_length_is_found),
        TEST(rows_that_nobody_wrote_are_found),
    };

    return cmocka_run_group_tests_name("index_file", tests, NULL, NULL);
}
