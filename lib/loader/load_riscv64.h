/* load_machine.h for RISC-V with 64 bits and the D registers (lp64d).
 * Reference: "RISC-V ABIs Specification", RISC-V ELF. */
#ifndef BCC_LOADER_LOAD_RISCV64_H
#define BCC_LOADER_LOAD_RISCV64_H

#include <sys/auxv.h>

#define MACHINE_ELF_CLASS          ELFCLASS64
#define ELF_TYPE(name)             Elf64_##name
#define ELF_R_TYPE                 ELF64_R_TYPE
#define ELF_R_SYM                  ELF64_R_SYM
#define MACHINE_HAS_ADDEND         1
#define MACHINE_HAS_TLS_DESCRIPTOR 1
#define MACHINE_ELF_FLAGS          EF_RISCV_FLOAT_ABI_DOUBLE
/* __tls_get_addr() adds this: an index is relative to a place inside the block,
 * so that 12-bit offsets reach both ways. */
#define MACHINE_DTV_OFFSET 0x800

/* elf.h has this number only since glibc 2.40. */
enum { LOAD_R_RISCV_TLSDESC = 12 };

static inline bool machine_accepts_flags(uint32_t flags)
{
    return (flags & EF_RISCV_FLOAT_ABI) == EF_RISCV_FLOAT_ABI_DOUBLE &&
           !(flags & EF_RISCV_RVE);
}

/* As in glibc; its later versions pass a function as second argument. */
static inline uintptr_t machine_call_resolver(uintptr_t resolver)
{
    typedef uintptr_t resolver_fn(uint64_t hwcap, void *hwprobe);

    return ((resolver_fn *)resolver)(getauxval(AT_HWCAP), NULL);
}

/* RISC-V ELF, "Relocations". */
static inline enum load_reloc_kind machine_reloc_kind(uint32_t type)
{
    switch (type) {
    case R_RISCV_NONE:
        return LOAD_RELOC_NONE;
    case R_RISCV_RELATIVE: /* B + A */
        return LOAD_RELOC_RELATIVE;
    case R_RISCV_JUMP_SLOT: /* S */
        return LOAD_RELOC_SYMBOL;
    case R_RISCV_64: /* S + A */
        return LOAD_RELOC_SYMBOL_ADDEND;
    case R_RISCV_IRELATIVE: /* ifunc_resolver(B + A) */
        return LOAD_RELOC_INDIRECT;
    case R_RISCV_TLS_DTPMOD64: /* TLSMODULE */
        return LOAD_RELOC_TLS_MODULE;
    case R_RISCV_TLS_DTPREL64: /* S + A - TLS_DTV_OFFSET */
        return LOAD_RELOC_TLS_OFFSET;
    case R_RISCV_TLS_TPREL64: /* S + A + TLSOFFSET */
        return LOAD_RELOC_TLS_DISTANCE;
    case LOAD_R_RISCV_TLSDESC: /* TLSDESC(S + A) */
        return LOAD_RELOC_TLS_DESCRIPTOR;
    default:
        return LOAD_RELOC_UNKNOWN;
    }
}

static inline uintptr_t machine_thread_pointer(void)
{
    uintptr_t pointer;

    __asm__("mv %0, tp" : "=r"(pointer));
    return pointer;
}

#endif
