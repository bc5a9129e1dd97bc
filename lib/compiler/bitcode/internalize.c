/* The optimiser's freedom with a definition depends on who else may use it.
 *
 * The result is one image with known entry points: those that the metadata
 * lists, or else the visible definitions of the script's own module, and those
 * that the client marked. These become external with hidden visibility: the
 * linker finds them, and as nothing can interpose them, references to them are
 * direct. All other definitions, the runtime libraries' among them, become
 * internal: the optimiser specialises, inlines and drops them. Hiding all but
 * three entries of 900 KB of bitcode takes 42 % off the compile time.
 *
 * Not touched: declarations and llvm.* (the appending lists). Visible
 * definitions that something other than IR may use stay external, too: what
 * generated code may ask for, what libraries shall find (operator new), what
 * assembly, an attribute or a native object names, and what lies in a section
 * of its own choice, where __start_NAME or the loader finds it. What llvm.used
 * lists is internal as well: the list keeps it alive. */
#include "internalize.h"

#include <stdlib.h>
#include <string.h>

#include <llvm-c/Comdat.h>

#include "libcalls.h"
#include "llvm_glue.h"
#include "name_map.h"

/* ---- Names ---- */

struct definitions {
    const struct public_names *only; /* NULL: all */
    struct name_map *seen; /* NULL: one module, in which names are unique */
    bool no_memory;
    struct cache_symbol *vars, *funcs; /* NULL: count only */
    size_t n_vars, n_funcs;
};

/* The definitions that the client marked, and those that shared libraries must
 * find. */
static bool sort_marks(struct arena *arena, const struct request *request,
                       struct public_names *ret_names)
{
    const size_t n_names = request->n_marks + request->n_uses;
    const char **sorted = arena_alloc(arena, n_names + 1, sizeof(*sorted));

    if (!sorted)
        return false;
    for (size_t i = 0; i < n_names; i++)
        sorted[i] = i < request->n_marks ? request->marks[i]
                                         : request->uses[i - request->n_marks];
    qsort(sorted, n_names, sizeof(*sorted), glue_compare_names);
    *ret_names = (struct public_names){sorted, n_names};
    return true;
}

/* Visible as a native linker would see it. Inline functions of C++ (linkonce)
 * do not count, as they belong to no module in particular. */
static bool is_visible_definition(LLVMValueRef global)
{
    if (LLVMIsDeclaration(global) || glue_is_llvm_name(glue_name(global)) ||
        LLVMGetVisibility(global) == LLVMHiddenVisibility)
        return false;
    switch (LLVMGetLinkage(global)) {
    case LLVMExternalLinkage:
    case LLVMWeakAnyLinkage:
    case LLVMWeakODRLinkage:
    case LLVMCommonLinkage:
        return true;
    default:
        return false;
    }
}

static bool is_function(LLVMValueRef global)
{
    return LLVMGetTypeKind(LLVMGlobalGetValueType(global)) ==
           LLVMFunctionTypeKind;
}

/* Was the name seen before? Weak and common definitions may be in several
 * modules. */
static bool is_repeated(struct definitions *definitions, const char *name)
{
    void **place;
    bool repeated;

    if (!definitions->seen)
        return false;
    place = name_map_insert(definitions->seen, name);
    if (!place) {
        definitions->no_memory = true;
        return false;
    }
    repeated = *place != NULL;
    *place = definitions;
    return repeated;
}

static void add_name(struct definitions *definitions, const char *name,
                     bool function)
{
    const struct cache_symbol symbol = {.name = name,
                                        .address = OBCC_NO_ADDRESS};

    if (definitions->only && !public_names_contain(definitions->only, name))
        return;
    if (is_repeated(definitions, name))
        return;
    if (function) {
        if (definitions->funcs)
            definitions->funcs[definitions->n_funcs] = symbol;
        definitions->n_funcs++;
    } else {
        if (definitions->vars)
            definitions->vars[definitions->n_vars] = symbol;
        definitions->n_vars++;
    }
}

