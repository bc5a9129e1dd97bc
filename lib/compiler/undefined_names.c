/* A large program compiles for a minute, and its user waits to hear that a
 * symbol is undefined. All names are known once the modules are linked. But
 * they say too much: an unused function may refer to anything, and a linker
 * that drops it does not mind. So the unused is dropped from a copy of the
 * module first. What an optimiser has not seen may refer to a symbol only in
 * code that it will find dead: there, nothing is said before the code is made.
 *
 * A name that stands in assembly may be defined there, as whatever the
 * assembler makes of it: nothing is said of it either.
 *
 * Names that begin with an underscore, except for mangled ones, are supplied by
 * linker and code generator, too, each by its rules. So they alone are no
 * reason to give up; they are only listed with others. */
#include "undefined_names.h"

#include <string.h>

#include "archive.h"
#include "support_archive.h"

/* ---- Names ---- */

static bool is_plain(const char *name)
{
    return name[0] != '_' || name[1] == 'Z' || name[1] == 'R' || name[1] == 'D';
}

static bool is_wanted(LLVMValueRef global)
{
    return LLVMIsDeclaration(global) && LLVMGetFirstUse(global) &&
           LLVMGetLinkage(global) == LLVMExternalLinkage;
}

static bool append(struct buffer *list, const char *name, const char *user)
{
    const struct undefined_symbol symbol = {name, user};

    if (strncmp(name, "llvm.", 5) != 0)
        buffer_append(list, &symbol, sizeof(symbol));
    return true;
}

struct natives_visit {
    const struct undefined_job *job;
    struct buffer *list;
};

static bool visit_native(void *context, const char *name, const char *object)
{
    const struct natives_visit *visit = context;
    LLVMValueRef global = glue_find_global(visit->job->module, name);

    if ((global && (!LLVMIsDeclaration(global) || is_wanted(global))) ||
        public_names_contain(visit->job->in_asm, name))
        return true;
    return append(visit->list, name, object);
}

static void collect(const struct undefined_job *job, struct buffer *list)
{
    struct natives_visit visit = {job, list};
    LLVMValueRef at = NULL;

    while ((at = glue_next_global(job->module, at))) {
        const char *name = glue_name(at);

        if (is_wanted(at) && !native_objects_define(job->natives, name) &&
            !public_names_contain(job->in_asm, name))
            append(list, name, import_users_find(job->users, name));
    }
    native_objects_undefined(job->natives, visit_native, &visit);
}

/* ---- What is reached ---- */

/* By an instruction: an address in a table, or a personality of functions that
 * never unwind, may be dropped when the code is made. */
static bool is_used_by_code(LLVMValueRef global)
{
    for (LLVMUseRef use = LLVMGetFirstUse(global); use;
         use = LLVMGetNextUse(use))
        if (LLVMIsAInstruction(LLVMGetUser(use)))
            return true;
    return false;
}

/* Keep the names that a copy without the unused still refers to.
 * *ret_is_certain: the code will refer to one of them. */
static enum status keep_reached(const struct undefined_job *job,
                                struct undefined_symbol *symbols, size_t *n,
                                bool *ret_is_certain, struct error *err)
{
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    const struct glue_passes passes = {"globaldce", job->machine, options};
    LLVMModuleRef copy = LLVMCloneModule(job->module);
    enum status status =
        glue_run_passes(job->glue, copy, &passes, "undefined symbols", err);
    size_t n_kept = 0;

    *ret_is_certain = false;
    for (size_t i = 0; status == STATUS_OK && i < *n; i++) {
        const char *name = symbols[i].name;
        LLVMValueRef global = glue_find_global(copy, name);
        const bool in_native = native_objects_user(job->natives, name) != NULL;
        const bool is_reached = global && is_wanted(global);

        if (!is_reached && !in_native)
            continue;
        if (is_plain(name) && (in_native || is_used_by_code(global)))
            *ret_is_certain = true;
        symbols[n_kept++] = symbols[i];
    }
    *n = n_kept;
    LLVMDisposeModule(copy);
    LLVMDisposePassBuilderOptions(options);
    return status;
}

/* ---- What the linker supplies ---- */

static void drop(struct undefined_symbol *symbols, size_t *n, const char *name)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < *n; i++)
        if (strcmp(symbols[i].name, name) != 0)
            symbols[n_kept++] = symbols[i];
    *n = n_kept;
}

/* Routines: atexit() is one of them, as it is in no shared library. */
static void drop_routines(const struct machine *row,
                          struct undefined_symbol *symbols, size_t *n)
{
    struct link_archive archives[SUPPORT_MAX_ARCHIVES];
    const size_t n_archives = support_archives(row, archives);

    for (size_t i = 0; i < n_archives; i++) {
        struct archive_cursor cursor = {0};
        struct archive_symbol symbol;
        struct archive_view view;

        if (archive_open(archives[i].bytes, archives[i].name, &view, NULL))
            continue;
        while (archive_next_symbol(&view, &cursor, &symbol, NULL) == STATUS_OK)
            drop(symbols, n, symbol.name);
    }
}

enum status undefined_names_ask(const struct undefined_job *job,
                                const struct undefined_asker *asker,
                                struct error *err)
{
    struct undefined_symbol *symbols;
    enum status status = STATUS_OK;
    bool is_certain = false;
    struct buffer list;
    size_t n;

    if (!job->is_optimised)
        return STATUS_OK;
    buffer_init(&list);
    collect(job, &list);
    n = list.size / sizeof(*symbols);
    symbols = (struct undefined_symbol *)(void *)list.data;
    if (buffer_failed(&list))
        status = error_no_memory(err);
    else if (n)
        status = asker->filter(asker->context, symbols, &n, err);
    if (status == STATUS_OK)
        drop_routines(job->row, symbols, &n);
    if (status == STATUS_OK && n)
        status = keep_reached(job, symbols, &n, &is_certain, err);
    if (status == STATUS_OK && is_certain)
        status = asker->report(asker->context, symbols, n, err);
    buffer_release(&list);
    return status;
}
