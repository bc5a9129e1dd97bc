#include "machine.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

/* ORDER MACHINE. Page sizes: AMD64 psABI, 3.3.1 (in use: 4 KiB); AArch64 and
 * 32-bit ARM programs also run where pages have 64 KiB; Linux on RISC-V has
 * pages of 4 KiB. */
const struct machine machines[N_MACHINES] = {
    [MACHINE_X86_64] =
        {
            .name = "x86_64",
            .triple = "x86_64-pc-linux-gnu",
            .spellings = {"x86_64", "amd64", "x86_64h"},
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
            .spellings = {"aarch64", "arm64"},
            .elf_machine = EM_AARCH64,
            .address_size = 8,
            .features = MACHINE_FEATURES_AARCH64,
            .has_explicit_addend = true,
            .page_size = 65536,
        },
    [MACHINE_ARM_HARD_FLOAT] =
        {
            .name = "arm",
            .triple = "armv7-unknown-linux-gnueabihf",
            .spellings = {"arm", "armv7", "thumb"},
            .elf_machine = EM_ARM,
            .address_size = 4,
            .features = MACHINE_FEATURES_ARM,
            .page_size = 65536,
        },
    [MACHINE_ARM_SOFT_FLOAT] =
        {
            .name = "arm",
            .triple = "armv7-unknown-linux-gnueabi",
            .spellings = {"arm", "armv7", "thumb"},
            .elf_machine = EM_ARM,
            .address_size = 4,
            .features = MACHINE_FEATURES_ARM,
            .page_size = 65536,
        },
    [MACHINE_RISCV64] =
        {
            .name = "riscv64",
            .triple = "riscv64-unknown-linux-gnu",
            .spellings = {"riscv64"},
            .elf_machine = EM_RISCV,
            .address_size = 8,
            .features = MACHINE_FEATURES_RISCV,
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

/* ---- Triples: ARCHITECTURE[-VENDOR]-SYSTEM[-ENVIRONMENT] ---- */

static bool spells(const char *spelling, const char *triple, bool is_versioned)
{
    const size_t size = strlen(spelling);
    char end;

    if (!size || strncmp(triple, spelling, size) != 0)
        return false;
    end = triple[size];
    return end == '-' || end == '\0' || (end == 'v' && is_versioned);
}

const struct machine *machine_of_triple(const char *triple)
{
    for (size_t i = 0; i < N_MACHINES * MACHINE_N_SPELLINGS; i++) {
        const struct machine *machine = &machines[i / MACHINE_N_SPELLINGS];
        const bool is_arm = machine->elf_machine == EM_ARM;

        if (spells(machine->spellings[i % MACHINE_N_SPELLINGS], triple, is_arm))
            return is_arm && !strstr(triple, "eabihf")
                       ? &machines[MACHINE_ARM_SOFT_FLOAT]
                       : machine;
    }
    return NULL;
}

const char *machine_usual_triple(const char *triple)
{
    static const char system[] = "-linux-";
    const struct machine *machine = machine_of_triple(triple);
    const char *end = strstr(triple, system);

    if (machine && end && strcmp(end, strstr(machine->triple, system)) == 0 &&
        (spells(machine->spellings[0], triple, false) ||
         spells(machine->spellings[1], triple, false)))
        return machine->triple;
    return triple;
}
