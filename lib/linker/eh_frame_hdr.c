/* .eh_frame_hdr is a table of the records in .eh_frame, sorted by address. An
 * unwinder finds the FDE of an address in it by binary search, without reading
 * .eh_frame from its start (Linux Standard Base, "Exception Frames"). Functions
 * without code, because all of it was unreachable, have no row: they have the
 * address of the next function, and would hide its row. */
#include "passes.h"

#include <stdlib.h>
#include <string.h>

static void write_word(uint8_t *bytes, uint32_t value)
{
    memcpy(bytes, &value, sizeof(value));
}

struct table_row {
    uint64_t function; /* image addresses */
    uint64_t fde;
};

static int compare_rows(const void *a, const void *b)
{
    const struct table_row *first = a;
    const struct table_row *second = b;

    if (first->function != second->function)
        return first->function < second->function ? -1 : 1;
    return first->fde < second->fde ? -1 : first->fde > second->fde;
}

static size_t add_rows(const struct chunk *chunk, struct table_row *rows)
{
    size_t n_rows = 0;

    for (size_t i = 0; i < chunk->eh_frame->n_records; i++) {
        const struct eh_record *record = &chunk->eh_frame->records[i];
        const struct symbol *symbol;

        if (!record->in_table)
            continue;
        /* The function is at S + A, whatever the encoding of the field. */
        symbol = chunk->object->symbols[record->function->symbol];
        rows[n_rows++] = (struct table_row){
            .function = symbol_definition_address(symbol) +
                        (uint64_t)record->function->addend,
            .fde = chunk_address(chunk) + record->new_offset,
        };
    }
    return n_rows;
}

static bool write_distance(uint8_t *place, uint64_t to, uint64_t from)
{
    const int64_t distance = (int64_t)(to - from);

    if (distance < INT32_MIN || distance > INT32_MAX)
        return false;
    write_word(place, (uint32_t)distance);
    return true;
}

/*   1    version
 *   1b   encoding of the next field: PC-relative, signed, 4 bytes
 *   03   encoding of the count: 4 bytes
 *   3b   encoding of the table: relative to .eh_frame_hdr, signed, 4 bytes
 *   address of .eh_frame, count, (function, FDE) ...                      */
static bool write_table(uint8_t *bytes, uint64_t table, uint64_t eh_frame,
                        const struct table_row *rows, size_t n_rows)
{
    static const uint8_t head[4] = {0x01, 0x1b, 0x03, 0x3b};

    memcpy(bytes, head, sizeof(head));
    if (!write_distance(bytes + 4, eh_frame, table + 4))
        return false;
    write_word(bytes + 8, (uint32_t)n_rows);
    for (size_t i = 0; i < n_rows; i++) {
        uint8_t *row =
            bytes + EH_FRAME_HDR_HEAD_SIZE + i * EH_FRAME_HDR_ROW_SIZE;

        if (!write_distance(row, rows[i].function, table) ||
            !write_distance(row + 4, rows[i].fde, table))
            return false;
    }
    return true;
}

enum status eh_frame_hdr_write(const struct link *link, struct error *err)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->chunks);
    const struct chunk *table = link->eh_frame_hdr;
    struct table_row *rows;
    size_t n_rows = 0;
    bool in_reach;

    if (table->size == 0)
        return STATUS_OK;
    /* One more row, so that calloc() is never asked for 0 bytes. */
    rows = calloc((size_t)(table->size / EH_FRAME_HDR_ROW_SIZE), sizeof(*rows));
    if (!rows)
        return error_no_memory(err);
    for (size_t i = 0; i < LIST_COUNT(struct chunk *, &link->chunks); i++)
        if (chunks[i]->eh_frame)
            n_rows += add_rows(chunks[i], rows + n_rows);
    qsort(rows, n_rows, sizeof(*rows), compare_rows);
    in_reach = write_table(chunk_bytes(link, table), chunk_address(table),
                           link->eh_frame_end->output->address, rows, n_rows);
    free(rows);
    return in_reach
               ? STATUS_OK
               : error_set(err, STATUS_OUT_OF_RANGE,
                           "%s: code is more than 2 GiB from .eh_frame_hdr",
                           link->params->inputs[0].name);
}
