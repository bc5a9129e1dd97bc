/* The image is a shared object: symbols that it does not define are somewhere
 * in the address space, and code reaches them through a table (GOT) that the
 * loader fills. Front ends compile for other outputs: clang's default is a
 * position-independent executable, in which thread-local variables are at
 * constant offsets; without -fPIE, code may address undefined data directly,
 * relying on a copy relocation. This file corrects three things:
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
 * A definition of hidden visibility in another part of the module is left
 * alone. A symbol that is hidden and nowhere defined is an import like others,
 * so that the host may define it, or a message names it: rustc's fat LTO makes
 * such declarations of the allocator's functions. */
#include "imports.h"

#include <string.h>

#include "buffer.h"
#include "name_map.h"

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

/* The number of the small code model in LLVM's module flags. */
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
    /* Linked files may differ in these flags, natively and here; large_data.c
     * decides for the whole program. */
    override_flag(module, "Code Model", CODE_MODEL_SMALL);
    override_flag(module, "Large Data Threshold", 0);
    /* The kind of LTO for which a file was compiled: kinds may be mixed. */
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
    bool passes_argument; /* the NULL that f is called with */
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

/* Front ends give this attribute to every function, so that unwind tables
 * describe it with and without debug information. */
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
    /* Metadata of a declaration is not valid for a definition. */
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

/* C before C23 may declare "int atexit()", and programs of old days a void. As
 * natively, the definition is the same, and each call passes what it passes. */
static LLVMValueRef retype(LLVMModuleRef module, LLVMValueRef old,
                           const struct wrapper *wrapper)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    LLVMTypeRef pointer = LLVMPointerTypeInContext(context, 0);
    LLVMTypeRef parameters[] = {pointer, pointer, pointer};
    LLVMValueRef renewed = LLVMAddFunction(
        module, "",
        LLVMFunctionType(LLVMInt32TypeInContext(context), parameters,
                         wrapper->n_handlers, false));

    LLVMReplaceAllUsesWith(old, renewed);
    LLVMDeleteFunction(old);
    LLVMSetValueName2(renewed, wrapper->name, strlen(wrapper->name));
    return renewed;
}

void imports_define_handlers(LLVMModuleRef module)
{
    for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
        LLVMValueRef function = LLVMGetNamedFunction(module, wrappers[i].name);

        if (!function || !LLVMIsDeclaration(function))
            continue;
        if (!takes_pointers(function, wrappers[i].n_handlers))
            function = retype(module, function, &wrappers[i]);
        define_wrapper(module, function, &wrappers[i]);
    }
}

/* ---- New declarations ---- */

/* A declaration and its replacement. */
struct renewal {
    LLVMValueRef old;
    LLVMValueRef renewed; /* still without a name */
};

struct renewals {
    struct arena *arena;
    struct buffer rows;  /* struct renewal */
    struct name_map map; /* name of old -> renewed */
    bool failed;
};

static void add_renewal(struct renewals *renewals, LLVMValueRef old,
                        LLVMValueRef renewed)
{
    const struct renewal row = {old, renewed};
    void **place = name_map_insert(&renewals->map, glue_name(old));

    renewals->failed |= !place;
    if (place)
        *place = renewed;
    buffer_append(&renewals->rows, &row, sizeof(row));
    LLVMSetLinkage(renewed, LLVMGetLinkage(old));
    LLVMSetUnnamedAddress(renewed, LLVMGetUnnamedAddress(old));
    glue_copy_metadata(old, renewed);
}

static void renew_function(struct renewals *renewals, LLVMModuleRef module,
                           LLVMValueRef old)
{
    static const char nonlazybind[] = "nonlazybind";
    LLVMContextRef context = LLVMGetModuleContext(module);
    unsigned kind =
        LLVMGetEnumAttributeKindForName(nonlazybind, strlen(nonlazybind));
    LLVMValueRef renewed = glue_declare_like(module, old, renewals->arena);

    renewals->failed |= !renewed;
    if (!renewed)
        return;
    LLVMAddAttributeAtIndex(renewed, on_function,
                            LLVMCreateEnumAttribute(context, kind, 0));
    add_renewal(renewals, old, renewed);
}

