/* Parts of a program may have no bitcode: assembly, compiled libraries, files
 * of another compiler. lib/linker links them like LLVM's own objects. This file
 * tells LLVM what a module does not show:
 *
 *   - a definition that an object refers to, or has too, keeps its name and its
 *     type, whatever the optimiser finds out about the module's own uses;
 *   - a weak or common definition of the module yields to one of an object, if
 *     object_symbols.c chose that. So the module's becomes a declaration, which
 *     the linker binds. Its body stays under another name for aliases, and is
 *     dropped otherwise. Of two common ones the module's stays, as large as
 *     either. In any other case the linker leaves out the object's. */
#include "native_objects.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Comdat.h>

#include "internalize.h"
#include "llvm_glue.h"

/* ---- The list ---- */

/* Is the object's only content the intermediate code of gcc -flto? It has this
 * symbol then. */
static bool is_slim(const struct object_view *object)
{
    for (uint32_t i = 1; i < object->n_symbols; i++) {
        struct object_symbol symbol;

        if (object_symbol_at(object, i, &symbol, NULL) == STATUS_OK &&
            strcmp(symbol.name, "__gnu_lto_slim") == 0)
            return true;
    }
    return false;
}

enum status native_objects_add(struct native_objects *natives,
                               const struct object_view *object,
                               struct arena *arena, struct error *err)
{
    if (is_slim(object))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: an object of gcc -flto, without native code: "
                         "compile with -fno-lto or -ffat-lto-objects",
                         object->name);
    if (natives->n_objects == natives->n_places) {
        const size_t n = 2 * natives->n_places + 4;
        struct object_view *longer = arena_alloc(arena, n, sizeof(*longer));

        if (!longer)
            return error_no_memory(err);
        if (natives->n_objects)
            memcpy(longer, natives->object,
                   natives->n_objects * sizeof(*longer));
        natives->object = longer;
        natives->n_places = n;
    }
    natives->object[natives->n_objects++] = *object;
    return STATUS_OK;
}

enum status native_objects_check(const struct native_objects *natives,
                                 const struct machine *machine,
                                 struct error *err)
{
    for (size_t i = 0; i < natives->n_objects; i++) {
        const struct object_view *object = &natives->object[i];
        const struct machine *made_for = machine_find(object->machine);

        if (object->machine == machine->elf_machine &&
            object->elf->address_size == machine->address_size)
            continue;
        if (made_for && made_for->elf_machine != machine->elf_machine)
            return error_set(err, STATUS_UNSUPPORTED,
                             "%s: an object for %s, cannot be linked to code "
                             "for %s",
                             object->name, made_for->name, machine->name);
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: an object for ELF machine %u with pointers of "
                         "%u bytes, cannot be linked to code for %s",
                         object->name, object->machine,
                         object->elf->address_size, machine->name);
    }
    return STATUS_OK;
}

/* ---- Symbols ---- */

struct cursor {
    const struct native_objects *natives;
    size_t object;
    uint32_t symbol;
};

/* The next symbol that other files see. The linker reports malformed ones. */
static bool next_global(struct cursor *cursor, struct object_symbol *ret_symbol)
{
    for (; cursor->object < cursor->natives->n_objects; cursor->object++) {
        const struct object_view *view =
            &cursor->natives->object[cursor->object];

        while (++cursor->symbol < view->n_symbols)
            if (object_symbol_at(view, cursor->symbol, ret_symbol, NULL) ==
                    STATUS_OK &&
                ret_symbol->binding != STB_LOCAL)
                return true;
        cursor->symbol = 0;
    }
    return false;
}

enum status native_objects_names(const struct native_objects *natives,
                                 struct arena *arena,
                                 struct public_names *ret_names,
                                 struct error *err)
{
    struct object_symbol symbol;
    size_t n = 0, n_kept = 0;
    const char **name;

    for (struct cursor at = {natives, 0, 0}; next_global(&at, &symbol);)
        n++;
    name = arena_alloc(arena, n + 1, sizeof(*name));
    if (!name)
        return error_no_memory(err);
    for (struct cursor at = {natives, 0, 0}; next_global(&at, &symbol);)
        name[n_kept++] = symbol.name;
    qsort(name, n_kept, sizeof(*name), glue_compare_names);
    *ret_names = (struct public_names){name, n_kept};
    return STATUS_OK;
}

enum status native_objects_choose(struct native_objects *natives,
                                  native_choose_fn is_chosen,
                                  const void *context, struct arena *arena,
                                  struct error *err)
{
    struct public_names names;
    enum status status = native_objects_names(natives, arena, &names, err);

    if (status)
        return status;
    for (size_t i = 0; i < names.n_names; i++)
        if (is_chosen(context, natives, names.name[i]))
            names.name[natives->n_chosen++] = names.name[i];
    natives->chosen = names.name;
    return STATUS_OK;
}

bool native_objects_own(const struct native_objects *natives, const char *file)
{
    for (size_t i = 0; i < natives->n_objects; i++)
        if (natives->object[i].name == file)
            return true;
    return false;
}

const char *native_objects_user(const struct native_objects *natives,
                                const char *name)
{
    struct object_symbol symbol;

    for (struct cursor at = {natives, 0, 0}; next_global(&at, &symbol);)
        if (symbol.place == OBJECT_SYMBOL_UNDEFINED &&
            strcmp(symbol.name, name) == 0)
            return natives->object[at.object].name;
    return NULL;
}

bool native_objects_define(const struct native_objects *natives,
                           const char *name)
{
    struct object_symbol symbol;

    for (struct cursor at = {natives, 0, 0}; next_global(&at, &symbol);)
        if (symbol.place != OBJECT_SYMBOL_UNDEFINED &&
            strcmp(symbol.name, name) == 0)
            return true;
    return false;
}

