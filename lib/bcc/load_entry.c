/* From an admitted file to code: open its libraries, bind its imports, then
 * give it to the script. */
#include "prepare.h"

/* Is a new compile useless after this failure? It may help if shared libraries
 * may define the missing symbols, because they may have changed since the entry
 * was made. */
static bool is_final(const struct prepare *p, enum status status)
{
    if (status == STATUS_UNRESOLVED)
        return p->request.n_shared == 0 &&
               !(p->request.flags & REQUEST_DEFAULT_LIBRARIES);
    return status == STATUS_NO_MEMORY;
}

static enum status bind(struct prepare *p, struct found *found,
                        struct libraries *libraries, struct error *err)
{
    struct symbol_search search = {
        .script = p->script,
        .view = &found->view,
        .libraries = libraries,
        .of_process = p->flags & BCC_PROCESS_SYMBOLS,
        .of_libc = p->flags & BCC_DEFAULT_LIBRARIES,
    };
    const struct load_binding binding = {symbols_resolve, symbols_note_missing,
                                         &search};
    enum status status = STATUS_OK;

    if (p->script->n_missing)
        missing_release(p->script);
    if (cache_is_there(&found->view, OBCC_NEEDED_LIST))
        status = libraries_open(&found->view, search.of_process, found->name,
                                libraries, err);
    if (status == STATUS_OK)
        status = load_link(&found->source, &found->image, &binding, err);
    if (status == STATUS_UNRESOLVED)
        symbols_add_hint(&search, err);
    return status;
}

enum status load_entry(struct prepare *p, struct found *found,
                       bool *ret_is_final, struct error *err)
{
    BCCScriptRef script = p->script;
    struct libraries libraries = {0};
    enum status status;

    *ret_is_final = false;
    report_stage(script, found->origin == FOUND_MADE ? BCC_STAGE_PUBLISH
                                                     : BCC_STAGE_LOOKUP);
    status = bind(p, found, &libraries, err);
    if (status) {
        *ret_is_final = is_final(p, status);
        libraries_close(&libraries);
        return status;
    }
    report_stage(script, BCC_STAGE_LOAD);
    script->image = found->image;
    found->image = (struct image){0};
    script->libraries = libraries;
    script->layout = found->layout;
    script->view = found->view;
    shown_begin(script, found);
    script->inode = found->st.st_ino;
    script->report.imageBytes = found->layout.section[OBCC_CONTEXT].size;
    return STATUS_OK;
}
