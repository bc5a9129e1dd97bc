/* Pointers to nested functions, without an executable stack. */
#ifndef BCC_COMPILER_TRAMPOLINES_H
#define BCC_COMPILER_TRAMPOLINES_H

#include <llvm-c/Core.h>

/* Replace LLVM's intrinsics for trampolines. Optimised modules: LLVM knows how
 * to do without some of them. */
void trampolines_lower(LLVMModuleRef module);

#endif
