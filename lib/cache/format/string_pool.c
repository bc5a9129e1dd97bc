/* An open-addressing hash table of strings that lie in one buffer. Slots hold
 * indexes, not pointers, so that the buffer may move. Each slot also holds the
 * hash: it saves most comparisons, and all of them when the table grows. */
#include "string_pool.h"

#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_cache.h>

#include "checksum.h"

enum { FIRST_SLOTS = 1024 };

void string_pool_init(struct string_pool *pool)
{
    *pool = (struct string_pool){0};
    buffer_init(&pool->rows);
    buffer_init(&pool->bytes);
}

void string_pool_release(struct string_pool *pool)
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

/* The slot that holds text, or the free one where it belongs. */
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
    /* With the rows before them, the last byte must still have an offset. */
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

enum status string_pool_add(struct string_pool *pool, const char *text,
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

const char *string_pool_text(const struct string_pool *pool, uint32_t index)
{
    return (const char *)pool->bytes.data +
           obcc_get32(row_at(pool, index)->offset);
}

uint32_t string_pool_offset(const struct string_pool *pool, uint32_t index)
{
    return (uint32_t)(sizeof(struct obcc_list) + pool->rows.size) +
           obcc_get32(row_at(pool, index)->offset);
}

void string_pool_write(const struct string_pool *pool, struct buffer *out)
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
