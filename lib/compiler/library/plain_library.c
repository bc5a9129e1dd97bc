/* A library is cut by linking parts of it several times. That changes nothing
 * as long as parts are tied by references from definition to definition alone.
 * What constructors, aliases, COMDATs, assembly, debug information and some
 * other metadata tie together, or LLVM's linker adds up, is linked whole. */
#include "plain_library.h"

#include <string.h>

#include <llvm-c/Comdat.h>

#include "static_names.h"

/* What is linked once more with each closure has to come to the same. */
static bool named_metadata_is_plain(LLVMModuleRef module)
{
    static const char *const plain[] = {
        "llvm.commandline",  "llvm.errno.tbaa",    "llvm.ident",
        "llvm.module.flags", "opencl.ocl.version", "opencl.spir.version",
    };
    LLVMNamedMDNodeRef at;

    for (at = LLVMGetFirstNamedMetadata(module); at;
         at = LLVMGetNextNamedMetadata(at)) {
        size_t size;
        const char *name = LLVMGetNamedMetadataName(at, &size);
        bool found = false;

        for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
            found = found || (strlen(plain[i]) == size &&
                              memcmp(plain[i], name, size) == 0);
        if (!found)
            return false;
    }
    return true;
}

static bool flags_are_plain(LLVMModuleRef module)
{
    LLVMModuleFlagEntry *flags;
    bool plain = true;
    size_t n;

    flags = LLVMCopyModuleFlagsMetadata(module, &n);
    for (unsigned i = 0; i < n; i++)
        plain = plain && LLVMModuleFlagEntriesGetFlagBehavior(flags, i) !=
                             LLVMModuleFlagBehaviorAppend;
    LLVMDisposeModuleFlagsMetadata(flags);
    return plain;
}

/* Types that are known by the identity of a metadata node, of which each
 * closure has one. */
static bool tests_types(LLVMModuleRef module)
{
    return LLVMGetNamedFunction(module, "llvm.type.test") ||
           LLVMGetNamedFunction(module, "llvm.public.type.test") ||
           LLVMGetNamedFunction(module, "llvm.type.checked.load") ||
           LLVMGetNamedFunction(module, "llvm.type.checked.load.relative");
}

static bool is_plain_global(LLVMValueRef global)
{
    LLVMLinkage linkage = LLVMGetLinkage(global);
    size_t size;
    const char *name = LLVMGetValueName2(global, &size);

    return !LLVMGetComdat(global) && linkage != LLVMAppendingLinkage &&
           linkage != LLVMCommonLinkage && strlen(name) == size &&
           name[0] != STATIC_MARK;
}

bool plain_library_is(LLVMModuleRef module)
{
    LLVMValueRef at;
    size_t asm_size;

    LLVMGetModuleInlineAsm(module, &asm_size);
    if (asm_size || LLVMGetFirstGlobalAlias(module) ||
        LLVMGetFirstGlobalIFunc(module) || !named_metadata_is_plain(module) ||
        !flags_are_plain(module) || tests_types(module))
        return false;
    for (at = LLVMGetFirstFunction(module); at; at = LLVMGetNextFunction(at))
        if (!is_plain_global(at))
            return false;
    for (at = LLVMGetFirstGlobal(module); at; at = LLVMGetNextGlobal(at))
        if (!is_plain_global(at))
            return false;
    return true;
}
