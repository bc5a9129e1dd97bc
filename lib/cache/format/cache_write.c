/* Sections are in the order in which a launch needs them. Sections that every
 * launch compares come first, directly after the section table, so that for a
 * typical script all of them are in the first page of the file. The lists of
 * the reflection calls follow; then the tables that grow with the code and are
 * read entry by entry, with the index of the last table behind it; then the
 * strings. Strings are numbered in order of first use, so the strings of a
 * table lie in the order of its rows and a binary search stays among few pages
 * towards its end.
 *
 * The file depends on the contents only: it has no time, no address, and only
 * zeros as padding. */
#include "cache_write.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cache_layout.h"
#include "checksum.h"

/* ---- String pool ---- */

/* Strings of a file, each kept once and named by its index, which count up from
 * 0 in order of first use: a hash table with open addressing over strings that
 * lie in one buffer. Slots hold indexes, not pointers, so that the buffer may
 * move; the hash next to an index saves most comparisons, and all of them when
 * the table grows. */
struct string_pool {
    struct buffer rows;  /* struct obcc_string; offset: from first text byte */
    struct buffer bytes; /* the strings, each with its NUL */
    uint32_t *slots;     /* hash table of string index + 1, 0: free */
    uint32_t *hashes;    /* of the string in this slot */
    size_t n_slots;      /* a power of two, more than twice the strings */
    size_t n_strings;
};

enum { FIRST_SLOTS = 1024 };

static void string_pool_init(struct string_pool *pool)
{
    *pool = (struct string_pool){0};
    buffer_init(&pool->rows);
    buffer_init(&pool->bytes);
}

static void string_pool_release(struct string_pool *pool)
{
    buffer_release(&pool->rows);
    buffer_release(&pool->bytes);
    free(pool->slots);
    free(pool->hashes);
    string_pool_init(pool);
}

/* ---- Hash table ---- */

static enum status grow(struct string_pool *pool, struct error *err)
{
    size_t n_slots = pool->n_slots ? 2 * pool->n_slots : FIRST_SLOTS;
    uint32_t *slots = calloc(n_slots, sizeof(*slots));
    uint32_t *hashes = calloc(n_slots, sizeof(*hashes));

    if (!slots || !hashes) {
        free(slots);
        free(hashes);
        return error_no_memory(err);
    }
    for (size_t old = 0; old < pool->n_slots; old++) {
        size_t place = pool->hashes[old] & (n_slots - 1);

        if (!pool->slots[old])
            continue;
        while (slots[place])
            place = (place + 1) & (n_slots - 1);
        slots[place] = pool->slots[old];
        hashes[place] = pool->hashes[old];
    }
    free(pool->slots);
    free(pool->hashes);
    pool->slots = slots;
    pool->hashes = hashes;
    pool->n_slots = n_slots;
    return STATUS_OK;
}

static bool is_string(const struct string_pool *pool, uint32_t index,
                      const char *text, size_t length)
{
    const struct obcc_string *row =
        (const struct obcc_string *)(const void *)pool->rows.data + index;

    return obcc_get32(row->length) == length &&
           memcmp(pool->bytes.data + obcc_get32(row->offset), text, length) ==
               0;
}

/* The slot that holds text, or the free slot for it. */
static size_t find_slot(const struct string_pool *pool, uint32_t hash,
                        const char *text, size_t length)
{
    size_t place = hash & (pool->n_slots - 1);

    while (pool->slots[place] &&
           (pool->hashes[place] != hash ||
            !is_string(pool, pool->slots[place] - 1, text, length)))
        place = (place + 1) & (pool->n_slots - 1);
    return place;
}

/* ---- Strings ---- */

static enum status append(struct string_pool *pool, const char *text,
                          size_t length, struct error *err)
{
    const struct obcc_string row = {
        .length = obcc_le32((uint32_t)length),
        .offset = obcc_le32((uint32_t)pool->bytes.size),
    };
    /* The offset of the last byte, counted from the start of the section, must
     * fit 32 bits. */
    uint64_t section_size = sizeof(struct obcc_list) + pool->rows.size +
                            sizeof(row) + pool->bytes.size + length + 1;

    if (section_size > UINT32_MAX)
        return error_set(err, STATUS_UNSUPPORTED,
                         "string pool: more than 4 GiB of strings");
    buffer_append(&pool->rows, &row, sizeof(row));
    buffer_append(&pool->bytes, text, length + 1);
    if (buffer_failed(&pool->rows) || buffer_failed(&pool->bytes))
        return error_no_memory(err);
    return STATUS_OK;
}

