/* docs/cache-format.html against the header that is the format, and its
 * example against what the writer writes.
 *
 * The page keeps to conventions that make it easy to read here: a table of
 * struct fields has the attributes data-struct and data-size, and its rows the
 * cells offset, size and field; a constant has the cells value and name; bytes
 * are in <pre class="dump">. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "cache_fixture.h"
#include "file.h"
#include "index_file.h"
#include "sample_cache.h"

/* ---- What the header says ---- */

struct field {
    const char *structure, *name;
    size_t offset, size;
};

struct structure {
    const char *name;
    size_t size;
};

#define FIELD(structure, field)                                                \
    {                                                                          \
#structure, #field, offsetof(struct structure, field),                 \
            sizeof(((struct structure *)0)->field)                             \
    }

static const struct field fields[] = {
    FIELD(obcc_header, magic),
    FIELD(obcc_header, version),
    FIELD(obcc_header, endianness),
    FIELD(obcc_header, sizeof_off_t),
    FIELD(obcc_header, sizeof_size_t),
    FIELD(obcc_header, sizeof_ptr_t),
    FIELD(obcc_header, machine),
    FIELD(obcc_header, n_sections),
    FIELD(obcc_header, header_size),
    FIELD(obcc_header, context_align),
    FIELD(obcc_header, required),
    FIELD(obcc_header, file_size),
    FIELD(obcc_header, image_span),
    FIELD(obcc_header, image_align),
    FIELD(obcc_header, cpu_features),
    FIELD(obcc_header, text_span),
    FIELD(obcc_header, tier),
    FIELD(obcc_header, reserved),
    FIELD(obcc_header, checksum),
    FIELD(obcc_section, kind),
    FIELD(obcc_section, flags),
    FIELD(obcc_section, offset),
    FIELD(obcc_section, size),
    FIELD(obcc_section, checksum),
    FIELD(obcc_list, count),
    FIELD(obcc_list, reserved),
    FIELD(obcc_string, length),
    FIELD(obcc_string, offset),
    FIELD(obcc_dependency, name),
    FIELD(obcc_dependency, type),
    FIELD(obcc_dependency, flags),
    FIELD(obcc_dependency, sha1),
    FIELD(obcc_dependency, device),
    FIELD(obcc_dependency, inode),
    FIELD(obcc_dependency, size),
    FIELD(obcc_dependency, mtime_ns),
    FIELD(obcc_dependency, ctime_ns),
    FIELD(obcc_import, name),
    FIELD(obcc_import, flags),
    FIELD(obcc_import, user),
    FIELD(obcc_import, library),
    FIELD(obcc_symbol, address),
    FIELD(obcc_symbol, size),
    FIELD(obcc_symbol, name),
    FIELD(obcc_symbol, kernel_signature),
    FIELD(obcc_slot, hash),
    FIELD(obcc_slot, row),
    FIELD(obcc_slot, name),
    FIELD(obcc_function, name),
    FIELD(obcc_function, signature),
    FIELD(obcc_function, parameters),
    FIELD(obcc_function, kernel),
    FIELD(obcc_pragma, key),
    FIELD(obcc_pragma, value),
    FIELD(obcc_signature, algorithm),
    FIELD(obcc_signature, reserved),
    FIELD(obcc_signature, key),
    FIELD(obcc_signature, signature),
    FIELD(ibcc_header, magic),
    FIELD(ibcc_header, version),
    FIELD(ibcc_header, file_size),
    FIELD(ibcc_header, checksum),
    FIELD(ibcc_header, sha1),
    FIELD(ibcc_header, flags),
    FIELD(ibcc_header, identity_size),
    FIELD(ibcc_header, n_rows),
    FIELD(ibcc_header, names_size),
    FIELD(ibcc_header, n_defined),
    FIELD(ibcc_row, name),
    FIELD(ibcc_row, kind),
    FIELD(ibcc_row, offset),
    FIELD(ibcc_row, size),
    FIELD(ibcc_row, checksum),
};

#define STRUCTURE(name)                                                        \
    {                                                                          \
#name, sizeof(struct name)                                             \
    }

