/* Archives of every dialect are read, and no damage leads to reads outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archive.h"
#include "buffer.h"

/* ---- Archives made here ---- */

static void add_member(struct buffer *out, const char *name,
                       const void *content, size_t size)
{
    buffer_printf(out, "%-16s%-12d%-6d%-6d%-8o%-10zu`\n", name, 0, 0, 0, 0644,
                  size);
    buffer_append(out, content, size);
    buffer_append(out, "\n", size % 2);
}

static void add_text(struct buffer *out, const char *name, const char *content)
{
    add_member(out, name, content, strlen(content));
}

static void begin(struct buffer *out)
{
    buffer_init(out);
    buffer_append_string(out, "!<arch>\n");
}

/* 8 + 60 + 22 bytes of index, 60 + 30 of names; first at 180, second at 246. */
static const char gnu_index[] = "\0\0\0\2\0\0\0\264\0\0\0\366first\0oth";
static const char gnu_names[] = "a_name_of_more_than_15.o/\nx.o/";

static void make_gnu(struct buffer *out)
{
    begin(out);
    add_member(out, "/", gnu_index, sizeof(gnu_index));
    add_text(out, "//", gnu_names);
    add_text(out, "first.o/", "first");
    add_text(out, "/0", "second");
}

/* ---- Reading ---- */

static struct archive_view open_archive(const struct buffer *bytes)
{
    struct archive_view view;
    struct error err;

    if (archive_open(buffer_span(bytes), "lib.a", &view, &err))
        fail_msg("%s", err.message);
    return view;
}

static void expect_member(const struct archive_view *view, uint64_t *at,
                          const char *name, const char *content)
{
    struct archive_member member;
    struct error err;

    if (archive_next(view, at, &member, &err))
        fail_msg("%s", err.message);
    assert_int_equal(member.name_size, strlen(name));
    assert_memory_equal(member.name, name, member.name_size);
    assert_int_equal(member.bytes.size, strlen(content));
    assert_memory_equal(member.bytes.data, content, member.bytes.size);
}

static void expect_end(const struct archive_view *view, uint64_t *at)
{
    struct archive_member member;

    assert_int_equal(archive_next(view, at, &member, NULL), STATUS_NOT_FOUND);
}

static void refused(const struct buffer *bytes, enum status status,
                    const char *text)
{
    struct archive_view view;
    struct error err = {0};

    assert_int_equal(archive_open(buffer_span(bytes), "lib.a", &view, &err),
                     status);
    assert_non_null(strstr(err.message, "lib.a: "));
    if (!strstr(err.message, text))
        fail_msg("%s", err.message);
}

static void reads_what_gnu_ar_writes(void **state)
{
    struct archive_view view;
    struct buffer bytes;
    uint64_t at = 0;

    (void)state;
    make_gnu(&bytes);
    view = open_archive(&bytes);
    assert_false(view.index64);
    expect_member(&view, &at, "first.o", "first");
    expect_member(&view, &at, "a_name_of_more_than_15.o", "second");
    expect_end(&view, &at);
    expect_end(&view, &at);
    buffer_release(&bytes);
}

static void walks_the_symbol_index(void **state)
{
    struct archive_cursor cursor = {0};
    struct archive_symbol symbol;
    struct archive_member member;
    struct archive_view view;
    struct buffer bytes;

    (void)state;
    make_gnu(&bytes);
    view = open_archive(&bytes);
    assert_int_equal(archive_next_symbol(&view, &cursor, &symbol, NULL),
                     STATUS_OK);
    assert_string_equal(symbol.name, "first");
    assert_int_equal(archive_member_at(&view, symbol.member, &member, NULL),
                     STATUS_OK);
    assert_memory_equal(member.name, "first.o", member.name_size);
    assert_int_equal(archive_next_symbol(&view, &cursor, &symbol, NULL),
                     STATUS_OK);
    assert_string_equal(symbol.name, "oth");
    assert_int_equal(archive_member_at(&view, symbol.member, &member, NULL),
                     STATUS_OK);
    assert_memory_equal(member.bytes.data, "second", member.bytes.size);
    assert_int_equal(member.offset, symbol.member);
    assert_int_equal(archive_next_symbol(&view, &cursor, &symbol, NULL),
                     STATUS_NOT_FOUND);
    buffer_release(&bytes);
}

