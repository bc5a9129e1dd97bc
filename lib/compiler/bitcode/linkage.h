/* Decides whether LLVM's linker copies all of a module, or only needed
 * definitions. */
#ifndef BCC_COMPILER_LINKAGE_H
#define BCC_COMPILER_LINKAGE_H

#include <stdbool.h>

#include <llvm-c/Core.h>

/* False for NULL, and for a definition that only the optimiser may use
 * (available_externally). */
bool linkage_is_definition(LLVMValueRef global);
bool linkage_is_local(LLVMValueRef global);

/* Make LLVM's linker copy each definition only if a copied one refers to it.
 * Common variables are not changed: they have no bodies to save, and merge by
 * size. */
void linkage_make_all_lazy(LLVMModuleRef module);

/* Make the linker copy a lazy definition in any case. */
void linkage_make_wanted(LLVMValueRef global);

/* Would the definition of a library be used, because dest has none that is
 * preferred? Only C's tentative definitions give way to a later one. */
bool linkage_takes(LLVMModuleRef dest, const char *name);

#endif
