/* Triples come from clients and from bitcode, written by many front ends. The
 * architecture of a triple decides which parts of LLVM are set up and whether
 * two modules can be linked: the front end has fixed calling conventions,
 * va_list and inline assembly, so code made for another CPU, or for Windows,
 * would link without complaint and then run wrong. It is refused instead.
 * Neutral triples (none, SPIR) pass if pointers and byte order agree. */
#include "target.h"

#include "text.h"

#include <string.h>

#include <llvm-c/Target.h>

#include "support_archive.h"

/* ---- Kinds ---- */

static const struct target_kind *const kinds[] = {
    &target_x86_64, &target_aarch64, &target_arm, &target_riscv64};

static const struct target_kind *find_kind(const struct machine *row)
{
    for (size_t i = 0; row && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i]->elf_machine == row->elf_machine)
            return kinds[i];
    return NULL;
}

const char *target_disassembler(const char *triple)
{
    const struct target_kind *kind = find_kind(machine_of_triple(triple));

    if (!kind)
        return "";
    kind->initialize_disassembler();
    return kind->all_features ? kind->all_features : "";
}

static bool is_neutral(const char *triple)
{
    size_t size = strcspn(triple, "-");

    return size == 0 || (size == 7 && memcmp(triple, "unknown", 7) == 0) ||
           strncmp(triple, "spir", 4) == 0 || strncmp(triple, "le", 2) == 0;
}

static bool is_for_windows(const char *triple)
{
    return strstr(triple, "windows") || strstr(triple, "win32") ||
           strstr(triple, "mingw") || strstr(triple, "cygwin");
}

/* ---- The target machine ---- */

static enum status check_feature_syntax(const char *features, struct error *err)
{
    while (*features) {
        size_t size = strcspn(features, ",");
        if (size < 2 || (*features != '+' && *features != '-'))
            return error_set(err, STATUS_UNSUPPORTED,
                             "feature '%.*s': not +name or -name", (int)size,
                             features);
        features += size;
        features += *features == ',';
    }
    return STATUS_OK;
}

/* The strings with commas between; NULL is left out. Returns NULL: no
 * memory. */
static const char *join(struct arena *arena, const char *const *parts, size_t n)
{
    size_t size = 1;
    char *joined, *at;

    for (size_t i = 0; i < n; i++)
        size += parts[i] ? strlen(parts[i]) + 1 : 0;
    joined = at = arena_alloc(arena, size, 1);
    for (size_t i = 0; joined && i < n; i++) {
        if (!parts[i] || !*parts[i])
            continue;
        if (at > joined)
            *at++ = ',';
        at = mempcpy(at, parts[i], strlen(parts[i]));
    }
    return joined;
}

/* Set a CPU and features given by name, or of another machine, where "native"
 * means generic. */
static enum status name_cpu(struct target *target, struct arena *arena,
                            const struct request *request, struct error *err)
{
    const struct target_kind *kind = target->kind;
    const bool is_generic = strcmp(request->cpu, "generic") == 0 ||
                            strcmp(request->cpu, "native") == 0 ||
                            strcmp(request->cpu, kind->generic_cpu) == 0;
    const char *const parts[] = {
        is_generic && kind->baseline ? kind->baseline(target->triple) : NULL,
        is_generic ? NULL : kind->named,
        kind->always,
        support_has_routines(target->row) ? kind->with_routines : NULL,
        request->features,
    };

    target->cpu = is_generic ? kind->generic_cpu : request->cpu;
    target->features = join(arena, parts, sizeof(parts) / sizeof(parts[0]));
    return target->features ? STATUS_OK : error_no_memory(err);
}

static enum status take_cpu(struct target *target, struct arena *arena,
                            const struct request *request, struct error *err)
{
    char *name = LLVMGetHostCPUName();
    const char *const parts[] = {
        target_host_features(arena, target->kind),
        target->kind->always,
        support_has_routines(target->row) ? target->kind->with_routines : NULL,
        request->features,
    };

    target->is_native = true;
    target->cpu = arena_copy_string(arena, name, strlen(name));
    LLVMDisposeMessage(name);
    target->features =
        parts[0] ? join(arena, parts, sizeof(parts) / sizeof(parts[0])) : NULL;
    return target->cpu && target->features ? STATUS_OK : error_no_memory(err);
}

