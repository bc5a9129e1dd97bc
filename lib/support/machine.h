/* The machines for which code is made: one row each, with the facts that more
 * than one folder needs. Facts that only the linker, the loader or the code
 * generator needs are in files of these folders:
 *
 *   lib/linker/reloc_x86_64.c             relocation types, stubs, relaxation
 *   lib/loader/load_machine.h             relocation kinds, thread pointer
 *   lib/compiler/codegen/target_x86_64.c  its part of LLVM, CPUs
 *
 * A machine may have a row without these files: then code is generated for it,
 * and the linker refuses the object. */
#ifndef BCC_SUPPORT_MACHINE_H
#define BCC_SUPPORT_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* ORDER MACHINE: as the rows of machine.c. Rows with one ELF number differ in
 * their calling conventions. */
enum machine_row {
    MACHINE_X86_64,
    MACHINE_AARCH64,
    MACHINE_ARM_HARD_FLOAT,
    MACHINE_ARM_SOFT_FLOAT,
    MACHINE_RISCV64,
    N_MACHINES
};

/* Tables of cpu_features.c. */
enum machine_features {
    MACHINE_FEATURES_X86,
    MACHINE_FEATURES_AARCH64,
    MACHINE_FEATURES_ARM,
    MACHINE_FEATURES_RISCV
};

enum { MACHINE_N_SPELLINGS = 3 };

/* Names are in the row, so that nothing needs a relocation. */
struct machine {
    char name[8];    /* for people */
    char triple[32]; /* LLVM's, of GNU/Linux */
    /* Other first parts of the triple; "": none. The first two mean the same as
     * the first part of the row's own triple. */
    char spellings[MACHINE_N_SPELLINGS][8];
    uint16_t elf_machine;     /* ELF e_machine */
    uint8_t address_size;     /* bytes of a pointer: 8 (ELF64) or 4 (ELF32) */
    uint8_t features;         /* enum machine_features */
    bool has_explicit_addend; /* SHT_RELA; else SHT_REL */
    uint32_t page_size;       /* largest page size that systems use */
};

extern const struct machine machines[N_MACHINES];

/* The first row with this ELF number, NULL if there is none. */
const struct machine *machine_find(unsigned elf_machine);

/* The row of a triple, from its architecture and, on ARM, its float ABI; NULL
 * if there is none. */
const struct machine *machine_of_triple(const char *triple);

/* The row's own triple if `triple` is only another spelling of it
 * (aarch64-linux-gnu), else `triple`. Keys of cache entries hold the result, so
 * that both spellings find one entry. */
const char *machine_usual_triple(const char *triple);

/* The machine that this code runs on. */
static inline const struct machine *machine_host(void)
{
#if defined(__x86_64__) && defined(__LP64__)
    return &machines[MACHINE_X86_64];
#elif defined(__aarch64__) && defined(__LP64__)
    return &machines[MACHINE_AARCH64];
#elif defined(__arm__) && defined(__ARM_PCS_VFP)
    return &machines[MACHINE_ARM_HARD_FLOAT];
#elif defined(__arm__)
    return &machines[MACHINE_ARM_SOFT_FLOAT];
#elif defined(__riscv) && defined(__LP64__)
    return &machines[MACHINE_RISCV64];
#else
#error "machine.h lacks this machine"
#endif
}

#endif
