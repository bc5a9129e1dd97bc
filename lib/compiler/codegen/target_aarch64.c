/* AArch64.
 *
 * Since ARMv8.1 (LSE) atomic operations are instructions. Before, each is a
 * loop, which is slow when many cores compete. If the target may lack the
 * instructions, code calls routines that ask the CPU (__aarch64_*, as clang and
 * gcc do by default). These and a constructor, which asks the CPU, are in
 * compiler-rt and libgcc, and become part of the image. Without these archives
 * the loops are in the code. */
#include "target.h"

#include <elf.h>

#include <llvm-c/Target.h>

static void initialize(void)
{
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
}

static void initialize_disassembler(void)
{
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64Disassembler();
}

/* Branch protection: a note in the image says that all of the code has it. */
static const char *const unanimous[] = {
    "branch-target-enforcement",     "guarded-control-stack",
    "sign-return-address",           "sign-return-address-all",
    "sign-return-address-with-bkey", NULL,
};

static const char *baseline(const char *triple)
{
    (void)triple;
    return "";
}

static const struct target_intrinsics intrinsics[] = {
    {"llvm.aarch64.sve.", ",+sve"},
    {"llvm.aarch64.crypto.aes", ",+aes"},
    {"llvm.aarch64.crypto.sha", ",+sha2"},
    {"llvm.aarch64.neon.sdot", ",+dotprod"},
    {"llvm.aarch64.neon.udot", ",+dotprod"},
    {NULL, NULL},
};

const struct target_kind target_aarch64 = {
    .elf_machine = EM_AARCH64,
    .initialize = initialize,
    .initialize_disassembler = initialize_disassembler,
    .all_features = "+all",
    .generic_cpu = "generic",
    .baseline = baseline,
    .with_routines = "+outline-atomics",
    .probe_caller = "",
    .probe_callee = "+fp-armv8",
    .on_functions = "ete,fmv,fp-armv8,neon,outline-atomics,perfmon,trbe,v8a",
    .unanimous = unanimous,
    .intrinsics = intrinsics,
    .demands_common = true,
    .has_trampolines = true,
};
