/* A vendor's runtime may be 9 MB of bitcode of which a script uses ten
 * functions. Linking it whole takes seconds; the cost should follow from what
 * the script uses.
 *
 * LLVM's linker has a mode for that (OnlyNeeded), but the C API cannot select
 * it. Linkonce definitions have the same effect: the linker copies one only if
 * a copied definition refers to it, and a lazily read body that is not copied
 * is never even parsed. So before a library is linked, its visible definitions
 * are made linkonce. That also settles duplicates: a linkonce definition gives
 * way to an existing one, so the script wins over the libraries, and an earlier
 * library over a later one.
 *
 * Libraries are linked in order and each only once (twice would duplicate its
 * static variables). When an earlier library is linked, it is unknown what a
 * later one needs from it. So every name that a later library declares is
 * linked from the earlier library that defines it. The optimiser removes the
 * surplus.
 *
 * Of a large library only closures are read and linked (closures.h), for the
 * names that are needed here. These include the program's declarations, which
 * LLVM's linker finds by itself in a whole library.
 *
 * Assembly refers to names, too, and IR does not show it. Module assembly is
 * always linked with its module. So names in the libraries' module assembly, in
 * the program's, and in the inline assembly of its functions are needed from
 * all libraries. Inline assembly in a library's functions is unknown before
 * they are linked, so nothing is kept for it; the same holds for names in
 * attributes (attribute_names.c), except those that a later library defines. */
#include "link_runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assembly.h"
#include "linkage.h"
#include "name_map.h"
#include "closures.h"

/* The library to link, and the modules that need definitions from it. */
struct wanting {
    const struct runtime *library; /* the later libraries follow it */
    size_t n_later;
    LLVMModuleRef dest;
    const struct public_names *names;
    const struct asm_symbols *in_asm; /* of dest, then of each library */
    size_t n_in_asm;
    struct public_names in_attributes; /* of dest */
};

typedef void (*want_fn)(void *context, const char *name);

/* ---- What is wanted of a library ---- */

static void each_tentative(const struct wanting *wanting, want_fn want,
                           void *context)
{
    LLVMValueRef at;

    for (at = LLVMGetFirstGlobal(wanting->dest); at; at = LLVMGetNextGlobal(at))
        if (LLVMGetLinkage(at) == LLVMCommonLinkage)
            want(context, glue_name(at));
}

static void each_declared(LLVMModuleRef module, want_fn want, void *context)
{
    LLVMValueRef at = NULL;

    while ((at = glue_next_global(module, at)))
        if (!linkage_is_definition(at))
            want(context, glue_name(at));
}

static void each_wanted_later(const struct runtime *later, want_fn want,
                              void *context)
{
    if (later->module)
        each_declared(later->module, want, context);
    for (size_t i = 0; i < later->closures.n_declared; i++)
        want(context, later->closures.declared[i]);
}

static void each_in_asm(const struct asm_symbols *in_asm, want_fn want,
                        void *context)
{
    for (size_t i = 0; i < in_asm->n_symbols; i++)
        if (asm_symbol_is_wanted(&in_asm->symbol[i]))
            want(context, in_asm->symbol[i].name);
}

/* Calls want for each needed name, for some names several times. */
static void each_wanted(const struct wanting *wanting, want_fn want,
                        void *context)
{
    each_tentative(wanting, want, context);
    for (size_t i = 0; i < wanting->names->n_names; i++)
        want(context, wanting->names->name[i]);
    for (size_t i = 0; i < wanting->in_attributes.n_names; i++)
        want(context, wanting->in_attributes.name[i]);
    for (size_t i = 0; i < wanting->n_in_asm; i++)
        each_in_asm(&wanting->in_asm[i], want, context);
    for (size_t i = 1; i <= wanting->n_later; i++)
        each_wanted_later(&wanting->library[i], want, context);
}

/* ---- A library that is all there ---- */

static void want_of_module(void *context, const char *name)
{
    const struct wanting *wanting = context;
    LLVMValueRef global = glue_find_global(wanting->library->module, name);

    if (linkage_is_definition(global) && linkage_takes(wanting->dest, name))
        linkage_make_wanted(global);
}

static enum status link_module(struct glue *glue, struct wanting *wanting,
                               struct runtime *library, struct error *err)
{
    LLVMModuleRef module = library->module;

