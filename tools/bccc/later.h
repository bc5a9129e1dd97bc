/* The best code after the baseline code: a second compile of the same request,
 * in the background.
 *
 *   this process   baseline code -> reply -> end
 *        |
 *        +- keeper     forked before the cage is closed; runs no code of LLVM;
 *        |             tells the follower to begin, and publishes its file
 *        +- follower   forked once the modules are linked; makes the best code
 *
 * The follower is a copy of this process, so nothing is read or linked twice.
 * It is in the cage like this one. It may only write to the file that it has
 * open; so the keeper checks that file and replaces the entry.
 *
 * Both are in sessions of their own and outlive the host. If one of them dies,
 * the other ends, the baseline entry stays, and a later launch tries again. If
 * LLVM fails, the entry is marked, so that no launch tries again. */
#ifndef BCC_TOOLS_LATER_H
#define BCC_TOOLS_LATER_H

#include <stdbool.h>

#include "inputs.h"
#include "request.h"
#include "span.h"

struct later {
    bool is_begun;
    int link_fd;  /* between follower and keeper */
    int first_fd; /* the keeper waits until this is closed in all processes */
    int output_fd;
    int reply_fd;
};

/* Start the keeper. False: the best code cannot be published later. */
bool later_begin(struct later *later, const struct request *request,
                 struct span identity, const struct inputs *inputs);

/* Make the keeper end: the host gets the best code at once. */
void later_end(struct later *later);

/* Fork the follower. True in the follower, when it may begin. */
bool later_branch(struct later *later);

/* Become the follower, in a process that makes no baseline code. Ends the
 * process if the queue is full. */
void later_follow(struct later *later);

#endif
