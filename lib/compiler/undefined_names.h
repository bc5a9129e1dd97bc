/* Undefined symbols, known before the code is made. */
#ifndef BCC_COMPILER_UNDEFINED_NAMES_H
#define BCC_COMPILER_UNDEFINED_NAMES_H

#include <stdbool.h>

#include "arena.h"
#include "imports.h"
#include "llvm_glue.h"
#include "internalize.h"
#include "native_objects.h"
#include "early_facts.h"

struct undefined_job {
    struct glue *glue;
    LLVMModuleRef module; /* linked, with its public names; not changed */
    LLVMTargetMachineRef machine;
    const struct machine *row;
    const struct native_objects *natives;
    const struct import_users *users;
    const struct public_names *in_asm; /* assembly.h */
    struct arena *arena;
    bool is_optimised; /* see struct module_facts */
};

/* Ask about what the module and the objects refer to. NO_MEMORY, COMPILE, or
 * what the asker says. */
enum status undefined_names_ask(const struct undefined_job *job,
                                const struct undefined_asker *asker,
                                struct error *err) MUST_CHECK;

#endif
