/* Static definitions of a library while they are in closures: they have unique
 * names and are visible, so that closures share them. */
#ifndef BCC_COMPILER_STATIC_NAMES_H
#define BCC_COMPILER_STATIC_NAMES_H

#include <llvm-c/Core.h>

#include "error.h"

/* The first byte of such a name. */
enum { STATIC_MARK = '\2' };

/* Rename all static definitions of the library. NO_MEMORY. */
enum status static_names_show(LLVMModuleRef library,
                              struct error *err) MUST_CHECK;

/* After its closures were linked into dest: make them static again, under their
 * old names. NO_MEMORY. */
enum status static_names_hide(LLVMModuleRef dest, struct error *err) MUST_CHECK;

#endif