static void renew_variable(struct renewals *renewals, LLVMModuleRef module,
                           LLVMValueRef old)
{
    unsigned address_space = LLVMGetPointerAddressSpace(LLVMTypeOf(old));
    LLVMValueRef renewed = LLVMAddGlobalInAddressSpace(
        module, LLVMGlobalGetValueType(old), "", address_space);

    LLVMSetGlobalConstant(renewed, LLVMIsGlobalConstant(old));
    LLVMSetExternallyInitialized(renewed, LLVMIsExternallyInitialized(old));
    LLVMSetAlignment(renewed, LLVMGetAlignment(old));
    LLVMSetThreadLocalMode(renewed, LLVMGetThreadLocalMode(old));
    add_renewal(renewals, old, renewed);
}

void imports_make_visible(LLVMModuleRef module)
{
    LLVMValueRef at = NULL;

    /* A weak one is the address 0, if nothing in the image defines it. */
    while ((at = glue_next_global(module, at)))
        if (LLVMIsDeclaration(at) &&
            LLVMGetLinkage(at) != LLVMExternalWeakLinkage)
            LLVMSetVisibility(at, LLVMDefaultVisibility);
}

static bool is_import(LLVMValueRef global)
{
    return LLVMIsDeclaration(global) &&
           LLVMGetVisibility(global) != LLVMHiddenVisibility &&
           !glue_is_llvm_name(glue_name(global));
}

static void renew_functions(struct renewals *renewals, LLVMModuleRef module)
{
    /* LLVM appends new functions, so stop at the last old one. */
    LLVMValueRef last = LLVMGetLastFunction(module);
    LLVMValueRef next = LLVMGetFirstFunction(module);
    LLVMValueRef at;

    do {
        at = next;
        next = at ? LLVMGetNextFunction(at) : NULL;
        if (!at || !is_import(at))
            continue;
        if (LLVMGetFirstUse(at))
            renew_function(renewals, module, at);
        else
            LLVMDeleteFunction(at);
    } while (at != last);
}

static void renew_variables(struct renewals *renewals, LLVMModuleRef module)
{
    LLVMValueRef last = LLVMGetLastGlobal(module);
    LLVMValueRef next = LLVMGetFirstGlobal(module);
    LLVMValueRef at;

    do {
        at = next;
        next = at ? LLVMGetNextGlobal(at) : NULL;
        if (!at)
            continue;
        /* A TLS model chosen for an executable is valid only there. */
        if (LLVMGetThreadLocalMode(at) != LLVMNotThreadLocal)
            LLVMSetThreadLocalMode(at, LLVMGeneralDynamicTLSModel);
        if (!is_import(at))
            continue;
        if (LLVMGetFirstUse(at))
            renew_variable(renewals, module, at);
        else
            LLVMDeleteGlobal(at);
    } while (at != last);
}

/* ---- Tables ---- */

/* LLVM creates a table again for each of its elements that is replaced. So
 * tables are recreated here, once, beforehand; tables in tables up to this
 * depth. */
enum { MAX_DEPTH = 8 };

static LLVMValueRef make_like(LLVMValueRef table, LLVMValueRef *element,
                              unsigned n)
{
    LLVMTypeRef type = LLVMTypeOf(table);

    if (LLVMIsAConstantArray(table))
        return LLVMConstArray2(LLVMGetElementType(type), element, n);
    return LLVMConstNamedStruct(type, element, n);
}

static LLVMValueRef find_renewed(const struct renewals *renewals,
                                 LLVMValueRef global)
{
    return LLVMIsDeclaration(global)
               ? name_map_find(&renewals->map, glue_name(global))
               : NULL;
}

static bool is_table(LLVMValueRef constant)
{
    return LLVMIsAConstantArray(constant) || LLVMIsAConstantStruct(constant);
}

static bool has_renewed(const struct renewals *renewals, LLVMValueRef constant,
                        unsigned depth)
{
    unsigned n;

    if (LLVMIsAGlobalValue(constant))
        return find_renewed(renewals, constant) != NULL;
    if (depth == MAX_DEPTH || !is_table(constant))
        return false;
    n = (unsigned)LLVMGetNumOperands(constant);
    for (unsigned i = 0; i < n; i++)
        if (has_renewed(renewals, LLVMGetOperand(constant, i), depth + 1))
            return true;
    return false;
}

