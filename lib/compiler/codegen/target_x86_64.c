/* x86-64. */
#include "target.h"

#include <elf.h>

#include <llvm-c/Target.h>

static void initialize(void)
{
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
}

static void initialize_disassembler(void)
{
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
}

/* ---- The levels of the psABI (table 3.1) ---- */

#define LEVEL_2 "+cx16,+sahf,+popcnt,+sse3,+sse4.1,+sse4.2,+ssse3"
#define LEVEL_3 LEVEL_2 ",+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+xsave"
#define LEVEL_4 LEVEL_3 ",+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl"

static const struct target_level levels[] = {
    {"x86-64", ""},         {"x86-64-v2", LEVEL_2}, {"x86-64-v3", LEVEL_3},
    {"x86-64-v4", LEVEL_4}, {NULL, NULL},
};

/* LLVM's "generic" is an x86 CPU without MMX and FXSR, which no x86-64 CPU
 * lacks and which front ends therefore name on every function.
 *
 * Unchecked: every x86-64 CPU has them, or (crc32, evex512) they add no
 * instruction that code would use without another feature that has a bit.
 *
 * Uncompared: all CPUs with SSSE3 have them, and of those without it only the
 * very first lack them. */
const struct target_kind target_x86_64 = {
    .elf_machine = EM_X86_64,
    .initialize = initialize,
    .initialize_disassembler = initialize_disassembler,
    .generic_cpu = "x86-64",
    .levels = levels,
    .probe_caller = "+64bit",
    .probe_callee = "+64bit,+cx8",
    .unchecked = "64bit,cmov,cx8,crc32,evex512,fxsr,mmx,nopl,sse,sse2,x87",
    .uncompared = "cx16,sahf",
    .uncompared_if = "ssse3",
    .on_functions = "cmov,cx8,fxsr,mmx,sse,sse2,x87",
    .has_large_data = true,
    .has_trampolines = true,
};
