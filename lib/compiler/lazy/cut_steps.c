/* LLVM reads the bodies of functions when they are needed. A body that is never
 * needed costs nothing, so all functions but the wanted ones become
 * declarations before theirs was read: they get the linkage
 * available_externally, which means that another file has the definition, and
 * a pass of LLVM drops such definitions.
 *
 * A function that already has a body is one whose labels are in a variable's
 * initialiser (computed goto): the reader must know its blocks. */
#include "cut_steps.h"

#include <stdio.h>
#include <string.h>

#include <llvm-c/Comdat.h>

void cut_name_all(LLVMModuleRef module)
{
    LLVMValueRef at = NULL;
    char name[32];
    size_t n = 0;

    for (; (at = glue_next_global(module, at)); n++)
        if (!*glue_name(at)) {
            snprintf(name, sizeof(name), ".unnamed.%zu", n);
            LLVMSetValueName2(at, name, strlen(name));
        }
}

LLVMValueRef cut_alias_base(LLVMValueRef alias)
{
    LLVMValueRef at = alias;

    while (at && (LLVMIsAGlobalAlias(at) || !LLVMIsAGlobalValue(at)))
        at = LLVMIsAGlobalAlias(at)       ? LLVMAliasGetAliasee(at)
             : LLVMGetNumOperands(at) > 0 ? LLVMGetOperand(at, 0)
                                          : NULL;
    return at;
}

void cut_replace_alias(LLVMValueRef alias)
{
    LLVMReplaceAllUsesWith(alias, LLVMAliasGetAliasee(alias));
    LLVMSetValueName2(alias, "", 0);
    LLVMSetLinkage(alias, LLVMInternalLinkage);
}

bool cut_has_body(LLVMValueRef function)
{
    return LLVMGetFirstBasicBlock(function) != NULL;
}

bool cut_is_elsewhere(LLVMValueRef global)
{
    return LLVMIsDeclaration(global) ||
           LLVMGetLinkage(global) == LLVMAvailableExternallyLinkage;
}

bool cut_must_be_inlined(LLVMValueRef function)
{
    static const char name[] = "alwaysinline";

    return LLVMIsAFunction(function) &&
           LLVMGetEnumAttributeAtIndex(
               function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
               LLVMGetEnumAttributeKindForName(name, strlen(name))) != NULL;
}

void cut_mark(LLVMValueRef global)
{
    LLVMSetComdat(global, NULL);
    LLVMSetLinkage(global, LLVMAvailableExternallyLinkage);
    LLVMSetVisibility(global, LLVMDefaultVisibility);
}

void cut_publish(LLVMValueRef global)
{
    LLVMSetComdat(global, NULL);
    LLVMSetLinkage(global, LLVMExternalLinkage);
    LLVMSetVisibility(global, LLVMHiddenVisibility);
}

enum status cut_drop_marked(struct glue *glue, LLVMModuleRef module,
                            const char *name, struct error *err)
{
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    enum status status = glue_run_passes(
        glue, module, &(struct glue_passes){"elim-avail-extern", NULL, options},
        name, err);

    LLVMDisposePassBuilderOptions(options);
    return status;
}
