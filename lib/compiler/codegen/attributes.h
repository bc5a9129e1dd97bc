/* What front ends wrote on functions about CPUs, made to fit the target. */
#ifndef BCC_COMPILER_ATTRIBUTES_H
#define BCC_COMPILER_ATTRIBUTES_H

#include "arena.h"
#include "target.h"

/* NO_MEMORY. */
enum status attributes_retarget(LLVMModuleRef module,
                                const struct target *target,
                                struct arena *arena,
                                struct error *err) MUST_CHECK;

#endif
