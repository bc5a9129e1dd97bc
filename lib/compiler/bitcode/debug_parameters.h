/* What debug information says of a function's parameters. */
#ifndef BCC_COMPILER_DEBUG_PARAMETERS_H
#define BCC_COMPILER_DEBUG_PARAMETERS_H

#include <stdbool.h>
#include <stdint.h>

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

#include "buffer.h"

/* Append the names with ' ' between. False: unknown, nothing was appended. */
bool debug_append_parameter_names(struct buffer *out, LLVMValueRef function,
                                  LLVMTargetDataRef layout);

/* Bytes of what the parameter points to; 0: unknown. */
uint64_t debug_pointee_size(LLVMValueRef function, unsigned parameter,
                            LLVMTargetDataRef layout);

#endif
