/* A library's static definitions while it is in closures: under names that
 * nothing else has, and visible, so that two closures share them. */
#ifndef BCC_COMPILER_STATIC_NAMES_H
#define BCC_COMPILER_STATIC_NAMES_H

#include <llvm-c/Core.h>

#include "error.h"

/* The first byte of such a name. */
enum { STATIC_MARK = '\2' };

/* Of all static definitions of the library. NO_MEMORY. */
enum status static_names_show(LLVMModuleRef library,
                              struct error *err) MUST_CHECK;

/* After its closures were linked into dest: they are static again, under the
 * names they had. NO_MEMORY. */
enum status static_names_hide(LLVMModuleRef dest, struct error *err) MUST_CHECK;

#endif
