/* The shared libraries that may define what the code lacks, opened before
 * there is code. */
#ifndef BCC_TOOLS_CANDIDATES_H
#define BCC_TOOLS_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "error.h"
#include "request.h"
#include "shared_library.h"

enum candidate_kind {
    CANDIDATE_REQUESTED,
    CANDIDATE_UNSEEN, /* requested, for another machine: a name alone */
    CANDIDATE_LIBC,   /* needs no library */
    CANDIDATE_DEFAULT /* asked only if something is lacking still */
};

struct candidate {
    struct candidate *next;
    enum candidate_kind kind;
    const char *name; /* what dlopen() is to be given */
    struct shared_library library;
};

/* In the order in which they are asked. A zeroed one is empty. */
struct candidates {
    struct candidate *first, **end;
    bool is_foreign; /* there is no libc for the machine */
};

/* Lives in arena, the libraries until the process ends. IO (a library that
 * was asked for is not there), UNSUPPORTED, CORRUPT (it is none), NO_MEMORY. */
enum status candidates_open(const struct request *request, struct arena *arena,
                            struct candidates *ret_candidates,
                            struct error *err) MUST_CHECK;

#endif
