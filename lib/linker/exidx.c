/* .ARM.exidx tells how functions are unwound: the index of "Exception Handling
 * ABI for the Arm Architecture" (EHABI32), section 6.
 *
 *     distance to a function's code | how it is unwound         8 bytes
 *
 * The second word is the recipe itself (bit 31 set), or the distance to a
 * recipe in .ARM.extab, or 1: the function cannot be unwound. An unwinder uses
 * the last row at or before an address. So rows are in the order of code, and a
 * row holds up to the next one.
 *
 * An input has one such section for each section of code with rows
 * (SHF_LINK_ORDER). They are sorted once the order of code is known. Code
 * without rows would be taken for a part of the code before it. So it gets a
 * row that says that it cannot be unwound, and so does the end of the last
 * code. A row equal to the row before it is left out. R_ARM_NONE in such a
 * section names a routine of the unwinder; it only makes archives supply the
 * routine, see pull.c. */
#include "passes.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROW_SIZE = 8,
    CANNOT_UNWIND = 1, /* EXIDX_CANTUNWIND */
};

/* The second word of a row. */
struct recipe {
    bool is_distance; /* a distance is equal to no other */
    uint32_t word;
};

static uint32_t read_word(const uint8_t *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

static bool is_same(struct recipe a, struct recipe b)
{
    return !a.is_distance && !b.is_distance && a.word == b.word;
}

/* ---- Rows of an input ---- */

static enum status corrupt(const struct chunk *chunk, uint64_t offset,
                           const char *fact, struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "%s: %s+0x%llx: %s",
                     chunk->object->view.name, chunk->name,
                     (unsigned long long)offset, fact);
}

/* The rows of a chunk, read one after another. */
struct reader {
    struct chunk *chunk;
    size_t next;     /* relocation */
    uint64_t offset; /* of the next row */
    uint64_t code; /* start of the previous row's code in the linked section */
};

/* The relocation for the distance at the reader's place, or NULL. */
static const struct relocation *take_distance(struct reader *reader,
                                              uint64_t offset)
{
    const struct relocation_list *list = &reader->chunk->relocations;

    while (reader->next < list->n_items &&
           list->items[reader->next].type == R_ARM_NONE)
        reader->next++;
    if (reader->next == list->n_items ||
        list->items[reader->next].offset != offset ||
        list->items[reader->next].type != R_ARM_PREL31)
        return NULL;
    return &list->items[reader->next++];
}

static enum status check_code(struct reader *reader,
                              const struct relocation *relocation,
                              struct error *err)
{
    const struct chunk *chunk = reader->chunk;
    const struct symbol *symbol;
    uint64_t code;

    if (!relocation)
        return corrupt(chunk, reader->offset, "row without a function", err);
    symbol = chunk->object->symbols[relocation->symbol];
    code = symbol->value + (uint64_t)relocation->addend;
    if (symbol->place != SYMBOL_IN_CHUNK || symbol->chunk != chunk->linked ||
        code > chunk->linked->size)
        return corrupt(chunk, reader->offset,
                       "row of code outside the section that the rows are of",
                       err);
    if (code < reader->code)
        return corrupt(chunk, reader->offset, "rows are not in order", err);
    reader->code = code;
    return STATUS_OK;
}

struct row {
    const struct relocation *code;
    const struct relocation
        *distance; /* of the second word; NULL: the word is the recipe */
    struct recipe recipe;
};

static enum status read_row(struct reader *reader, struct row *ret_row,
                            struct error *err)
{
    const uint64_t offset = reader->offset;
    struct row row = {.code = take_distance(reader, offset)};
    const enum status status = check_code(reader, row.code, err);

    if (status)
        return status;
    row.distance = take_distance(reader, offset + 4);
    row.recipe = (struct recipe){
        .is_distance = row.distance != NULL,
        .word = read_word(reader->chunk->bytes.data + offset + 4),
    };
    reader->offset += ROW_SIZE;
    *ret_row = row;
    return STATUS_OK;
}

/* The rows of a chunk that are kept. */
struct rows {
    uint8_t *bytes;
    uint64_t size;
    struct relocation_list relocations;
};

static void move_relocation(struct rows *rows,
                            const struct relocation *relocation, uint64_t by)
{
    struct relocation *moved =
        &rows->relocations.items[rows->relocations.n_items++];

    *moved = *relocation;
    moved->offset = rows->size + by;
}

static void add_row(struct rows *rows, const struct row *row)
{
    const uint32_t none = 0;

    memcpy(rows->bytes + rows->size, &none, sizeof(none));
    memcpy(rows->bytes + rows->size + 4, &row->recipe.word,
           sizeof(row->recipe.word));
    move_relocation(rows, row->code, 0);
    if (row->distance)
        move_relocation(rows, row->distance, 4);
    rows->size += ROW_SIZE;
}

static enum status read_rows(struct chunk *chunk, struct rows *rows,
                             struct error *err)
{
    const uint64_t size = chunk->bytes.size;
    struct reader reader = {.chunk = chunk};
    struct row before = {.recipe = {.is_distance = true}};

    while (reader.offset < size) {
        struct row row;
        const enum status status = read_row(&reader, &row, err);

        if (status)
            return status;
        if (!is_same(before.recipe, row.recipe))
            add_row(rows, &row);
        before = row;
    }
    take_distance(&reader,
                  size); /* skips relocations that only name routines */
    if (reader.next < chunk->relocations.n_items)
        return corrupt(chunk, chunk->relocations.items[reader.next].offset,
                       "relocation outside of the rows", err);
    return STATUS_OK;
}