static const struct structure structures[] = {
    STRUCTURE(obcc_header),     STRUCTURE(obcc_section),
    STRUCTURE(obcc_list),       STRUCTURE(obcc_string),
    STRUCTURE(obcc_import),     STRUCTURE(obcc_symbol),
    STRUCTURE(obcc_dependency), STRUCTURE(obcc_function),
    STRUCTURE(obcc_pragma),     STRUCTURE(obcc_signature),
    STRUCTURE(obcc_slot),       STRUCTURE(ibcc_header),
    STRUCTURE(ibcc_row),
};

static const struct {
    const char *name;
    unsigned long value;
} constants[] = {
    {"OBCC_STRING_POOL", OBCC_STRING_POOL},
    {"OBCC_DEPENDENCY_TABLE", OBCC_DEPENDENCY_TABLE},
    {"OBCC_RELOCATION_TABLE", OBCC_RELOCATION_TABLE},
    {"OBCC_EXPORT_VAR_LIST", OBCC_EXPORT_VAR_LIST},
    {"OBCC_EXPORT_FUNC_LIST", OBCC_EXPORT_FUNC_LIST},
    {"OBCC_EXPORT_FOREACH_LIST", OBCC_EXPORT_FOREACH_LIST},
    {"OBCC_PRAGMA_LIST", OBCC_PRAGMA_LIST},
    {"OBCC_FUNC_TABLE", OBCC_FUNC_TABLE},
    {"OBCC_VAR_TABLE", OBCC_VAR_TABLE},
    {"OBCC_OBJECT_SLOT_LIST", OBCC_OBJECT_SLOT_LIST},
    {"OBCC_IDENTITY", OBCC_IDENTITY},
    {"OBCC_CONTEXT", OBCC_CONTEXT},
    {"OBCC_DEBUG", OBCC_DEBUG},
    {"OBCC_NEEDED_LIST", OBCC_NEEDED_LIST},
    {"OBCC_FUNC_INDEX", OBCC_FUNC_INDEX},
    {"OBCC_NO_LIBRARY", OBCC_NO_LIBRARY},
    {"OBCC_ANY_LIBRARY", OBCC_ANY_LIBRARY},
    {"OBCC_SIGNATURE", OBCC_SIGNATURE},
    {"OBCC_FUNCTIONS", OBCC_FUNCTIONS},
    {"OBCC_SIGNATURE_ED25519", OBCC_SIGNATURE_ED25519},
    {"OBCC_APK_RESOURCE", OBCC_APK_RESOURCE},
    {"OBCC_FILE_RESOURCE", OBCC_FILE_RESOURCE},
    {"OBCC_DEPENDENCY_LIBRARY", OBCC_DEPENDENCY_LIBRARY},
    {"OBCC_DEPENDENCY_SKIP_SHA1", OBCC_DEPENDENCY_SKIP_SHA1},
    {"OBCC_DEPENDENCY_STAMPED", OBCC_DEPENDENCY_STAMPED},
    {"OBCC_DEPENDENCY_OBJECT", OBCC_DEPENDENCY_OBJECT},
    {"OBCC_DEPENDENCY_ARCHIVE", OBCC_DEPENDENCY_ARCHIVE},
    {"OBCC_IMPORT_WEAK", OBCC_IMPORT_WEAK},
    {"OBCC_IMPORT_FUNCTION", OBCC_IMPORT_FUNCTION},
    {"IBCC_DECLARED", IBCC_DECLARED},
    {"IBCC_CLOSURE", IBCC_CLOSURE},
    {"IBCC_LARGE", IBCC_LARGE},
};

enum {
    N_FIELDS = sizeof(fields) / sizeof(fields[0]),
    N_STRUCTURES = sizeof(structures) / sizeof(structures[0]),
    N_CONSTANTS = sizeof(constants) / sizeof(constants[0])
};

/* ---- The page ---- */