void native_objects_undefined(const struct native_objects *natives,
                              native_undefined_fn visit, void *context)
{
    struct object_symbol symbol;

    for (struct cursor at = {natives, 0, 0}; next_global(&at, &symbol);)
        if (symbol.place == OBJECT_SYMBOL_UNDEFINED &&
            symbol.binding == STB_GLOBAL &&
            !native_objects_define(natives, symbol.name) &&
            !visit(context, symbol.name, natives->object[at.object].name))
            return;
}

void native_objects_definitions(const struct native_objects *natives,
                                native_visit_fn visit, void *context)
{
    struct object_symbol symbol;

    for (struct cursor at = {natives, 0, 0}; next_global(&at, &symbol);) {
        const bool is_function =
            symbol.type == STT_FUNC || symbol.type == STT_GNU_IFUNC;

        if (symbol.place == OBJECT_SYMBOL_UNDEFINED ||
            symbol.visibility != STV_DEFAULT ||
            (!is_function && symbol.type != STT_OBJECT))
            continue;
        if (!visit(context, symbol.name, is_function))
            return;
    }
}

/* ---- Definitions that yield ---- */

static bool is_common(LLVMValueRef global)
{
    return LLVMGetLinkage(global) == LLVMCommonLinkage;
}

static bool is_weak(LLVMValueRef global)
{
    switch (LLVMGetLinkage(global)) {
    case LLVMWeakAnyLinkage:
    case LLVMWeakODRLinkage:
    case LLVMLinkOnceAnyLinkage:
    case LLVMLinkOnceODRLinkage:
        return true;
    default:
        return false;
    }
}

/* An inline function's definitions are all equal, so the module's may still be
 * inlined. */
static bool is_inline(LLVMValueRef global)
{
    return LLVMIsAFunction(global) &&
           (LLVMGetLinkage(global) == LLVMLinkOnceODRLinkage ||
            LLVMGetLinkage(global) == LLVMWeakODRLinkage);
}

static LLVMValueRef declare(LLVMModuleRef module, LLVMValueRef old,
                            LLVMTypeRef type, const char *name)
{
    LLVMValueRef made;

    if (LLVMGetTypeKind(type) == LLVMFunctionTypeKind) {
        made = LLVMAddFunction(module, name, type);
        if (LLVMIsAFunction(old))
            LLVMSetFunctionCallConv(made, LLVMGetFunctionCallConv(old));
        return made;
    }
    made = LLVMAddGlobal(module, type, name);
    if (LLVMIsAGlobalVariable(old))
        LLVMSetThreadLocalMode(made, LLVMGetThreadLocalMode(old));
    return made;
}

static void yield(LLVMModuleRef module, LLVMValueRef old, const char *name)
{
    LLVMValueRef made;

    if (LLVMIsAGlobalVariable(old) || LLVMIsAFunction(old))
        LLVMSetComdat(old, NULL);
    if (is_inline(old)) {
        LLVMSetLinkage(old, LLVMAvailableExternallyLinkage);
        return;
    }
    LLVMSetValueName2(old, "", 0);
    made = declare(module, old, LLVMGlobalGetValueType(old), name);
    LLVMReplaceAllUsesWith(old, made);
    for (LLVMValueRef at = LLVMGetFirstGlobalAlias(module); at;
         at = LLVMGetNextGlobalAlias(at))
        if (LLVMAliasGetAliasee(at) == made)
            LLVMAliasSetAliasee(at, old);
    LLVMSetVisibility(old, LLVMDefaultVisibility);
    LLVMSetLinkage(old, LLVMInternalLinkage);
}

/* A common symbol gets the larger size and the larger alignment of both. */
static void widen(LLVMModuleRef module, LLVMValueRef old,
                  const struct object_symbol *symbol)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    const uint64_t size = LLVMABISizeOfType(LLVMGetModuleDataLayout(module),
                                            LLVMGlobalGetValueType(old));
    unsigned align = LLVMGetAlignment(old);
    LLVMTypeRef type =
        LLVMArrayType2(LLVMInt8TypeInContext(context), symbol->size);

    if (symbol->value > align && symbol->value < UINT32_MAX)
        align = (unsigned)symbol->value;
    if (symbol->size > size) {
        LLVMValueRef made;

        LLVMSetValueName2(old, "", 0);
        made = declare(module, old, type, symbol->name);
        LLVMSetInitializer(made, LLVMConstNull(type));
        LLVMReplaceAllUsesWith(old, made);
        LLVMDeleteGlobal(old);
        old = made;
    }
    LLVMSetAlignment(old, align);
}

static void settle(LLVMModuleRef module, const struct object_symbol *symbol,
                   bool is_chosen)
{
    LLVMValueRef old = glue_find_global(module, symbol->name);

    if (!old || LLVMIsDeclaration(old))
        return;
    if (symbol->place == OBJECT_SYMBOL_COMMON && is_common(old))
        widen(module, old, symbol);
    else if (is_chosen && (is_weak(old) || is_common(old)))
        yield(module, old, symbol->name);
}

void native_objects_override(const struct native_objects *natives,
                             LLVMModuleRef module)
{
    struct object_symbol symbol;

    for (struct cursor at = {natives, 0, 0}; next_global(&at, &symbol);)
        if (symbol.place != OBJECT_SYMBOL_UNDEFINED)
            settle(module, &symbol,
                   glue_contains_name(natives->chosen, natives->n_chosen,
                                      symbol.name));
}
