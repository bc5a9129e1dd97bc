/* Names that begin with the byte 01. */
#ifndef BCC_COMPILER_PLAIN_NAMES_H
#define BCC_COMPILER_PLAIN_NAMES_H

#include <llvm-c/Core.h>

#include "error.h"

/* The name without the byte. */
static inline const char *plain_name(const char *name)
{
    return name + (*name == '\1');
}

/* Remove the byte from all names of a module that was just read from `file`.
 * COMPILE (two definitions of one symbol), NO_MEMORY. */
enum status plain_names_make(LLVMModuleRef module, const char *file,
                             struct error *err) MUST_CHECK;

#endif
