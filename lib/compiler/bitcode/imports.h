/* The symbols that the code imports: how it reaches them, and which of its
 * functions and variables use them. */
#ifndef BCC_COMPILER_IMPORTS_H
#define BCC_COMPILER_IMPORTS_H

#include <llvm-c/Core.h>

#include "arena.h"
#include "error.h"
#include "llvm_glue.h"

/* An empty module into which all inputs are linked. Its flags demand code for a
 * shared object, whatever is linked into it. */
LLVMModuleRef imports_create_module(struct glue *glue);

/* Once everything is linked: make undefined symbols imports, hidden ones
 * too. */
void imports_make_visible(LLVMModuleRef module);

/* Before optimisation: define atexit, at_quick_exit and pthread_atfork in the
 * module if it uses them. */
void imports_define_handlers(LLVMModuleRef module);

/* After optimisation: every reference to an undefined symbol goes through the
 * GOT. NO_MEMORY. */
enum status imports_through_got(LLVMModuleRef module, struct arena *arena,
                                struct error *err) MUST_CHECK;

/* ---- Users ---- */

struct import_user {
    const char *symbol;
    const char *user;
};

/* Rows are sorted by symbol. */
struct import_users {
    struct import_user *row;
    size_t n_rows;
};

/* For each declaration of the module, find a function or variable that refers
 * to it; always the same one for the same input. To be called before
 * optimisation, because inlined functions have no names. Names live in arena.
 * NO_MEMORY. */
enum status import_users_collect(LLVMModuleRef module, struct arena *arena,
                                 struct import_users *ret_users,
                                 struct error *err) MUST_CHECK;

/* A function or variable that refers to the symbol. NULL: unknown, as for a
 * symbol that only generated code refers to. */
const char *import_users_find(const struct import_users *users,
                              const char *symbol);

#endif
