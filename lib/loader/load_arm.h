/* load_machine.h for 32-bit ARM, ARMv7 and later. Values of functions that are
 * Thumb code have bit 0 set, in symbol tables as in pointers. So the loader
 * adds values without treating the bit specially.
 *
 * Reference: "ELF for the Arm Architecture" (aaelf32). */
#ifndef BCC_LOADER_LOAD_ARM_H
#define BCC_LOADER_LOAD_ARM_H

#include <sys/auxv.h>

#define MACHINE_ELF_CLASS          ELFCLASS32
#define ELF_TYPE(name)             Elf32_##name
#define ELF_R_TYPE                 ELF32_R_TYPE
#define ELF_R_SYM                  ELF32_R_SYM
#define MACHINE_HAS_ADDEND         0 /* the addend is in the patched word */
#define MACHINE_HAS_TLS_DESCRIPTOR 0
#define MACHINE_DTV_OFFSET         0

#ifdef __ARM_PCS_VFP
#define MACHINE_ELF_FLAGS (EF_ARM_EABI_VER5 | EF_ARM_ABI_FLOAT_HARD)
#else
#define MACHINE_ELF_FLAGS (EF_ARM_EABI_VER5 | EF_ARM_ABI_FLOAT_SOFT)
#endif

/* Do the flags fit this machine's registers for floating-point arguments?
 * Images without such functions may leave it open. */
static inline bool machine_accepts_flags(uint32_t flags)
{
    const uint32_t kinds = EF_ARM_ABI_FLOAT_SOFT | EF_ARM_ABI_FLOAT_HARD;

    return !(flags & kinds & ~(uint32_t)MACHINE_ELF_FLAGS);
}

/* As in glibc: the resolver gets the hardware capabilities. */
static inline uintptr_t machine_call_resolver(uintptr_t resolver)
{
    typedef uintptr_t resolver_fn(unsigned long hwcap);

    return ((resolver_fn *)resolver)(getauxval(AT_HWCAP));
}

/* aaelf32, "Dynamic relocations". */
static inline enum load_reloc_kind machine_reloc_kind(uint32_t type)
{
    switch (type) {
    case R_ARM_NONE:
        return LOAD_RELOC_NONE;
    case R_ARM_RELATIVE: /* B(S) + A */
        return LOAD_RELOC_RELATIVE;
    case R_ARM_GLOB_DAT:  /* (S + A) | T, and linkers leave no A */
    case R_ARM_JUMP_SLOT: /* the same; its place leads to the PLT */
        return LOAD_RELOC_SYMBOL;
    case R_ARM_ABS32: /* (S + A) | T */
        return LOAD_RELOC_SYMBOL_ADDEND;
    case R_ARM_IRELATIVE:
        return LOAD_RELOC_INDIRECT;
    case R_ARM_TLS_DTPMOD32: /* Module[S] */
        return LOAD_RELOC_TLS_MODULE;
    case R_ARM_TLS_DTPOFF32: /* S + A - TLS */
        return LOAD_RELOC_TLS_OFFSET;
    case R_ARM_TLS_TPOFF32: /* S + A - tp */
        return LOAD_RELOC_TLS_DISTANCE;
    default:
        return LOAD_RELOC_UNKNOWN;
    }
}

/* TPIDRURO. (The compiler's builtin may be a call.) */
static inline uintptr_t machine_thread_pointer(void)
{
    uintptr_t pointer;

    __asm__("mrc p15, 0, %0, c13, c0, 3" : "=r"(pointer));
    return pointer;
}

#endif