static int read_page(void **state)
{
    struct file_mapping mapping;
    struct error err = {0};
    struct stat st;
    char *page;
    int fd;

    if (file_open(CACHE_FORMAT_PAGE, &fd, &st, &err) ||
        file_map(fd, (uint64_t)st.st_size, CACHE_FORMAT_PAGE, &mapping, &err)) {
        print_error("%s\n", err.message);
        return -1;
    }
    page = calloc(1, mapping.bytes.size + 1);
    if (page)
        memcpy(page, mapping.bytes.data, mapping.bytes.size);
    file_unmap(&mapping);
    file_close(fd);
    *state = page;
    return page ? 0 : -1;
}

static int free_page(void **state)
{
    free(*state);
    return 0;
}

/* The text of the next cell of a class before end, and where it stops. */
struct cell {
    char text[64];
    const char *end;
};

static bool find_cell(const char *from, const char *end, const char *class_name,
                      struct cell *ret_cell)
{
    char tag[64];
    const char *start, *stop;

    snprintf(tag, sizeof(tag), "<td class=\"%s\">", class_name);
    start = strstr(from, tag);
    if (!start || start >= end)
        return false;
    start += strlen(tag);
    stop = strstr(start, "</td>");
    assert_non_null(stop);
    snprintf(ret_cell->text, sizeof(ret_cell->text), "%.*s",
             (int)(stop - start), start);
    ret_cell->end = stop;
    return true;
}

static unsigned long number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (!*text || *end)
        fail_msg("'%s' is not a number", text);
    return value;
}

/* ---- Structs and constants ---- */

static const struct field *find_field(const char *structure, const char *name)
{
    for (size_t i = 0; i < N_FIELDS; i++)
        if (strcmp(fields[i].structure, structure) == 0 &&
            strcmp(fields[i].name, name) == 0)
            return &fields[i];
    fail_msg("the format has no field %s.%s", structure, name);
    return NULL;
}

/* Each row is a field of the struct; together they fill it without a gap. */
static size_t check_table(const char *table, const struct structure *structure)
{
    const char *end = strstr(table, "</table>");
    struct cell offset, size, name;
    size_t n_rows = 0, next_offset = 0;

    assert_non_null(end);
    while (find_cell(table, end, "offset", &offset)) {
        const struct field *field;

        assert_true(find_cell(offset.end, end, "size", &size));
        assert_true(find_cell(size.end, end, "field", &name));
        field = find_field(structure->name, name.text);
        if (number(offset.text) != field->offset ||
            number(size.text) != field->size)
            fail_msg("%s.%s is %zu bytes at %zu", structure->name, name.text,
                     field->size, field->offset);
        assert_int_equal(field->offset, next_offset);
        next_offset += field->size;
        table = name.end;
        n_rows++;
    }
    assert_int_equal(next_offset, structure->size);
    return n_rows;
}

static void page_has_every_field_of_every_struct(void **state)
{
    size_t n_rows = 0;

    for (size_t i = 0; i < N_STRUCTURES; i++) {
        char tag[96];
        const char *table;

        snprintf(tag, sizeof(tag),
                 "<table data-struct=\"%s\" data-size=\"%zu\"",
                 structures[i].name, structures[i].size);
        table = strstr(*state, tag);
        if (!table)
            fail_msg("the page has no %s>", tag);
        n_rows += check_table(table, &structures[i]);
        assert_null(strstr(table + 1, tag));
    }
    assert_int_equal(n_rows, N_FIELDS);
}

static void page_has_no_struct_that_the_format_has_not(void **state)
{
    size_t n_tables = 0;
    const char *table = *state;

    while ((table = strstr(table, "<table data-struct="))) {
        n_tables++;
        table++;
    }
    assert_int_equal(n_tables, N_STRUCTURES);
}

static void page_gives_every_constant_its_value(void **state)
{
    const char *page = *state, *end = page + strlen(page);
    size_t n_found = 0;
    struct cell value, name;

    while (find_cell(page, end, "value", &value)) {
        size_t i = 0;

        assert_true(find_cell(value.end, end, "name", &name));
        while (i < N_CONSTANTS && strcmp(constants[i].name, name.text) != 0)
            i++;
        if (i == N_CONSTANTS)
            fail_msg("the format has no constant %s", name.text);
        if (number(value.text) != constants[i].value)
            fail_msg("%s is %lu", name.text, constants[i].value);
        n_found++;
        page = name.end;
    }
    assert_int_equal(n_found, N_CONSTANTS);
}

