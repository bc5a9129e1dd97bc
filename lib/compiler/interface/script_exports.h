/* The exports of a script, and what it says about itself. */
#ifndef BCC_COMPILER_SCRIPT_EXPORTS_H
#define BCC_COMPILER_SCRIPT_EXPORTS_H

#include "arena.h"
#include "cache_write.h"

/* A reduction in RenderScript's form. A name is NULL if there is no such
 * function. */
struct script_reduction {
    const char *name;
    uint32_t size; /* of an accumulator, bytes */
    uint32_t bits; /* of the accumulating kernel, as in #rs_export_reduce; 0: it
                      is a kernel of the script */
    const char *accumulator, *initializer, *combiner, *outconverter;
};

/* Lists are in metadata order and live in arena. */
struct script_exports {
    struct arena *arena;
    struct cache_symbol *vars;
    size_t n_vars;
    struct cache_symbol *funcs;
    size_t n_funcs;
    struct cache_symbol *foreachs;
    size_t n_foreachs;
    struct cache_pragma *pragmas;
    size_t n_pragmas;
    uint32_t *object_slots;
    size_t n_object_slots;
    struct script_reduction *reductions;
    size_t n_reductions;
};

#endif
