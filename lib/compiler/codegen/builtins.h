/* Letting functions of -fno-builtin libraries be inlined. */
#ifndef BCC_COMPILER_BUILTINS_H
#define BCC_COMPILER_BUILTINS_H

#include <llvm-c/Core.h>

void builtins_allow(LLVMModuleRef module);

#endif
