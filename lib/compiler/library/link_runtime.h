/* Joining script and runtime libraries into one module. */
#ifndef BCC_COMPILER_LINK_RUNTIME_H
#define BCC_COMPILER_LINK_RUNTIME_H

#include "assembly.h"
#include "closures.h"
#include "llvm_glue.h"
#include "internalize.h"

struct runtime {
    const char *name;
    LLVMModuleRef module; /* lazy; NULL once it was linked, or if it is
                             linked by closures */
    struct closures closures;
    struct asm_file file; /* set when it is linked */
};

struct runtimes {
    struct runtime *runtime;
    size_t n_runtimes;
};

/* Link the definitions of the runtimes, in order, that dest needs, directly or
 * through the libraries themselves. Consumes all of them. names: symbols that
 * are needed though no IR refers to them. COMPILE, CORRUPT, NO_MEMORY. */
enum status runtime_link_all(struct glue *glue, LLVMModuleRef dest,
                             const struct runtimes *runtimes,
                             const struct public_names *names,
                             struct arena *arena, struct error *err) MUST_CHECK;

#endif
