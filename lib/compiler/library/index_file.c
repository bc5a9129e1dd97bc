#include "index_file.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "span.h"
#include "checksum.h"

enum { ALIGNMENT = 8, CHECKED_FROM = offsetof(struct ibcc_header, sha1) };

static int compare_rows(const void *left, const void *right)
{
    const struct index_row *a = left, *b = right;

    return strcmp(a->name, b->name);
}

void index_rows_sort(struct index_row *rows, size_t n_rows)
{
    if (n_rows)
        qsort(rows, n_rows, sizeof(*rows), compare_rows);
}

const struct index_row *index_rows_find(const struct index_row *rows,
                                        size_t n_rows, const char *name)
{
    const struct index_row key = {.name = name};

    return n_rows ? bsearch(&key, rows, n_rows, sizeof(key), compare_rows)
                  : NULL;
}

/* ---- Reading ---- */

/* The next part, of n items; moves *at behind it. Zero bytes fill the gap. */
static bool take_part(struct span file, uint64_t *at, uint64_t n,
                      size_t item_size, const void **ret_part)
{
    uint64_t size = n * item_size; /* both have 32 bits at most */
    uint64_t padded = align_up(size, ALIGNMENT);
    struct span part;

    if (!span_slice(file, *at, padded, &part))
        return false;
    for (uint64_t i = size; i < padded; i++)
        if (part.data[i])
            return false;
    *ret_part = part.data;
    *at += padded;
    return true;
}

static bool rows_are_sound(const struct index_view *view, size_t names_size,
                           uint64_t closures_offset)
{
    const char *last = NULL;
    size_t name_offset = 0;
    struct span closure;

    for (size_t i = 0; i < view->n_rows; i++) {
        const struct ibcc_row *row = &view->rows[i];
        const char *name = view->names + name_offset;
        uint64_t offset = obcc_get64(row->offset);
        uint64_t size = obcc_get64(row->size);

        /* Each name begins where the previous one ends, so each is known to
         * have its NUL. */
        if (obcc_get32(row->name) != name_offset || name_offset >= names_size ||
            !memchr(name, '\0', names_size - name_offset))
            return false;
        if (last && strcmp(last, name) >= 0)
            return false;
        name_offset += strlen(name) + 1;
        last = name;
        if (obcc_get32(row->kind) > IBCC_LARGE)
            return false;
        if (obcc_get32(row->kind) != IBCC_CLOSURE && offset)
            return false;
        if (obcc_get32(row->kind) == IBCC_DECLARED && size)
            return false;
        if (obcc_get32(row->kind) == IBCC_CLOSURE &&
            (offset < closures_offset || offset % ALIGNMENT ||
             !span_slice(view->file, offset, size, &closure)))
            return false;
    }
    return name_offset == names_size;
}

static enum status check_header(struct span file, const char *name,
                                struct error *err)
{
    const struct ibcc_header *header = (const void *)file.data;

    if (file.size < sizeof(*header) ||
        memcmp(header->magic, IBCC_MAGIC, sizeof(header->magic)) != 0)
        return error_set(err, STATUS_CORRUPT, "%s: not an index", name);
    if (memcmp(header->version, IBCC_VERSION, sizeof(header->version)) != 0)
        return error_set(err, STATUS_UNSUPPORTED, "%s: another version", name);
    if (obcc_get64(header->file_size) != file.size)
        return error_set(err, STATUS_CORRUPT, "%s: cut short or extended",
                         name);
    return STATUS_OK;
}

enum status index_view_open(struct span file, struct span identity,
                            const char *name, struct index_view *ret_view,
                            struct error *err)
{
    const struct ibcc_header *header = (const void *)file.data;
    const void *own_identity, *rows, *names, *defined;
    enum status status = check_header(file, name, err);
    uint64_t at = sizeof(*header);
    struct index_view view;
    struct span checked;

