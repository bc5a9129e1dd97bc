/* The symbols that the code imports, and how it reaches them. */
#ifndef BCC_COMPILER_IMPORTS_H
#define BCC_COMPILER_IMPORTS_H

#include <llvm-c/Core.h>

#include "arena.h"
#include "llvm_glue.h"

/* An empty module to link scripts into. Its flags make code for a shared
 * object, whatever is linked into it. */
LLVMModuleRef imports_create_module(struct glue *glue);

/* When all is linked: undefined symbols are imports, hidden ones too. */
void imports_make_visible(LLVMModuleRef module);

/* Before optimisation: define atexit, at_quick_exit and pthread_atfork in the
 * module if it uses them. */
void imports_define_handlers(LLVMModuleRef module);

/* After optimisation: every reference to an undefined symbol goes through the
 * GOT. NO_MEMORY. */
enum status imports_through_got(LLVMModuleRef module, struct arena *arena,
                                struct error *err) MUST_CHECK;

#endif
