/* Functions of a script: records about them, and code for their callers. */
#ifndef BCC_COMPILER_SCRIPT_FUNCTIONS_H
#define BCC_COMPILER_SCRIPT_FUNCTIONS_H

#include "cache_write.h"
#include "directives.h"
#include "llvm_glue.h"
#include "script_exports.h"
#include "target.h"

/* The functions of a module that keep their names. */
struct functions_job {
    struct glue *glue;
    LLVMModuleRef module;
    const struct target *target;
    const char *name;         /* of the script */
    const char *const *names; /* the kept names; sorted */
    size_t n_names;
    const struct directives *directives;
    const struct cpu_features *cpu_features; /* that the code may use */
    const struct script_exports *exports;
    bool has_metadata; /* the script lists its exports */
    bool marked_only;
    bool has_stubs;      /* declarations, too, are functions of the script */
    struct arena *arena; /* of the result */
};

/* Record the signatures, before the module is optimised, and add trampolines
 * and expanded forms of kernels. COMPILE (a directive is wrong; a declared
 * import is called in another way), NO_MEMORY. */
enum status functions_make(const struct functions_job *job,
                           struct cache_function **ret_functions,
                           size_t *ret_n_functions,
                           struct error *err) MUST_CHECK;

#endif
