/* The pipeline that clang runs at the same level, with the same tuning: SLP
 * vectorisation is off unless asked for, the rest is stated so that it stays.
 * What nobody refers to goes first: after internalisation that may be most of
 * the module, and the pipeline would simplify each function before it looks.
 * With it goes the debug information of what went: of a large runtime library
 * that would be most of an entry. */
#include "optimise.h"

#include <stdbool.h>
#include <stdio.h>

/* Checks of a pointer's type, as control-flow integrity (-fsanitize=cfi) and
 * devirtualisation make them, wait for the link that sees all types. Here that
 * is now: left as they are, the back end drops some, and refuses others. */
static bool has_type_checks(LLVMModuleRef module)
{
    static const char *const names[] = {
        "llvm.type.test",
        "llvm.type.checked.load",
        "llvm.type.checked.load.relative",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (LLVMGetNamedFunction(module, names[i]))
            return true;
    return false;
}

static bool has_debug_information(LLVMModuleRef module)
{
    return LLVMGetNamedMetadataNumOperands(module, "llvm.dbg.cu") > 0;
}

enum status optimise(struct glue *glue, LLVMModuleRef module,
                     const struct target *target, unsigned opt_level,
                     const char *name, struct error *err)
{
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    const char *type_checks =
        has_type_checks(module) ? "wholeprogramdevirt,lowertypetests," : "";
    const char *strip =
        has_debug_information(module) ? "strip-dead-debug-info," : "";
    bool vectorise = opt_level >= 2;
    char passes[96];
    enum status status;

    snprintf(passes, sizeof(passes), "globaldce,%s%sdefault<O%u>", strip,
             type_checks, opt_level > 3 ? 3 : opt_level);

    LLVMPassBuilderOptionsSetLoopVectorization(options, vectorise);
    LLVMPassBuilderOptionsSetSLPVectorization(options, vectorise);
    LLVMPassBuilderOptionsSetLoopInterleaving(options, vectorise);
    LLVMPassBuilderOptionsSetLoopUnrolling(options, vectorise);
    /* A section that only a linker for whole programs reads. */
    LLVMPassBuilderOptionsSetCallGraphProfile(options, false);
    status = glue_run_passes(glue, module, target->machine, passes, options,
                             name, err);
    LLVMDisposePassBuilderOptions(options);
    return status;
}
