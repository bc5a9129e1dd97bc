/* Sections become a view, and the view answers questions.
 *
 * Every launch pays for each check, so checks are as few as possible. Always
 * checked: each section lies inside the bytes. No work is done per entry or
 * byte, and no section is read: a table of 100,000 functions costs as much as
 * one of ten. So an entry's contents, such as a string index, are checked where
 * they are used, by the accessors below, which take the number of entries from
 * the size of the section, not from its bytes. */
#include "cache_read.h"

#include <inttypes.h>
#include <string.h>

#include "span.h"
#include "checksum.h"

/* ---- Validation ---- */

static bool is_before_context(unsigned kind)
{
    return kind != OBCC_CONTEXT && kind != OBCC_DEBUG;
}

static size_t n_entries_that_fit(struct span section, size_t entry_size)
{
    return section.size < sizeof(struct obcc_list)
               ? 0
               : (section.size - sizeof(struct obcc_list)) / entry_size;
}

/* Do count and size of a list agree? The rows of the string pool are followed
 * by bytes. */
static enum status check_list(unsigned kind, struct span section,
                              const char *name, struct error *err)
{
    const struct obcc_list *list = (const void *)section.data;
    size_t entry_size = cache_entry_size(kind);
    uint64_t count, wanted;

    if (entry_size == 0)
        return STATUS_OK;
    if (section.size < sizeof(*list))
        return error_set(err, STATUS_CORRUPT,
                         "%s: %s: %zu bytes are too few for a list", name,
                         cache_section_name(kind), section.size);
    count = obcc_get32(list->count);
    wanted = sizeof(*list) + count * entry_size;
    if (wanted == section.size ||
        (kind == OBCC_STRING_POOL && wanted < section.size))
        return STATUS_OK;
    return error_set(err, STATUS_CORRUPT,
                     "%s: %s: %" PRIu64 " entries do not fit %zu bytes", name,
                     cache_section_name(kind), count, section.size);
}

static bool is_zero(struct span bytes)
{
    return bytes.size == 0 ||
           (bytes.data[0] == 0 &&
            memcmp(bytes.data, bytes.data + 1, bytes.size - 1) == 0);
}

/* Check the parts that are in no section of a known kind, as far as flags say:
 * gaps are zero, sections of unknown kinds are undamaged. cache_layout_read()
 * checked that the table lies in bytes; whatever it holds now, no read leaves
 * bytes. */
static enum status check_gaps(struct span bytes, unsigned flags,
                              const char *name, struct error *err)
{
    const struct obcc_header *header = (const void *)bytes.data;
    const struct obcc_section *table = (const void *)(header + 1);
    size_t n_sections = obcc_get16(header->n_sections);
    uint64_t end = OBCC_HEADER_SIZE + n_sections * OBCC_SECTION_SIZE;
    struct span gap, section;

    if (end > bytes.size)
        return error_set(err, STATUS_CORRUPT, "%s: section table: cut short",
                         name);
    for (size_t i = 0; i < n_sections; i++) {
        uint64_t offset = obcc_get64(table[i].offset);
        uint64_t size = obcc_get64(table[i].size);
        uint32_t kind = obcc_get32(table[i].kind);
        bool is_unread =
            (kind == OBCC_DEBUG && (flags & CACHE_CHECK_NO_DEBUG)) ||
            (kind == OBCC_CONTEXT && (flags & CACHE_CHECK_NO_CODE));

        if (!span_slice(bytes, end, offset - end, &gap) ||
            !span_slice(bytes, offset, size, &section))
            return error_set(err, STATUS_CORRUPT,
                             "%s: section table: changed while it was read",
                             name);
        if (!is_zero(gap))
            return error_set(err, STATUS_CORRUPT,
                             "%s: %s: bytes before it are not zero", name,
                             cache_section_name(kind));
        if (!is_unread &&
            checksum_xxh3(section) != obcc_get64(table[i].checksum))
            return error_set(err, STATUS_CORRUPT, "%s: %s: checksum mismatch",
                             name, cache_section_name(kind));
        end = offset + size;
    }
    return STATUS_OK;
}

