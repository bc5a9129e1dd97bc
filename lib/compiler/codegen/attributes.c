/* clang writes on each function the CPU and features for which it compiled, and
 * LLVM prefers them to its target machine's: a script built for plain x86-64
 * would never use AVX, and a library built for AVX could not be inlined into
 * it. So they are removed, and the target machine's apply.
 *
 * A function may need more than the target has: it uses intrinsics, and its
 * caller asks the CPU before calling it. It keeps its extra features, in
 * addition to the target's. The cache entry does not require them of a machine,
 * because the function's caller checks them. A feature that all functions need
 * is different: the files were compiled for CPUs that have it (clang's ARMv7
 * has NEON), and the entry demands it. On x86-64 it does not: there scripts
 * compiled for a newer CPU than the host's run as long as no instruction of
 * such a feature is executed.
 *
 * IR written by hand may have no features on its functions, and use intrinsics
 * that need some. Then all functions without features get these: the features
 * decide in which registers vectors are passed. The entry demands them.
 *
 * Large frames may be probed page by page by a function that a front end has in
 * its own runtime: Zig's __zig_probe_stack. If that function is not in the
 * bitcode, the code generator writes the probes into the function instead. */
#include "module_passes.h"

#include <string.h>

static const LLVMAttributeIndex on_function =
    (LLVMAttributeIndex)LLVMAttributeFunctionIndex;

static LLVMAttributeRef get(LLVMValueRef function, const char *kind)
{
    return LLVMGetStringAttributeAtIndex(function, on_function, kind,
                                         (unsigned)strlen(kind));
}

static void drop(LLVMValueRef function, const char *kind)
{
    LLVMRemoveStringAttributeAtIndex(function, on_function, kind,
                                     (unsigned)strlen(kind));
}

static LLVMAttributeRef create(LLVMContextRef context, const char *kind,
                               const char *value)
{
    return LLVMCreateStringAttribute(context, kind, (unsigned)strlen(kind),
                                     value, (unsigned)strlen(value));
}

/* ---- Features beyond the target's ---- */

struct search {
    const char *name;
    size_t size;
    bool found;
};

static void compare_feature(void *context, bool enabled, const char *name,
                            size_t size)
{
    struct search *search = context;

    if (size == search->size && memcmp(name, search->name, size) == 0)
        search->found = enabled; /* the last occurrence decides */
}

struct extras {
    const struct target *target;
    char *out; /* NULL: only measure */
    size_t size;
};

static void add_extra(void *context, bool enabled, const char *name,
                      size_t size)
{
    struct extras *extras = context;
    struct search search = {.name = name, .size = size};

    if (!enabled ||
        target_list_has(extras->target->kind->on_functions, name, size))
        return;
    target_for_each_feature(extras->target->features, compare_feature, &search);
    if (search.found)
        return;
    if (extras->out) {
        char *out = extras->out + extras->size;
        *out++ = ',';
        *out++ = '+';
        memcpy(out, name, size);
    }
    extras->size += size + 2;
}

/* The target's features, and those of `own` beyond them; "" if there are none.
 * NULL: no memory. */
static const char *with_extras(const struct target *target, struct arena *arena,
                               const char *own)
{
    size_t base_size = strlen(target->features);
    struct extras extras = {.target = target};
    char *features;

    target_for_each_feature(own, add_extra, &extras);
    if (extras.size == 0)
        return "";
    features = arena_alloc(arena, base_size + extras.size + 1, 1);
    if (!features)
        return NULL;
    memcpy(features, target->features, base_size);
    extras.out = features + base_size;
    extras.size = 0;
    target_for_each_feature(own, add_extra, &extras);
    return base_size > 0 ? features : features + 1; /* no leading comma */
}

/* ---- All functions ---- */

/* Most functions of a module were compiled alike: the answer for the last
 * attribute is kept. */
struct retarget {
    const struct target *target;
    struct arena *arena;
    LLVMContextRef context;
    LLVMAttributeRef own;
    LLVMAttributeRef
        features; /* in place of own; NULL: no attribute is needed */
    LLVMAttributeRef cpu;
    LLVMAttributeRef implied;   /* for functions without features; NULL: none */
    struct cpu_features common; /* of all functions with features */
    bool has_common;            /* there are functions with features */
};

/* Keep of the common features those that this function has. */
static void intersect(struct retarget *retarget, const char *own)
{
    const struct cpu_features bits =
        target_feature_bits(retarget->target->elf_machine, own);

    for (size_t i = 0; i < CPU_FEATURE_WORDS; i++)
        retarget->common.word[i] = retarget->has_common
                                       ? retarget->common.word[i] & bits.word[i]
                                       : bits.word[i];
    retarget->has_common = true;
}

static bool translate(struct retarget *retarget, LLVMAttributeRef own)
{
    const char *features;
    unsigned size;
    char *text;

    if (own == retarget->own)
        return true;
    features = LLVMGetStringAttributeValue(own, &size);
    text = arena_copy_string(retarget->arena, features, size);
    if (!text)
        return false;
    intersect(retarget, text);
    features = with_extras(retarget->target, retarget->arena, text);
    if (!features)
        return false;
    retarget->own = own;
    retarget->features = NULL;
    if (*features)
        retarget->features =
            create(retarget->context, "target-features", features);
    return true;
}