    linkage_make_all_lazy(module);
    each_wanted(wanting, want_of_module, wanting);
    library->module = NULL;
    return asm_labels_link(glue, wanting->dest, module, &library->file, err);
}

/* ---- A library in closures ---- */

struct name_list {
    LLVMModuleRef dest;
    struct buffer names; /* const char *, copied to arena */
    struct arena *arena;
    bool failed;
};

static void add_name(void *context, const char *name)
{
    struct name_list *list = context;

    if (!linkage_takes(list->dest, name))
        return;
    /* A name in LLVM may be freed before this list. */
    name = arena_copy_string(list->arena, name, strlen(name));
    if (name)
        buffer_append(&list->names, &name, sizeof(name));
    else
        list->failed = true;
}

/* LLVM's linker walks over the whole destination for each module. So closures
 * are linked in groups, and the groups to the program, which may be large. For
 * 250 closures of 4 KB, groups of 16 save two thirds of the work. */
enum { GROUP_SIZE = 16 };

static enum status link_closure(struct glue *glue, LLVMModuleRef group,
                                struct runtime *library, const char *name,
                                struct error *err)
{
    LLVMValueRef present = glue_find_global(group, name);
    struct span bitcode;
    LLVMModuleRef module;
    enum status status;

    /* Another closure may have brought it. */
    if (linkage_is_definition(present)) {
        linkage_make_wanted(present);
        return STATUS_OK;
    }
    if (!closures_find(&library->closures, name, &bitcode))
        return STATUS_OK;
    status = glue_read_bitcode(glue, bitcode, library->name, &module, err);
    if (status)
        return status;
    linkage_make_wanted(glue_find_global(module, name));
    return asm_labels_link(glue, group, module, &library->file, err);
}

static enum status link_group(struct glue *glue, LLVMModuleRef dest,
                              struct runtime *library, const char *const *name,
                              size_t n, struct error *err)
{
    LLVMModuleRef group =
        LLVMModuleCreateWithNameInContext("closures", glue->context);
    enum status status = STATUS_OK;

    LLVMSetTarget(group, LLVMGetTarget(dest));
    LLVMSetModuleDataLayout(group, LLVMGetModuleDataLayout(dest));
    for (size_t i = 0; status == STATUS_OK && i < n; i++)
        if (linkage_takes(dest, name[i]))
            status = link_closure(glue, group, library, name[i], err);
    if (status == STATUS_OK)
        return glue_link(glue, dest, group, library->name, err);
    LLVMDisposeModule(group);
    return status;
}

/* Sort, and remove duplicates, so that the order of the code does not depend on
 * who needs a name. */
static size_t sort_names(const char **name, size_t n)
{
    size_t n_different = 0;

    if (n)
        qsort(name, n, sizeof(*name), glue_compare_names);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(name[i], name[i - 1]) != 0)
            name[n_different++] = name[i];
    return n_different;
}

static enum status link_closures(struct glue *glue, struct wanting *wanting,
                                 struct runtime *library, struct arena *arena,
                                 struct error *err)
{
    struct name_list list = {.dest = wanting->dest, .arena = arena};
    struct closures *closures = &library->closures;
    enum status status = STATUS_OK;
    bool too_large = false;
    const char **name;
    size_t n;

    buffer_init(&list.names);
    each_declared(wanting->dest, add_name, &list);
    each_wanted(wanting, add_name, &list);
    if (list.failed || buffer_failed(&list.names))
        status = error_no_memory(err);
    name = (const char **)(void *)list.names.data;
    n = sort_names(name, list.names.size / sizeof(*name));
    if (status == STATUS_OK)
        status = closures_cut(closures, name, n, &too_large, err);
    for (size_t i = 0; status == STATUS_OK && !too_large && i < n;
         i += GROUP_SIZE)
        status = link_group(glue, wanting->dest, library, name + i,
                            n - i < GROUP_SIZE ? n - i : GROUP_SIZE, err);
    buffer_release(&list.names);
    closures_release(closures);
    if (status)
        return status;
    if (!too_large)
        return static_names_hide(wanting->dest, err);
    status = closures->read(closures->context, glue, closures->bytes,
                            library->name, &library->module, err);
    return status ? status : link_module(glue, wanting, library, err);
}

/* ---- All of them ---- */

struct assembly {
    LLVMModuleRef dest;
    struct arena *arena;
    struct name_map labels;     /* of the program and of earlier libraries */
    struct asm_symbols *in_asm; /* of the program, then of each library */
};