static void page_has_the_limits_of_the_reader(void **state)
{
    char text[64];

    snprintf(text, sizeof(text), "Read up to %d bytes (header and %u rows)",
             CACHE_HEAD_SIZE, OBCC_MAX_SECTIONS);
    assert_non_null(strstr(*state, text));
    snprintf(text, sizeof(text), "Format version %s.", OBCC_VERSION);
    assert_non_null(strstr(*state, text));
    snprintf(text, sizeof(text), "at most %d,%03d,%03d.",
             INDEX_MAX_SIZE / 1000000, INDEX_MAX_SIZE / 1000 % 1000,
             INDEX_MAX_SIZE % 1000);
    assert_non_null(strstr(*state, text));
}

/* ---- Examples ---- */

static void page_shows_the_identity_of_a_request(void **state)
{
    static const char *const marks[] = {"a b"};
    const struct request request = {
        .libbcc_version = "0.1.0",
        .llvm_version = "22.1.8",
        .triple = "aarch64-linux-gnu",
        .cpu = "cortex-a72",
        .features = "",
        .opt_level = 3,
        .flags = REQUEST_MARKED_ONLY,
        .marks = marks,
        .n_marks = 1,
    };
    struct buffer text;

    buffer_init(&text);
    buffer_append_string(&text, "<pre>\n");
    assert_int_equal(request_write_identity(&request, &text, NULL), STATUS_OK);
    buffer_append_string(&text, "</pre>");
    buffer_append(&text, "", 1);
    assert_non_null(strstr(*state, (const char *)text.data));
    buffer_release(&text);
}

/* One line: offset, two spaces, up to 16 bytes, then text. */
static void read_dump_line(const char *line, struct cache_file *file)
{
    char *end;
    size_t offset = strtoul(line, &end, 16);

    assert_memory_equal(end, "  ", 2);
    for (line = end + 2; line[0] != ' '; line += 3) {
        unsigned long byte = strtoul(line, &end, 16);

        assert_ptr_equal(end, line + 2);
        assert_true(offset < file->size);
        file->data[offset++] = (uint8_t)byte;
    }
}

static void read_dumps(const char *page, struct cache_file *file)
{
    static const char tag[] = "<pre class=\"dump\">\n";

    while ((page = strstr(page, tag))) {
        const char *end = strstr(page, "</pre>");

        assert_non_null(end);
        for (page += strlen(tag); page < end; page = strchr(page, '\n') + 1)
            read_dump_line(page, file);
    }
}

static void page_shows_a_file_as_it_is_written(void **state)
{
    struct sample_cache sample;
    struct cache_file written, shown;
    struct cache_layout layout;
    struct cache_view view;

    assert_int_equal(sample_cache_init(&sample), STATUS_OK);
    written = cache_file_make(&sample.contents);
    shown = (struct cache_file){calloc(1, written.size), written.size};
    assert_non_null(shown.data);
    read_dumps(*state, &shown);
    for (size_t i = 0; i < written.size; i++)
        if (shown.data[i] != written.data[i])
            fail_msg("byte %#zx is %02x, shown as %02x", i, written.data[i],
                     shown.data[i]);
    assert_int_equal(
        cache_file_open(&shown, CACHE_CHECK_ALL, &layout, &view, NULL),
        STATUS_OK);
    cache_file_free(&shown);
    cache_file_free(&written);
    sample_cache_release(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_has_every_field_of_every_struct),
        cmocka_unit_test(page_has_no_struct_that_the_format_has_not),
        cmocka_unit_test(page_gives_every_constant_its_value),
        cmocka_unit_test(page_has_the_limits_of_the_reader),
        cmocka_unit_test(page_shows_the_identity_of_a_request),
        cmocka_unit_test(page_shows_a_file_as_it_is_written),
    };

    return cmocka_run_group_tests_name("cache format", tests, read_page,
                                       free_page);
}
