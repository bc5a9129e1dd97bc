/* The strings of a file. Each is stored once and named by its index. */
#ifndef BCC_CACHE_STRING_POOL_H
#define BCC_CACHE_STRING_POOL_H

#include <stdint.h>

#include "buffer.h"
#include "error.h"

struct string_pool {
    struct buffer rows;  /* struct obcc_string; offset: from first text byte */
    struct buffer bytes; /* the strings, each with its NUL */
    uint32_t *slots;     /* hash table of string index + 1, 0: free */
    uint32_t *hashes;    /* of the string in the slot */
    size_t n_slots;      /* a power of two, more than twice the strings */
    size_t n_strings;
};

void string_pool_init(struct string_pool *pool);
void string_pool_release(struct string_pool *pool);

/* Index of text, which is added if it is not there. Indexes count up from 0 in
 * order of first use. NO_MEMORY, UNSUPPORTED (4 GiB of strings). */
enum status string_pool_add(struct string_pool *pool, const char *text,
                            uint32_t *ret_index, struct error *err) MUST_CHECK;

/* The string of that index. */
const char *string_pool_text(const struct string_pool *pool, uint32_t index);

/* Where in the section the string of that index will be, if no more are
 * added. */
uint32_t string_pool_offset(const struct string_pool *pool, uint32_t index);

/* Append the pool as a section: list, rows, bytes. */
void string_pool_write(const struct string_pool *pool, struct buffer *out);

#endif