static void reads_a_symbol_index_of_wide_numbers(void **state)
{
    static const char index[] = "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\134symbol";
    struct archive_cursor cursor = {0};
    struct archive_symbol symbol;
    struct archive_member member;
    struct archive_view view;
    struct buffer bytes;

    (void)state;
    begin(&bytes);
    add_member(&bytes, "/SYM64/", index, sizeof(index));
    add_text(&bytes, "a.o/", "a");
    view = open_archive(&bytes);
    assert_int_equal(archive_next_symbol(&view, &cursor, &symbol, NULL),
                     STATUS_OK);
    assert_string_equal(symbol.name, "symbol");
    assert_int_equal(archive_member_at(&view, symbol.member, &member, NULL),
                     STATUS_OK);
    assert_memory_equal(member.bytes.data, "a", 1);
    assert_int_equal(archive_next_symbol(&view, &cursor, &symbol, NULL),
                     STATUS_NOT_FOUND);
    buffer_release(&bytes);
}

static void reads_what_bsd_ar_writes(void **state)
{
    struct archive_cursor cursor = {0};
    struct archive_symbol symbol;
    struct archive_view view;
    struct buffer bytes;
    uint64_t at = 0;

    (void)state;
    begin(&bytes);
    add_text(&bytes, "__.SYMDEF", "whatever");
    add_text(&bytes, "#1/20", "__.SYMDEF SORTED....whatever");
    add_text(&bytes, "short.o", "one");
    add_member(&bytes, "#1/12", "a name.o\0\0\0\0two", 15);
    view = open_archive(&bytes);
    expect_member(&view, &at, "short.o", "one");
    expect_member(&view, &at, "a name.o", "two");
    expect_end(&view, &at);
    assert_int_equal(archive_next_symbol(&view, &cursor, &symbol, NULL),
                     STATUS_NOT_FOUND);
    buffer_release(&bytes);
}

static void reads_an_archive_without_members(void **state)
{
    struct archive_view view;
    struct buffer bytes;
    uint64_t at = 0;

    (void)state;
    begin(&bytes);
    assert_true(archive_is(buffer_span(&bytes)));
    view = open_archive(&bytes);
    expect_end(&view, &at);
    buffer_release(&bytes);
}

/* As some writers leave it out behind the last member. */
static void does_without_the_last_padding(void **state)
{
    struct archive_view view;
    struct buffer bytes;
    uint64_t at = 0;

    (void)state;
    begin(&bytes);
    add_text(&bytes, "a.o/", "odd");
    bytes.size--;
    view = open_archive(&bytes);
    expect_member(&view, &at, "a.o", "odd");
    expect_end(&view, &at);
    buffer_release(&bytes);
}

/* ---- Refused ---- */

static void refuses_what_is_no_archive(void **state)
{
    struct buffer bytes;

    (void)state;
    buffer_init(&bytes);
    buffer_append_string(&bytes, "!<arch>");
    assert_false(archive_is(buffer_span(&bytes)));
    refused(&bytes, STATUS_CORRUPT, "not an archive");
    buffer_release(&bytes);
}

static void refuses_a_thin_archive_by_name(void **state)
{
    struct buffer bytes;

    (void)state;
    buffer_init(&bytes);
    buffer_append_string(&bytes, "!<thin>\n");
    assert_true(archive_is(buffer_span(&bytes)));
    refused(&bytes, STATUS_UNSUPPORTED, "thin archive");
    buffer_release(&bytes);
}

