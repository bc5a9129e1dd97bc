/* Progress of long work, on standard error. Used from one thread at a time. */
#ifndef BCC_TOOL_PROGRESS_H
#define BCC_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- Items ---- */

/* A line that is rewritten on a terminal; elsewhere a line for each item. */
struct progress {
    bool on_terminal;
    size_t done;
    size_t total;
    uint64_t weight_done, weight; /* of items; basis of the remaining time */
    uint64_t start_ns;
};

/* Announce an item. Announce all of them, then begin. */
void progress_add(struct progress *progress, uint64_t weight);
void progress_begin(struct progress *progress);
/* An item is done; outcome is a word or two about it. */
void progress_step(struct progress *progress, const char *item, uint64_t weight,
                   const char *outcome);
/* Clear the line, so that something else can be printed. */
void progress_clear(const struct progress *progress);
/* On a terminal: replace the line. The end of the item is shown, as much as
 * fits between before and after. */
void progress_print(FILE *file, const char *before, const char *item,
                    const char *after);
/* Erase that line. */
void progress_erase(FILE *file);
double progress_seconds(const struct progress *progress);

/* ---- A launch that waits ---- */

/* If standard error is a terminal: from one second from now on, show that the
 * file is being compiled. Ignored if such a line is shown already. */
void waiting_begin(const char *path);

/* Remove the line, if it is there, and end its thread. Call this before any
 * code of the program runs. Idempotent. */
void waiting_end(void);

#endif
