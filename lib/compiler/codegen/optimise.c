/* The pipeline of clang at the same level, with the same tuning: SLP
 * vectorisation is off unless asked for, the rest is stated so that it stays.
 * Unused definitions are removed first: after internalisation they may be most
 * of the module, and the pipeline would simplify each function before it
 * removes them. Their debug information is removed too: with a large runtime
 * library it would be most of an entry.
 *
 * The first half of the pipeline is the one that clang -flto=thin runs before
 * it writes a file. It omits only two simplifications: rotating a loop whose
 * header calls a function, for which the second half has a pass, and splitting
 * coroutines; modules with coroutines are not divided in halves. LLVM has no
 * name for the second half. But opt prints the passes of a pipeline, and its
 * output can be used unchanged: the build asks the opt of the LLVM that it
 * links. The options below are in that text.
 *
 * If an optimiser has seen the module, all of its functions are simple already,
 * and can be inlined as they are. Then only passes that look at the module as a
 * whole come before it is divided; what they changed is simplified part by
 * part. */
#include "optimise.h"

#include "module_passes.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>

/* Parts of LLVM's pipelines, as opt prints them (cmake/BccPipelines.cmake). */
static const struct pipeline {
    unsigned elf_machine;
    unsigned level;
    const char *early;    /* of functions, before any is inlined */
    const char *simplify; /* callees before callers */
    const char *second;   /* the second half */
} pipelines[] = {
#include "pipelines.h"
};

enum { MAX_PASSES = 128 }; /* bytes of the names written here */

/* Does the module check types of pointers? Control-flow integrity
 * (-fsanitize=cfi) and devirtualisation make such checks for the link that
 * knows all types, which is here. Checks that are left are dropped or refused
 * by the back end. */
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

static const char *strip_pass(LLVMModuleRef module)
{
    bool described = LLVMGetNamedMetadataNumOperands(module, "llvm.dbg.cu") > 0;

    return described ? ",strip-dead-debug-info" : "";
}

static const char *type_check_passes(LLVMModuleRef module)
{
    return has_type_checks(module) ? "wholeprogramdevirt,lowertypetests," : "";
}

static unsigned level_of(const struct optimisation *how)
{
    return how->level > 3 ? 3 : how->level;
}

static bool has_coroutines(LLVMModuleRef module)
{
    return LLVMGetNamedFunction(module, "llvm.coro.id") ||
           LLVMGetNamedFunction(module, "llvm.coro.id.async") ||
           LLVMGetNamedFunction(module, "llvm.coro.id.retcon") ||
           LLVMGetNamedFunction(module, "llvm.coro.id.retcon.once");
}

/* NULL: the pipeline has no halves at that level, or for that machine. */
static const struct pipeline *find_pipeline(const struct optimisation *how)
{
    const size_t n = sizeof(pipelines) / sizeof(pipelines[0]);

    for (size_t i = 0; i < n; i++)
        if (pipelines[i].elf_machine == how->target->elf_machine &&
            pipelines[i].level == level_of(how))
            return &pipelines[i];
    return NULL;
}

static enum status run(struct glue *glue, LLVMModuleRef module,
                       const struct optimisation *how, const char *passes,
                       struct error *err)
{
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    bool vectorise = how->level >= 2;
    enum status status;

    LLVMPassBuilderOptionsSetLoopVectorization(options, vectorise);
    LLVMPassBuilderOptionsSetSLPVectorization(options, vectorise);
    LLVMPassBuilderOptionsSetLoopInterleaving(options, vectorise);
    LLVMPassBuilderOptionsSetLoopUnrolling(options, vectorise);
    /* This section is for linkers of whole programs only. */
    LLVMPassBuilderOptionsSetCallGraphProfile(options, false);
    status = glue_run_passes(
        glue, module,
        &(struct glue_passes){passes, how->target->machine, options}, how->name,
        err);
    LLVMDisposePassBuilderOptions(options);
    return status;
}

