/* Cuts a module as struct lazy_cut says: cut_root.c and cut_piece.c. */
#ifndef BCC_COMPILER_CUT_MODULE_H
#define BCC_COMPILER_CUT_MODULE_H

#include "lazy_cut.h"
#include "llvm_glue.h"

/* The module was read, with the bodies of functions still unread. What is left
 * of it is to be linked into an empty module. UNSUPPORTED: see
 * lazy_cut.refusal; NO_MEMORY, COMPILE. */
enum status cut_module(struct glue *glue, LLVMModuleRef module,
                       const char *name, struct lazy_cut *cut,
                       struct error *err) MUST_CHECK;

/* In the module into which it was linked, once its declarations are visible. */
void cut_settle(LLVMModuleRef module, const struct lazy_cut *cut);

#endif
