#include "machine.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

/* ORDER MACHINE. Page sizes: AMD64 psABI, 3.3.1 (in use: 4 KiB); AArch64 and
 * 32-bit ARM programs also run where pages have 64 KiB. */
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

/* What follows "arm" or "thumb" in the name of a version: armv7, armv8l. The
 * ends are big-endian ARM's. */
static bool is_arm_version(const char *text, size_t size)
{
    return size >= 2 && text[0] == 'v' && text[1] >= '0' && text[1] <= '9' &&
           memcmp(text + size - 2, "eb", 2) != 0;
}

static bool spells(const struct machine *machine, const char *triple,
                   size_t size, size_t n_spellings)
{
    for (size_t i = 0; i < n_spellings; i++) {
        const char *spelling = machine->spellings[i];
        const size_t least = strlen(spelling);

        if (least && size >= least && memcmp(triple, spelling, least) == 0 &&
            (size == least ||
             (n_spellings == MACHINE_N_SPELLINGS &&
              machine->elf_machine == EM_ARM &&
              is_arm_version(triple + least, size - least))))
            return true;
    }
    return false;
}

const struct machine *machine_of_triple(const char *triple)
{
    const size_t size = strcspn(triple, "-");
    const struct machine *machine = machines;

    while (!spells(machine, triple, size, MACHINE_N_SPELLINGS))
        if (++machine == machines + N_MACHINES)
            return NULL;
    if (machine->elf_machine == EM_ARM && !strstr(triple, "eabihf"))
        machine = &machines[MACHINE_ARM_SOFT_FLOAT];
    return machine;
}

const char *machine_usual_triple(const char *triple)
{
    static const char system[] = "-linux-";
    const struct machine *machine = machine_of_triple(triple);
    const size_t size = strcspn(triple, "-");
    const char *rest = triple + size, *end = strstr(rest, system);

    if (!machine || !end || !spells(machine, triple, size, 2) ||
        (end > rest && memchr(rest + 1, '-', (size_t)(end - rest - 1))) ||
        strcmp(end, strstr(machine->triple, system)) != 0)
        return triple;
    return machine->triple;
}
