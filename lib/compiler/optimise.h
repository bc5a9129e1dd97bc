/* LLVM's standard pipeline. */
#ifndef BCC_COMPILER_OPTIMISE_H
#define BCC_COMPILER_OPTIMISE_H

#include "llvm_glue.h"
#include "target.h"

/* opt_level 0..3. COMPILE. */
enum status optimise(struct glue *glue, LLVMModuleRef module,
                     const struct target *target, unsigned opt_level,
                     const char *name, struct error *err) MUST_CHECK;

#endif
