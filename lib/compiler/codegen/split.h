/* Divides a large module into several, which as many processes compile. */
#ifndef BCC_COMPILER_SPLIT_H
#define BCC_COMPILER_SPLIT_H

#include <llvm-c/Core.h>

#include "arena.h"
#include "error.h"

/* Who has which definition. Lives in the arena it was made in; part numbers
 * count from 0. */
struct split {
    size_t n_parts;
    struct owner *owners; /* functions, then variables, in module order */
    size_t n_owners;
    struct owner **by_address; /* of functions */
    size_t n_functions;
};

/* How many parts a module is worth: a matter of its size alone, so that what
 * comes out is the same on every machine. part_size: instructions. */
size_t split_count(LLVMModuleRef module, size_t part_size);

/* Divide the module's definitions among at most n_parts parts, and make those
 * that several parts refer to visible to them. One part comes out if they
 * cannot be told apart. NO_MEMORY. */
enum status split_plan(LLVMModuleRef module, size_t n_parts,
                       struct arena *arena, struct split *ret_split,
                       struct error *err) MUST_CHECK;

/* Copy the module as split_plan() left it, and the plan for the copy, which the
 * caller disposes. NO_MEMORY. */
enum status split_copy(LLVMModuleRef module, const struct split *split,
                       struct arena *arena, LLVMModuleRef *ret_copy,
                       struct split *ret_split, struct error *err) MUST_CHECK;

/* Leave one part of the module, and declarations of what that refers to. Must
 * be the module as split_plan() left it. NO_MEMORY. */
enum status split_keep(LLVMModuleRef module, const struct split *split,
                       size_t part, struct arena *arena,
                       struct error *err) MUST_CHECK;

#endif
