/* Who wants a symbol that the code does not define. */
#ifndef BCC_COMPILER_IMPORT_USERS_H
#define BCC_COMPILER_IMPORT_USERS_H

#include <llvm-c/Core.h>

#include "arena.h"
#include "error.h"

struct import_user {
    const char *symbol;
    const char *user;
};

/* By symbol. */
struct import_users {
    struct import_user *row;
    size_t n_rows;
};

/* For each declaration of the module a function or variable that refers to it,
 * the same for the same input. Before optimisation: what is inlined has no
 * name. All names live in arena. NO_MEMORY. */
enum status import_users_collect(LLVMModuleRef module, struct arena *arena,
                                 struct import_users *ret_users,
                                 struct error *err) MUST_CHECK;

/* NULL if it is not known, as of what only generated code calls. */
const char *import_users_find(const struct import_users *users,
                              const char *symbol);

#endif
