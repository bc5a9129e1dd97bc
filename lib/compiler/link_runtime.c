/* A vendor's runtime may be 9 MB of bitcode of which a script uses ten
 * functions. Linking it whole takes seconds; it has to cost what is used.
 *
 * LLVM's linker has a mode for that (OnlyNeeded), but the C API cannot ask for
 * it. What it has instead is the treatment of linkonce definitions: they are
 * copied only when something that is copied refers to them, and a lazily read
 * body that is not copied is never even parsed. So before a library is linked,
 * its visible definitions are made linkonce. That also settles duplicates: a
 * linkonce definition gives way to one that is there already, so the script
 * wins over the libraries, and an earlier library over a later one.
 *
 * Libraries are linked in order and each only once (twice would duplicate its
 * static variables). An earlier library does not know what a later one will
 * want of it; so whatever a later library declares is linked with the earlier
 * one that defines it, wanted or not. The optimiser removes the surplus.
 *
 * Assembly refers to names, too, and IR does not show it. A module's own is
 * linked with it, wanted or not; so what the libraries' assembly names is
 * wanted from all of them, as is what the program's names, and the inline
 * assembly in its functions. That in a library's functions is not known before
 * they are linked: it can rely on nothing. */
#include "link_runtime.h"

#include "asm_symbols.h"

static bool is_definition(LLVMValueRef global)
{
    return global && !LLVMIsDeclaration(global) &&
           LLVMGetLinkage(global) != LLVMAvailableExternallyLinkage;
}

/* Linkage with which the linker copies a definition only on demand. Common
 * variables have no bodies to save and merge by size: left alone. */
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

/* The reverse: copied whether or not anything refers to it. */
static void make_wanted(LLVMModuleRef library, LLVMModuleRef dest,
                        const char *name)
{
    LLVMValueRef global = glue_find_global(library, name);
    LLVMValueRef present = glue_find_global(dest, name);

    if (!is_definition(global))
        return;
    /* C's tentative definition gives way to a real one; no other does. */
    if (is_definition(present) && LLVMGetLinkage(present) != LLVMCommonLinkage)
        return;
    if (LLVMGetLinkage(global) == LLVMLinkOnceODRLinkage)
        LLVMSetLinkage(global, LLVMExternalLinkage);
    else if (LLVMGetLinkage(global) == LLVMLinkOnceAnyLinkage)
        LLVMSetLinkage(global, LLVMWeakAnyLinkage);
}

/* Nothing here is done by name: there may be 20,000 of them. */
static void make_all_lazy(LLVMModuleRef library)
{
    LLVMValueRef at;

    for (at = LLVMGetFirstFunction(library); at; at = LLVMGetNextFunction(at))
        if (is_definition(at))
            make_lazy(at);
    for (at = LLVMGetFirstGlobal(library); at; at = LLVMGetNextGlobal(at))
        if (is_definition(at))
            make_lazy(at);
    for (at = LLVMGetFirstGlobalAlias(library); at;
         at = LLVMGetNextGlobalAlias(at))
        make_lazy(at);
}

static void want_tentative(LLVMModuleRef library, LLVMModuleRef dest)
{
    LLVMValueRef at;

    for (at = LLVMGetFirstGlobal(dest); at; at = LLVMGetNextGlobal(at))
        if (LLVMGetLinkage(at) == LLVMCommonLinkage)
            make_wanted(library, dest, glue_name(at));
}

static void want_declared(LLVMModuleRef library, LLVMModuleRef dest,
                          LLVMModuleRef later)
{
    LLVMValueRef at;

    for (at = LLVMGetFirstFunction(later); at; at = LLVMGetNextFunction(at))
        if (LLVMIsDeclaration(at))
            make_wanted(library, dest, glue_name(at));
    for (at = LLVMGetFirstGlobal(later); at; at = LLVMGetNextGlobal(at))
        if (LLVMIsDeclaration(at))
            make_wanted(library, dest, glue_name(at));
}

static void want_in_asm(LLVMModuleRef library, LLVMModuleRef dest,
                        const struct asm_symbols *in_asm)
{
    for (size_t i = 0; i < in_asm->n_symbols; i++)
        if (asm_symbol_is_wanted(&in_asm->symbol[i]))
            make_wanted(library, dest, in_asm->symbol[i].name);
}

/* in_asm: of dest, then of each library. */
static void prepare(const struct runtime *library, LLVMModuleRef dest,
                    const struct public_names *names,
                    const struct asm_symbols *in_asm, size_t n_in_asm,
                    size_t n_later)
{
    make_all_lazy(library->module);
    want_tentative(library->module, dest);
    for (size_t i = 0; i < names->n_names; i++)
        make_wanted(library->module, dest, names->name[i]);
    for (size_t i = 0; i < n_in_asm; i++)
        want_in_asm(library->module, dest, &in_asm[i]);
    for (size_t i = 1; i <= n_later; i++)
        want_declared(library->module, dest, library[i].module);
}

static enum status read_asm(LLVMModuleRef dest, const struct runtime *runtimes,
                            size_t n_runtimes, struct arena *arena,
                            struct asm_symbols **ret_in_asm, struct error *err)
{
    struct asm_symbols *in_asm =
        arena_alloc(arena, n_runtimes + 1, sizeof(*in_asm));
    enum status status;

    if (!in_asm)
        return error_no_memory(err);
    status = asm_symbols_read(dest, arena, &in_asm[0], err);
    for (size_t i = 0; status == STATUS_OK && i < n_runtimes; i++)
        status =
            asm_symbols_read(runtimes[i].module, arena, &in_asm[i + 1], err);
    *ret_in_asm = in_asm;
    return status;
}

enum status runtime_link_all(struct glue *glue, LLVMModuleRef dest,
                             struct runtime *runtimes, size_t n_runtimes,
                             const struct public_names *names,
                             struct arena *arena, struct error *err)
{
    struct asm_symbols *in_asm;
    enum status status;

    if (n_runtimes == 0)
        return STATUS_OK;
    status = read_asm(dest, runtimes, n_runtimes, arena, &in_asm, err);
    for (size_t i = 0; status == STATUS_OK && i < n_runtimes; i++) {
        LLVMModuleRef module = runtimes[i].module;

        prepare(&runtimes[i], dest, names, in_asm, n_runtimes + 1,
                n_runtimes - i - 1);
        runtimes[i].module = NULL;
        status = glue_link(glue, dest, module, runtimes[i].name, err);
    }
    return status;
}
