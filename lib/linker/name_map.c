#include "name_map.h"

#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "span.h"

struct name_slot {
    const char *name; /* NULL: free */
    uint64_t hash;
    void *value;
};

enum { FIRST_SLOTS = 256 };

static uint64_t hash_of(const char *name)
{
    return checksum_xxh3((struct span){(const uint8_t *)name, strlen(name)});
}

/* The slot of name, or the free one where it belongs. There is always a free
 * slot: the table is at most half full. */
static struct name_slot *probe(const struct name_map *map, const char *name,
                               uint64_t hash)
{
    const size_t mask = map->n_slots - 1;
    size_t index = (size_t)hash & mask;

    for (;; index = (index + 1) & mask) {
        struct name_slot *slot = &map->slots[index];

        if (!slot->name ||
            (slot->hash == hash && strcmp(slot->name, name) == 0))
            return slot;
    }
}

static int grow(struct name_map *map)
{
    struct name_map larger = {
        .n_slots = map->n_slots ? map->n_slots * 2 : FIRST_SLOTS,
        .n_used = map->n_used,
    };

    larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
    if (!larger.slots)
        return -1;
    for (size_t i = 0; i < map->n_slots; i++) {
        const struct name_slot *slot = &map->slots[i];

        if (slot->name)
            *probe(&larger, slot->name, slot->hash) = *slot;
    }
    free(map->slots);
    *map = larger;
    return 0;
}

void name_map_init(struct name_map *map)
{
    *map = (struct name_map){0};
}

void name_map_release(struct name_map *map)
{
    free(map->slots);
    name_map_init(map);
}

void *name_map_find(const struct name_map *map, const char *name)
{
    return map->n_slots ? probe(map, name, hash_of(name))->value : NULL;
}

void **name_map_insert(struct name_map *map, const char *name)
{
    const uint64_t hash = hash_of(name);
    struct name_slot *slot;

    if (map->n_used * 2 >= map->n_slots && grow(map))
        return NULL;
    slot = probe(map, name, hash);
    if (!slot->name) {
        slot->name = name;
        slot->hash = hash;
        map->n_used++;
    }
    return &slot->value;
}
