/* The image is a shared object in all but name: what it does not define is
 * somewhere in the address space, and is reached through a table (GOT) that
 * the loader fills. Front ends compile for other ends: clang's default is a
 * position-independent executable, in which thread-local variables sit at
 * constant offsets; without -fPIE, code may address undefined data directly,
 * hoping for a copy relocation. Three things are put right:
 *
 *  - Module flags say that this is no executable. Flags can only be added, so
 *    a fresh module gets them first, with Override, and all else is linked
 *    into it.
 *  - Declarations may be marked dso_local ("in the same object"). The C API
 *    can neither see nor clear the mark, so every declaration is replaced by
 *    a new one without it. Calls get nonlazybind: they go through the GOT at
 *    once, not through a stub that goes through the GOT.
 *  - A program's atexit(), at_quick_exit() and pthread_atfork() are no imports
 *    at all: libc keeps them in a static part (libc_nonshared.a), because they
 *    must know which object is asking. They become functions of the module;
 *    __dso_handle comes from the linker. (glibc 2.36 has no more there; before
 *    2.33 there were stat() and its relatives.)
 *
 * Symbols of hidden visibility are left alone: they are never imported. */
#include "imports.h"

#include <string.h>

static const LLVMAttributeIndex on_function =
    (LLVMAttributeIndex)LLVMAttributeFunctionIndex;

/* ---- Flags ---- */

static void override_flag(LLVMModuleRef module, const char *name,
                          unsigned value)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    LLVMValueRef constant =
        LLVMConstInt(LLVMInt32TypeInContext(context), value, false);

    LLVMAddModuleFlag(module, LLVMModuleFlagBehaviorOverride, name,
                      strlen(name), LLVMValueAsMetadata(constant));
}

/* As LLVM numbers them in module flags. */
enum { CODE_MODEL_SMALL = 1 };

LLVMModuleRef imports_create_module(struct glue *glue)
{
    static const char name[] = "script"; /* a path would differ by machine */
    LLVMModuleRef module =
        LLVMModuleCreateWithNameInContext(name, glue->context);

    LLVMSetSourceFileName(module, name, strlen(name));
    override_flag(module, "PIC Level", 2);
    override_flag(module, "PIE Level", 0);
    override_flag(module, "RtLibUseGOT", 1);
    override_flag(module, "direct-access-external-data", 0);
    /* Differ freely among objects that are linked natively, as among modules
     * here: large_data.c decides for all of them. */
    override_flag(module, "Code Model", CODE_MODEL_SMALL);
    override_flag(module, "Large Data Threshold", 0);
    /* What kind of LTO a file was compiled for; several kinds may be mixed. */
    override_flag(module, "ThinLTO", 0);
    override_flag(module, "EnableSplitLTOUnit", 0);
    override_flag(module, "UnifiedLTO", 0);
    return module;
}

/* ---- Handlers ---- */

/* int name(void (*f)(), ...) { return target(f, ..., [NULL,] &__dso_handle); }
 */
struct wrapper {
    const char *name;
    const char *target;
    unsigned n_handlers;
    bool passes_argument; /* the NULL that f will be called with */
};

enum { MAX_HANDLERS = 3 };

static const struct wrapper wrappers[] = {
    {"atexit", "__cxa_atexit", 1, true},
    {"at_quick_exit", "__cxa_at_quick_exit", 1, false},
    {"pthread_atfork", "__register_atfork", MAX_HANDLERS, false},
};

static LLVMValueRef get_dso_handle(LLVMModuleRef module)
{
    LLVMTypeRef i8 = LLVMInt8TypeInContext(LLVMGetModuleContext(module));
    LLVMValueRef handle = LLVMGetNamedGlobal(module, "__dso_handle");

    if (!handle) {
        handle = LLVMAddGlobal(module, i8, "__dso_handle");
        LLVMSetVisibility(handle, LLVMHiddenVisibility);
    }
    return handle;
}

/* As front ends give to each function, so that its frame is described whether
 * or not there is debug information. */
static void describe_frame(LLVMValueRef function, LLVMContextRef context)
{
    enum { AT_EACH_INSTRUCTION = 2 };
    static const char uwtable[] = "uwtable";
    const unsigned kind =
        LLVMGetEnumAttributeKindForName(uwtable, strlen(uwtable));

    LLVMAddAttributeAtIndex(
        function, on_function,
        LLVMCreateEnumAttribute(context, kind, AT_EACH_INSTRUCTION));
}

static void define_wrapper(LLVMModuleRef module, LLVMValueRef function,
                           const struct wrapper *wrapper)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    LLVMTypeRef i32 = LLVMInt32TypeInContext(context);
    LLVMTypeRef pointer = LLVMPointerTypeInContext(context, 0);
    LLVMTypeRef parameters[] = {pointer, pointer, pointer, pointer};
    LLVMTypeRef type = LLVMFunctionType(
        i32, parameters, wrapper->n_handlers + wrapper->passes_argument + 1,
        false);
    LLVMValueRef target = LLVMGetNamedFunction(module, wrapper->target);
    LLVMBuilderRef builder = LLVMCreateBuilderInContext(context);
    LLVMValueRef arguments[MAX_HANDLERS + 1];
    unsigned n;

    if (!target)
        target = LLVMAddFunction(module, wrapper->target, type);
    for (n = 0; n < wrapper->n_handlers; n++)
        arguments[n] = LLVMGetParam(function, n);
    if (wrapper->passes_argument)
        arguments[n++] = LLVMConstNull(pointer);
    arguments[n++] = get_dso_handle(module);
    LLVMPositionBuilderAtEnd(
        builder, LLVMAppendBasicBlockInContext(context, function, ""));
    LLVMBuildRet(builder,
                 LLVMBuildCall2(builder, type, target, arguments, n, ""));
    LLVMDisposeBuilder(builder);
    /* What a front end says of a declaration does not hold of a definition. */
    LLVMGlobalClearMetadata(function);
    describe_frame(function, context);
    LLVMSetLinkage(function, LLVMInternalLinkage);
}

