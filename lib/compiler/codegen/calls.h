/* Calls, and calling conventions that are names for the target's own. */
#ifndef BCC_COMPILER_CALLS_H
#define BCC_COMPILER_CALLS_H

#include <stdbool.h>

#include <llvm-c/Core.h>

/* Does the instruction call something: a function or assembly? */
bool calls_is_call(LLVMValueRef instruction);

/* Replace SPIR's convention by C's, on functions and on calls. */
void calls_normalise(LLVMModuleRef module);

#endif