/* Are header and section table still those from which the layout was read? */
static enum status check_whole(struct span bytes,
                               const struct cache_layout *layout,
                               unsigned flags, const char *name,
                               struct error *err)
{
    uint8_t copy[CACHE_HEAD_SIZE];
    struct span head = {copy, bytes.size};
    struct cache_layout again;
    enum status status;

    if (bytes.size != layout->file_size)
        return error_set(err, STATUS_CORRUPT,
                         "%s: %zu bytes of %" PRIu64 " are there", name,
                         bytes.size, layout->file_size);
    /* cache_layout_read() needs bytes that do not change; a mapped file's
     * may. */
    if (head.size > sizeof(copy))
        head.size = sizeof(copy);
    memcpy(copy, bytes.data, head.size);
    status = cache_layout_read(head, bytes.size, false, name, &again, err);
    if (status)
        return status;
    if (memcmp(again.section, layout->section, sizeof(again.section)) != 0)
        return error_set(err, STATUS_CORRUPT, "%s: changed while it was read",
                         name);
    return check_gaps(bytes, flags, name, err);
}

enum status cache_view_open(struct span bytes,
                            const struct cache_layout *layout, unsigned flags,
                            const char *name, struct cache_view *ret_view,
                            struct error *err)
{
    struct cache_view view = {0};
    enum status status;

    if (flags & CACHE_CHECK_ALL) {
        status = check_whole(bytes, layout, flags, name, err);
        if (status)
            return status;
        /* From here every requested checksum is known to be right. */
    }
    for (unsigned kind = 1; kind < OBCC_N_SECTION_KINDS; kind++) {
        const struct cache_extent *extent = &layout->section[kind];
        struct span section;

        if (extent->size == 0)
            continue;
        if (!span_slice(bytes, extent->offset, extent->size, &section)) {
            if (!is_before_context(kind))
                continue;
            return error_set(err, STATUS_CORRUPT,
                             "%s: %s: outside the bytes that are there", name,
                             cache_section_name(kind));
        }
        if (flags & CACHE_CHECK_ALL) {
            status = check_list(kind, section, name, err);
            if (status)
                return status;
        }
        view.section[kind] = section;
    }
    *ret_view = view;
    return STATUS_OK;
}

struct span cache_extra_section(struct span bytes, uint32_t kind)
{
    const struct obcc_header *header = (const void *)bytes.data;
    const struct obcc_section *table = (const void *)(header + 1);
    struct span section = {0};
    size_t n_sections;

    if (bytes.size < CACHE_HEAD_SIZE)
        return section;
    n_sections = obcc_get16(header->n_sections);
    for (size_t i = 0; i < n_sections && i < OBCC_MAX_SECTIONS; i++)
        if (obcc_get32(table[i].kind) == kind &&
            span_slice(bytes, obcc_get64(table[i].offset),
                       obcc_get64(table[i].size), &section))
            break;
    return section;
}

/* ---- Lists and tables ---- */

uint32_t cache_count(const struct cache_view *view, unsigned kind)
{
    size_t entry_size = cache_entry_size(kind);
    const struct obcc_list *list;
    size_t count;

    if (entry_size == 0 || view->section[kind].size < sizeof(*list))
        return 0;
    count = n_entries_that_fit(view->section[kind], entry_size);
    if (kind == OBCC_STRING_POOL) {
        list = (const void *)view->section[kind].data;
        if (obcc_get32(list->count) < count)
            count = obcc_get32(list->count);
    }
    return (uint32_t)count;
}

static const void *entry_at(const struct cache_view *view, unsigned kind,
                            uint32_t index, size_t entry_size)
{
    struct span section = view->section[kind];

    if (index >= n_entries_that_fit(section, entry_size))
        return NULL;
    return section.data + sizeof(struct obcc_list) + index * entry_size;
}

const struct obcc_symbol *cache_symbol_at(const struct cache_view *view,
                                          unsigned kind, uint32_t index)
{
    return entry_at(view, kind, index, sizeof(struct obcc_symbol));
}

