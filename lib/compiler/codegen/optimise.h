/* LLVM's standard pipeline, whole or in halves. */
#ifndef BCC_COMPILER_OPTIMISE_H
#define BCC_COMPILER_OPTIMISE_H

#include "llvm_glue.h"
#include "early_facts.h"
#include "target.h"

struct optimisation {
    const struct target *target;
    unsigned level;       /* 0..3 */
    const char *name;     /* of the script, for messages */
    const char *simplify; /* passes that the first half left, for functions
                             that are not finished; NULL: none */
    const char *rest;     /* then for all; NULL: none */
};

/* Delete unused definitions. COMPILE, as for the others. */
enum status optimise_prune(struct glue *glue, LLVMModuleRef module,
                           const struct optimisation *how,
                           struct error *err) MUST_CHECK;

/* Run the whole pipeline. */
enum status optimise(struct glue *glue, LLVMModuleRef module,
                     const struct optimisation *how,
                     struct error *err) MUST_CHECK;

/* Run the passes that baseline code needs. how->rest gets the passes on single
 * functions, for modules that no optimiser has seen. */
enum status optimise_baseline(struct glue *glue, LLVMModuleRef module,
                              struct optimisation *how,
                              const struct module_facts *facts,
                              struct error *err) MUST_CHECK;

/* Run the half that works on the module as a whole, above all inlining.
 * how->simplify and how->rest get the passes on single functions, to be run on
 * the module or on its parts. */
enum status optimise_first_half(struct glue *glue, LLVMModuleRef module,
                                struct optimisation *how,
                                const struct module_facts *facts,
                                struct error *err) MUST_CHECK;
enum status optimise_rest(struct glue *glue, LLVMModuleRef module,
                          const struct optimisation *how,
                          struct error *err) MUST_CHECK;

#endif
