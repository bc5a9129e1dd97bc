/* Variables that 32-bit displacements cannot reach. */
#ifndef BCC_COMPILER_LARGE_DATA_H
#define BCC_COMPILER_LARGE_DATA_H

#include <llvm-c/Core.h>

#include "llvm_glue.h"
#include "target.h"

/* After optimisation: moves the largest variables of a module that has too
 * many bytes of them to where code reaches them with 64-bit offsets. Changes
 * nothing in any other module. NO_MEMORY, COMPILE. */
enum status large_data_mark(struct glue *glue, LLVMModuleRef module,
                            const struct target *target, const char *name,
                            struct error *err) MUST_CHECK;

#endif
