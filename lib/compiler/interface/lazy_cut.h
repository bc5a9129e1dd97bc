/* A module that is compiled in pieces, each when a function in it is first
 * called.
 *
 *   root    all variables, constructors, and a stub for each function: the
 *           function's one address, a jump through a slot
 *   piece   some functions; what they refer to is the root's
 *
 * compile() makes either, from the same bitcode. */
#ifndef BCC_COMPILER_LAZY_CUT_H
#define BCC_COMPILER_LAZY_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

enum lazy_cut_kind { LAZY_ROOT, LAZY_PIECE };

/* The name by which a piece knows image address 0 of the root. */
#define LAZY_BASE_NAME ".lazy.base"

/* In the root: a struct lazy_head, and behind it a struct lazy_slot for each
 * function. Stubs are LAZY_STUB_SIZE bytes apart, in the same order. */
enum { LAZY_STUB_SIZE = 16 };

struct lazy_head {
    uint64_t context;
    uint64_t stubs;   /* address of the first */
    uint64_t imports; /* address of a table with the address of each */
    uint64_t base;    /* address of image address 0 */
};

struct lazy_slot {
    uint64_t code; /* where the stub jumps, with the slot's address in a
                      register that no call uses otherwise */
    uint64_t index;
};

struct lazy_alias {
    const char *name;
    const char *function;
};

/* Zeroed, apart from what the caller fills. compile() fills the lists, which
 * live in the arena, are sorted by name, and have no name twice. */
struct lazy_cut {
    enum lazy_cut_kind kind;
    struct arena *arena;

    /* Of a root, filled by the caller: what the slots and the head hold. */
    uint64_t enter;
    uint64_t context;
    /* By compile(): */
    const char *refusal; /* why the module is not compiled in pieces: compile()
                            is UNSUPPORTED then; else NULL */
    const char **functions; /* with stubs */
    size_t n_functions;
    struct lazy_alias *aliases; /* more names of these */
    size_t n_aliases;
    const char **whole; /* functions that the root has */
    size_t n_whole;
    const char **imports; /* what a piece may import from elsewhere */
    size_t n_imports;
    const char **declared; /* of these, what declarations name: may make a
                              shared library needed */
    size_t n_declared;

    /* Of a piece, filled by the caller. */
    const char *first; /* the function that is called */
    size_t budget;     /* at most so many functions that those before call */
    bool (*is_wanted)(const void *context, const char *name);
    const void *is_wanted_context;
    /* By compile(): */
    struct lazy_body *bodies;
    size_t n_bodies;
};

/* A function and the name of its code in the piece. */
struct lazy_body {
    const char *function;
    const char *name;
};

#endif
