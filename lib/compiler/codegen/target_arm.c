/* 32-bit ARM, from ARMv7-A on: ARM and Thumb-2 code.
 *
 * Two calling conventions: floating-point arguments are passed in VFP registers
 * ("hf" in the triple), or in core registers. The generic CPU of the first is
 * Debian armhf's: VFPv3 with 16 registers, no NEON. The generic CPU of the
 * second is Debian armel's, without floating point; but Android's ABI demands
 * VFPv3-D16. Triples of later architectures (armv8l) have the features of
 * those. To LLVM, NEON is an option of each ARMv7-A CPU. Nearly all have it, so
 * a CPU's name implies it here, as in clang.
 *
 * LLVM passes the static chain of a nested function as an ordinary argument
 * here, so no address can stand for the function alone. */
#include "target.h"

#include <elf.h>
#include <string.h>

#include <llvm-c/Target.h>

static void initialize(void)
{
    LLVMInitializeARMTargetInfo();
    LLVMInitializeARMTarget();
    LLVMInitializeARMTargetMC();
    LLVMInitializeARMAsmPrinter();
    LLVMInitializeARMAsmParser();
}

static void initialize_disassembler(void)
{
    LLVMInitializeARMTargetInfo();
    LLVMInitializeARMTargetMC();
    LLVMInitializeARMDisassembler();
}

static bool is_of_later_architecture(const char *triple)
{
    const char *version = triple + strcspn(triple, "v-");

    return version[0] == 'v' && (version[1] == '8' || version[1] == '9');
}

static const char *baseline(const char *triple)
{
    if (is_of_later_architecture(triple))
        return NULL;
    if (strstr(triple, "eabihf") || strstr(triple, "android"))
        return "+armv7-a,-d32,+vfp2,+vfp3d16";
    return "+armv7-a,-d32,-fpregs";
}

static const struct target_intrinsics intrinsics[] = {
    {"llvm.arm.neon.", ",+neon"},        {"llvm.arm.neon.aes", ",+aes"},
    {"llvm.arm.neon.sha", ",+sha2"},     {"llvm.arm.neon.sdot", ",+dotprod"},
    {"llvm.arm.neon.udot", ",+dotprod"}, {NULL, NULL},
};

const struct target_kind target_arm = {
    .elf_machine = EM_ARM,
    .initialize = initialize,
    .initialize_disassembler = initialize_disassembler,
    .all_features = "+armv8.6-a,+fp-armv8,+neon,+aes,+sha2,+crc,+dotprod,"
                    "+fullfp16,+fp16fml,+bf16,+i8mm,+hwdiv,+hwdiv-arm",
    .generic_cpu = "generic",
    .baseline = baseline,
    .named = "+neon",
    .probe_caller = "",
    .probe_callee = "+aclass",
    .or_lacks = ", or older than ARMv7-A",
    .on_functions = "",
    .intrinsics = intrinsics,
    .demands_common = true,
    .turns_lists_around = true,
};
