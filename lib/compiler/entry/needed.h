/* The shared libraries that the code needs, and the symbols from each. */
#ifndef BCC_COMPILER_NEEDED_H
#define BCC_COMPILER_NEEDED_H

#include <stdbool.h>

#include "arena.h"
#include "candidates.h"
#include "error.h"
#include "link_image.h"

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
