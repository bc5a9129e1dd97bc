/* Counts of hits and misses of bcc run, in a file of the cache directory. */
#ifndef BCC_TOOL_COUNTERS_H
#define BCC_TOOL_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include <bcc/bcc.h>

enum {
    COUNTERS_SAMPLE = 16,  /* one in so many hits is counted */
    COUNTERS_REASONS = 128 /* places for BCC_REASON_... in the file */
};

struct counters {
    uint64_t since_s; /* seconds since 1970; 0: nothing was counted */
    uint64_t hits;    /* a multiple of COUNTERS_SAMPLE */
    uint64_t misses[COUNTERS_REASONS];
};

/* Count a launch. An unusable file is no error. */
void counters_note(const char *dir, const BCCReport *report);

/* Zeros if nothing was counted. */
void counters_read(const char *dir, struct counters *ret_counters);

/* Begin anew; false after a complaint. */
bool counters_zero(const char *dir);

#endif
