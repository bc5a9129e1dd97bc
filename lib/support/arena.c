#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"

/* 64 KiB: one malloc() suffices for a typical script. */
enum { BLOCK_SIZE = 64 * 1024 };

struct arena_block {
    struct arena_block *next;
    alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

void arena_release(struct arena *arena)
{
    struct arena_block *block = arena->blocks;

    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena_init(arena);
}

void *arena_alloc(struct arena *arena, size_t n_items, size_t item_size)
{
    struct arena_block *block;
    size_t size, capacity;
    void *place;

    if (!checked_mul_size(n_items, item_size, &size) || size > SIZE_MAX / 2)
        return NULL;
    size = (size_t)align_up(size, alignof(max_align_t));
    if (!arena->blocks || size > arena->capacity - arena->used) {
        capacity = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = calloc(1, sizeof(*block) + capacity);
        if (!block)
            return NULL;
        block->next = arena->blocks;
        arena->blocks = block;
        arena->capacity = capacity;
        arena->used = 0;
    }
    place = arena->blocks->bytes + arena->used;
    arena->used += size;
    return place;
}

void *arena_extend(struct arena *arena, const void *list, size_t n,
                   size_t n_more, size_t item_size)
{
    void *longer = arena_alloc(arena, n + n_more + 1, item_size);

    if (longer && n > 0)
        memcpy(longer, list, n * item_size);
    return longer;
}

char *arena_copy_string(struct arena *arena, const char *text, size_t size)
{
    char *copy = size < SIZE_MAX ? arena_alloc(arena, size + 1, 1) : NULL;

    if (copy && size)
        memcpy(copy, text, size);
    return copy;
}
