/* All that the loader knows about the machine it runs on beyond the row of
 * support/machine.h: the structs of its ELF files, which of its relocation
 * numbers may be left in an image, how resolvers are called, and where the
 * thread pointer is.
 *
 * A new machine is a new block here. One with REL tables (addend in the
 * place, as ARM) also needs a walk of DT_REL in relocate.c. */
#ifndef BCC_LOADER_LOAD_MACHINE_H
#define BCC_LOADER_LOAD_MACHINE_H

#include <elf.h>
#include <stdint.h>

#include "machine.h"

/* What relocate.c does at a place P of the image, with S, A and B as in the
 * psABIs: address of the symbol, addend, load address. */
enum load_reloc_kind {
    LOAD_RELOC_UNKNOWN,
    LOAD_RELOC_NONE,
    LOAD_RELOC_RELATIVE,      /* B + A */
    LOAD_RELOC_SYMBOL,        /* S */
    LOAD_RELOC_SYMBOL_ADDEND, /* S + A */
    LOAD_RELOC_INDIRECT,      /* what the function at B + A returns */
    /* Of thread-local variables: */
    LOAD_RELOC_TLS_MODULE,    /* the module of S, or the image itself */
    LOAD_RELOC_TLS_OFFSET,    /* S + A, relative to its module's block */
    LOAD_RELOC_TLS_DISTANCE,  /* S + A, relative to the thread pointer */
    LOAD_RELOC_TLS_DESCRIPTOR /* a function and its argument */
};

#if defined(__x86_64__) && defined(__LP64__)

#define MACHINE_ELF_CLASS ELFCLASS64
#define MACHINE_ELF_DATA  ELFDATA2LSB
#define ELF_TYPE(name)    Elf64_##name
#define ELF_R_TYPE        ELF64_R_TYPE
#define ELF_R_SYM         ELF64_R_SYM

/* What the resolver of an indirect function returns. The dynamic linker gives
 * it no argument on this machine. */
static inline uintptr_t machine_call_resolver(uintptr_t resolver)
{
    return ((uintptr_t(*)(void))resolver)();
}

/* AMD64 psABI, table 4.9. */
static inline enum load_reloc_kind machine_reloc_kind(uint32_t type)
{
    switch (type) {
    case R_X86_64_NONE:
        return LOAD_RELOC_NONE;
    case R_X86_64_RELATIVE: /* B + A */
        return LOAD_RELOC_RELATIVE;
    case R_X86_64_GLOB_DAT:  /* S */
    case R_X86_64_JUMP_SLOT: /* S */
        return LOAD_RELOC_SYMBOL;
    case R_X86_64_64: /* S + A */
        return LOAD_RELOC_SYMBOL_ADDEND;
    case R_X86_64_IRELATIVE: /* indirect (B + A) */
        return LOAD_RELOC_INDIRECT;
    case R_X86_64_DTPMOD64:
        return LOAD_RELOC_TLS_MODULE;
    case R_X86_64_DTPOFF64:
        return LOAD_RELOC_TLS_OFFSET;
    case R_X86_64_TPOFF64:
        return LOAD_RELOC_TLS_DISTANCE;
    case R_X86_64_TLSDESC:
        return LOAD_RELOC_TLS_DESCRIPTOR;
    default:
        return LOAD_RELOC_UNKNOWN;
    }
}

/* AMD64 psABI, 3.4.6 and "ELF Handling For Thread-Local Storage", 3.4.2: %fs
 * is the thread pointer, and the word there holds its value. */
static inline uintptr_t machine_thread_pointer(void)
{
    uintptr_t pointer;

    __asm__("mov %%fs:0, %0" : "=r"(pointer));
    return pointer;
}

#else
#error "load_machine.h lacks the relocation numbers of this machine"
#endif

#endif
