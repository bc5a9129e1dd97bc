/* The pipeline that clang runs at the same level, with the same tuning: SLP
 * vectorisation is off unless asked for, the rest is stated so that it stays.
 * What nobody refers to goes first: after internalisation that may be most of
 * the module, and the pipeline would simplify each function before it looks.
 * With it goes the debug information of what went: of a large runtime library
 * that would be most of an entry. */
#include "optimise.h"

static const char *const pipelines[] = {
    "globaldce,lowertypetests,default<O0>",
    "globaldce,lowertypetests,default<O1>",
    "globaldce,lowertypetests,default<O2>",
    "globaldce,lowertypetests,default<O3>",
};

static bool has_debug_information(LLVMModuleRef module)
{
    return LLVMGetNamedMetadataNumOperands(module, "llvm.dbg.cu") > 0;
}

enum status optimise(struct glue *glue, LLVMModuleRef module,
                     const struct target *target, unsigned opt_level,
                     const char *name, struct error *err)
{
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    bool vectorise = opt_level >= 2;
    enum status status = STATUS_OK;

    LLVMPassBuilderOptionsSetLoopVectorization(options, vectorise);
    LLVMPassBuilderOptionsSetSLPVectorization(options, vectorise);
    LLVMPassBuilderOptionsSetLoopInterleaving(options, vectorise);
    LLVMPassBuilderOptionsSetLoopUnrolling(options, vectorise);
    /* A section that only a linker for whole programs reads. */
    LLVMPassBuilderOptionsSetCallGraphProfile(options, false);
    if (has_debug_information(module))
        status = glue_run_passes(glue, module, target->machine,
                                 "globaldce,strip-dead-debug-info", options,
                                 name, err);
    if (status == STATUS_OK)
        status = glue_run_passes(glue, module, target->machine,
                                 pipelines[opt_level > 3 ? 3 : opt_level],
                                 options, name, err);
    LLVMDisposePassBuilderOptions(options);
    return status;
}
