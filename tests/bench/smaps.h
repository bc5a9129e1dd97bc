/* What memory of this process is its own, by /proc/self/smaps. */
#ifndef BCC_BENCH_SMAPS_H
#define BCC_BENCH_SMAPS_H

#include "bench.h"

/* KiB. */
struct smaps {
    uint64_t private_dirty, private_clean, shared_dirty, shared_clean;
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