/* Returns the constant itself if nothing in it is renewed. */
static LLVMValueRef renew_constant(struct renewals *renewals,
                                   LLVMValueRef constant, unsigned depth)
{
    LLVMValueRef *element;
    unsigned n;

    if (!has_renewed(renewals, constant, depth))
        return constant;
    if (LLVMIsAGlobalValue(constant))
        return find_renewed(renewals, constant);
    n = (unsigned)LLVMGetNumOperands(constant);
    element = arena_alloc(renewals->arena, n + 1, sizeof(*element));
    renewals->failed |= !element;
    for (unsigned i = 0; i < n && !renewals->failed; i++)
        element[i] =
            renew_constant(renewals, LLVMGetOperand(constant, i), depth + 1);
    return renewals->failed ? constant : make_like(constant, element, n);
}

static void renew_tables(struct renewals *renewals, LLVMModuleRef module)
{
    LLVMValueRef at = LLVMGetFirstGlobal(module);

    for (; at && renewals->rows.size > 0; at = LLVMGetNextGlobal(at)) {
        LLVMValueRef old = LLVMGetInitializer(at);
        LLVMValueRef renewed = old ? renew_constant(renewals, old, 0) : NULL;

        if (renewed != old)
            LLVMSetInitializer(at, renewed);
    }
}

/* ---- References ---- */

/* Is this a table that was replaced by a new one? */
static bool is_dead(LLVMValueRef user, unsigned depth)
{
    if (!LLVMIsAConstant(user) || LLVMIsAGlobalValue(user) || depth > MAX_DEPTH)
        return false;
    for (LLVMUseRef use = LLVMGetFirstUse(user); use; use = LLVMGetNextUse(use))
        if (!is_dead(LLVMGetUser(use), depth + 1))
            return false;
    return true;
}

static void replace_in(LLVMUseRef use, LLVMValueRef renewed)
{
    LLVMValueRef user = LLVMGetUser(use);
    unsigned n = (unsigned)LLVMGetNumOperands(user);

    for (unsigned i = 0; i < n; i++)
        if (LLVMGetOperandUse(user, i) == use) {
            LLVMSetOperand(user, i, renewed);
            return;
        }
}

/* Dead tables disappear with the first declaration in them that is deleted;
 * until then LLVM would recreate them, too. */
static void replace(const struct renewal *row)
{
    bool has_dead = false, has_others = false;
    LLVMUseRef use, next;

    for (use = LLVMGetFirstUse(row->old); use; use = LLVMGetNextUse(use)) {
        LLVMValueRef user = LLVMGetUser(use);
        bool dead = is_dead(user, 0);

        has_dead |= dead;
        has_others |= !dead && !LLVMIsAInstruction(user);
    }
    if (!has_dead || has_others) {
        LLVMReplaceAllUsesWith(row->old, row->renewed);
        return;
    }
    for (use = LLVMGetFirstUse(row->old); use; use = next) {
        next = LLVMGetNextUse(use);
        if (LLVMIsAInstruction(LLVMGetUser(use)))
            replace_in(use, row->renewed);
    }
}

/* The new declaration gets the uses of the old one, and then its name. */
static bool take_over(const struct renewal *row, struct buffer *name)
{
    const char *own = glue_name(row->old);

    name->size = 0;
    buffer_append(name, own, strlen(own));
    if (buffer_failed(name))
        return false;
    replace(row);
    if (LLVMIsAFunction(row->old))
        LLVMDeleteFunction(row->old);
    else
        LLVMDeleteGlobal(row->old);
    LLVMSetValueName2(row->renewed, (const char *)name->data, name->size);
    return true;
}

static void take_over_all(struct renewals *renewals)
{
    size_t n = renewals->rows.size / sizeof(struct renewal);
    const struct renewal *row = (const void *)renewals->rows.data;
    struct buffer name;

    buffer_init(&name);
    for (size_t i = 0; i < n && !renewals->failed; i++)
        renewals->failed = !take_over(&row[i], &name);
    buffer_release(&name);
}

enum status imports_through_got(LLVMModuleRef module, struct arena *arena,
                                struct error *err)
{
    struct renewals renewals = {.arena = arena};

    buffer_init(&renewals.rows);
    name_map_init(&renewals.map);
    renew_variables(&renewals, module);
    renew_functions(&renewals, module);
    renewals.failed |= buffer_failed(&renewals.rows);
    if (!renewals.failed)
        renew_tables(&renewals, module);
    name_map_release(&renewals.map); /* its keys are the old declarations'
                                        names */
    if (!renewals.failed)
        take_over_all(&renewals);
    buffer_release(&renewals.rows);
    return renewals.failed ? error_no_memory(err) : STATUS_OK;
}
