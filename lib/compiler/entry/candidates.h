/* Shared libraries that may define undefined symbols, opened before there is
 * code. */
#ifndef BCC_COMPILER_CANDIDATES_H
#define BCC_COMPILER_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "error.h"
#include "request.h"
#include "shared_library.h"

enum candidate_kind {
    CANDIDATE_REQUESTED,
    CANDIDATE_UNSEEN, /* requested, for another machine: only a name */
    CANDIDATE_LIBC,   /* its symbols need no library */
    CANDIDATE_DEFAULT /* asked only for symbols that are still undefined */
};

struct candidate {
    struct candidate *next;
    enum candidate_kind kind;
    const char *name; /* the name for dlopen() */
    struct shared_library library;
};

/* In the order in which they are searched. A zeroed struct is empty. */
struct candidates {
    struct candidate *first, **end;
    bool is_foreign; /* no libc for the machine was found */
};

/* Open the candidates. The list lives in arena. IO (a requested library does
 * not exist), UNSUPPORTED, CORRUPT (it is not a library), NO_MEMORY. */
enum status candidates_open(const struct request *request, struct arena *arena,
                            struct candidates *ret_candidates,
                            struct error *err) MUST_CHECK;
void candidates_close(struct candidates *candidates); /* also a zeroed one */

#endif
