/* Which CPU features may the code use? The answer goes into the cache file, and
 * a machine that lacks one of them does not run the code.
 *
 * For this machine ("native") these are the features that have a bit in
 * cpu_features.h and that it finds on this machine, as it will compare the
 * entry with the machine at every launch. Other features could not be compared
 * then, so they are turned off; on x86, where LLVM lists a CPU's features,
 * those that every CPU has are left on.
 *
 * LLVM's C API does not tell the features of a CPU given by name. But the
 * inliner does: a function is inlined into another only if its features are a
 * subset of the other's. So a module is made of one caller for the CPU and one
 * tiny callee for each feature, with that CPU and this feature. The inliner is
 * run, and the callees that are gone are the features. The same method finds
 * names that LLVM does not know: such a CPU lacks even the features that every
 * CPU has. LLVM takes 0.7 ms to set up each caller and callee, 35 ms in all, so
 * for the usual CPUs the machine's file answers (struct target_kind: levels,
 * baseline). */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_levels.h"

enum { NEAR_SIZE = 100 }; /* of near names in a message */

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

bool target_list_has(const char *list, const char *name, size_t size)
{
    while (*list) {
        const size_t entry_size = strcspn(list, ",");

        if (entry_size == size && memcmp(list, name, size) == 0)
            return true;
        list += entry_size + (list[entry_size] == ',');
    }
    return false;
}

/* ---- This machine ---- */

struct host_filter {
    char *out; /* room for as many bytes as the input has */
    const struct target_kind *kind;
    struct cpu_features host;
};

static void filter_feature(void *context, bool enabled, const char *name,
                           size_t size)
{
    struct host_filter *filter = context;
    struct cpu_features needed = {0};

    if (enabled) {
        if (cpu_features_add(&needed, filter->kind->elf_machine, name, size))
            enabled = cpu_features_missing(&needed, &filter->host) < 0;
        else
            enabled = target_list_has(filter->kind->unchecked, name, size);
    }
    *filter->out++ = enabled ? '+' : '-';
    memcpy(filter->out, name, size);
    filter->out += size;
    *filter->out++ = ',';
}

/* The features that LLVM lists. The output of each is as long as its input,
 * with a comma. */
static const char *listed_features(struct arena *arena,
                                   const struct target_kind *kind)
{
    char *llvm = LLVMGetHostCPUFeatures();
    char *features = arena_alloc(arena, strlen(llvm) + 2, 1);
    struct host_filter filter = {
        .out = features,
        .kind = kind,
        .host = cpu_features_host(),
    };

    if (features) {
        target_for_each_feature(llvm, filter_feature, &filter);
        if (filter.out > features)
            filter.out[-1] = '\0';
    }
    LLVMDisposeMessage(llvm);
    return features;
}

static char *append_features(char *at, unsigned elf_machine, bool present)
{
    const struct cpu_features host = cpu_features_host();
    const char *name;

    for (unsigned bit = 0; (name = cpu_feature_name(elf_machine, bit)); bit++) {
        if ((host.word[bit / 64] >> (bit % 64) & 1) != present)
            continue;
        *at++ = present ? '+' : '-';
        at = mempcpy(at, name, strlen(name));
        *at++ = ',';
    }
    return at;
}

/* All features with a bit. Missing ones come last: turning a feature off also
 * turns off those that imply it. */
static const char *all_features(struct arena *arena, unsigned elf_machine)
{
    char *features, *at;
    const char *name;
    size_t size = 1;

    for (unsigned bit = 0; (name = cpu_feature_name(elf_machine, bit)); bit++)
        size += strlen(name) + 2;
    features = at = arena_alloc(arena, size, 1);
    if (!features)
        return NULL;
    at = append_features(at, elf_machine, true);
    at = append_features(at, elf_machine, false);
    if (at > features)
        at[-1] = '\0';
    return features;
}

