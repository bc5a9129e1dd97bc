/* x86-64. */
#include "cpu_levels.h"
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

/* LLVM's "generic" is an x86 CPU without MMX and FXSR. Every x86-64 CPU has
 * these, so front ends name them on every function.
 *
 * Unchecked: every x86-64 CPU has these features, or (crc32, evex512) they add
 * no instruction that code would use without another feature that has a bit.
 *
 * Uncompared: all CPUs with SSSE3 have these; of the others only the very first
 * lack them. */
const struct target_kind target_x86_64 = {
    .elf_machine = EM_X86_64,
    .initialize = initialize,
    .initialize_disassembler = initialize_disassembler,
    .generic_cpu = "x86-64",
    .levels = cpu_levels,
    .n_levels = N_CPU_LEVELS,
    .probe_caller = "+64bit",
    .probe_callee = "+64bit,+cx8",
    .unchecked = "64bit,cmov,cx8,crc32,evex512,fxsr,mmx,nopl,sse,sse2,x87",
    .uncompared = "cx16,sahf",
    .uncompared_if = "ssse3",
    .on_functions = "cmov,cx8,fxsr,mmx,sse,sse2,x87",
    .has_large_data = true,
    .has_trampolines = true,
};