static enum status choose_cpu(struct target *target, struct arena *arena,
                              const struct request *request, struct error *err)
{
    enum status status = check_feature_syntax(request->features, err);

    if (status)
        return status;
    target->is_plain = !*request->features;
    target->asked = request->features;
    if (strcmp(request->cpu, "native") == 0 && target->row == machine_host())
        return take_cpu(target, arena, request, err);
    return name_cpu(target, arena, request, err);
}

static LLVMTargetMachineRef create_machine(const struct target *target,
                                           LLVMTargetRef llvm_target,
                                           unsigned opt_level)
{
    static const LLVMCodeGenOptLevel levels[] = {
        LLVMCodeGenLevelNone, LLVMCodeGenLevelLess, LLVMCodeGenLevelDefault,
        LLVMCodeGenLevelAggressive};
    LLVMTargetMachineOptionsRef options = LLVMCreateTargetMachineOptions();
    LLVMTargetMachineRef machine;

    LLVMTargetMachineOptionsSetCPU(options, target->cpu);
    LLVMTargetMachineOptionsSetFeatures(options, target->features);
    LLVMTargetMachineOptionsSetCodeGenOptLevel(
        options, levels[opt_level > 3 ? 3 : opt_level]);
    LLVMTargetMachineOptionsSetRelocMode(options, LLVMRelocPIC);
    LLVMTargetMachineOptionsSetCodeModel(options, LLVMCodeModelSmall);
    if (target->kind->abi)
        LLVMTargetMachineOptionsSetABI(options, target->kind->abi);
    machine = LLVMCreateTargetMachineWithOptions(llvm_target, target->triple,
                                                 options);
    LLVMDisposeTargetMachineOptions(options);
    return machine;
}

static enum status unknown_target(const char *triple, struct error *err)
{
    const size_t size = strcspn(triple, "-");
    const char *near = NULL;

    for (size_t i = 0; i < N_MACHINES && !near; i++)
        if (near_name_distance(triple, size, machines[i].name,
                               strlen(machines[i].name)) <= 2 &&
            !is_for_windows(triple))
            near = machines[i].triple;
    return error_set(err, STATUS_UNSUPPORTED,
                     "target '%s': not one of x86_64, aarch64, arm and riscv64 "
                     "with ELF%s%s%s",
                     triple, near ? "; near name: '" : "", near ? near : "",
                     near ? "'" : "");
}

enum status target_init(struct target *target, struct arena *arena,
                        const struct request *request, struct error *err)
{
    const struct machine *row = machine_of_triple(request->triple);
    const struct target_kind *kind = find_kind(row);
    LLVMTargetRef llvm_target;
    enum status status;

    memset(target, 0, sizeof(*target));
    if (!kind || is_for_windows(request->triple))
        return unknown_target(request->triple, err);
    kind->initialize();
    target->row = row;
    target->kind = kind;
    target->elf_machine = row->elf_machine;
    target->triple = request->triple;
    status = choose_cpu(target, arena, request, err);
    if (status)
        return status;
    status = glue_target(target->triple, &llvm_target, err);
    if (status)
        return status;
    target->machine = create_machine(target, llvm_target, request->opt_level);
    if (!target->machine)
        return error_set(err, STATUS_UNSUPPORTED,
                         "target '%s': LLVM makes no code for CPU '%s'",
                         target->triple, target->cpu);
    target->layout = LLVMCreateTargetDataLayout(target->machine);
    return STATUS_OK;
}

void target_release(struct target *target)
{
    if (target->layout)
        LLVMDisposeTargetData(target->layout);
    if (target->machine)
        LLVMDisposeTargetMachine(target->machine);
    memset(target, 0, sizeof(*target));
}

/* ---- Modules of other triples ---- */