static bool retarget_function(struct retarget *retarget, LLVMValueRef function)
{
    LLVMAttributeRef own = get(function, "target-features"), features;

    drop(function, "target-cpu");
    drop(function, "tune-cpu");
    if (own && !translate(retarget, own))
        return false;
    drop(function, "target-features");
    features = own ? retarget->features : retarget->implied;
    if (features) {
        LLVMAddAttributeAtIndex(function, on_function, retarget->cpu);
        LLVMAddAttributeAtIndex(function, on_function, features);
    }
    return true;
}

/* ---- Functions that say no features ---- */

static bool declares(LLVMModuleRef module, const char *prefix)
{
    const size_t size = strlen(prefix);
    LLVMValueRef at;
    size_t name_size;

    for (at = LLVMGetFirstFunction(module); at; at = LLVMGetNextFunction(at))
        if (LLVMIsDeclaration(at) &&
            strncmp(LLVMGetValueName2(at, &name_size), prefix, size) == 0)
            return true;
    return false;
}

/* The features that the module's intrinsics need. */
static enum status imply(struct retarget *retarget, LLVMModuleRef module,
                         struct cpu_features *ret_bits)
{
    const struct target_intrinsics *row = retarget->target->kind->intrinsics;
    char list[128] = "";
    const char *features;

    for (; row && row->prefix; row++)
        if (declares(module, row->prefix) &&
            strlen(list) + strlen(row->feature) < sizeof(list))
            memcpy(list + strlen(list), row->feature, strlen(row->feature) + 1);
    if (!*list)
        return STATUS_OK;
    features = with_extras(retarget->target, retarget->arena, list + 1);
    if (!features)
        return STATUS_NO_MEMORY;
    if (*features)
        retarget->implied =
            create(retarget->context, "target-features", features);
    *ret_bits = target_feature_bits(retarget->target->elf_machine, list + 1);
    return STATUS_OK;
}

static bool has_silent_function(LLVMModuleRef module)
{
    LLVMValueRef at;

    for (at = LLVMGetFirstFunction(module); at; at = LLVMGetNextFunction(at))
        if (!LLVMIsDeclaration(at) && !get(at, "target-features"))
            return true;
    return false;
}

/* Put branch protection on functions that lack it. If the flag says that all
 * code has it (AArch64), only functions made here lack it, and an indirect call
 * of one would be a fault. */
static void protect_branches(LLVMModuleRef module, LLVMContextRef context)
{
    static const char mark[] = "branch-target-enforcement";
    LLVMMetadataRef flag = LLVMGetModuleFlag(module, mark, strlen(mark));
    LLVMValueRef value = flag ? LLVMMetadataAsValue(context, flag) : NULL;
    LLVMValueRef at;

    /* LLVM wraps a constant as metadata; its operand is the constant. */
    if (!value || LLVMGetNumOperands(value) != 1 ||
        LLVMIsNull(LLVMGetOperand(value, 0)))
        return;
    for (at = LLVMGetFirstFunction(module); at; at = LLVMGetNextFunction(at))
        if (!LLVMIsDeclaration(at) && !get(at, mark))
            LLVMAddAttributeAtIndex(at, on_function, create(context, mark, ""));
}

static void supply_probe(LLVMModuleRef module, LLVMValueRef function)
{
    static const char kind[] = "probe-stack", in_place[] = "inline-asm";
    LLVMAttributeRef attribute = get(function, kind);
    LLVMValueRef probe;
    unsigned size;
    const char *value;

    if (!attribute)
        return;
    value = LLVMGetStringAttributeValue(attribute, &size);
    probe = LLVMGetNamedFunction(module,
                                 value); /* LLVM ends the value with a NUL */
    if (probe && !LLVMIsDeclaration(probe))
        return;
    drop(function, kind);
    LLVMAddAttributeAtIndex(
        function, on_function,
        create(LLVMGetModuleContext(module), kind, in_place));
}

enum status attributes_retarget(LLVMModuleRef module,
                                const struct target *target,
                                struct arena *arena,
                                struct cpu_features *features,
                                struct error *err)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    struct retarget retarget = {
        .target = target,
        .arena = arena,
        .context = context,
        .cpu = create(context, "target-cpu", target->cpu),
    };
    struct cpu_features implied = {0};
    LLVMValueRef at;

    if (has_silent_function(module) && imply(&retarget, module, &implied))
        return error_no_memory(err);
    for (at = LLVMGetFirstFunction(module); at; at = LLVMGetNextFunction(at)) {
        if (LLVMIsDeclaration(at))
            continue;
        if (!retarget_function(&retarget, at))
            return error_no_memory(err);
        supply_probe(module, at);
    }
    for (size_t i = 0; i < CPU_FEATURE_WORDS; i++)
        features->word[i] |= implied.word[i];
    if (target->kind->unanimous)
        protect_branches(module, context);
    for (size_t i = 0; target->kind->demands_common && i < CPU_FEATURE_WORDS;
         i++)
        features->word[i] |= retarget.common.word[i];
    return STATUS_OK;
}
