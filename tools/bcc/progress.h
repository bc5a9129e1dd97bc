/* Progress of long work, on standard error. Used from one thread at a time. */
#ifndef BCC_TOOL_PROGRESS_H
#define BCC_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- Items ---- */

/* On a terminal one line that is rewritten, elsewhere one line for each item.
 */
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
/* On a terminal: write a line over the one that is there, before and after
 * around as much of the item's end as fits. */
void progress_print(FILE *file, const char *before, const char *item,
                    const char *after);
/* Erase that line. */
void progress_erase(FILE *file);
double progress_seconds(const struct progress *progress);

/* ---- A launch that waits ---- */

/* If standard error is a terminal: from one second from now on, show that the
 * file is being compiled. Ignored if it is waited for already. */
void waiting_begin(const char *path);

/* Remove the line, if it is there. Idempotent. Before any code of the program
 * runs: a thread ends here. */
void waiting_end(void);

#endif
