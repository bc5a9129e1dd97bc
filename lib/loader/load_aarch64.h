/* load_machine.h for AArch64. References: "ELF for the Arm 64-bit
 * Architecture" (aaelf64) and "System V ABI for the Arm 64-bit Architecture"
 * (sysvabi64). */
#ifndef BCC_LOADER_LOAD_AARCH64_H
#define BCC_LOADER_LOAD_AARCH64_H

#include <sys/auxv.h>

#define MACHINE_ELF_CLASS          ELFCLASS64
#define ELF_TYPE(name)             Elf64_##name
#define ELF_R_TYPE                 ELF64_R_TYPE
#define ELF_R_SYM                  ELF64_R_SYM
#define MACHINE_HAS_ADDEND         1
#define MACHINE_HAS_TLS_DESCRIPTOR 1
#define MACHINE_ELF_FLAGS          0
#define MACHINE_DTV_OFFSET         0

/* GNU_PROPERTY_AARCH64_FEATURE_1_AND: do all indirect branches lead to landing
 * pads? The kernel enforces it with PROT_BTI if the CPU can. */
#define MACHINE_PROPERTY 0xc0000000u

static inline int machine_code_access(uint32_t features)
{
    enum { FEATURE_BTI = 1u << 0, GUARDED = 0x10 /* PROT_BTI */ };
    const unsigned long cpu_bti = 1ul << 17; /* HWCAP2_BTI */

    return features & FEATURE_BTI && getauxval(AT_HWCAP2) & cpu_bti ? GUARDED
                                                                    : 0;
}

static inline bool machine_accepts_flags(uint32_t flags)
{
    (void)flags; /* no flag is defined */
    return true;
}

/* sysvabi64, "GNU indirect functions". The flag announces a second argument. */
static inline uintptr_t machine_call_resolver(uintptr_t resolver)
{
    typedef uintptr_t resolver_fn(uint64_t hwcap, const void *more);
    const uint64_t has_more = UINT64_C(1) << 62;
    const uint64_t more[3] = {sizeof(more), getauxval(AT_HWCAP),
                              getauxval(AT_HWCAP2)};

    return ((resolver_fn *)resolver)(more[1] | has_more, more);
}

/* aaelf64, "Dynamic relocations". */
static inline enum load_reloc_kind machine_reloc_kind(uint32_t type)
{
    switch (type) {
    case R_AARCH64_NONE:
        return LOAD_RELOC_NONE;
    case R_AARCH64_RELATIVE: /* Delta(S) + A */
        return LOAD_RELOC_RELATIVE;
    case R_AARCH64_ABS64:     /* S + A */
    case R_AARCH64_GLOB_DAT:  /* S + A */
    case R_AARCH64_JUMP_SLOT: /* S + A */
        return LOAD_RELOC_SYMBOL_ADDEND;
    case R_AARCH64_IRELATIVE: /* Indirect(Delta(S) + A) */
        return LOAD_RELOC_INDIRECT;
    case R_AARCH64_TLS_DTPMOD: /* LDM(S) */
        return LOAD_RELOC_TLS_MODULE;
    case R_AARCH64_TLS_DTPREL: /* DTPREL(S + A) */
        return LOAD_RELOC_TLS_OFFSET;
    case R_AARCH64_TLS_TPREL: /* TPREL(S + A) */
        return LOAD_RELOC_TLS_DISTANCE;
    case R_AARCH64_TLSDESC: /* TLSDESC(S + A) */
        return LOAD_RELOC_TLS_DESCRIPTOR;
    default:
        return LOAD_RELOC_UNKNOWN;
    }
}

static inline uintptr_t machine_thread_pointer(void)
{
    return (uintptr_t)__builtin_thread_pointer();
}

#endif