static void refuses_members_that_cannot_be(void **state)
{
    static const struct {
        const char *name;
        const char *content;
        size_t at; /* that byte of the header becomes 'x' */
        const char *message;
    } cases[] = {
        {"a.o/", "", 58, "header does not end"},
        {"a.o/", "", 48, "size is not a number"},
        {"", "", 20, "has no name"},
        {"/7", "", 20, "name is outside its table"},
        {"/seven", "", 20, "has no name"},
        {"#1/9", "8 bytes.", 20, "name is longer than the member"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer bytes;

        begin(&bytes);
        add_text(&bytes, cases[i].name, cases[i].content);
        bytes.data[8 + cases[i].at] = 'x';
        refused(&bytes, STATUS_CORRUPT, cases[i].message);
        buffer_release(&bytes);
    }
}

static void refuses_a_table_as_a_member(void **state)
{
    struct archive_member member;
    struct archive_view view;
    struct error err = {0};
    struct buffer bytes;

    (void)state;
    make_gnu(&bytes);
    view = open_archive(&bytes);
    assert_int_equal(archive_member_at(&view, 8, &member, &err),
                     STATUS_CORRUPT);
    assert_non_null(strstr(err.message, "0x8: is a table"));
    buffer_release(&bytes);
}

static void refuses_indexes_that_cannot_be(void **state)
{
    static const struct {
        const char *index;
        size_t size;
        const char *message;
    } cases[] = {
        {"\0\0", 2, "is cut off"},
        {"\0\0\0\2\0\0\0\0", 8, "more rows than room"},
        {"\377\377\377\377\0\0\0\0", 8, "more rows than room"},
        {"\0\0\0\1\0\0\0\0", 8, "fewer names than rows"},
        {"\0\0\0\1\0\0\0\0abc", 11, "name does not end"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct archive_cursor cursor = {0};
        struct archive_symbol symbol;
        struct archive_view view;
        struct error err = {0};
        struct buffer bytes;

        begin(&bytes);
        add_member(&bytes, "/", cases[i].index, cases[i].size);
        view = open_archive(&bytes);
        assert_int_equal(archive_next_symbol(&view, &cursor, &symbol, &err),
                         STATUS_CORRUPT);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s", err.message);
        buffer_release(&bytes);
    }
}

/* ---- Damage ---- */

static bool is_inside(struct span whole, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    return bytes >= whole.data && (size_t)(bytes - whole.data) <= whole.size &&
           size <= whole.size - (size_t)(bytes - whole.data);
}

/* Reads all there is: whatever the bytes are, the walk ends, and what it
 * gives lies inside. */
static void walk(struct span bytes)
{
    struct archive_cursor cursor = {0};
    struct archive_member member;
    struct archive_symbol symbol;
    struct archive_view view;
    enum status status;
    struct error err;
    uint64_t at = 0;

    if (archive_open(bytes, "lib.a", &view, &err))
        return;
    while ((status = archive_next(&view, &at, &member, &err)) == STATUS_OK) {
        assert_true(is_inside(bytes, member.name, member.name_size));
        assert_true(is_inside(bytes, member.bytes.data, member.bytes.size));
    }
    assert_true(status == STATUS_NOT_FOUND || status == STATUS_CORRUPT);
    while ((status = archive_next_symbol(&view, &cursor, &symbol, &err)) ==
           STATUS_OK) {
        assert_true(is_inside(bytes, symbol.name, strlen(symbol.name) + 1));
        if (archive_member_at(&view, symbol.member, &member, &err) == STATUS_OK)
            assert_true(is_inside(bytes, member.bytes.data, member.bytes.size));
    }
    assert_true(status == STATUS_NOT_FOUND || status == STATUS_CORRUPT);
}

/* A copy of its very size, so that a byte too far is seen. */
static uint8_t *copy_of(struct span bytes)
{
    uint8_t *copy = malloc(bytes.size ? bytes.size : 1);

    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.size);
    return copy;
}

static void survives_every_cut(void **state)
{
    struct buffer bytes;

    (void)state;
    make_gnu(&bytes);
    for (size_t size = 0; size <= bytes.size; size++) {
        uint8_t *copy = copy_of((struct span){bytes.data, size});

        walk((struct span){copy, size});
        free(copy);
    }
    buffer_release(&bytes);
}

static void survives_every_change_of_a_byte(void **state)
{
    struct buffer bytes;
    uint8_t *copy;

    (void)state;
    make_gnu(&bytes);
    copy = copy_of(buffer_span(&bytes));
    for (size_t i = 0; i < bytes.size; i++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            copy[i] = (uint8_t)(bytes.data[i] ^ flip);
            walk((struct span){copy, bytes.size});
        }
        copy[i] = bytes.data[i];
    }
    free(copy);
    buffer_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_gnu_ar_writes),
        cmocka_unit_test(walks_the_symbol_index),
        cmocka_unit_test(reads_a_symbol_index_of_wide_numbers),
        cmocka_unit_test(reads_what_bsd_ar_writes),
        cmocka_unit_test(reads_an_archive_without_members),
        cmocka_unit_test(does_without_the_last_padding),
        cmocka_unit_test(refuses_what_is_no_archive),
        cmocka_unit_test(refuses_a_thin_archive_by_name),
        cmocka_unit_test(refuses_members_that_cannot_be),
        cmocka_unit_test(refuses_a_table_as_a_member),
        cmocka_unit_test(refuses_indexes_that_cannot_be),
        cmocka_unit_test(survives_every_cut),
        cmocka_unit_test(survives_every_change_of_a_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
