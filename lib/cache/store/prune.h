/* Bounding a cache directory: the least recently used entries are removed.
 *
 * Many processes write to the directory, and anyone may copy files into it, so
 * no exact count exists, and counting again takes time that grows with the
 * directory. So there are two parts:
 *
 *   prune_note_entry()  after each publish, in the process that missed: appends
 * a record to the file ".size" and adds up the records, in some microseconds.
 * Returns whether the other part is due. prune_directory()   in a process of
 * its own, with one thread: reads the sizes of all entries, removes from the
 * oldest on, and writes the true sum as the first record of a new ".size".
 *
 * Records are appended with O_APPEND and without a lock. Records may be lost or
 * counted twice (an entry that replaces another). The next run of
 * prune_directory() corrects this, at the latest after PRUNE_MAX_RECORDS
 * publishes.
 *
 * An entry used in the last hour is never removed, even if the directory stays
 * above its limit. (Removing it would not harm running programs, because mapped
 * files stay.) If a directory could not be brought below its limit, the next
 * run comes PRUNE_PAUSE_S seconds later. */
#ifndef BCC_CACHE_PRUNE_H
#define BCC_CACHE_PRUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "inventory.h"

#define PRUNE_NOTES_NAME    ".size"
#define PRUNE_DEFAULT_LIMIT (UINT64_C(1) << 30)
#define PRUNE_NO_LIMIT      UINT64_MAX

enum {
    PRUNE_PAUSE_S = 300,
    /* 64 KiB of records: reading them takes about 20 us. */
    PRUNE_MAX_RECORDS = 4096
};

/* "1073741824", "512M" (K, M, G, T: powers of 1024), "none". */
bool prune_parse_limit(const char *text, uint64_t *ret_limit);

/* Note that an entry of this size was published in the directory. True if it is
 * time for prune_directory(). Failures are ignored. */
bool prune_note_entry(int dir_fd, uint64_t disk_size, uint64_t limit);

/* The same in two steps, for a process that opens no files later. The caller
 * closes the descriptor; -1: there will be no note. */
int prune_open_notes(int dir_fd);
bool prune_note(int notes_fd, uint64_t disk_size, uint64_t limit);

struct prune_result {
    size_t n_removed, n_failed;
    uint64_t freed;  /* disk space, bytes */
    uint64_t left;   /* disk space of the remaining entries, bytes */
    size_t n_left;   /* remaining entries */
    size_t n_in_use; /* of these: kept because in use, although above the
                        limit */
};

/* Called for each entry that is removed, or would be; may be NULL. */
typedef void (*prune_visit_fn)(void *context, const char *name,
                               const struct inventory_entry *entry);

struct prune_options {
    uint64_t limit; /* bytes of disk */
    bool dry_run;   /* remove nothing, only report */
    prune_visit_fn visit;
    void *context;
};

/* Remove entries above the limit, and a tenth of the limit more, so that the
 * next run is not soon. Errors: IO, NO_MEMORY. */
enum status prune_directory(const char *dir,
                            const struct prune_options *options,
                            struct prune_result *ret_result,
                            struct error *err) MUST_CHECK;

#endif
