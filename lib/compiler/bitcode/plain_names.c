/* "\01name" tells LLVM that the symbol is `name`, without the prefix that some
 * targets add. Front ends write it if the program states the symbol's name:
 * Rust's bindgen, D's pragma(mangle), clang on some systems. ELF has no such
 * prefix, so there "\01name" and "name" are the same symbol. The byte is
 * removed as soon as a module is read, and no later stage has to know about it.
 *
 * One module may have both. An assembler would see one symbol: two references
 * are one, a reference is to the definition, and two definitions are an error.
 * "private" is the exception: such a symbol begins with .L, so the byte makes
 * it another one. */
#include "read.h"

#include <stdbool.h>
#include <string.h>

#include "buffer.h"
#include "linkage.h"
#include "llvm_glue.h"

static LLVMValueRef find(LLVMModuleRef module, const char *name)
{
    LLVMValueRef found = glue_find_global(module, name);

    return found ? found : LLVMGetNamedGlobalIFunc(module, name, strlen(name));
}

static void set_name(LLVMValueRef global, const char *name)
{
    LLVMSetValueName2(global, name, strlen(name));
}

/* Replace all uses of `from` by `to`. A definition that only the optimiser may
 * use stays, unused: its body may not have been read yet. */
static void unite(LLVMValueRef from, LLVMValueRef to)
{
    if (LLVMGetLinkage(from) == LLVMExternalWeakLinkage &&
        LLVMIsDeclaration(to))
        LLVMSetLinkage(to, LLVMExternalWeakLinkage);
    LLVMReplaceAllUsesWith(from, to);
    if (!LLVMIsDeclaration(from))
        set_name(from, "");
    else if (LLVMIsAFunction(from))
        LLVMDeleteFunction(from);
    else
        LLVMDeleteGlobal(from);
}

static enum status settle(LLVMValueRef global, LLVMValueRef other,
                          const char *name, const char *file, struct error *err)
{
    if (LLVMTypeOf(global) != LLVMTypeOf(other))
        return error_set(err, STATUS_COMPILE,
                         "%s: '%s' and '\\01%s' are one symbol in two address "
                         "spaces",
                         file, name, name);
    if (linkage_is_definition(global) && linkage_is_definition(other))
        return error_set(err, STATUS_COMPILE,
                         "%s: '%s' is defined twice: as '%s' and as '\\01%s'",
                         file, name, name, name);
    if (linkage_is_definition(global)) {
        unite(other, global);
        set_name(global, name);
    } else {
        unite(global, other);
    }
    return STATUS_OK;
}

static enum status make_plain(LLVMModuleRef module, LLVMValueRef global,
                              const char *name, const char *file,
                              struct error *err)
{
    LLVMValueRef other = find(module, name);

    if (LLVMGetLinkage(global) == LLVMPrivateLinkage)
        LLVMSetLinkage(global, LLVMInternalLinkage);
    if (other && LLVMGetLinkage(other) != LLVMPrivateLinkage)
        return settle(global, other, name, file, err);
    if (other)
        set_name(other, ""); /* frees the name for the symbol; a private one
                                needs none */
    set_name(global, name);
    return STATUS_OK;
}

static enum status make_plain_copy(LLVMModuleRef module, LLVMValueRef global,
                                   const char *file, struct error *err)
{
    char *name = LLVMCreateMessage(plain_name(glue_name(global)));
    enum status status;

    if (!name)
        return error_no_memory(err);
    status = make_plain(module, global, name, file, err);
    LLVMDisposeMessage(name);
    return status;
}

/* LLVM's own names (llvm.memcpy) keep the byte. */
static bool is_marked(LLVMValueRef global)
{
    const char *name = glue_name(global);

    return name[0] == '\1' && name[1] && name[1] != '\1' &&
           !glue_is_llvm_name(name + 1);
}

enum status plain_names_make(LLVMModuleRef module, const char *file,
                             struct error *err)
{
    enum status status = STATUS_OK;
    struct buffer marked; /* LLVMValueRef */
    LLVMValueRef global = NULL;

    buffer_init(&marked);
    while ((global = glue_next_global(module, global)))
        if (is_marked(global))
            buffer_append(&marked, &global, sizeof(global));
    if (buffer_failed(&marked))
        status = error_no_memory(err);
    for (size_t at = 0; !status && at < marked.size;
         at += sizeof(LLVMValueRef)) {
        memcpy(&global, marked.data + at, sizeof(global));
        status = make_plain_copy(module, global, file, err);
    }
    buffer_release(&marked);
    return status;
}
