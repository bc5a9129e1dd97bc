/* Which CPU features may the code use? The answer goes into the cache file,
 * and a machine that lacks one of them does not run the code.
 *
 * For this machine ("native") LLVM lists its features. A feature with a bit in
 * cpu_features.h is used if that module sees it too, because that module checks
 * the cache entry at every launch. Features without a bit could not be checked
 * later, so they are turned off, except for those that every CPU of the
 * architecture has.
 *
 * LLVM's C API does not list the features of a named CPU. But the inliner knows
 * them: it inlines a function into another only if its features are a subset of
 * the other's. So a module is made of one caller for the CPU and one tiny
 * callee for each feature, the inliner is run, and the callees that are gone
 * show the features. The same trick finds names that LLVM does not know, for
 * x86-64 and AArch64: these lack even the features that every CPU has. LLVM
 * takes 0.7 ms to set up each caller and callee, 35 ms in all, so for the four
 * levels of the x86-64 psABI a table answers. */
#include "target.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "cpu_levels.h"

/* ---- Feature strings ---- */

void target_for_each_feature(const char *features, target_feature_fn visit,
                             void *context)
{
    while (*features) {
        size_t size = strcspn(features, ",");
        if (size > 1 && (*features == '+' || *features == '-'))
            visit(context, *features == '+', features + 1, size - 1);
        features += size;
        features += *features == ',';
    }
}

/* Features without a bit that native code may use all the same: every x86-64
 * CPU has them, or (crc32, evex512, xsavec) they add no instruction that code
 * would use without another feature that has one. */
static const char *const x86_unchecked[] = {
    "64bit", "cmov", "cx8", "crc32", "evex512", "fxsr",
    "mmx",   "nopl", "sse", "sse2",  "x87",
};

static bool is_unchecked(const char *name, size_t size)
{
    size_t n = sizeof(x86_unchecked) / sizeof(x86_unchecked[0]);

    for (size_t i = 0; i < n; i++)
        if (strlen(x86_unchecked[i]) == size &&
            memcmp(x86_unchecked[i], name, size) == 0)
            return true;
    return false;
}

struct host_filter {
    char *out; /* room for as much as comes in */
    unsigned elf_machine;
    struct cpu_features host;
};

static void filter_feature(void *context, bool enabled, const char *name,
                           size_t size)
{
    struct host_filter *filter = context;
    struct cpu_features needed = {0};

    if (enabled && filter->elf_machine == EM_X86_64) {
        if (cpu_features_add(&needed, filter->elf_machine, name, size))
            enabled = cpu_features_missing(&needed, &filter->host) < 0;
        else
            enabled = is_unchecked(name, size);
    }
    *filter->out++ = enabled ? '+' : '-';
    memcpy(filter->out, name, size);
    filter->out += size;
    *filter->out++ = ',';
}

const char *target_host_features(struct arena *arena, unsigned elf_machine,
                                 const char *requested)
{
    char *llvm = LLVMGetHostCPUFeatures();
    size_t requested_size = strlen(requested);
    /* Each feature comes out as long as it went in, with a comma after. */
    char *features = arena_alloc(arena, strlen(llvm) + requested_size + 2, 1);
    struct host_filter filter = {
        .out = features,
        .elf_machine = elf_machine,
        .host = cpu_features_host(),
    };

    if (features) {
        target_for_each_feature(llvm, filter_feature, &filter);
        memcpy(filter.out, requested, requested_size + 1);
        if (requested_size == 0 && filter.out > features)
            filter.out[-1] = '\0';
    }
    LLVMDisposeMessage(llvm);
    return features;
}

/* ---- Known: what a string says ---- */

struct collector {
    struct cpu_features features;
    unsigned elf_machine;
};

static void collect_feature(void *context, bool enabled, const char *name,
                            size_t size)
{
    struct collector *collector = context;
    struct cpu_features one = {0};

    if (!cpu_features_add(&one, collector->elf_machine, name, size))
        return;
    for (size_t i = 0; i < CPU_FEATURE_WORDS; i++) {
        if (enabled)
            collector->features.word[i] |= one.word[i];
        else
            collector->features.word[i] &= ~one.word[i];
    }
}

/* ---- By name: what the inliner says ---- */

struct probe {
    struct glue glue;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    LLVMTypeRef type; /* i32 (i32) */
};

static void set_attribute(struct probe *probe, LLVMValueRef function,
                          const char *kind, const char *value)
{
    LLVMAddAttributeAtIndex(
        function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
        LLVMCreateStringAttribute(probe->glue.context, kind,
                                  (unsigned)strlen(kind), value,
                                  (unsigned)strlen(value)));
}

static LLVMValueRef add_function(struct probe *probe, const char *name,
                                 const char *cpu, const char *features)
{
    LLVMValueRef function = LLVMAddFunction(probe->module, name, probe->type);

    set_attribute(probe, function, "target-cpu", cpu);
    set_attribute(probe, function, "target-features", features);
    LLVMPositionBuilderAtEnd(
        probe->builder,
        LLVMAppendBasicBlockInContext(probe->glue.context, function, ""));
    return function;
}

/* A callee that needs `features`. */
static LLVMValueRef add_callee(struct probe *probe, const char *name,
                               const char *cpu, const char *features)
{
    LLVMValueRef function = add_function(probe, name, cpu, features);

    LLVMSetLinkage(function, LLVMInternalLinkage);
    LLVMBuildRet(probe->builder, LLVMGetParam(function, 0));
    return function;
}

static bool has_callee(const struct probe *probe, const char *name)
{
    return LLVMGetNamedFunction(probe->module, name) != NULL;
}