static enum status read_chunk(struct link *link, struct chunk *chunk,
                              struct error *err)
{
    struct relocation_list *list = &chunk->relocations;
    struct rows rows = {
        .bytes = arena_alloc(&link->arena, chunk->bytes.size, 1),
        .relocations.items =
            arena_alloc(&link->arena, list->n_items, sizeof(*list->items)),
    };
    enum status status;

    if (!rows.bytes || !rows.relocations.items)
        return error_no_memory(err);
    if (chunk->type == SHT_NOBITS || chunk->size % ROW_SIZE != 0)
        return corrupt(chunk, 0, "is not a whole number of rows", err);
    if (!chunk->linked || !(chunk->linked->flags & SHF_EXECINSTR))
        return corrupt(chunk, 0, "describes a section that is not code", err);
    if (chunk->linked->has_exidx)
        return corrupt(chunk, 0, "is a second one of its code", err);
    chunk->linked->has_exidx = chunk->size != 0;
    object_sort_relocations(list);
    status = read_rows(chunk, &rows, err);
    if (status)
        return status;
    chunk->bytes = (struct span){rows.bytes, (size_t)rows.size};
    chunk->size = rows.size;
    chunk->relocations = rows.relocations;
    chunk->rearranged = true;
    return STATUS_OK;
}

/* ---- Code without rows ---- */

static enum status add_gap(struct link *link, struct chunk *code,
                           struct error *err)
{
    struct chunk *chunk = outputs_new_chunk(link, RANK_EXIDX, 4);

    if (!chunk)
        return error_no_memory(err);
    chunk->role = CHUNK_EXIDX;
    chunk->linked = code;
    chunk->size = ROW_SIZE;
    return STATUS_OK;
}

/* Stubs are behind all other code, so their row is also the end. */
static enum status add_gaps(struct link *link, struct error *err)
{
    const size_t n_chunks = LIST_COUNT(struct chunk *, &link->chunks);

    for (size_t i = 0; i < n_chunks; i++) {
        struct chunk *chunk = LIST_ITEMS(struct chunk *, &link->chunks)[i];
        enum status status;

        if (!(chunk->flags & SHF_EXECINSTR) || chunk->has_exidx ||
            (chunk->size == 0 && chunk != link->plt))
            continue;
        status = add_gap(link, chunk, err);
        if (status)
            return status;
    }
    return buffer_failed(&link->chunks) ? error_no_memory(err) : STATUS_OK;
}

enum status exidx_read(struct link *link, struct error *err)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->chunks);
    bool any = false;

    for (size_t i = 0; i < LIST_COUNT(struct chunk *, &link->chunks); i++) {
        enum status status;

        if (chunks[i]->role != CHUNK_EXIDX)
            continue;
        status = read_chunk(link, chunks[i], err);
        if (status)
            return status;
        any = true;
    }
    return any ? add_gaps(link, err) : STATUS_OK;
}

/* ---- The order of code ---- */

static int compare_chunks(const void *a, const void *b)
{
    const struct chunk *first = (*(struct chunk *const *)a)->linked;
    const struct chunk *second = (*(struct chunk *const *)b)->linked;

    if (first->output->order != second->output->order)
        return first->output->order < second->output->order ? -1 : 1;
    if (first->offset != second->offset)
        return first->offset < second->offset ? -1 : 1;
    return (first->size > second->size) - (first->size < second->size);
}

static struct recipe recipe_of_last(const struct chunk *chunk)
{
    const struct relocation_list *list = &chunk->relocations;

    if (!chunk->object)
        return (struct recipe){.word = CANNOT_UNWIND};
    return (struct recipe){
        .is_distance = list->items[list->n_items - 1].offset == chunk->size - 4,
        .word = read_word(chunk->bytes.data + chunk->size - 4),
    };
}

static void leave_out(struct chunk *chunk)
{
    chunk->size = 0;
    chunk->bytes.size = 0;
    chunk->relocations.n_items = 0;
}

void exidx_sort(struct link *link)
{
    struct output *output = outputs_standard(link, RANK_EXIDX);
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &output->chunks);
    const size_t n_chunks = LIST_COUNT(struct chunk *, &output->chunks);
    struct recipe before = {.is_distance = true};

    if (n_chunks == 0)
        return;
    qsort(chunks, n_chunks, sizeof(struct chunk *), compare_chunks);
    for (size_t i = 0; i < n_chunks; i++) {
        struct recipe last;

        if (chunks[i]->size == 0)
            continue;
        last = recipe_of_last(chunks[i]);
        if (chunks[i]->size == ROW_SIZE && is_same(before, last))
            leave_out(chunks[i]);
        before = last;
    }
}

/* ---- Writing ---- */

static enum status write_gap(const struct link *link, const struct chunk *chunk,
                             struct error *err)
{
    const uint64_t distance =
        chunk_address(chunk->linked) - chunk_address(chunk);
    const uint32_t row[2] = {(uint32_t)distance & 0x7fffffff, CANNOT_UNWIND};

    if (!fits_signed(distance, 31))
        return error_set(err, STATUS_OUT_OF_RANGE,
                         "%s: code is more than 1 GiB from .ARM.exidx",
                         link->params->inputs[0].name);
    memcpy(chunk_bytes(link, chunk), row, sizeof(row));
    return STATUS_OK;
}

enum status exidx_write(const struct link *link, struct error *err)
{
    const struct output *output = outputs_standard(link, RANK_EXIDX);
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &output->chunks);

    for (size_t i = 0; i < LIST_COUNT(struct chunk *, &output->chunks); i++) {
        enum status status;

        if (chunks[i]->object || chunks[i]->size == 0)
            continue;
        status = write_gap(link, chunks[i], err);
        if (status)
            return status;
    }
    return STATUS_OK;
}
