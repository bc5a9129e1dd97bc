/* The loader's facts about the machine it runs on, beyond the row of
 * support/machine.h: the structs of its ELF files, the relocations that an
 * image may have, how resolvers are called, and where the thread pointer is. */
#ifndef BCC_LOADER_LOAD_MACHINE_H
#define BCC_LOADER_LOAD_MACHINE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine.h"

/* The value that relocate.c writes at a place P of the image, with S, A and B
 * as in the psABIs: address of the symbol, addend, load address. */
enum load_reloc_kind {
    LOAD_RELOC_UNKNOWN,
    LOAD_RELOC_NONE,
    LOAD_RELOC_RELATIVE,      /* B + A */
    LOAD_RELOC_SYMBOL,        /* S */
    LOAD_RELOC_SYMBOL_ADDEND, /* S + A */
    LOAD_RELOC_INDIRECT,      /* the result of the function at B + A */
    /* Of thread-local variables: */
    LOAD_RELOC_TLS_MODULE,    /* the module of S, or the image itself */
    LOAD_RELOC_TLS_OFFSET,    /* S + A, relative to its module's block */
    LOAD_RELOC_TLS_DISTANCE,  /* S + A, relative to the thread pointer */
    LOAD_RELOC_TLS_DESCRIPTOR /* a function and its argument */
};

/* A file per machine. Each defines:
 *
 *   MACHINE_ELF_CLASS, ELF_TYPE, ELF_R_TYPE, ELF_R_SYM
 *                            the structs of its ELF files
 *   MACHINE_HAS_ADDEND       in relocation tables; 0: they are REL, and the
 *                            addend is in the place
 *   MACHINE_HAS_TLS_DESCRIPTOR
 *                            0: no compiler in use makes descriptors for it
 *   MACHINE_DTV_OFFSET       what __tls_get_addr() adds to an index
 *   MACHINE_ELF_FLAGS        e_flags of a library that has no code
 *   MACHINE_PROPERTY         the type of a property that changes how code is
 *                            mapped, if the machine has one
 *   machine_code_access()    what to add to the access of code that has it
 *   machine_accepts_flags()  whether code with these ELF e_flags runs here
 *   machine_call_resolver()  what the resolver of an indirect function returns
 *   machine_reloc_kind()     the kind of a relocation number
 *   machine_thread_pointer() the calling thread's
 */
#if defined(__x86_64__) && defined(__LP64__)
#include "load_x86_64.h"
#elif defined(__aarch64__) && defined(__LP64__)
#include "load_aarch64.h"
#elif defined(__arm__)
#include "load_arm.h"
#elif defined(__riscv) && defined(__LP64__)
#include "load_riscv64.h"
#else
#error "load_machine.h lacks this machine"
#endif

#define MACHINE_ELF_DATA ELFDATA2LSB

/* An entry of a relocation table, and the dynamic tags of the table. */
#if MACHINE_HAS_ADDEND
typedef ELF_TYPE(Rela) machine_reloc;
enum {
    MACHINE_DT_RELOC = DT_RELA,
    MACHINE_DT_RELOC_SIZE = DT_RELASZ,
    MACHINE_DT_RELOC_ENTRY = DT_RELAENT,
    MACHINE_DT_OTHER = DT_REL /* of the kind that the machine does not have */
};
#else
typedef ELF_TYPE(Rel) machine_reloc;
enum {
    MACHINE_DT_RELOC = DT_REL,
    MACHINE_DT_RELOC_SIZE = DT_RELSZ,
    MACHINE_DT_RELOC_ENTRY = DT_RELENT,
    MACHINE_DT_OTHER = DT_RELA
};
#endif

#endif
