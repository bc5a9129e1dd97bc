/* How far a function reaches through a pointer. */
#ifndef BCC_COMPILER_ACCESS_EXTENT_H
#define BCC_COMPILER_ACCESS_EXTENT_H

#include <stdint.h>

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

/* The bytes behind the pointer that are read and written at constant offsets,
 * or the size of the struct that it points into, whichever is more; at least
 * 1. What called functions do with the pointer is not seen. *ret_align: what
 * the pointer must be a multiple of for them; 1 if the function looks at the
 * address itself, because code may then depend on it. */
uint64_t access_extent(LLVMValueRef pointer, LLVMTargetDataRef layout,
                       uint64_t *ret_align);

#endif
