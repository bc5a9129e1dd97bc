#include "linkage.h"

#include "llvm_glue.h"

bool linkage_is_definition(LLVMValueRef global)
{
    return global && !LLVMIsDeclaration(global) &&
           LLVMGetLinkage(global) != LLVMAvailableExternallyLinkage;
}

bool linkage_is_local(LLVMValueRef global)
{
    LLVMLinkage linkage = LLVMGetLinkage(global);

    return linkage == LLVMInternalLinkage || linkage == LLVMPrivateLinkage;
}

static void make_lazy(LLVMValueRef global)
{
    switch (LLVMGetLinkage(global)) {
    case LLVMExternalLinkage:
    case LLVMWeakODRLinkage:
        LLVMSetLinkage(global, LLVMLinkOnceODRLinkage);
        break;
    case LLVMWeakAnyLinkage:
        LLVMSetLinkage(global, LLVMLinkOnceAnyLinkage);
        break;
    default:
        break;
    }
}

/* No lookups by name: a module may have 20,000 definitions. */
void linkage_make_all_lazy(LLVMModuleRef module)
{
    LLVMValueRef at = NULL;

    while ((at = glue_next_global(module, at)))
        if (linkage_is_definition(at) && !LLVMIsAGlobalIFunc(at))
            make_lazy(at);
}

void linkage_make_wanted(LLVMValueRef global)
{
    if (LLVMGetLinkage(global) == LLVMLinkOnceODRLinkage)
        LLVMSetLinkage(global, LLVMExternalLinkage);
    else if (LLVMGetLinkage(global) == LLVMLinkOnceAnyLinkage)
        LLVMSetLinkage(global, LLVMWeakAnyLinkage);
}

bool linkage_takes(LLVMModuleRef dest, const char *name)
{
    LLVMValueRef present = glue_find_global(dest, name);

    return !linkage_is_definition(present) ||
           LLVMGetLinkage(present) == LLVMCommonLinkage;
}