/* Add text if it is not there. NO_MEMORY, UNSUPPORTED (4 GiB of strings). */
static enum status string_pool_add(struct string_pool *pool, const char *text,
                                   uint32_t *ret_index, struct error *err)
{
    size_t length = strlen(text), place;
    uint32_t hash = checksum_name(text);
    enum status status;

    if (2 * (pool->n_strings + 1) > pool->n_slots) {
        status = grow(pool, err);
        if (status)
            return status;
    }
    place = find_slot(pool, hash, text, length);
    if (!pool->slots[place]) {
        status = append(pool, text, length, err);
        if (status)
            return status;
        pool->n_strings++;
        pool->slots[place] = (uint32_t)pool->n_strings;
        pool->hashes[place] = hash;
    }
    *ret_index = pool->slots[place] - 1;
    return STATUS_OK;
}

static const struct obcc_string *row_at(const struct string_pool *pool,
                                        uint32_t index)
{
    return (const struct obcc_string *)(const void *)pool->rows.data + index;
}

static const char *string_pool_text(const struct string_pool *pool,
                                    uint32_t index)
{
    return (const char *)pool->bytes.data +
           obcc_get32(row_at(pool, index)->offset);
}

/* The offset that the string will have in the section, if no more are added. */
static uint32_t string_pool_offset(const struct string_pool *pool,
                                   uint32_t index)
{
    return (uint32_t)(sizeof(struct obcc_list) + pool->rows.size) +
           obcc_get32(row_at(pool, index)->offset);
}

/* Write the pool as a section: list, rows, bytes. */
static void string_pool_write(const struct string_pool *pool,
                              struct buffer *out)
{
    const struct obcc_list list = {obcc_le32((uint32_t)pool->n_strings),
                                   obcc_le32(0)};
    struct obcc_string *row;

    buffer_append(out, &list, sizeof(list));
    row = (void *)buffer_grow(out, pool->rows.size);
    if (row && pool->rows.size)
        memcpy(row, pool->rows.data, pool->rows.size);
    for (size_t i = 0; row && i < pool->n_strings; i++)
        row[i].offset = obcc_le32(string_pool_offset(pool, (uint32_t)i));
    buffer_append(out, pool->bytes.data, pool->bytes.size);
}

/* ---- The writer ---- */

struct writer {
    const struct cache_contents *contents;
    struct buffer *out;
    struct string_pool pool;
    struct obcc_section table[OBCC_MAX_SECTIONS];
    size_t n_sections;
};

/* ---- Lists ---- */

static enum status write_list_head(struct writer *w, size_t count,
                                   const char *what, struct error *err)
{
    struct obcc_list list = {obcc_le32((uint32_t)count), obcc_le32(0)};

    if (count > UINT32_MAX)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %zu entries are more than the format can count",
                         what, count);
    buffer_append(w->out, &list, sizeof(list));
    return STATUS_OK;
}

static enum status add_string(struct writer *w, const char *text,
                              struct obcc_le32 *ret_index, struct error *err)
{
    uint32_t index;
    enum status status = string_pool_add(&w->pool, text, &index, err);

    if (status == STATUS_OK)
        *ret_index = obcc_le32(index);
    return status;
}

static enum status write_dependency(struct writer *w,
                                    const struct cache_dependency *dependency,
                                    struct error *err)
{
    const struct file_stamp *stamp = &dependency->stamp;
    struct obcc_dependency entry = {
        .type = obcc_le32(dependency->type),
        .flags = obcc_le32(dependency->flags),
    };
    enum status status = add_string(w, dependency->name, &entry.name, err);