static bool note_label(struct assembly *assembly, const char *name,
                       bool *ret_taken)
{
    void **place = name_map_insert(&assembly->labels, name);

    if (!place)
        return false;
    *ret_taken = *place || glue_find_global(assembly->dest, name);
    *place = assembly;
    return true;
}

/* Rename labels that are local to this library's assembly, if other assembly
 * has them too. */
static enum status settle_labels(struct assembly *assembly,
                                 struct runtime *library,
                                 const struct asm_symbols *in_asm,
                                 struct error *err)
{
    struct asm_file *file = &library->file;
    enum status status = STATUS_OK;

    file->renamed = arena_alloc(assembly->arena, in_asm->n_symbols + 1,
                                sizeof(*file->renamed));
    if (!file->renamed)
        return error_no_memory(err);
    for (size_t i = 0; status == STATUS_OK && i < in_asm->n_symbols; i++) {
        const char *name = in_asm->symbol[i].name;
        bool taken = false;

        if (!asm_symbol_is_local(&in_asm->symbol[i]))
            continue;
        if (!note_label(assembly, name, &taken))
            return error_no_memory(err);
        if (!taken)
            continue;
        file->renamed[file->n_renamed++] = name;
        status = asm_symbols_rename(library->module, name, file->suffix, err);
    }
    return status;
}

static enum status read_library_asm(struct assembly *assembly,
                                    struct runtime *library, size_t index,
                                    struct error *err)
{
    struct asm_symbols *in_asm = &assembly->in_asm[index + 1];
    enum status status;
    char suffix[32];
    int size = snprintf(suffix, sizeof(suffix), ".lib%zu", index + 1);

    library->file = (struct asm_file){
        .name = library->name,
        .suffix = arena_copy_string(assembly->arena, suffix, (size_t)size),
    };
    if (!library->file.suffix)
        return error_no_memory(err);
    if (!library->module)
        return STATUS_OK;
    status = asm_symbols_read(library->module, assembly->arena, in_asm, err);
    return status ? status : settle_labels(assembly, library, in_asm, err);
}

static enum status read_asm(LLVMModuleRef dest, const struct runtimes *runtimes,
                            struct arena *arena,
                            struct asm_symbols **ret_in_asm, struct error *err)
{
    struct assembly assembly = {.dest = dest, .arena = arena};
    enum status status;
    bool ignored;

    assembly.in_asm =
        arena_alloc(arena, runtimes->n_runtimes + 1, sizeof(*assembly.in_asm));
    if (!assembly.in_asm)
        return error_no_memory(err);
    status = asm_symbols_read(dest, arena, &assembly.in_asm[0], err);
    name_map_init(&assembly.labels);
    for (size_t i = 0; !status && i < assembly.in_asm[0].n_symbols; i++) {
        const struct asm_symbol *symbol = &assembly.in_asm[0].symbol[i];
        if (asm_symbol_is_local(symbol) &&
            !note_label(&assembly, symbol->name, &ignored))
            status = error_no_memory(err);
    }
    for (size_t i = 0; status == STATUS_OK && i < runtimes->n_runtimes; i++)
        status = read_library_asm(&assembly, &runtimes->runtime[i], i, err);
    name_map_release(&assembly.labels);
    *ret_in_asm = assembly.in_asm;
    return status;
}

enum status runtime_link_all(struct glue *glue, LLVMModuleRef dest,
                             const struct runtimes *runtimes,
                             const struct public_names *names,
                             struct arena *arena, struct error *err)
{
    struct asm_symbols *in_asm;
    enum status status;

    if (runtimes->n_runtimes == 0)
        return STATUS_OK;
    status = read_asm(dest, runtimes, arena, &in_asm, err);
    for (size_t i = 0; status == STATUS_OK && i < runtimes->n_runtimes; i++) {
        struct runtime *library = &runtimes->runtime[i];
        struct wanting wanting = {
            .library = library,
            .n_later = runtimes->n_runtimes - i - 1,
            .dest = dest,
            .names = names,
            .in_asm = in_asm,
            .n_in_asm = runtimes->n_runtimes + 1,
        };

        status =
            attribute_names_collect(dest, arena, &wanting.in_attributes, err);
        if (status)
            return status;
        status = library->module
                     ? link_module(glue, &wanting, library, err)
                     : link_closures(glue, &wanting, library, arena, err);
    }
    return status;
}
