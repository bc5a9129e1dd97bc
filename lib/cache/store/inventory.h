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

/* Fates of an entry when the directory is pruned. */
enum inventory_fate {
    INVENTORY_STAYS,   /* or was used or replaced meanwhile */
    INVENTORY_REMOVED, /* or is chosen for removal */
    INVENTORY_GONE,    /* removed by another process */
    INVENTORY_FAILED
};

struct inventory_entry {
    size_t name_offset; /* in names */
    uint64_t size;      /* bytes of the file */
    uint64_t disk_size; /* disk space, in bytes */
    int64_t used_s;     /* last use, to the hour: see entry_use.h */
    bool is_index;
    enum inventory_fate fate;
};

struct inventory {
    int dir_fd;
    struct inventory_entry *entries;
    size_t n_entries;
    size_t n_indexes;    /* of the entries */
    struct buffer names; /* file names, each with its NUL */
    uint64_t size;       /* of all entries */
    uint64_t disk_size;
};

/* The entries (regular files NAME.oBCC, NAME.iBCC) of a directory, by name. If
 * there is no such directory: no entries, and descriptor -1. Errors: IO,
 * NO_MEMORY. Release it with inventory_release(). */
enum status inventory_read(const char *dir, struct inventory *ret_inventory,
                           struct error *err) MUST_CHECK;
void inventory_release(struct inventory *inventory);

/* The file's name, borrowed. */
const char *inventory_name(const struct inventory *inventory, size_t i);

/* Sort by last use, oldest first, then by name. */
void inventory_sort_by_use(struct inventory *inventory);

#endif