static bool layout_agrees(const struct target *target, const char *layout)
{
    LLVMTargetDataRef data;
    bool agrees;

    if (!*layout) /* the module has no layout: any will do */
        return true;
    data = LLVMCreateTargetData(layout);
    agrees = LLVMPointerSize(data) == LLVMPointerSize(target->layout) &&
             LLVMByteOrder(data) == LLVMByteOrder(target->layout);
    LLVMDisposeTargetData(data);
    return agrees;
}

/* Give the module all such flags: LLVM's linker takes the least value of a
 * flag, and treats a missing flag as 0 only if other modules have it. */
static void complete_flags(const struct target *target, LLVMModuleRef module,
                           unsigned value)
{
    enum { LEAST = 8 }; /* a behaviour that LLVM's C API does not name */
    LLVMContextRef context = LLVMGetModuleContext(module);
    LLVMTypeRef i32 = LLVMInt32TypeInContext(context);
    const char *const *at = target->kind->unanimous;

    for (; at && *at; at++) {
        const size_t size = strlen(*at);
        LLVMMetadataRef parts[] = {
            LLVMValueAsMetadata(LLVMConstInt(i32, LEAST, false)),
            LLVMMDStringInContext2(context, *at, size),
            LLVMValueAsMetadata(LLVMConstInt(i32, value, false)),
        };

        if (LLVMGetModuleFlag(module, *at, size))
            continue;
        LLVMAddNamedMetadataOperand(
            module, "llvm.module.flags",
            LLVMMetadataAsValue(context,
                                LLVMMDNodeInContext2(context, parts, 3)));
    }
}

void target_begin(const struct target *target, LLVMModuleRef module)
{
    LLVMSetTarget(module, target->triple);
    LLVMSetModuleDataLayout(module, target->layout);
    complete_flags(target, module, 1);
}

/* The calling convention that a module names besides its triple: on RISC-V. "":
 * none. */
static const char *abi_of(LLVMModuleRef module)
{
    static const char flag[] = "target-abi";
    LLVMMetadataRef abi = LLVMGetModuleFlag(module, flag, strlen(flag));
    LLVMValueRef value =
        abi ? LLVMMetadataAsValue(LLVMGetModuleContext(module), abi) : NULL;
    unsigned size;

    return value && LLVMIsAMDString(value) ? LLVMGetMDString(value, &size) : "";
}

static enum status check_calls(const struct target *target,
                               LLVMModuleRef module, const char *name,
                               struct error *err)
{
    const char *triple = LLVMGetTarget(module), *abi = abi_of(module);
    const struct machine *row = machine_of_triple(triple);

    if (row && row != target->row)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for '%s', passes floating-point arguments "
                         "in other registers than '%s'",
                         name, triple, target->triple);
    if (target->kind->abi && *abi && strcmp(abi, target->kind->abi) != 0)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for the calling convention '%s', cannot be "
                         "compiled for '%s' with '%s'",
                         name, abi, target->triple, target->kind->abi);
    return STATUS_OK;
}

enum status target_adopt(const struct target *target, LLVMModuleRef module,
                         const char *name, struct error *err)
{
    const char *triple = LLVMGetTarget(module);
    const struct machine *row = machine_of_triple(triple);
    enum status status;

    if (!(row && row->elf_machine == target->elf_machine) &&
        !is_neutral(triple))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for '%s', cannot be compiled for '%s'", name,
                         triple, target->triple);
    if (is_for_windows(triple))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for Windows ('%s'), cannot be compiled for "
                         "'%s'",
                         name, triple, target->triple);
    status = check_calls(target, module, name, err);
    if (status)
        return status;
    if (!layout_agrees(target, LLVMGetDataLayoutStr(module)))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for '%s' with data layout '%s', cannot be "
                         "compiled for '%s'",
                         name, triple, LLVMGetDataLayoutStr(module),
                         target->triple);
    LLVMSetTarget(module, target->triple);
    LLVMSetModuleDataLayout(module, target->layout);
    complete_flags(target, module, 0);
    return STATUS_OK;
}
