/* Which runtime libraries can be cut into closures. */
#ifndef BCC_COMPILER_PLAIN_LIBRARY_H
#define BCC_COMPILER_PLAIN_LIBRARY_H

#include <stdbool.h>

#include <llvm-c/Core.h>

/* Is linking closures of it the same as linking it? */
bool plain_library_is(LLVMModuleRef module);

#endif
