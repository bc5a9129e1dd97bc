/* The users of symbols that the code does not define. */
#ifndef BCC_COMPILER_IMPORT_USERS_H
#define BCC_COMPILER_IMPORT_USERS_H

#include <llvm-c/Core.h>

#include "arena.h"
#include "error.h"

struct import_user {
    const char *symbol;
    const char *user;
};

/* Sorted by symbol. */
struct import_users {
    struct import_user *row;
    size_t n_rows;
};

/* For each declaration of the module, find a function or variable that refers
 * to it; the same one for the same input. To be called before optimisation,
 * because an inlined function has no name. All names live in arena.
 * NO_MEMORY. */
enum status import_users_collect(LLVMModuleRef module, struct arena *arena,
                                 struct import_users *ret_users,
                                 struct error *err) MUST_CHECK;

/* NULL if unknown, as for a symbol that only generated code refers to. */
const char *import_users_find(const struct import_users *users,
                              const char *symbol);

#endif
