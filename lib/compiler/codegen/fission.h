/* Work items that wait for each other at barriers, in one thread. */
#ifndef BCC_COMPILER_FISSION_H
#define BCC_COMPILER_FISSION_H

#include <stdbool.h>
#include <stdint.h>

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

/* The expanded form of a kernel, with the kernel inlined. */
struct fission {
    LLVMValueRef form;
    LLVMValueRef x; /* the loop's, a phi in its first block */
    LLVMTargetDataRef layout;
    bool (*is_barrier)(LLVMValueRef call);
};

/* Divide the loop at each barrier. Returns NULL, and the bytes that each item
 * needs in the frame's private memory; or why it cannot be done: then the form
 * is spoilt. */
const char *fission_make(const struct fission *fission, uint64_t *ret_private);

#endif