    if (status)
        return status;
    memcpy(entry.sha1, dependency->sha1, sizeof(entry.sha1));
    if (dependency->flags & OBCC_DEPENDENCY_STAMPED) {
        entry.device = obcc_le64(stamp->device);
        entry.inode = obcc_le64(stamp->inode);
        entry.size = obcc_le64(stamp->size);
        entry.mtime_ns = obcc_le64(stamp->mtime_ns);
        entry.ctime_ns = obcc_le64(stamp->ctime_ns);
    }
    buffer_append(w->out, &entry, sizeof(entry));
    return STATUS_OK;
}

static enum status write_dependencies(struct writer *w, struct error *err)
{
    const struct cache_contents *contents = w->contents;
    enum status status =
        write_list_head(w, contents->n_dependencies, "dependency table", err);

    for (size_t i = 0; status == STATUS_OK && i < contents->n_dependencies; i++)
        status = write_dependency(w, &contents->dependencies[i], err);
    return status;
}

static enum status write_imports(struct writer *w, struct error *err)
{
    const struct cache_contents *contents = w->contents;
    enum status status =
        write_list_head(w, contents->n_imports, "relocation table", err);

    for (size_t i = 0; status == STATUS_OK && i < contents->n_imports; i++) {
        const struct cache_import *import = &contents->imports[i];
        struct obcc_import entry = {
            .flags = obcc_le32(import->flags),
            .user = obcc_le32(OBCC_NO_STRING),
            .library = obcc_le32(import->library),
        };

        if (import->library > contents->n_needed &&
            import->library != OBCC_ANY_LIBRARY)
            return error_set(err, STATUS_MISUSE,
                             "relocation table: '%s' is in library %u of %zu",
                             import->name, import->library, contents->n_needed);
        status = add_string(w, import->name, &entry.name, err);
        if (status == STATUS_OK && import->user)
            status = add_string(w, import->user, &entry.user, err);
        buffer_append(w->out, &entry, sizeof(entry));
    }
    return status;
}

static enum status write_needed(struct writer *w, struct error *err)
{
    const struct cache_contents *contents = w->contents;
    enum status status =
        write_list_head(w, contents->n_needed, "needed list", err);

    for (size_t i = 0; status == STATUS_OK && i < contents->n_needed; i++) {
        struct obcc_le32 entry = obcc_le32(0);

        status = add_string(w, contents->needed[i], &entry, err);
        buffer_append(w->out, &entry, sizeof(entry));
    }
    return status;
}

static enum status write_pragmas(struct writer *w, struct error *err)
{
    const struct cache_contents *contents = w->contents;
    enum status status =
        write_list_head(w, contents->n_pragmas, "pragma list", err);

    for (size_t i = 0; status == STATUS_OK && i < contents->n_pragmas; i++) {
        struct obcc_pragma entry = {0};

        status = add_string(w, contents->pragmas[i].key, &entry.key, err);
        if (status == STATUS_OK)
            status =
                add_string(w, contents->pragmas[i].value, &entry.value, err);
        buffer_append(w->out, &entry, sizeof(entry));
    }
    return status;
}

static enum status write_object_slots(struct writer *w, struct error *err)
{
    const struct cache_contents *contents = w->contents;
    enum status status =
        write_list_head(w, contents->n_object_slots, "object slot list", err);

    for (size_t i = 0; status == STATUS_OK && i < contents->n_object_slots;
         i++) {
        struct obcc_le32 slot = obcc_le32(contents->object_slots[i]);

        if (contents->object_slots[i] >= contents->n_export_vars)
            return error_set(err, STATUS_MISUSE,
                             "object slot list: slot %zu is variable %u of %zu",
                             i, contents->object_slots[i],
                             contents->n_export_vars);
        buffer_append(w->out, &slot, sizeof(slot));
    }
    return status;
}

/* ---- Symbols ---- */

static enum status write_symbols(struct writer *w,
                                 const struct cache_symbol *symbols,
                                 size_t n_symbols, uint32_t kind,
                                 struct error *err)
{
    enum status status =
        write_list_head(w, n_symbols, cache_section_name(kind), err);

    for (size_t i = 0; status == STATUS_OK && i < n_symbols; i++) {
        struct obcc_symbol entry = {
            .address = obcc_le64(symbols[i].address),
            .size = obcc_le64(symbols[i].size),
        };

        if (kind == OBCC_EXPORT_FOREACH_LIST)
            entry.kernel_signature = obcc_le32(symbols[i].kernel_signature);
        status = add_string(w, symbols[i].name, &entry.name, err);
        buffer_append(w->out, &entry, sizeof(entry));
    }
    return status;
}

