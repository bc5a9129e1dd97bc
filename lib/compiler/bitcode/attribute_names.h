/* Names that attributes and module flags refer to, which no IR shows. */
#ifndef BCC_COMPILER_ATTRIBUTE_NAMES_H
#define BCC_COMPILER_ATTRIBUTE_NAMES_H

#include <llvm-c/Core.h>

#include "arena.h"
#include "error.h"
#include "internalize.h"

/* Values of string attributes of the module's functions and of calls in them,
 * and of module flags; sorted. Names live in arena. NO_MEMORY. */
enum status attribute_names_collect(LLVMModuleRef module, struct arena *arena,
                                    struct public_names *ret_names,
                                    struct error *err) MUST_CHECK;

#endif
