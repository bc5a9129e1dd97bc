#include "cut_module.h"

#include <string.h>

#include "cut_steps.h"

enum status cut_module(struct glue *glue, LLVMModuleRef module,
                       const char *name, struct lazy_cut *cut,
                       struct error *err)
{
    cut_name_all(module);
    return cut->kind == LAZY_ROOT ? cut_root(glue, module, name, cut, err)
                                  : cut_piece(glue, module, name, cut, err);
}

/* Stubs are in the same image: code need not ask a table for them. What a piece
 * registers to be called at the end is the root's to call. */
void cut_settle(LLVMModuleRef module, const struct lazy_cut *cut)
{
    LLVMValueRef handle = LLVMGetNamedGlobal(module, "__dso_handle");

    for (size_t i = 0; i < cut->n_functions; i++) {
        LLVMValueRef at = LLVMGetNamedFunction(module, cut->functions[i]);

        if (at)
            LLVMSetVisibility(at, LLVMHiddenVisibility);
    }
    if (cut->kind == LAZY_PIECE && handle) {
        LLVMSetValueName2(handle, LAZY_BASE_NAME, strlen(LAZY_BASE_NAME));
        LLVMSetVisibility(handle, LLVMDefaultVisibility);
    }
}
