/* Decides whether LLVM's linker copies all of a module, or only needed
 * definitions. */
#ifndef BCC_COMPILER_LINKAGE_H
#define BCC_COMPILER_LINKAGE_H

#include <stdbool.h>

#include <llvm-c/Core.h>

/* False for NULL, and for a body that only the optimiser may use. */
bool linkage_is_definition(LLVMValueRef global);
bool linkage_is_local(LLVMValueRef global);

/* Makes the linker copy the definition only if a copied one refers to it.
 * Common variables stay, because they have no bodies to save and merge by
 * size. */
void linkage_make_all_lazy(LLVMModuleRef module);

/* The reverse for a definition that was made lazy: copied in any case. */
void linkage_make_wanted(LLVMValueRef global);

/* Would a library's definition be used, because dest has none that wins? C's
 * tentative definition gives way to a real one; no other does. */
bool linkage_takes(LLVMModuleRef dest, const char *name);

#endif
