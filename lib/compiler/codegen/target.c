/* Triples come from clients and from bitcode, written by many front ends. The
 * architecture of a triple decides which parts of LLVM are set up and whether
 * two modules can be linked: the front end has fixed calling conventions,
 * va_list and inline assembly, so code made for another CPU, or for Windows,
 * would link without complaint and then run wrong. It is refused instead.
 * Neutral triples (none, SPIR) pass if pointers and byte order agree. */
#include "target.h"

#include <elf.h>
#include <string.h>

#include <llvm-c/Target.h>

#include "machine.h"

/* ---- Architectures ---- */

static void initialize_x86(void)
{
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
}

static void initialize_aarch64(void)
{
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
}

static void initialize_arm(void)
{
    LLVMInitializeARMTargetInfo();
    LLVMInitializeARMTarget();
    LLVMInitializeARMTargetMC();
    LLVMInitializeARMAsmPrinter();
    LLVMInitializeARMAsmParser();
}

/* LLVM's "generic" is an x86 CPU without MMX and FXSR, which no x86-64 CPU
 * lacks and which front ends therefore name on every function. */
static const struct architecture architectures[] = {
    {
        .elf_machine = EM_X86_64,
        .spellings = {"x86_64", "amd64", "x86_64h"},
        .initialize = initialize_x86,
        .generic_cpu = "x86-64",
        .probe_cpu = "x86-64",
        .probe_caller = "-cx8",
        .probe_callee = "+64bit",
    },
    {
        .elf_machine = EM_AARCH64,
        .spellings = {"aarch64", "arm64"},
        .initialize = initialize_aarch64,
        .generic_cpu = "generic",
        .probe_cpu = "generic",
        .probe_caller = "-fp-armv8",
        .probe_callee = "",
    },
    {
        .elf_machine = EM_ARM,
        .spellings = {"arm", "thumb"},
        .prefix = true,
        .initialize = initialize_arm,
        .generic_cpu = "generic",
    },
};

static bool spells(const struct architecture *architecture, const char *triple)
{
    size_t size = strcspn(triple, "-");

    for (const char *const *at = architecture->spellings; *at; at++) {
        size_t at_size = strlen(*at);
        if (size >= at_size && memcmp(triple, *at, at_size) == 0 &&
            (size == at_size || architecture->prefix))
            return true;
    }
    return false;
}

/* aarch64 and arm64 come before arm: "arm64" also begins with "arm". */
static const struct architecture *find_architecture(const char *triple)
{
    size_t n = sizeof(architectures) / sizeof(architectures[0]);

    for (size_t i = 0; i < n; i++)
        if (spells(&architectures[i], triple))
            return &architectures[i];
    return NULL;
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

unsigned target_machine(const char *triple)
{
    const struct architecture *architecture = find_architecture(triple);

    return architecture ? architecture->elf_machine : EM_NONE;
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

static const char *without_generic(const struct target *target, const char *cpu)
{
    return strcmp(cpu, "generic") == 0 ? target->architecture->generic_cpu
                                       : cpu;
}

static enum status choose_cpu(struct target *target, struct arena *arena,
                              const struct request *request, struct error *err)
{
    enum status status = check_feature_syntax(request->features, err);
    char *name;

    if (status)
        return status;
    if (strcmp(request->cpu, "native") != 0) {
        target->cpu = without_generic(target, request->cpu);
        target->features = request->features;
        return STATUS_OK;
    }
    if (target->elf_machine != machine_host()->elf_machine) {
        /* No machine to take it from: what every CPU of the kind has. */
        target->cpu = without_generic(target, "generic");
        target->features = request->features;
        return STATUS_OK;
    }
    target->native = true;
    name = LLVMGetHostCPUName();
    target->cpu = arena_copy_string(arena, name, strlen(name));
    LLVMDisposeMessage(name);
    target->features =
        target_host_features(arena, target->elf_machine, request->features);
    if (!target->cpu || !target->features)
        return error_no_memory(err);
    return STATUS_OK;
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
    machine = LLVMCreateTargetMachineWithOptions(llvm_target, target->triple,
                                                 options);
    LLVMDisposeTargetMachineOptions(options);
    return machine;
}

enum status target_init(struct target *target, struct arena *arena,
                        const struct request *request, struct error *err)
{
    const struct architecture *architecture =
        find_architecture(request->triple);
    LLVMTargetRef llvm_target;
    enum status status;

    memset(target, 0, sizeof(*target));
    if (!architecture || is_for_windows(request->triple))
        return error_set(err, STATUS_UNSUPPORTED,
                         "target '%s': not one of x86_64, aarch64 and arm "
                         "with ELF",
                         request->triple);
    architecture->initialize();
    target->architecture = architecture;
    target->elf_machine = architecture->elf_machine;
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

    if (!*layout) /* the module does not care */
        return true;
    data = LLVMCreateTargetData(layout);
    agrees = LLVMPointerSize(data) == LLVMPointerSize(target->layout) &&
             LLVMByteOrder(data) == LLVMByteOrder(target->layout);
    LLVMDisposeTargetData(data);
    return agrees;
}

enum status target_adopt(const struct target *target, LLVMModuleRef module,
                         const char *name, struct error *err)
{
    const char *triple = LLVMGetTarget(module);
    const struct architecture *architecture = find_architecture(triple);

    if (!(architecture && architecture->elf_machine == target->elf_machine) &&
        !is_neutral(triple))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for '%s', cannot be compiled for '%s'", name,
                         triple, target->triple);
    if (is_for_windows(triple))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for Windows ('%s'), cannot be compiled for "
                         "'%s'",
                         name, triple, target->triple);
    if (!layout_agrees(target, LLVMGetDataLayoutStr(module)))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for '%s' with data layout '%s', cannot be "
                         "compiled for '%s'",
                         name, triple, LLVMGetDataLayoutStr(module),
                         target->triple);
    LLVMSetTarget(module, target->triple);
    LLVMSetModuleDataLayout(module, target->layout);
    return STATUS_OK;
}