static enum status write_text(struct writer *w, const char *text,
                              struct obcc_le32 *ret_index, struct error *err)
{
    *ret_index = obcc_le32(OBCC_NO_STRING);
    return text ? add_string(w, text, ret_index, err) : STATUS_OK;
}

static enum status write_functions(struct writer *w, struct error *err)
{
    const struct cache_contents *contents = w->contents;
    enum status status =
        write_list_head(w, contents->n_functions, "function signatures", err);

    for (size_t i = 0; status == STATUS_OK && i < contents->n_functions; i++) {
        const struct cache_function *function = &contents->functions[i];
        struct obcc_function row = {0};

        status = add_string(w, function->name, &row.name, err);
        if (status == STATUS_OK)
            status = add_string(w, function->signature, &row.signature, err);
        if (status == STATUS_OK)
            status = write_text(w, function->parameters, &row.parameters, err);
        if (status == STATUS_OK)
            status = write_text(w, function->kernel, &row.kernel, err);
        buffer_append(w->out, &row, sizeof(row));
    }
    return status;
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Compare by name; symbols with one name by address, then by size, so that the
 * order does not depend on the input's. */
static int compare_symbols(const void *left, const void *right)
{
    const struct cache_symbol *a = left, *b = right;
    int order = strcmp(a->name, b->name);

    if (order == 0)
        order = compare_u64(a->address, b->address);
    if (order == 0)
        order = compare_u64(a->size, b->size);
    return order;
}

static enum status write_sorted(struct writer *w,
                                const struct cache_symbol *symbols,
                                size_t n_symbols, uint32_t kind,
                                struct error *err)
{
    struct cache_symbol *sorted = calloc(n_symbols + 1, sizeof(*sorted));
    enum status status;

    if (!sorted)
        return error_no_memory(err);
    if (n_symbols) {
        memcpy(sorted, symbols, n_symbols * sizeof(*sorted));
        qsort(sorted, n_symbols, sizeof(*sorted), compare_symbols);
    }
    status = write_symbols(w, sorted, n_symbols, kind, err);
    free(sorted);
    return status;
}

static enum status write_export_vars(struct writer *w, struct error *err)
{
    return write_symbols(w, w->contents->export_vars,
                         w->contents->n_export_vars, OBCC_EXPORT_VAR_LIST, err);
}

static enum status write_export_funcs(struct writer *w, struct error *err)
{
    return write_symbols(w, w->contents->export_funcs,
                         w->contents->n_export_funcs, OBCC_EXPORT_FUNC_LIST,
                         err);
}

static enum status write_export_foreachs(struct writer *w, struct error *err)
{
    return write_symbols(w, w->contents->export_foreachs,
                         w->contents->n_export_foreachs,
                         OBCC_EXPORT_FOREACH_LIST, err);
}

static enum status write_funcs(struct writer *w, struct error *err)
{
    return write_sorted(w, w->contents->funcs, w->contents->n_funcs,
                        OBCC_FUNC_TABLE, err);
}

static enum status write_vars(struct writer *w, struct error *err)
{
    return write_sorted(w, w->contents->vars, w->contents->n_vars,
                        OBCC_VAR_TABLE, err);
}

/* ---- Function index ---- */

/* A smaller table has so few pages that a binary search costs less than a page
 * of an index. */
enum { MIN_INDEXED_FUNCS = 1024 };

static size_t count_slots(size_t n_funcs)
{
    size_t n_slots = 1;

    while (n_slots < n_funcs + n_funcs / 2)
        n_slots *= 2;
    return n_slots;
}

/* Fill the index. The rows of the function table are written already, and refer
 * to their strings. */
static void fill_slots(const struct writer *w,
                       const struct obcc_section *func_table,
                       struct obcc_slot *slots, size_t n_slots)
{
    const struct obcc_symbol *rows =
        (const void *)(w->out->data + obcc_get64(func_table->offset) +
                       sizeof(struct obcc_list));

