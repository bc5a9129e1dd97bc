/* Strings to pointers: symbols, COMDAT groups, output sections.
 *
 * Open addressing with linear probing; a module of 100,000 functions must not
 * be quadratic anywhere. A map is never iterated, because the order would
 * depend on hashes; a caller that needs an order keeps a list. */
#ifndef BCC_LINKER_NAME_MAP_H
#define BCC_LINKER_NAME_MAP_H

#include <stddef.h>
#include <stdint.h>

struct name_slot;

struct name_map {
    struct name_slot *slots;
    size_t n_slots; /* 0 or a power of two */
    size_t n_used;
};

void name_map_init(struct name_map *map);
void name_map_release(struct name_map *map);

/* The value of name, or NULL. */
void *name_map_find(const struct name_map *map, const char *name);

/* The place of name's value. It holds NULL for a new name, and the caller sets
 * it. Borrows name. Valid until the next insertion; NULL if there is no
 * memory. */
void **name_map_insert(struct name_map *map, const char *name);

#endif