const char *target_host_features(struct arena *arena,
                                 const struct target_kind *kind)
{
    return kind->unchecked ? listed_features(arena, kind)
                           : all_features(arena, kind->elf_machine);
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

struct cpu_features target_feature_bits(unsigned elf_machine,
                                        const char *features)
{
    struct collector collector = {.elf_machine = elf_machine};

    target_for_each_feature(features, collect_feature, &collector);
    return collector.features;
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

/* Add a callee that needs `features`. */
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

/* Add a caller of the functions from `callee` on that were added before. */
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

/* Add a callee for each feature, named by its number, and a caller.
 * NO_MEMORY. */
static enum status add_feature_probe(struct probe *probe,
                                     const struct target *target,
                                     struct error *err)
{
    const size_t room = strlen(target->features) + 64;
    char *features = malloc(room);
    LLVMValueRef first = NULL;
    const char *at;
    char name[16];

    if (!features)
        return error_no_memory(err);
    for (unsigned i = 0; (at = cpu_feature_name(target->elf_machine, i)); i++) {
        LLVMValueRef callee;

        snprintf(name, sizeof(name), "%u", i);
        snprintf(features, room, "%s%s+%s", target->features,
                 *target->features ? "," : "", at);
        callee = add_callee(probe, name, target->cpu, features);
        if (!first)
            first = callee;
    }
    if (first)
        add_caller(probe, first, target->cpu, target->features);
    free(features);
    return STATUS_OK;
}

/* Add features that the inliner does not compare, if the CPU has the feature
 * that implies them. */
static void collect_uncompared(const struct target_kind *kind,
                               struct cpu_features *features)
{
    struct cpu_features needed = {0};

    if (!kind->uncompared)
        return;
    cpu_features_add(&needed, kind->elf_machine, kind->uncompared_if,
                     strlen(kind->uncompared_if));
    if (cpu_features_missing(&needed, features) >= 0)
        return;
    for (const char *at = kind->uncompared; *at;) {
        const size_t size = strcspn(at, ",");

        cpu_features_add(features, kind->elf_machine, at, size);
        at += size + (at[size] == ',');
    }
}

static bool is_uncompared(const struct target_kind *kind, const char *name)
{
    return kind->uncompared &&
           target_list_has(kind->uncompared, name, strlen(name));
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
        if (!has_callee(probe, name) && !is_uncompared(target->kind, at))
            cpu_features_add(&features, target->elf_machine, at, strlen(at));
    }
    collect_uncompared(target->kind, &features);
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

static enum status unknown_cpu(const struct target *target, struct error *err)
{
    const char *or_lacks = target->kind->or_lacks, *lists;
    char near[NEAR_SIZE] = "";
    struct arena arena;

    arena_init(&arena);
    lists = target_names_list(target, &arena);
    if (lists && !target_names_know(lists, TARGET_CPUS, target->cpu,
                                    strlen(target->cpu))) {
        or_lacks = NULL;
        target_names_near(lists, TARGET_CPUS, target->cpu, strlen(target->cpu),
                          near, sizeof(near));
    }
    arena_release(&arena);
    return error_set(err, STATUS_UNSUPPORTED,
                     "CPU '%s': not known to LLVM for '%s'%s%s", target->cpu,
                     target->triple, or_lacks ? or_lacks : "", near);
}

static enum status check_cpu_is_known(const struct target *target,
                                      struct error *err)
{
    const struct target_kind *kind = target->kind;
    enum status status;
    LLVMValueRef callee;
    struct probe probe;

    probe_init(&probe, target);
    callee = add_callee(&probe, "callee", target->cpu, kind->probe_callee);
    add_caller(&probe, callee, target->cpu, kind->probe_caller);
    status = probe_run(&probe, target, err);
    if (!status && has_callee(&probe, "callee"))
        status = unknown_cpu(target, err);
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
    status = add_feature_probe(&probe, target, err);
    if (!status)
        status = probe_run(&probe, target, err);
    if (!status)
        collect_probed(&probe, target, ret_features);
    probe_release(&probe);
    return status;
}

/* ---- Features that somebody asked for ---- */

struct asked {
    const struct target *target;
    struct arena *arena;
    const char *lists;
    bool is_listed; /* lists was read, or reading it failed */
    enum status status;
    struct error *err;
};

/* Check a feature that was asked for: LLVM ignores unknown ones. */
static void check_asked(void *context, bool enabled, const char *name,
                        size_t size)
{
    struct asked *asked = context;
    struct cpu_features known = {{0}};
    char near[NEAR_SIZE];

    (void)enabled;
    if (asked->status ||
        cpu_features_add(&known, asked->target->elf_machine, name, size))
        return;
    if (!asked->is_listed)
        asked->lists = target_names_list(asked->target, asked->arena);
    asked->is_listed = true;
    if (!asked->lists ||
        target_names_know(asked->lists, TARGET_FEATURES, name, size))
        return;
    target_names_near(asked->lists, TARGET_FEATURES, name, size, near,
                      sizeof(near));
    asked->status = error_set(asked->err, STATUS_UNSUPPORTED,
                              "feature '%.*s': not known to LLVM for '%s'%s",
                              (int)size, name, asked->target->triple, near);
}

static enum status check_features(const struct target *target,
                                  struct error *err)
{
    struct arena arena;
    struct asked asked = {.target = target, .arena = &arena, .err = err};

    arena_init(&arena);
    target_for_each_feature(target->asked, check_asked, &asked);
    arena_release(&arena);
    return asked.status;
}

/* ---- The answer ---- */

/* The features that follow from the CPU's name and the given ones by the tables
 * of this project alone. NULL: LLVM has to be asked. */
static const char *known_features(const struct target *target)
{
    const struct target_kind *kind = target->kind;

    if (target->is_native)
        return target->features;
    if (!target->is_plain)
        return NULL;
    if (kind->baseline && strcmp(target->cpu, kind->generic_cpu) == 0)
        return kind->baseline(target->triple);
    for (size_t i = 0; i < kind->n_levels; i++)
        if (strcmp(target->cpu, kind->levels[i].cpu) == 0)
            return kind->levels[i].features;
    return NULL;
}

enum status target_cpu_features(const struct target *target,
                                struct cpu_features *ret_features,
                                struct error *err)
{
    const char *known = known_features(target);
    enum status status = check_features(target, err);

    if (status)
        return status;
    if (!known) {
        status = strcmp(target->cpu, target->kind->generic_cpu) == 0
                     ? STATUS_OK
                     : check_cpu_is_known(target, err);
        return status ? status : probe_features(target, ret_features, err);
    }
    *ret_features = target_feature_bits(target->elf_machine, known);
    return STATUS_OK;
}
