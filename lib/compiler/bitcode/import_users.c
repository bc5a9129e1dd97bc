/* A declaration is used by instructions, which are in functions, and by
 * constants, which are used in turn, up to a variable with such an initialiser.
 * Front ends give names to constants of their own (".str", tables of a switch);
 * the user of such a constant is more helpful in a message. */
#include "imports.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "llvm_glue.h"

/* Constants contain constants, but source code does not nest them deeper. */
enum { MAX_DEPTH = 16 };

static LLVMValueRef find_user(LLVMValueRef value, unsigned depth);

static LLVMValueRef named_user(LLVMValueRef user, unsigned depth)
{
    if (LLVMIsAInstruction(user))
        return LLVMGetBasicBlockParent(LLVMGetInstructionParent(user));
    if (!LLVMIsAGlobalValue(user) || LLVMGetLinkage(user) == LLVMPrivateLinkage)
        return depth < MAX_DEPTH ? find_user(user, depth + 1) : NULL;
    /* Being listed in llvm.used or llvm.global_ctors is not a use. */
    return glue_is_llvm_name(glue_name(user)) ? NULL : user;
}

static LLVMValueRef find_user(LLVMValueRef value, unsigned depth)
{
    LLVMValueRef user = NULL;

    for (LLVMUseRef use = LLVMGetFirstUse(value); use && !user;
         use = LLVMGetNextUse(use))
        user = named_user(LLVMGetUser(use), depth);
    return user;
}

static const char *copy_name(LLVMValueRef global, struct arena *arena)
{
    const char *name = glue_name(global);

    return arena_copy_string(arena, name, strlen(name));
}

static bool add(struct import_users *users, LLVMValueRef declaration,
                struct arena *arena)
{
    struct import_user *row = &users->row[users->n_rows];
    LLVMValueRef user;

    if (!LLVMIsDeclaration(declaration) ||
        glue_is_llvm_name(glue_name(declaration)))
        return true;
    user = find_user(declaration, 0);
    if (!user)
        return true;
    row->symbol = copy_name(declaration, arena);
    row->user = copy_name(user, arena);
    users->n_rows++;
    return row->symbol && row->user;
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const struct import_user *)a)->symbol,
                  ((const struct import_user *)b)->symbol);
}

enum status import_users_collect(LLVMModuleRef module, struct arena *arena,
                                 struct import_users *ret_users,
                                 struct error *err)
{
    struct import_users users = {0};
    bool ok = true;
    LLVMValueRef at = NULL;

    users.row =
        arena_alloc(arena, glue_count_globals(module) + 1, sizeof(*users.row));
    if (!users.row)
        return error_no_memory(err);
    while (ok && (at = glue_next_global(module, at)))
        ok = add(&users, at, arena);
    if (!ok)
        return error_no_memory(err);
    qsort(users.row, users.n_rows, sizeof(*users.row), compare_rows);
    *ret_users = users;
    return STATUS_OK;
}

const char *import_users_find(const struct import_users *users,
                              const char *symbol)
{
    const struct import_user key = {.symbol = symbol};
    const struct import_user *row =
        bsearch(&key, users->row, users->n_rows, sizeof(key), compare_rows);

    return row ? row->user : NULL;
}
