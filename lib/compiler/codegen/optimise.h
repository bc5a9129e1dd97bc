/* LLVM's standard pipeline, whole or in halves. */
#ifndef BCC_COMPILER_OPTIMISE_H
#define BCC_COMPILER_OPTIMISE_H

#include "llvm_glue.h"
#include "module_facts.h"
#include "target.h"

struct optimisation {
    const struct target *target;
    unsigned level;       /* 0..3 */
    const char *name;     /* of the script, for messages */
    const char *simplify; /* passes that the first half left, for functions
                             that are not finished; NULL: none */
    const char *rest;     /* then for all; NULL: none */
};

/* Drop what nobody refers to. COMPILE, as of the others. */
enum status optimise_prune(struct glue *glue, LLVMModuleRef module,
                           const struct optimisation *how,
                           struct error *err) MUST_CHECK;

/* All of it. */
enum status optimise(struct glue *glue, LLVMModuleRef module,
                     const struct optimisation *how,
                     struct error *err) MUST_CHECK;

/* What baseline code gets, the least that code needs; in how->rest what goes
 * function by function, for modules that no optimiser has seen. */
enum status optimise_baseline(struct glue *glue, LLVMModuleRef module,
                              struct optimisation *how,
                              const struct module_facts *facts,
                              struct error *err) MUST_CHECK;

/* The half that looks at the module as a whole, inlines above all; and what
 * it left in how->simplify and how->rest, which goes function by function, for
 * the module or for parts of it. */
enum status optimise_first_half(struct glue *glue, LLVMModuleRef module,
                                struct optimisation *how,
                                const struct module_facts *facts,
                                struct error *err) MUST_CHECK;
enum status optimise_rest(struct glue *glue, LLVMModuleRef module,
                          const struct optimisation *how,
                          struct error *err) MUST_CHECK;

#endif