    for (size_t i = 0; i < w->contents->n_funcs; i++) {
        const uint32_t name = obcc_get32(rows[i].name);
        const uint32_t hash = checksum_name(string_pool_text(&w->pool, name));
        size_t at = hash & (n_slots - 1);

        if (i > 0 && name == obcc_get32(rows[i - 1].name))
            continue;
        while (obcc_get32(slots[at].row) != 0)
            at = (at + 1) & (n_slots - 1);
        slots[at] = (struct obcc_slot){
            obcc_le32(hash),
            obcc_le32((uint32_t)(i + 1)),
            obcc_le32(string_pool_offset(&w->pool, name)),
        };
    }
}

/* Write the index directly after the function table. That is the last section
 * that adds strings, so their offsets are known. */
static enum status write_func_index(struct writer *w, struct error *err)
{
    const size_t n_slots = count_slots(w->contents->n_funcs);
    struct obcc_slot *slots = calloc(n_slots, sizeof(*slots));
    enum status status;

    if (!slots)
        return error_no_memory(err);
    fill_slots(w, &w->table[w->n_sections - 1], slots, n_slots);
    status = write_list_head(w, n_slots, "function index", err);
    buffer_append(w->out, slots, n_slots * sizeof(*slots));
    free(slots);
    return status;
}

/* ---- Plain bytes ---- */

static enum status write_identity(struct writer *w, struct error *err)
{
    if (w->contents->identity.size == 0)
        return error_set(err, STATUS_MISUSE, "identity: empty");
    buffer_append(w->out, w->contents->identity.data,
                  w->contents->identity.size);
    return STATUS_OK;
}

/* Write the pool after every section that adds strings. */
static enum status write_pool(struct writer *w, struct error *err)
{
    (void)err;
    string_pool_write(&w->pool, w->out);
    return STATUS_OK;
}

static enum status write_context(struct writer *w, struct error *err)
{
    if (w->contents->context.size == 0)
        return error_set(err, STATUS_MISUSE, "context: empty");
    buffer_append(w->out, w->contents->context.data, w->contents->context.size);
    return STATUS_OK;
}

static enum status write_debug(struct writer *w, struct error *err)
{
    (void)err;
    buffer_append(w->out, w->contents->debug.data, w->contents->debug.size);
    return STATUS_OK;
}

/* ---- File ---- */

struct section_writer {
    uint32_t kind;
    enum status (*write)(struct writer *w, struct error *err);
};

/* ORDER SECTION: the order in the file; docs/cache-format.html shows it. */
static const struct section_writer section_writers[] = {
    {OBCC_DEPENDENCY_TABLE, write_dependencies},
    {OBCC_IDENTITY, write_identity},
    {OBCC_EXPORT_VAR_LIST, write_export_vars},
    {OBCC_EXPORT_FUNC_LIST, write_export_funcs},
    {OBCC_EXPORT_FOREACH_LIST, write_export_foreachs},
    {OBCC_PRAGMA_LIST, write_pragmas},
    {OBCC_OBJECT_SLOT_LIST, write_object_slots},
    {OBCC_RELOCATION_TABLE, write_imports},
    {OBCC_NEEDED_LIST, write_needed},
    {OBCC_FUNCTIONS, write_functions},
    {OBCC_VAR_TABLE, write_vars},
    {OBCC_FUNC_TABLE, write_funcs},
    {OBCC_FUNC_INDEX, write_func_index},
    {OBCC_STRING_POOL, write_pool},
    {OBCC_CONTEXT, write_context},
    {OBCC_DEBUG, write_debug},
};

enum {
    N_SECTION_WRITERS = sizeof(section_writers) / sizeof(section_writers[0])
};

static bool is_written(const struct cache_contents *contents, uint32_t kind)
{
    switch (kind) {
    case OBCC_NEEDED_LIST:
        return contents->n_needed > 0;
    case OBCC_FUNCTIONS:
        return contents->n_functions > 0;
    case OBCC_FUNC_INDEX:
        return contents->n_funcs > MIN_INDEXED_FUNCS;
    case OBCC_DEBUG:
        return contents->debug.size > 0;
    default:
        return true;
    }
}

/* May a reader skip a section whose kind it does not know? */
static bool is_dispensable(uint32_t kind)
{
    return kind == OBCC_DEBUG || kind == OBCC_FUNC_INDEX ||
           kind == OBCC_FUNCTIONS;
}

static enum status write_section(struct writer *w,
                                 const struct section_writer *section,
                                 struct error *err)
{
    bool is_context = section->kind == OBCC_CONTEXT;
    struct span bytes;
    enum status status;
    size_t offset;

