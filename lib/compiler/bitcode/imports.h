/* What the code takes from outside, and how it reaches it. */
#ifndef BCC_COMPILER_IMPORTS_H
#define BCC_COMPILER_IMPORTS_H

#include <llvm-c/Core.h>

#include "arena.h"
#include "llvm_glue.h"

/* An empty module that scripts are linked into, with the flags that make code
 * for a shared object of whatever is linked. */
LLVMModuleRef imports_create_module(struct glue *glue);

/* Before optimisation: give the module its own atexit, at_quick_exit and
 * pthread_atfork if it uses them. */
void imports_define_handlers(LLVMModuleRef module);

/* After optimisation: every reference to an undefined symbol goes through the
 * GOT. NO_MEMORY. */
enum status imports_through_got(LLVMModuleRef module, struct arena *arena,
                                struct error *err) MUST_CHECK;

#endif
