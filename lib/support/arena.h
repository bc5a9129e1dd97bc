/* Many small objects with the same lifetime: allocated one by one, freed
 * together. */
#ifndef BCC_SUPPORT_ARENA_H
#define BCC_SUPPORT_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t used;
    size_t capacity;
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);

/* Zeroed memory for n_items of item_size, aligned for any type; NULL if there
 * is none (also when the product overflows). Valid until arena_release(). */
void *arena_alloc(struct arena *arena, size_t n_items, size_t item_size);

/* A copy of a list of n items with room for n_more and one to spare, zeroed;
 * NULL if there is no memory. */
void *arena_extend(struct arena *arena, const void *list, size_t n,
                   size_t n_more, size_t item_size);

/* A NUL-terminated copy of size bytes; NULL if there is no memory. */
char *arena_copy_string(struct arena *arena, const char *text, size_t size);

#endif
