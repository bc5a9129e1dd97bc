/* load_machine.h for x86_64. Reference: AMD64 psABI. */
#ifndef BCC_LOADER_LOAD_X86_64_H
#define BCC_LOADER_LOAD_X86_64_H

#define MACHINE_ELF_CLASS          ELFCLASS64
#define ELF_TYPE(name)             Elf64_##name
#define ELF_R_TYPE                 ELF64_R_TYPE
#define ELF_R_SYM                  ELF64_R_SYM
#define MACHINE_HAS_ADDEND         1
#define MACHINE_HAS_TLS_DESCRIPTOR 1
#define MACHINE_ELF_FLAGS          0
#define MACHINE_DTV_OFFSET         0

static inline bool machine_accepts_flags(uint32_t flags)
{
    (void)flags; /* no flag is defined */
    return true;
}

/* The dynamic linker passes no argument on this machine. */
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

#endif