static void add_definition(LLVMValueRef global, struct definitions *definitions)
{
    const bool function = is_function(global);

    if (!is_visible_definition(global))
        return;
    /* A thread-local variable has no single address. */
    if (!function && LLVMIsAGlobalVariable(global) && LLVMIsThreadLocal(global))
        return;
    add_name(definitions, glue_name(global), function);
}

static bool add_native(void *context, const char *name, bool is_function)
{
    add_name(context, name, is_function);
    return true;
}

/* Names are copied, because LLVM's die with the module. */
static bool copy_names(struct arena *arena, struct cache_symbol *symbols,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *name = symbols[i].name;
        symbols[i].name = arena_copy_string(arena, name, strlen(name));
        if (!symbols[i].name)
            return false;
    }
    return true;
}

/* Counts the definitions; fills the lists if they are not NULL. */
static bool visit_objects(const struct objects *script,
                          struct definitions *definitions)
{
    struct name_map seen;
    LLVMValueRef global = NULL;

    name_map_init(&seen);
    definitions->seen =
        script->n_objects + script->natives.n_objects > 1 ? &seen : NULL;
    definitions->n_vars = definitions->n_funcs = 0;
    for (size_t i = 0; i < script->n_objects; i++)
        while ((global = glue_next_global(script->object[i].module, global)))
            add_definition(global, definitions);
    native_objects_definitions(&script->natives, add_native, definitions);
    name_map_release(&seen);
    return !definitions->no_memory;
}

enum status exports_from_definitions(const struct objects *script,
                                     const struct request *request,
                                     struct script_exports *exports,
                                     struct error *err)
{
    struct definitions definitions = {.only = NULL};
    struct arena *arena = exports->arena;
    struct public_names marks;

    if (request->flags & REQUEST_MARKED_ONLY) {
        if (!sort_marks(arena, request, &marks))
            return error_no_memory(err);
        definitions.only = &marks;
    }
    if (!visit_objects(script, &definitions))
        return error_no_memory(err);
    definitions.vars =
        arena_alloc(arena, definitions.n_vars + 1, sizeof(*definitions.vars));
    definitions.funcs =
        arena_alloc(arena, definitions.n_funcs + 1, sizeof(*definitions.funcs));
    if (!definitions.vars || !definitions.funcs)
        return error_no_memory(err);
    if (!visit_objects(script, &definitions) ||
        !copy_names(arena, definitions.vars, definitions.n_vars) ||
        !copy_names(arena, definitions.funcs, definitions.n_funcs))
        return error_no_memory(err);
    exports->vars = definitions.vars;
    exports->n_vars = definitions.n_vars;
    exports->funcs = definitions.funcs;
    exports->n_funcs = definitions.n_funcs;
    return STATUS_OK;
}

/* Entry points that clients look up by name, whether they are listed or not. */
static const char *const well_known[] = {"root", "init", ".rs.dtor"};

static size_t add_symbols(const char **name, size_t n,
                          const struct cache_symbol *symbols, size_t n_symbols)
{
    for (size_t i = 0; i < n_symbols; i++)
        name[n++] = symbols[i].name;
    return n;
}

static size_t add_reductions(const char **name, size_t n,
                             const struct script_exports *exports)
{
    for (size_t i = 0; i < exports->n_reductions; i++) {
        const struct script_reduction *row = &exports->reductions[i];
        const char *functions[] = {row->accumulator, row->initializer,
                                   row->combiner, row->outconverter};

        for (int j = 0; j < 4; j++)
            if (functions[j])
                name[n++] = functions[j];
    }
    return n;
}