const struct obcc_dependency *cache_dependency_at(const struct cache_view *view,
                                                  uint32_t index)
{
    return entry_at(view, OBCC_DEPENDENCY_TABLE, index,
                    sizeof(struct obcc_dependency));
}

const struct obcc_import *cache_import_at(const struct cache_view *view,
                                          uint32_t index)
{
    return entry_at(view, OBCC_RELOCATION_TABLE, index,
                    sizeof(struct obcc_import));
}

const struct obcc_pragma *cache_pragma_at(const struct cache_view *view,
                                          uint32_t index)
{
    return entry_at(view, OBCC_PRAGMA_LIST, index, sizeof(struct obcc_pragma));
}

uint32_t cache_object_slot_at(const struct cache_view *view, uint32_t index)
{
    const struct obcc_le32 *slot =
        entry_at(view, OBCC_OBJECT_SLOT_LIST, index, sizeof(*slot));

    return slot ? obcc_get32(*slot) : 0;
}

const char *cache_needed_at(const struct cache_view *view, uint32_t index)
{
    const struct obcc_le32 *row =
        entry_at(view, OBCC_NEEDED_LIST, index, sizeof(*row));

    return row ? cache_string(view, obcc_get32(*row)) : "";
}

/* ---- Strings ---- */

const char *cache_string(const struct cache_view *view, uint32_t index)
{
    struct span pool = view->section[OBCC_STRING_POOL];
    const struct obcc_string *row;
    struct span text;

    if (index >= cache_count(view, OBCC_STRING_POOL))
        return "";
    row = entry_at(view, OBCC_STRING_POOL, index, sizeof(*row));
    if (!span_slice(pool, obcc_get32(row->offset),
                    (uint64_t)obcc_get32(row->length) + 1, &text) ||
        text.data[text.size - 1] != 0)
        return "";
    return (const char *)text.data;
}

static bool is_in_pool(const struct cache_view *view, uint32_t offset,
                       const char *name)
{
    const size_t size = strlen(name) + 1;
    struct span text;

    return span_slice(view->section[OBCC_STRING_POOL], offset, size, &text) &&
           memcmp(text.data, name, size) == 0;
}

/* A lookup touches a page of the index, one of strings and one of the table. A
 * binary search of a table of 100,000 rows would touch twenty. */
static const struct obcc_symbol *find_by_hash(const struct cache_view *view,
                                              const char *name)
{
    const uint32_t n_slots = cache_count(view, OBCC_FUNC_INDEX);
    const uint32_t hash = checksum_name(name);

    for (uint32_t i = 0; i < n_slots; i++) {
        const struct obcc_slot *slot = entry_at(
            view, OBCC_FUNC_INDEX, (hash + i) & (n_slots - 1), sizeof(*slot));
        const uint32_t row = slot ? obcc_get32(slot->row) : 0;

        if (row == 0)
            return NULL;
        if (obcc_get32(slot->hash) == hash &&
            is_in_pool(view, obcc_get32(slot->name), name))
            return cache_symbol_at(view, OBCC_FUNC_TABLE, row - 1);
    }
    return NULL;
}

/* Of several symbols with one name, this finds the first, which has the lowest
 * address. */
const struct obcc_symbol *cache_find_symbol(const struct cache_view *view,
                                            unsigned kind, const char *name)
{
    uint32_t low = 0, high = cache_count(view, kind);
    const struct obcc_symbol *symbol;

    if (kind == OBCC_FUNC_TABLE &&
        is_power_of_two(cache_count(view, OBCC_FUNC_INDEX)))
        return find_by_hash(view, name);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        symbol = cache_symbol_at(view, kind, middle);
        if (strcmp(cache_string(view, obcc_get32(symbol->name)), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    symbol = cache_symbol_at(view, kind, low);
    if (!symbol ||
        strcmp(cache_string(view, obcc_get32(symbol->name)), name) != 0)
        return NULL;
    return symbol;
}

struct span cache_identity(const struct cache_view *view)
{
    return view->section[OBCC_IDENTITY];
}
