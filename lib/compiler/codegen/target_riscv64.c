/* 64-bit RISC-V: RV64GC, floating-point arguments in registers (lp64d).
 *
 * Linker relaxation is off, as lib/linker does not change the length of code.
 * Vendors' extensions have no bit in cpu_features.h, so no CPU's name turns
 * them on. */
#include "target.h"

#include <elf.h>

#include <llvm-c/Target.h>

static void initialize(void)
{
    LLVMInitializeRISCVTargetInfo();
    LLVMInitializeRISCVTarget();
    LLVMInitializeRISCVTargetMC();
    LLVMInitializeRISCVAsmPrinter();
    LLVMInitializeRISCVAsmParser();
}

static void initialize_disassembler(void)
{
    LLVMInitializeRISCVTargetInfo();
    LLVMInitializeRISCVTargetMC();
    LLVMInitializeRISCVDisassembler();
}

static const char *baseline(const char *triple)
{
    (void)triple;
    return "+m,+a,+f,+d,+c";
}

static const struct target_intrinsics intrinsics[] = {
    {"llvm.riscv.v", ",+v"},
    {NULL, NULL},
};

const struct target_kind target_riscv64 = {
    .elf_machine = EM_RISCV,
    .initialize = initialize,
    .initialize_disassembler = initialize_disassembler,
    .all_features = "+m,+a,+f,+d,+c,+v,+zba,+zbb,+zbc,+zbs,+zfh,+zvfh,+zfa,"
                    "+zicond,+zicboz,+zacas,+zcb,+zawrs",
    .abi = "lp64d",
    .generic_cpu = "generic-rv64",
    .baseline = baseline,
    .always = "-relax,-xtheadba,-xtheadbb,-xtheadbs,-xtheadcondmov,"
              "-xtheadfmemidx,-xtheadmac,-xtheadmemidx,-xtheadmempair,"
              "-xventanacondops",
    .probe_caller = "+64bit",
    .probe_callee = "+64bit,+d",
    .or_lacks = ", or without double-precision floating point",
    .on_functions = "64bit,i,m,a,f,d,c,relax,zaamo,zalrsc,zca,zcd,zicsr,"
                    "zifencei,zmmul",
    .intrinsics = intrinsics,
    .demands_common = true,
    .has_trampolines = true,
};