enum status optimise_prune(struct glue *glue, LLVMModuleRef module,
                           const struct optimisation *how, struct error *err)
{
    char passes[MAX_PASSES];

    snprintf(passes, sizeof(passes), "globaldce%s", strip_pass(module));
    return run(glue, module, how, passes, err);
}

enum status optimise(struct glue *glue, LLVMModuleRef module,
                     const struct optimisation *how, struct error *err)
{
    char passes[MAX_PASSES];

    snprintf(passes, sizeof(passes), "globaldce%s,%sdefault<O%u>",
             strip_pass(module), type_check_passes(module), level_of(how));
    return run(glue, module, how, passes, err);
}

/* For modules that no optimiser has seen: variables into registers, inlining of
 * small functions, common subexpressions, loop invariants. On programs of
 * tests/bench (2026) the code then takes 2.6 x the time of the best code;
 * without any pass 3.5 x; with all of default<O1>, which takes twice as long to
 * compile, 2.1 x. */
static const char baseline_passes[] =
    "function(sroa<modify-cfg>,early-cse,simplifycfg),"
    "cgscc(inline,function(sroa<modify-cfg>,early-cse<memssa>,simplifycfg,"
    "instcombine<no-verify-fixpoint>,loop-simplify,lcssa,"
    "loop-mssa(loop-rotate,licm),simplifycfg))";

enum status optimise_baseline(struct glue *glue, LLVMModuleRef module,
                              struct optimisation *how,
                              const struct module_facts *facts,
                              struct error *err)
{
    if (!facts->is_optimised)
        how->rest = baseline_passes;
    return optimise(glue, module, how, err);
}

/* The passes of the first half that work on the module as a whole. */
static const char module_passes[] =
    "inferattrs,ipsccp,called-value-propagation,globalopt,always-inline,"
    "cgscc(devirt<4>(inline,function-attrs<skip-non-recursive-function-attrs>,"
    "argpromotion,function-attrs)),deadargelim,globalopt,globaldce,"
    "elim-avail-extern,rpo-function-attrs";

static enum status simplify_whole(struct glue *glue, LLVMModuleRef module,
                                  const struct optimisation *how,
                                  struct error *err)
{
    char passes[MAX_PASSES];

    snprintf(passes, sizeof(passes),
             "%sthinlto-pre-link<O%u>,elim-avail-extern,rpo-function-attrs",
             type_check_passes(module), level_of(how));
    return run(glue, module, how, passes, err);
}

/* As much as takes the module as a whole. Functions that are finished, and are
 * as they were, are then hidden from passes of functions until
 * optimise_rest(). */
static enum status link_finished(struct glue *glue, LLVMModuleRef module,
                                 const struct optimisation *how,
                                 const char *early, struct error *err)
{
    char passes[MAX_PASSES + sizeof(module_passes)];
    enum status status;

    snprintf(passes, sizeof(passes), "%s%s", type_check_passes(module),
             module_passes);
    finished_mark(module);
    status = run(glue, module, how, early, err);
    finished_show(module);
    if (status == STATUS_OK)
        status = run(glue, module, how, passes, err);
    finished_hide(module);
    return status;
}

enum status optimise_first_half(struct glue *glue, LLVMModuleRef module,
                                struct optimisation *how,
                                const struct module_facts *facts,
                                struct error *err)
{
    const struct pipeline *pipeline = find_pipeline(how);

    if (!pipeline || has_coroutines(module))
        return optimise(glue, module, how, err);
    how->rest = pipeline->second;
    if (!facts->is_optimised)
        return simplify_whole(glue, module, how, err);
    how->simplify = pipeline->simplify;
    return link_finished(glue, module, how, pipeline->early, err);
}

enum status optimise_rest(struct glue *glue, LLVMModuleRef module,
                          const struct optimisation *how, struct error *err)
{
    enum status status = STATUS_OK;

    if (how->simplify) {
        status = run(glue, module, how, how->simplify, err);
        finished_show(module);
    }
    if (status == STATUS_OK && how->rest)
        status = run(glue, module, how, how->rest, err);
    return status;
}
