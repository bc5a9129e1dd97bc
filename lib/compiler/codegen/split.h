/* Divides a large module into parts, which as many processes compile. */
#ifndef BCC_COMPILER_SPLIT_H
#define BCC_COMPILER_SPLIT_H

#include <llvm-c/Core.h>

#include "arena.h"
#include "error.h"

/* The part of each definition. Lives in the arena in which it was made; part
 * numbers count from 0. */
struct split {
    size_t n_parts;
    struct owner *owners; /* functions, then variables, in module order */
    size_t n_owners;
    struct owner **by_address; /* of functions */
    size_t n_functions;
};

/* The number of parts that a module is worth. It depends on the module's size
 * alone, so the result is the same on every machine. part_size:
 * instructions. */
size_t split_count(LLVMModuleRef module, size_t part_size);

/* Divide the module's definitions among at most n_parts parts, and make
 * definitions visible that several parts refer to. The result is one part if
 * they cannot be divided. NO_MEMORY. */
enum status split_plan(LLVMModuleRef module, size_t n_parts,
                       struct arena *arena, struct split *ret_split,
                       struct error *err) MUST_CHECK;

/* Copy the module as split_plan() left it, and its plan. The caller disposes of
 * the copy. NO_MEMORY. */
enum status split_copy(LLVMModuleRef module, const struct split *split,
                       struct arena *arena, LLVMModuleRef *ret_copy,
                       struct split *ret_split, struct error *err) MUST_CHECK;

/* Keep the definitions of one part, and declarations of those it refers to;
 * delete the rest. The module must be as split_plan() left it. NO_MEMORY. */
enum status split_keep(LLVMModuleRef module, const struct split *split,
                       size_t part, struct arena *arena,
                       struct error *err) MUST_CHECK;

#endif
