#include "cache_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "cache_layout.h"
#include "checksum.h"

struct cache_file cache_file_make(const struct cache_contents *contents)
{
    struct cache_file file, copy;
    struct error err = {0};
    struct buffer out;

    buffer_init(&out);
    if (cache_write(contents, &out, &err))
        fail_msg("%s", err.message);
    file = (struct cache_file){out.data, out.size};
    copy = cache_file_copy(&file);
    buffer_release(&out);
    return copy;
}

struct cache_file cache_file_copy(const struct cache_file *file)
{
    struct cache_file copy = {malloc(file->size), file->size};

    assert_non_null(copy.data);
    memcpy(copy.data, file->data, file->size);
    return copy;
}

void cache_file_free(struct cache_file *file)
{
    free(file->data);
    *file = (struct cache_file){NULL, 0};
}

struct obcc_header *cache_file_header(struct cache_file *file)
{
    return (void *)file->data;
}

struct obcc_section *cache_file_section(struct cache_file *file, uint32_t kind)
{
    struct obcc_header *header = cache_file_header(file);
    struct obcc_section *table = (void *)(header + 1);

    for (size_t i = 0; i < obcc_get16(header->n_sections); i++)
        if (obcc_get32(table[i].kind) == kind)
            return &table[i];
    fail_msg("no section of kind %u", kind);
    return NULL;
}

uint8_t *cache_file_bytes(struct cache_file *file, uint32_t kind)
{
    return file->data + obcc_get64(cache_file_section(file, kind)->offset);
}

void cache_file_seal_section(struct cache_file *file, uint32_t kind)
{
    struct obcc_section *section = cache_file_section(file, kind);
    struct span bytes = {cache_file_bytes(file, kind),
                         (size_t)obcc_get64(section->size)};

    section->checksum = obcc_le64(checksum_xxh3(bytes));
    cache_file_seal_header(file);
}

void cache_file_seal_header(struct cache_file *file)
{
    struct obcc_header *header = cache_file_header(file);
    size_t header_size = OBCC_HEADER_SIZE + obcc_get16(header->n_sections) *
                                                (size_t)OBCC_SECTION_SIZE;

    header->checksum = obcc_le64(cache_header_checksum(
        (struct span){file->data, file->size}, header_size));
}

enum status cache_file_open(const struct cache_file *file, unsigned flags,
                            struct cache_layout *ret_layout,
                            struct cache_view *ret_view, struct error *err)
{
    struct span whole = {file->data, file->size}, head = whole;
    enum status status;

    if (head.size > CACHE_HEAD_SIZE)
        head.size = CACHE_HEAD_SIZE;
    status = cache_layout_read(head, file->size, false, "test.oBCC", ret_layout,
                               err);
    if (status)
        return status;
    return cache_view_open(whole, ret_layout, flags, "test.oBCC", ret_view,
                           err);
}

/* ---- Walking ---- */

static uint64_t walk_string(const struct cache_view *view, struct obcc_le32 at)
{
    return strlen(cache_string(view, obcc_get32(at)));
}

static uint64_t walk_symbols(const struct cache_view *view, unsigned kind)
{
    uint32_t count = cache_count(view, kind);
    uint64_t sum = count;

    for (uint32_t i = 0; i < count; i++) {
        const struct obcc_symbol *symbol = cache_symbol_at(view, kind, i);
        sum += obcc_get64(symbol->address) + obcc_get64(symbol->size) +
               obcc_get32(symbol->kernel_signature) +
               walk_string(view, symbol->name);
    }
    assert_null(cache_symbol_at(view, kind, count));
    assert_null(cache_symbol_at(view, kind, UINT32_MAX));
    return sum;
}

uint64_t cache_view_walk(const struct cache_view *view)
{
    uint64_t sum = cache_identity(view).size;

    for (uint32_t i = 0; i < cache_count(view, OBCC_DEPENDENCY_TABLE); i++)
        sum += walk_string(view, cache_dependency_at(view, i)->name);
    for (uint32_t i = 0; i < cache_count(view, OBCC_RELOCATION_TABLE); i++)
        sum += walk_string(view, cache_import_at(view, i)->name) +
               walk_string(view, cache_import_at(view, i)->user);
    for (uint32_t i = 0; i < cache_count(view, OBCC_NEEDED_LIST); i++)
        sum += strlen(cache_needed_at(view, i));
    assert_string_equal(cache_needed_at(view, UINT32_MAX), "");
    for (uint32_t i = 0; i < cache_count(view, OBCC_PRAGMA_LIST); i++)
        sum += walk_string(view, cache_pragma_at(view, i)->key) +
               walk_string(view, cache_pragma_at(view, i)->value);
    for (uint32_t i = 0; i < cache_count(view, OBCC_OBJECT_SLOT_LIST); i++)
        sum += cache_object_slot_at(view, i);
    for (uint32_t i = 0; i < cache_count(view, OBCC_STRING_POOL); i++)
        sum += strlen(cache_string(view, i));
    assert_string_equal(cache_string(view, UINT32_MAX), "");
    sum += walk_symbols(view, OBCC_EXPORT_VAR_LIST);
    sum += walk_symbols(view, OBCC_EXPORT_FUNC_LIST);
    sum += walk_symbols(view, OBCC_EXPORT_FOREACH_LIST);
    sum += walk_symbols(view, OBCC_FUNC_TABLE);
    sum += walk_symbols(view, OBCC_VAR_TABLE);
    sum += cache_find_symbol(view, OBCC_FUNC_TABLE, "twice") != NULL;
    sum += cache_find_symbol(view, OBCC_VAR_TABLE, "") != NULL;
    return sum;
}
