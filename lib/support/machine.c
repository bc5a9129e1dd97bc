#include "machine.h"

#include <elf.h>
#include <stddef.h>

/* ORDER MACHINE. Page sizes: AMD64 psABI, 3.3.1 (in use: 4 KiB); AArch64 and
 * 32-bit ARM programs also run where pages have 64 KiB; Linux on RISC-V has
 * pages of 4 KiB. */
const struct machine machines[N_MACHINES] = {
    [MACHINE_X86_64] =
        {
            .name = "x86_64",
            .triple = "x86_64-pc-linux-gnu",
            .elf_machine = EM_X86_64,
            .address_size = 8,
            .features = MACHINE_FEATURES_X86,
            .has_explicit_addend = true,
            .page_size = 4096,
        },
    [MACHINE_AARCH64] =
        {
            .name = "aarch64",
            .triple = "aarch64-unknown-linux-gnu",
            .elf_machine = EM_AARCH64,
            .address_size = 8,
            .has_explicit_addend = true,
            .page_size = 65536,
        },
    [MACHINE_ARM_HARD_FLOAT] =
        {
            .name = "arm",
            .triple = "armv7-unknown-linux-gnueabihf",
            .elf_machine = EM_ARM,
            .address_size = 4,
            .page_size = 65536,
        },
    [MACHINE_ARM_SOFT_FLOAT] =
        {
            .name = "arm",
            .triple = "armv7-unknown-linux-gnueabi",
            .elf_machine = EM_ARM,
            .address_size = 4,
            .page_size = 65536,
        },
    [MACHINE_RISCV64] =
        {
            .name = "riscv64",
            .triple = "riscv64-unknown-linux-gnu",
            .elf_machine = EM_RISCV,
            .address_size = 8,
            .has_explicit_addend = true,
            .page_size = 4096,
        },
};

const struct machine *machine_find(unsigned elf_machine)
{
    for (size_t row = 0; row < N_MACHINES; row++)
        if (machines[row].elf_machine == elf_machine)
            return &machines[row];
    return NULL;
}