enum status public_names_collect(const struct request *request,
                                 bool has_metadata,
                                 struct script_exports *exports,
                                 struct public_names *ret_names,
                                 struct error *err)
{
    enum { N_WELL_KNOWN = sizeof(well_known) / sizeof(well_known[0]) };
    size_t max = request->n_marks + exports->n_vars + exports->n_funcs +
                 exports->n_foreachs + 4 * exports->n_reductions + N_WELL_KNOWN;
    const char **name = arena_alloc(exports->arena, max + 1, sizeof(*name));
    size_t n = 0, n_kept = 0;

    if (!name)
        return error_no_memory(err);
    for (size_t i = 0; i < request->n_marks; i++)
        name[n++] = request->marks[i];
    /* With REQUEST_MARKED_ONLY, listed symbols keep their place in the lists,
     * but need not be kept. */
    if (!(request->flags & REQUEST_MARKED_ONLY) || !has_metadata) {
        n = add_symbols(name, n, exports->vars, exports->n_vars);
        n = add_symbols(name, n, exports->funcs, exports->n_funcs);
    }
    if (!(request->flags & REQUEST_MARKED_ONLY)) {
        n = add_symbols(name, n, exports->foreachs, exports->n_foreachs);
        n = add_reductions(name, n, exports);
        for (size_t i = 0; has_metadata && i < N_WELL_KNOWN; i++)
            name[n++] = well_known[i];
    }
    qsort(name, n, sizeof(*name), glue_compare_names);
    for (size_t i = 0; i < n; i++)
        if (name[i][0] && (!n_kept || strcmp(name[n_kept - 1], name[i]) != 0))
            name[n_kept++] = name[i];
    ret_names->name = name;
    ret_names->n_names = n_kept;
    return STATUS_OK;
}

bool public_names_contain(const struct public_names *names, const char *name)
{
    return glue_contains_name(names->name, names->n_names, name);
}

/* ---- Linkage ---- */

static void drop_comdat(LLVMValueRef global)
{
    /* Only these two kinds have a COMDAT of their own. */
    if (LLVMIsAGlobalVariable(global) || LLVMIsAFunction(global))
        LLVMSetComdat(global, NULL);
}

/* Does the source choose a section for it? A section .text... of a function
 * only decides about the place in the text, and does not count. */
static bool has_section(LLVMValueRef global)
{
    const char *section;

    if (!LLVMIsAGlobalVariable(global) && !LLVMIsAFunction(global))
        return false;
    section = LLVMGetSection(global);
    return section && *section &&
           !(is_function(global) && strncmp(section, ".text", 5) == 0);
}

static bool stays_visible(LLVMValueRef global, const char *name,
                          const struct visible_names *names)
{
    return public_names_contain(&names->published, name) ||
           public_names_contain(&names->in_asm, name) ||
           public_names_contain(&names->in_attributes, name) ||
           public_names_contain(&names->in_natives, name) ||
           has_section(global) || is_libcall(name) ||
           (is_function(global) && is_replaceable_operator(name));
}

static void set_linkage(LLVMValueRef global,
                        const struct visible_names *visible)
{
    const char *name = glue_name(global);

    if (LLVMIsDeclaration(global) || glue_is_llvm_name(name))
        return;
    switch (LLVMGetLinkage(global)) {
    case LLVMInternalLinkage:
    case LLVMPrivateLinkage:
    case LLVMAppendingLinkage:
    case LLVMAvailableExternallyLinkage:
        return;
    default:
        break;
    }
    drop_comdat(global);
    if (stays_visible(global, name, visible)) {
        LLVMSetLinkage(global, LLVMExternalLinkage);
        LLVMSetVisibility(global, LLVMHiddenVisibility);
    } else {
        LLVMSetVisibility(global, LLVMDefaultVisibility);
        LLVMSetLinkage(global, LLVMInternalLinkage);
    }
}

void internalize(LLVMModuleRef module, const struct visible_names *names)
{
    LLVMValueRef global = NULL;

    while ((global = glue_next_global(module, global)))
        set_linkage(global, names);
}
