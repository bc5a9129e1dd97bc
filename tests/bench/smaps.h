/* The memory that belongs to this process alone, from /proc/self/smaps. */
#ifndef BCC_BENCH_SMAPS_H
#define BCC_BENCH_SMAPS_H

#include "bench.h"

/* KiB. What is private and dirty is anonymous, but for pages of a file that the
 * disk does not have yet, as of a program that was just built: these are no
 * memory that the process costs. */
struct smaps {
    uint64_t anonymous, private_dirty, shared_dirty;
};

/* Of all mappings, before something is done that may take memory: what malloc
 * holds but nobody uses is given back first, or it would be taken from there
 * and not be seen. */
bool smaps_before(struct smaps *ret_sum);

/* Of all mappings. */
bool smaps_total(struct smaps *ret_sum);

/* Of the mappings of this file with exactly these permissions, "r-xp". */
bool smaps_of_file(const char *path, const char *permissions,
                   struct smaps *ret_sum);

#endif
