/* What LLVM's linker copies of a module: all of it, or what is asked for. */
#ifndef BCC_COMPILER_LINKAGE_H
#define BCC_COMPILER_LINKAGE_H

#include <stdbool.h>

#include <llvm-c/Core.h>

/* False for NULL, and for a body that only the optimiser may look at. */
bool linkage_is_definition(LLVMValueRef global);
bool linkage_is_local(LLVMValueRef global);

/* Copied only if something that is copied refers to it. Common variables have
 * no bodies to save and merge by size: left alone. */
void linkage_make_all_lazy(LLVMModuleRef module);

/* The reverse, of a definition that was made lazy: copied in any case. */
void linkage_make_wanted(LLVMValueRef global);

/* Is there nothing in dest that would win over a library's definition? C's
 * tentative definition gives way to a real one; no other does. */
bool linkage_takes(LLVMModuleRef dest, const char *name);

#endif