    buffer_align(w->out,
                 is_context ? w->contents->context_align : OBCC_SECTION_ALIGN);
    offset = w->out->size;
    status = section->write(w, err);
    if (status)
        return status;
    if (buffer_failed(w->out))
        return error_no_memory(err);
    bytes = (struct span){w->out->data + offset, w->out->size - offset};
    w->table[w->n_sections++] = (struct obcc_section){
        .kind = obcc_le32(section->kind),
        .flags = obcc_le32(
            is_dispensable(section->kind) ? 0 : OBCC_SECTION_REQUIRED),
        .offset = obcc_le64(offset),
        .size = obcc_le64(bytes.size),
        .checksum = obcc_le64(checksum_xxh3(bytes)),
    };
    return STATUS_OK;
}

/* Write header and section table last, into the space reserved for them. */
static void write_header(struct writer *w, size_t header_size)
{
    const struct cache_contents *contents = w->contents;
    struct obcc_header header = {
        .endianness = 'e',
        .sizeof_off_t = contents->sizeof_off_t,
        .sizeof_size_t = contents->sizeof_size_t,
        .sizeof_ptr_t = contents->sizeof_ptr_t,
        .machine = obcc_le16(contents->machine),
        .n_sections = obcc_le16((uint16_t)w->n_sections),
        .header_size = obcc_le32((uint32_t)header_size),
        .context_align = obcc_le32(contents->context_align),
        .file_size = obcc_le64(w->out->size),
        .image_span = obcc_le64(contents->image_span),
        .image_align = obcc_le64(contents->image_align),
        .text_span = obcc_le64(contents->text_span),
        .tier = obcc_le32(contents->tier),
    };

    memcpy(header.magic, OBCC_MAGIC, sizeof(header.magic));
    memcpy(header.version, OBCC_VERSION, sizeof(header.version));
    for (size_t i = 0; i < CPU_FEATURE_WORDS; i++)
        header.cpu_features[i] = obcc_le64(contents->cpu_features.word[i]);
    memcpy(w->out->data, &header, sizeof(header));
    memcpy(w->out->data + sizeof(header), w->table,
           w->n_sections * sizeof(w->table[0]));
    header.checksum =
        obcc_le64(cache_header_checksum(buffer_span(w->out), header_size));
    memcpy(w->out->data, &header, sizeof(header));
}

void cache_set_tier(uint8_t *file, uint32_t tier)
{
    struct obcc_header header;
    struct span head;

    memcpy(&header, file, sizeof(header));
    header.tier = obcc_le32(tier);
    memcpy(file, &header, sizeof(header));
    head = (struct span){file, obcc_get32(header.header_size)};
    header.checksum = obcc_le64(cache_header_checksum(head, head.size));
    memcpy(file, &header, sizeof(header));
}

enum status cache_write(const struct cache_contents *contents,
                        struct buffer *out, struct error *err)
{
    const struct cache_geometry geometry = {
        contents->context_align, contents->image_span, contents->image_align,
        contents->text_span};
    struct writer w = {.contents = contents, .out = out};
    size_t header_size = OBCC_HEADER_SIZE;
    enum status status;

    assert(out->size == 0);
    for (size_t i = 0; i < N_SECTION_WRITERS; i++)
        if (is_written(contents, section_writers[i].kind))
            header_size += OBCC_SECTION_SIZE;
    string_pool_init(&w.pool);
    status =
        cache_geometry_check(&geometry, STATUS_UNSUPPORTED, "cache file", err);
    buffer_grow(out, header_size);
    for (size_t i = 0; status == STATUS_OK && i < N_SECTION_WRITERS; i++)
        if (is_written(contents, section_writers[i].kind))
            status = write_section(&w, &section_writers[i], err);
    if (status == STATUS_OK)
        write_header(&w, header_size);
    string_pool_release(&w.pool);
    return status;
}
