#include "closures.h"

#include <string.h>

#include "buffer.h"
#include "linkage.h"
#include "llvm_glue.h"

/* The byte after the mark: was the definition private, and did it have a
 * name? */
enum static_kind {
    STATIC_INTERNAL = 'i',
    STATIC_PRIVATE = 'p',
    STATIC_INTERNAL_UNNAMED = 'I',
    STATIC_PRIVATE_UNNAMED = 'P'
};

static void show_static(LLVMValueRef global, unsigned *n_unnamed,
                        struct buffer *scratch)
{
    bool is_private = LLVMGetLinkage(global) == LLVMPrivateLinkage;
    const char *name = glue_name(global);

    scratch->size = 0;
    if (*name)
        buffer_printf(scratch, "%c%c%s", STATIC_MARK,
                      is_private ? STATIC_PRIVATE : STATIC_INTERNAL, name);
    else
        buffer_printf(scratch, "%c%c%u", STATIC_MARK,
                      is_private ? STATIC_PRIVATE_UNNAMED
                                 : STATIC_INTERNAL_UNNAMED,
                      (*n_unnamed)++);
    if (buffer_failed(scratch))
        return;
    LLVMSetValueName2(global, (const char *)scratch->data, scratch->size);
    LLVMSetLinkage(global, LLVMLinkOnceODRLinkage);
    LLVMSetVisibility(global, LLVMHiddenVisibility);
}

enum status static_names_show(LLVMModuleRef module, struct error *err)
{
    struct buffer scratch;
    unsigned n_unnamed = 0;
    LLVMValueRef at = NULL;
    bool failed;

    buffer_init(&scratch);
    while ((at = glue_next_global(module, at)))
        if (linkage_is_definition(at) && linkage_is_local(at))
            show_static(at, &n_unnamed, &scratch);
    failed = buffer_failed(&scratch);
    buffer_release(&scratch);
    return failed ? error_no_memory(err) : STATUS_OK;
}

static void hide_static(LLVMValueRef global, struct buffer *scratch)
{
    static const char kinds[] = {STATIC_INTERNAL, STATIC_PRIVATE,
                                 STATIC_INTERNAL_UNNAMED,
                                 STATIC_PRIVATE_UNNAMED, '\0'};
    const char *name = glue_name(global);
    bool is_private, is_unnamed;

    /* A script may use such names, too, by malice. */
    if (name[0] != STATIC_MARK || !name[1] || !strchr(kinds, name[1]))
        return;
    is_private = name[1] == STATIC_PRIVATE || name[1] == STATIC_PRIVATE_UNNAMED;
    is_unnamed =
        name[1] == STATIC_INTERNAL_UNNAMED || name[1] == STATIC_PRIVATE_UNNAMED;
    LLVMSetVisibility(global, LLVMDefaultVisibility);
    LLVMSetLinkage(global,
                   is_private ? LLVMPrivateLinkage : LLVMInternalLinkage);
    /* LLVM frees the old name first, so the new one must be in other memory. */
    scratch->size = 0;
    if (!is_unnamed)
        buffer_append_string(scratch, name + 2);
    if (!buffer_failed(scratch))
        LLVMSetValueName2(global, (const char *)scratch->data, scratch->size);
}

enum status static_names_hide(LLVMModuleRef dest, struct error *err)
{
    struct buffer scratch;
    LLVMValueRef at = NULL;
    bool failed;

    buffer_init(&scratch);
    while ((at = glue_next_global(dest, at)))
        hide_static(at, &scratch);
    failed = buffer_failed(&scratch);
    buffer_release(&scratch);
    return failed ? error_no_memory(err) : STATUS_OK;
}
