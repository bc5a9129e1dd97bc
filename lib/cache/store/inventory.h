/* The contents of a cache directory: size and last use of each entry, and of
 * each index of a runtime library, which counts as an entry here.
 *
 * Only names and stats are read; no entry is opened. 100,000 entries take some
 * tenths of a second. Tools and pruning use this; a launch never does. */
#ifndef BCC_CACHE_INVENTORY_H
#define BCC_CACHE_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "error.h"

/* What becomes of an entry when the directory is bounded. */
enum inventory_fate {
    INVENTORY_STAYS,   /* also: was used or replaced in the meantime */
    INVENTORY_REMOVED, /* or chosen to be */
    INVENTORY_GONE,    /* another removed it */
    INVENTORY_FAILED
};

struct inventory_entry {
    size_t name_offset; /* in names */
    uint64_t size;      /* bytes of the file */
    uint64_t disk_size; /* bytes that it takes of the disk */
    int64_t used_s;     /* last use, to the hour: see entry_use.h */
    bool is_index;
    enum inventory_fate fate;
};

struct inventory {
    int dir_fd;
    struct inventory_entry *entries;
    size_t n_entries;
    size_t n_indexes;    /* of them */
    struct buffer names; /* each with its NUL */
    uint64_t size;       /* of all entries */
    uint64_t disk_size;
};

/* The entries (regular files NAME.oBCC, NAME.iBCC) of a directory, by name;
 * none, and -1 for its descriptor, if there is no such directory. Errors: IO,
 * NO_MEMORY. Release it with inventory_release(). */
enum status inventory_read(const char *dir, struct inventory *ret_inventory,
                           struct error *err) MUST_CHECK;
void inventory_release(struct inventory *inventory);

/* The file's name, borrowed. */
const char *inventory_name(const struct inventory *inventory, size_t i);

/* Sort by last use, the longest ago first; by name where that is equal. */
void inventory_sort_by_use(struct inventory *inventory);

#endif