static bool takes_pointers(LLVMValueRef function, unsigned n_pointers)
{
    LLVMTypeRef type = LLVMGlobalGetValueType(function);
    LLVMTypeRef result = LLVMGetReturnType(type);

    if (LLVMCountParams(function) != n_pointers ||
        LLVMGetTypeKind(result) != LLVMIntegerTypeKind ||
        LLVMGetIntTypeWidth(result) != 32)
        return false;
    for (unsigned i = 0; i < n_pointers; i++)
        if (LLVMGetTypeKind(LLVMTypeOf(LLVMGetParam(function, i))) !=
            LLVMPointerTypeKind)
            return false;
    return true;
}

void imports_define_handlers(LLVMModuleRef module)
{
    for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
        LLVMValueRef function = LLVMGetNamedFunction(module, wrappers[i].name);
        if (function && LLVMIsDeclaration(function) &&
            takes_pointers(function, wrappers[i].n_handlers))
            define_wrapper(module, function, &wrappers[i]);
    }
}

/* ---- References ---- */

/* `to` takes over the users and what both kinds have in common. */
static void take_over(LLVMValueRef from, LLVMValueRef to)
{
    LLVMSetLinkage(to, LLVMGetLinkage(from));
    LLVMSetUnnamedAddress(to, LLVMGetUnnamedAddress(from));
    glue_copy_metadata(from, to);
    LLVMReplaceAllUsesWith(from, to);
}

static bool renew_function(LLVMModuleRef module, LLVMValueRef old,
                           struct arena *arena)
{
    static const char nonlazybind[] = "nonlazybind";
    LLVMContextRef context = LLVMGetModuleContext(module);
    unsigned kind =
        LLVMGetEnumAttributeKindForName(nonlazybind, strlen(nonlazybind));
    LLVMValueRef renewed = glue_declare_like(module, old, arena);

    if (!renewed)
        return false;
    LLVMAddAttributeAtIndex(renewed, on_function,
                            LLVMCreateEnumAttribute(context, kind, 0));
    take_over(old, renewed);
    return true;
}

static void renew_variable(LLVMModuleRef module, LLVMValueRef old)
{
    unsigned address_space = LLVMGetPointerAddressSpace(LLVMTypeOf(old));
    LLVMValueRef renewed = LLVMAddGlobalInAddressSpace(
        module, LLVMGlobalGetValueType(old), "", address_space);

    LLVMSetGlobalConstant(renewed, LLVMIsGlobalConstant(old));
    LLVMSetExternallyInitialized(renewed, LLVMIsExternallyInitialized(old));
    LLVMSetAlignment(renewed, LLVMGetAlignment(old));
    LLVMSetThreadLocalMode(renewed, LLVMGetThreadLocalMode(old));
    take_over(old, renewed);
}

/* The users of old are another declaration's now; so is its name. */
static void delete_renewed(LLVMModuleRef module, LLVMValueRef old)
{
    bool function = LLVMIsAFunction(old) != NULL;
    LLVMValueRef renewed =
        function ? LLVMGetLastFunction(module) : LLVMGetLastGlobal(module);
    char *name = LLVMCreateMessage(glue_name(old));

    if (function)
        LLVMDeleteFunction(old);
    else
        LLVMDeleteGlobal(old);
    LLVMSetValueName2(renewed, name, strlen(name));
    LLVMDisposeMessage(name);
}

static bool is_import(LLVMValueRef global)
{
    return LLVMIsDeclaration(global) &&
           LLVMGetVisibility(global) != LLVMHiddenVisibility &&
           strncmp(glue_name(global), "llvm.", 5) != 0;
}

static bool renew_functions(LLVMModuleRef module, struct arena *arena)
{
    /* New ones are added behind the last. */
    LLVMValueRef last = LLVMGetLastFunction(module);
    LLVMValueRef next = LLVMGetFirstFunction(module);
    LLVMValueRef at;

    do {
        at = next;
        next = at ? LLVMGetNextFunction(at) : NULL;
        if (!at || !is_import(at))
            continue;
        if (!LLVMGetFirstUse(at)) {
            LLVMDeleteFunction(at);
            continue;
        }
        if (!renew_function(module, at, arena))
            return false;
        delete_renewed(module, at);
    } while (at != last);
    return true;
}

static void renew_variables(LLVMModuleRef module)
{
    LLVMValueRef last = LLVMGetLastGlobal(module);
    LLVMValueRef next = LLVMGetFirstGlobal(module);
    LLVMValueRef at;

    do {
        at = next;
        next = at ? LLVMGetNextGlobal(at) : NULL;
        if (!at)
            continue;
        /* A model chosen for an executable holds nowhere else. */
        if (LLVMGetThreadLocalMode(at) != LLVMNotThreadLocal)
            LLVMSetThreadLocalMode(at, LLVMGeneralDynamicTLSModel);
        if (!is_import(at))
            continue;
        if (!LLVMGetFirstUse(at)) {
            LLVMDeleteGlobal(at);
            continue;
        }
        renew_variable(module, at);
        delete_renewed(module, at);
    } while (at != last);
}

enum status imports_through_got(LLVMModuleRef module, struct arena *arena,
                                struct error *err)
{
    renew_variables(module);
    if (!renew_functions(module, arena))
        return error_no_memory(err);
    return STATUS_OK;
}
