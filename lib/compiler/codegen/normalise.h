/* Marks of front ends that the optimiser takes too literally. */
#ifndef BCC_COMPILER_NORMALISE_H
#define BCC_COMPILER_NORMALISE_H

#include <llvm-c/Core.h>

/* Replace SPIR's calling convention by C's, on functions and on calls. */
void normalise_conventions(LLVMModuleRef module);

/* Let functions of -fno-builtin libraries be inlined where that is harmless. */
void normalise_builtins(LLVMModuleRef module);

#endif