    if (status)
        return status;
    view = (struct index_view){
        .file = file,
        .header = header,
        .n_rows = obcc_get32(header->n_rows),
        .n_defined = obcc_get32(header->n_defined),
    };
    if (!take_part(file, &at, obcc_get32(header->identity_size), 1,
                   &own_identity) ||
        !take_part(file, &at, view.n_rows, sizeof(*view.rows), &rows) ||
        !take_part(file, &at, obcc_get32(header->names_size), 1, &names) ||
        !take_part(file, &at, view.n_defined, sizeof(*view.defined),
                   &defined) ||
        !span_slice(file, CHECKED_FROM, at - CHECKED_FROM, &checked))
        return error_set(err, STATUS_CORRUPT, "%s: parts do not fit", name);
    if (checksum_xxh3(checked) != obcc_get64(header->checksum))
        return error_set(err, STATUS_CORRUPT, "%s: checksum mismatch", name);
    if (identity.data &&
        (obcc_get32(header->identity_size) != identity.size ||
         memcmp(own_identity, identity.data, identity.size) != 0))
        return error_set(err, STATUS_STALE, "%s: of another library", name);
    view.rows = rows;
    view.names = names;
    view.defined = defined;
    if (!rows_are_sound(&view, obcc_get32(header->names_size), at))
        return error_set(err, STATUS_CORRUPT, "%s: damaged rows", name);
    *ret_view = view;
    return STATUS_OK;
}

bool index_view_is_whole(const struct index_view *view)
{
    return obcc_get32(view->header->flags) & IBCC_WHOLE;
}

const char *index_view_name(const struct index_view *view, size_t i)
{
    return view->names + obcc_get32(view->rows[i].name);
}

unsigned index_view_kind(const struct index_view *view, size_t i)
{
    return obcc_get32(view->rows[i].kind);
}

bool index_view_row(const struct index_view *view, size_t i,
                    struct index_row *ret_row)
{
    const struct ibcc_row *row = &view->rows[i];
    struct span closure = {NULL, (size_t)obcc_get64(row->size)};

    if (index_view_kind(view, i) == IBCC_CLOSURE &&
        (!span_slice(view->file, obcc_get64(row->offset), closure.size,
                     &closure) ||
         checksum_xxh3(closure) != obcc_get64(row->checksum)))
        return false;
    *ret_row = (struct index_row){
        .name = index_view_name(view, i),
        .kind = index_view_kind(view, i),
        .closure = closure,
    };
    return true;
}

bool index_view_find(const struct index_view *view, const char *name,
                     struct index_row *ret_row)
{
    size_t low = 0, high = view->n_rows;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(index_view_name(view, middle), name);

