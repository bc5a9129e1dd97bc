/* Calling conventions that are names for the target's own. */
#ifndef BCC_COMPILER_CALLS_H
#define BCC_COMPILER_CALLS_H

#include <llvm-c/Core.h>

/* Replace SPIR's convention by C's, on functions and on calls. */
void calls_normalise(LLVMModuleRef module);

#endif
