/* Shared libraries of a compile: the candidates that may define undefined
 * symbols, the names that they take from a program, and those that the code
 * needs. */
#ifndef BCC_COMPILER_CANDIDATES_H
#define BCC_COMPILER_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "error.h"
#include "link_image.h"
#include "request.h"
#include "shared_library.h"

/* ---- Candidates, opened before the process may open no file any more ---- */

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

/* ---- Names that libraries take from a program that defines them ---- */

/* Set request->uses. Lives in arena. NO_MEMORY. */
enum status uses_find(struct request *request,
                      const struct candidates *candidates, struct arena *arena,
                      struct error *err) MUST_CHECK;

/* ---- The libraries that the code needs, and the symbols from each ---- */

struct needed {
    const char **library; /* names for dlopen(), in order */
    size_t n_libraries;
    uint32_t *of_import; /* for each import: 1 + index into library, or
                            OBCC_NO_LIBRARY, OBCC_ANY_LIBRARY */
};

/* Find the needed libraries. The result lives in arena, like the candidates.
 * name is the script's. UNSUPPORTED (too many, or thread-local on one side
 * only), NO_MEMORY. */
enum status needed_find(const struct candidates *candidates,
                        const struct link_result *link, const char *name,
                        struct arena *arena, struct needed *ret_needed,
                        struct error *err) MUST_CHECK;

/* Find for each import whether all candidates lack it. */
enum status needed_lack(const struct candidates *candidates,
                        const struct link_result *link, struct arena *arena,
                        bool *ret_lacks, struct error *err) MUST_CHECK;

/* malloc() and its relatives: libraries use those of the process. */
bool needed_is_allocator(const char *name);

#endif
