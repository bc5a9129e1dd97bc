/* The best code after the baseline code: a second compile of the same request,
 * in the background.
 *
 *   this process   baseline code -> reply -> end
 *        |
 *        +- keeper     before the cage is closed: runs nothing of LLVM; waits,
 *        |             says when to begin, publishes what the other makes
 *        +- follower   once the modules are linked: the best code
 *
 * The follower is a copy of this process, so nothing is read or linked twice.
 * It is as caged as this one. That it may write no file but the one it has open
 * is why there is a keeper: that one checks the file before it replaces the
 * entry.
 *
 * Both are in sessions of their own and outlive the host. If one of them dies,
 * the other ends, the baseline entry stays, and a later launch tries again. If
 * LLVM fails, the entry is marked, so that no launch tries again. */
#ifndef BCC_TOOLS_LATER_H
#define BCC_TOOLS_LATER_H

#include <stdbool.h>

#include "request.h"
#include "span.h"

struct later {
    bool is_begun;
    int link_fd;  /* between follower and keeper */
    int first_fd; /* the keeper waits until no process has this */
    int output_fd;
    int reply_fd;
};

/* Start the keeper. False: the best code cannot be published later. */
bool later_begin(struct later *later, const struct request *request,
                 struct span identity);

/* The code that is made is the best: the keeper ends. */
void later_end(struct later *later);

/* Become two processes. True in the follower, when it may begin. */
bool later_branch(struct later *later);

/* Be the follower, in a process that makes no baseline code; ends it if others
 * have too much to do. */
void later_follow(struct later *later);

#endif
