/* Who wants a symbol that the code does not define. */
#ifndef BCC_COMPILER_USERS_H
#define BCC_COMPILER_USERS_H

#include <llvm-c/Core.h>

#include "arena.h"
#include "error.h"

struct symbol_user {
    const char *symbol;
    const char *user;
};

/* By symbol. */
struct symbol_users {
    struct symbol_user *row;
    size_t n_rows;
};

/* For each declaration of the module a function or variable that refers to it,
 * the same for the same input. Before optimisation: what is inlined has no
 * name. All names live in arena. NO_MEMORY. */
enum status users_collect(LLVMModuleRef module, struct arena *arena,
                          struct symbol_users *ret_users,
                          struct error *err) MUST_CHECK;

/* NULL if it is not known, as of what only generated code calls. */
const char *users_find(const struct symbol_users *users, const char *symbol);

#endif