        if (order == 0)
            return index_view_row(view, middle, ret_row);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool index_view_defines(const struct index_view *view, const char *name)
{
    size_t low = 0, high = view->n_defined;
    uint32_t hash = checksum_name(name);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t found = obcc_get32(view->defined[middle]);

        if (found == hash)
            return true;
        if (found < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* ---- Writing ---- */

struct part_sizes {
    uint64_t names, closures_offset, file;
};

static void measure(const struct index_contents *contents,
                    struct part_sizes *ret_sizes)
{
    struct part_sizes sizes = {0};

    for (size_t i = 0; i < contents->n_rows; i++)
        sizes.names += strlen(contents->rows[i].name) + 1;
    sizes.closures_offset =
        sizeof(struct ibcc_header) +
        align_up(contents->identity.size, ALIGNMENT) +
        contents->n_rows * sizeof(struct ibcc_row) +
        align_up(sizes.names, ALIGNMENT) +
        align_up(contents->n_defined * sizeof(struct obcc_le32), ALIGNMENT);
    sizes.file = sizes.closures_offset;
    for (size_t i = 0; i < contents->n_rows; i++)
        if (contents->rows[i].kind == IBCC_CLOSURE)
            sizes.file += align_up(contents->rows[i].closure.size, ALIGNMENT);
    *ret_sizes = sizes;
}

static void append_rows(const struct index_contents *contents, uint64_t offset,
                        struct buffer *out)
{
    uint32_t name_offset = 0;

    for (size_t i = 0; i < contents->n_rows; i++) {
        const struct index_row *from = &contents->rows[i];
        struct ibcc_row row = {
            .name = obcc_le32(name_offset),
            .kind = obcc_le32(from->kind),
            .size = obcc_le64(from->closure.size),
        };

        if (from->kind == IBCC_CLOSURE) {
            row.offset = obcc_le64(offset);
            row.checksum = obcc_le64(checksum_xxh3(from->closure));
            offset += align_up(from->closure.size, ALIGNMENT);
        }
        buffer_append(out, &row, sizeof(row));
        name_offset += (uint32_t)strlen(from->name) + 1;
    }
}

static void append_parts(const struct index_contents *contents,
                         const struct part_sizes *sizes, struct buffer *out)
{
    buffer_append(out, contents->identity.data, contents->identity.size);
    buffer_align(out, ALIGNMENT);
    append_rows(contents, sizes->closures_offset, out);
    for (size_t i = 0; i < contents->n_rows; i++)
        buffer_append(out, contents->rows[i].name,
                      strlen(contents->rows[i].name) + 1);
    buffer_align(out, ALIGNMENT);
    for (size_t i = 0; i < contents->n_defined; i++) {
        const struct obcc_le32 hash = obcc_le32(contents->defined[i]);

        buffer_append(out, &hash, sizeof(hash));
    }
    buffer_align(out, ALIGNMENT);
    for (size_t i = 0; i < contents->n_rows; i++) {
        if (contents->rows[i].kind == IBCC_CLOSURE)
            buffer_append(out, contents->rows[i].closure.data,
                          contents->rows[i].closure.size);
        buffer_align(out, ALIGNMENT);
    }
}

enum status index_write(const struct index_contents *contents,
                        struct buffer *out, struct error *err)
{
    struct ibcc_header header = {0};
    struct part_sizes sizes;

    measure(contents, &sizes);
    if (sizes.file > INDEX_MAX_SIZE)
        return error_set(err, STATUS_UNSUPPORTED, "index of %llu bytes",
                         (unsigned long long)sizes.file);
    memcpy(header.magic, IBCC_MAGIC, sizeof(header.magic));
    memcpy(header.version, IBCC_VERSION, sizeof(header.version));
    memcpy(header.sha1, contents->sha1, sizeof(header.sha1));
    header.file_size = obcc_le64(sizes.file);
    header.flags = obcc_le32(contents->is_whole ? IBCC_WHOLE : 0);
    header.identity_size = obcc_le32((uint32_t)contents->identity.size);
    header.n_rows = obcc_le32((uint32_t)contents->n_rows);
    header.names_size = obcc_le32((uint32_t)sizes.names);
    header.n_defined = obcc_le32((uint32_t)contents->n_defined);
    buffer_append(out, &header, sizeof(header));
    append_parts(contents, &sizes, out);
    if (buffer_failed(out))
        return error_no_memory(err);
    header.checksum = obcc_le64(checksum_xxh3(
        (struct span){out->data + CHECKED_FROM,
                      (size_t)sizes.closures_offset - CHECKED_FROM}));
    memcpy(out->data, &header, sizeof(header));
    return STATUS_OK;
}

/* ---- One compile ---- */

/* The new rows, and those of the known index: all, or only those of declared
 * names. */
static bool join_rows(const struct library_index *index, bool all,
                      struct arena *arena, struct index_contents *contents)
{
    size_t n_known = index->known ? index->known->n_rows : 0;
    struct index_row *rows =
        arena_alloc(arena, n_known + index->n_rows + 1, sizeof(*rows));
    size_t n = index->n_rows;

    if (!rows)
        return false;
    if (n)
        memcpy(rows, index->rows, n * sizeof(*rows));
    for (size_t i = 0; i < n_known; i++) {
        struct index_row *row = &rows[n];

        if ((all || index_view_kind(index->known, i) == IBCC_DECLARED) &&
            index_view_row(index->known, i, row) &&
            !index_rows_find(index->rows, index->n_rows, row->name))
            n++;
    }
    index_rows_sort(rows, n);
    contents->rows = rows;
    contents->n_rows = n;
    return true;
}

static bool copy_defined(const struct library_index *index, struct arena *arena,
                         struct index_contents *contents)
{
    size_t n = index->known ? index->known->n_defined : 0;
    uint32_t *defined;

    contents->defined = index->defined;
    contents->n_defined = index->n_defined;
    if (index->defined || !n)
        return true;
    defined = arena_alloc(arena, n, sizeof(*defined));
    for (size_t i = 0; defined && i < n; i++)
        defined[i] = obcc_get32(index->known->defined[i]);
    contents->defined = defined;
    contents->n_defined = n;
    return defined != NULL;
}

/* If the index has become too large, it starts again with the new closures. */
enum status library_index_write(const struct library_index *index,
                                struct span identity, const uint8_t *sha1,
                                struct buffer *out, struct error *err)
{
    struct index_contents contents = {
        .identity = identity,
        .sha1 = sha1,
        .is_whole = index->is_whole,
    };
    enum status status;
    struct arena arena;

    arena_init(&arena);
    if (!copy_defined(index, &arena, &contents) ||
        !join_rows(index, true, &arena, &contents)) {
        status = error_no_memory(err);
        goto out;
    }
    status = index_write(&contents, out, err);
    if (status != STATUS_UNSUPPORTED)
        goto out;
    status = join_rows(index, false, &arena, &contents)
                 ? index_write(&contents, out, err)
                 : error_no_memory(err);
out:
    arena_release(&arena);
    return status;
}