/* Calls the functions from `callee` on that were added before it. */
static void add_caller(struct probe *probe, LLVMValueRef callee,
                       const char *cpu, const char *features)
{
    LLVMValueRef caller = add_function(probe, "caller", cpu, features);
    LLVMValueRef value = LLVMGetParam(caller, 0);

    for (; callee != caller; callee = LLVMGetNextFunction(callee))
        value =
            LLVMBuildCall2(probe->builder, probe->type, callee, &value, 1, "");
    LLVMBuildRet(probe->builder, value);
}

/* A callee for each feature, named by its number, and a caller. */
static void add_feature_probe(struct probe *probe, const struct target *target)
{
    LLVMValueRef first = NULL;
    char name[16], feature[64];
    const char *at;

    for (unsigned i = 0; (at = cpu_feature_name(target->elf_machine, i)); i++) {
        snprintf(name, sizeof(name), "%u", i);
        snprintf(feature, sizeof(feature), "+%s", at);
        LLVMValueRef callee = add_callee(probe, name, "", feature);
        if (!first)
            first = callee;
    }
    if (first)
        add_caller(probe, first, target->cpu, target->features);
}

/* LLVM's inliner does not count these two as differences. All CPUs with SSSE3
 * have them, and of those without it only the very first lack them. */
static void collect_uncompared(struct cpu_features *features)
{
    struct cpu_features ssse3 = {0};

    cpu_features_add(&ssse3, EM_X86_64, "ssse3", 5);
    if (cpu_features_missing(&ssse3, features) >= 0)
        return;
    cpu_features_add(features, EM_X86_64, "cx16", 4);
    cpu_features_add(features, EM_X86_64, "sahf", 4);
}

static bool is_uncompared(const char *name)
{
    return strcmp(name, "cx16") == 0 || strcmp(name, "sahf") == 0;
}

static void collect_probed(const struct probe *probe,
                           const struct target *target,
                           struct cpu_features *ret_features)
{
    struct cpu_features features = {0};
    const char *at;
    char name[16];

    for (unsigned i = 0; (at = cpu_feature_name(target->elf_machine, i)); i++) {
        snprintf(name, sizeof(name), "%u", i);
        if (!has_callee(probe, name) && !is_uncompared(at))
            cpu_features_add(&features, target->elf_machine, at, strlen(at));
    }
    if (target->elf_machine == EM_X86_64)
        collect_uncompared(&features);
    *ret_features = features;
}

static void probe_init(struct probe *probe, const struct target *target)
{
    LLVMTypeRef i32;

    glue_init(&probe->glue);
    probe->module =
        LLVMModuleCreateWithNameInContext("probe", probe->glue.context);
    probe->builder = LLVMCreateBuilderInContext(probe->glue.context);
    i32 = LLVMInt32TypeInContext(probe->glue.context);
    probe->type = LLVMFunctionType(i32, &i32, 1, false);
    LLVMSetTarget(probe->module, target->triple);
    LLVMSetModuleDataLayout(probe->module, target->layout);
}

static void probe_release(struct probe *probe)
{
    LLVMDisposeBuilder(probe->builder);
    LLVMDisposeModule(probe->module);
    glue_release(&probe->glue);
}

static enum status probe_run(struct probe *probe, const struct target *target,
                             struct error *err)
{
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    const struct glue_passes passes = {"cgscc(inline)", target->machine,
                                       options};
    enum status status =
        glue_run_passes(&probe->glue, probe->module, &passes, target->cpu, err);

    LLVMDisposePassBuilderOptions(options);
    return status;
}

static enum status check_cpu_is_known(const struct target *target,
                                      struct error *err)
{
    const struct architecture *known = target->architecture;
    enum status status;
    LLVMValueRef callee;
    struct probe probe;

    if (!known->probe_cpu)
        return STATUS_OK;
    probe_init(&probe, target);
    callee = add_callee(&probe, "callee", target->cpu, known->probe_callee);
    add_caller(&probe, callee, known->probe_cpu, known->probe_caller);
    status = probe_run(&probe, target, err);
    if (!status && !has_callee(&probe, "callee"))
        status = error_set(err, STATUS_UNSUPPORTED,
                           "CPU '%s': not known to LLVM for '%s'", target->cpu,
                           target->triple);
    probe_release(&probe);
    return status;
}

static enum status probe_features(const struct target *target,
                                  struct cpu_features *ret_features,
                                  struct error *err)
{
    struct probe probe;
    enum status status;

    probe_init(&probe, target);
    add_feature_probe(&probe, target);
    status = probe_run(&probe, target, err);
    if (!status)
        collect_probed(&probe, target, ret_features);
    probe_release(&probe);
    return status;
}

/* ---- All of it ---- */

/* Features that follow from cpu and features by what is written here alone;
 * NULL if LLVM has to be asked. */
static const char *known_features(const struct target *target)
{
    if (target->native)
        return target->features;
    if (target->elf_machine != EM_X86_64 || *target->features)
        return NULL;
    for (size_t i = 0; i < N_CPU_LEVELS; i++)
        if (strcmp(target->cpu, cpu_levels[i].cpu) == 0)
            return cpu_levels[i].features;
    return NULL;
}

enum status target_cpu_features(const struct target *target,
                                struct cpu_features *ret_features,
                                struct error *err)
{
    struct collector collector = {.elf_machine = target->elf_machine};

    const char *known = known_features(target);

    if (!known) {
        enum status status = check_cpu_is_known(target, err);
        return status ? status : probe_features(target, ret_features, err);
    }
    target_for_each_feature(known, collect_feature, &collector);
    *ret_features = collector.features;
    return STATUS_OK;
}
