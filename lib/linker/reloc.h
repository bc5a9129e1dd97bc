/* The linker's knowledge of a machine beyond the row of support/machine.h:
 * relocation types, stubs, veneers, relaxation.
 *
 * A relocation puts a value into a field. The value is a form, such as
 * X + A - P, of a subject X, such as the symbol or its slot in the GOT. The
 * passes know subjects and forms, for all machines alike; a machine's file
 * maps each of its relocation types to both, and knows how a value is written
 * into an instruction. The letters are those of the psABIs:
 *
 *   S  address of the symbol     P    address of the place that is patched
 *   A  addend                    GOT  address of the global offset table
 *   L  address of the stub       G    offset of the symbol's slot in the GOT
 *      that jumps to the symbol  Z    size of the symbol
 *      (of itself if defined)
 *
 * X + A means (X + A) | T on ARM, whose psABI adds to the letters
 *
 *   T  1 if S is a function of Thumb code, else 0; it is a bit of pointers to
 *      the function, and no part of where its code is
 *
 * Page(X) is X without its 12 low bits, whatever the size of the system's
 * pages: images are loaded at multiples of it.
 *
 * A new machine is a file like reloc_x86_64.c and a line in sections.c. */
#ifndef BCC_LINKER_RELOC_H
#define BCC_LINKER_RELOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "machine.h"
#include "span.h"

/* X. ORDER SUBJECT: as the tables of scan.c and relocate_chunks.c. */
enum reloc_subject {
    RELOC_NONE,           /* nothing to do */
    RELOC_ADDRESS,        /* S, or work for the loader if S is an address */
    RELOC_SYMBOL,         /* S */
    RELOC_DATA,           /* S of data, or of code as data: without T */
    RELOC_NUMBER,         /* S, in code that cannot be patched at load */
    RELOC_CALL,           /* L, a call or jump */
    RELOC_GOT_SLOT,       /* GOT + G */
    RELOC_GOT_BASE,       /* GOT */
    RELOC_SIZE,           /* Z */
    RELOC_TLS_PAIR,       /* slots (module, offset) of the variable */
    RELOC_TLS_MODULE,     /* slots (module, 0) of the image */
    RELOC_TLS_DESCRIPTOR, /* slots (function, argument) of the variable */
    RELOC_TLS_TPOFF,      /* slot with the offset from the thread pointer */
    RELOC_TLS_OFFSET,     /* S, an offset in the image's TLS block */
    RELOC_DIFFERENCE,     /* S, less S + A of the subtrahend behind it */
    RELOC_SUBTRAHEND,     /* nothing to do: is part of a difference */
    RELOC_PAIRED,  /* the value of the high part's relocation, which is at S */
    RELOC_ALIGNED, /* nothing, if the place A bytes ahead is aligned */
    RELOC_REFUSED, /* known, but cannot be in a loadable image */
    RELOC_N_SUBJECTS
};

enum reloc_form {
    FORM_PLAIN,       /* X + A */
    FORM_PC,          /* X + A - P */
    FORM_PC_ALIGNED,  /* X + A - P, P without its 2 low bits */
    FORM_GOT,         /* X + A - GOT */
    FORM_PAGE_PC,     /* Page(X + A) - Page(P) */
    FORM_PAGE_OFFSET, /* X + A - Page(X + A) */
    FORM_GOT_PAGE,    /* X + A - Page(GOT) */
};

/* Loads from the GOT that may become address arithmetic: one instruction, or
 * several, of which all are rewritten or none. */
enum reloc_relax { RELAX_NEVER, RELAX_ALONE, RELAX_TOGETHER };

struct reloc_type {
    const char *name;
    uint8_t subject;    /* enum reloc_subject */
    uint8_t form;       /* enum reloc_form */
    uint8_t size;       /* bytes of the image that it patches */
    uint8_t field;      /* the machine's own number of the encoding */
    uint8_t relax;      /* enum reloc_relax, of RELOC_GOT_SLOT */
    int8_t branch_bias; /* RELOC_CALL: A of a branch to S itself */
    const char *why_refused;
};

/* The use that an instruction makes of the GOT slot it names. */
enum got_use {
    GOT_USE_OTHER,
    GOT_USE_LOAD, /* loads the address into a register */
    GOT_USE_CALL,
    GOT_USE_JUMP,
};

/* A call or jump. Addresses of code are like pointers to functions: on ARM with
 * the bit for Thumb. */
struct branch {
    const struct reloc_type *type;
    uint64_t place;       /* P */
    uint64_t destination; /* the address that it has to reach */
};

/* Code that takes a branch to a destination that it does not reach by itself:
 * too far, or in another mode of the processor. */
struct veneer_kind {
    uint32_t size; /* bytes, a multiple of link_machine.veneer_align */
    uint32_t mode; /* bits of a pointer to it beyond its address: 1 if it
                      begins with Thumb code */
    /* False if the veneer does not reach the destination either. */
    bool (*write)(uint8_t *veneer, uint64_t address, uint64_t destination);
};

struct link;
struct object_view;

struct link_machine {
    const struct machine *row;
    uint64_t max_span;     /* of the image's address space, bytes */
    uint64_t relax_reach;  /* of relaxed loads, less the largest gaps */
    struct span text_fill; /* between functions: traps if executed */
    struct span text_skip; /* an instruction that does nothing */
    /* Code before and behind the pieces of .init and of .fini, which makes a
     * function of them. */
    struct span pieces_begin;
    struct span pieces_end;
    /* Types of dynamic relocations. */
    uint32_t dynamic_absolute;
    uint32_t dynamic_got;
    uint32_t dynamic_relative;
    uint32_t dynamic_irelative;
    uint32_t dynamic_tls_module;
    uint32_t dynamic_tls_offset;
    uint32_t dynamic_tls_tpoff;
    uint32_t dynamic_tls_descriptor;
    /* __tls_get_addr() takes an offset in a TLS block less this number. */
    uint64_t tls_bias;
    uint32_t stub_size; /* bytes of a PLT stub */
    /* A call of an undefined weak function goes this many bytes ahead, to the
     * next instruction; 0: to address 0. */
    uint32_t undefined_call_size;
    /* The property with the rules that code obeys; those of its bits that the
     * linker's code obeys, too; and of these the ones that veneers do not obey.
     * 0: none. See properties.c. */
    uint32_t feature_property;
    uint32_t features;
    uint32_t features_no_veneers;

    /* Checks an object for more than its ELF header tells. NULL: there is
     * nothing to check. */
    enum status (*check_object)(struct link *link,
                                const struct object_view *view,
                                struct error *err);

    /* The type with this number; NULL: unknown. */
    const struct reloc_type *(*type)(uint32_t number);

    /* Bytes that the type patches at field. n_bytes of the section are left
     * there; UINT64_MAX if these do not tell. NULL: the type's size. */
    uint64_t (*field_size)(const struct reloc_type *type, const uint8_t *field,
                           uint64_t n_bytes);

    /* May a RELOC_PAIRED refer to this type? NULL: the machine has no
     * RELOC_PAIRED. */
    bool (*is_high)(const struct reloc_type *type);

    /* The addend in a field, on machines without explicit addends. */
    int64_t (*addend)(const struct reloc_type *type, const uint8_t *field);

    /* The use that the instruction around `field` makes of a GOT slot; n_before
     * bytes of the section precede the field. NULL: no type is relaxable. */
    enum got_use (*got_use)(const struct reloc_type *type, const uint8_t *field,
                            uint64_t n_before, int64_t addend);

    /* Rewrite that instruction (not GOT_USE_OTHER) to use the address itself;
     * value is the type's form of S. False: out of reach. */
    bool (*relax)(const struct reloc_type *type, enum got_use use,
                  uint8_t *field, uint64_t value);

    /* False: value does not fit the field, and nothing was written. */
    bool (*write)(const struct reloc_type *type, uint8_t *field,
                  uint64_t value);

    /* Write a stub at address that jumps to where the slot points. False: the
     * slot is out of reach. */
    bool (*write_stub)(uint8_t *stub, uint64_t address, uint64_t slot);

    /* The bits, beyond its address, of a pointer to code (ARM: T) that the
     * branch assumes: the mode in which it continues as it is written now. Used
     * if the branch's symbol is not a function. NULL: there are no such
     * bits. */
    uint64_t (*branch_mode)(const struct reloc_type *type,
                            const uint8_t *field);

    /* The kind of veneer that the branch needs, an index in veneers. 0: it
     * reaches its destination, or no veneer helps. NULL: no branch needs
     * one. */
    unsigned (*veneer)(const struct branch *branch);
    const struct veneer_kind *veneers; /* [0] is not used */
    /* Bytes of text between two places for veneers: the reach of the branches
     * that need them, less what veneers may add. Smaller images need no
     * veneers, ... */
    uint64_t veneer_interval;
    uint32_t veneer_align;
    bool interworks; /* ... except for branches to another mode */
};

/* ---- For the machines' files ---- */

/* Is value a signed (or unsigned) number of so many bits, less than 64? */
static inline bool fits_signed(uint64_t value, unsigned bits)
{
    const uint64_t half = UINT64_C(1) << (bits - 1);

    return value + half < 2 * half;
}

static inline bool fits_unsigned(uint64_t value, unsigned bits)
{
    return value >> bits == 0;
}

extern const struct link_machine link_machine_x86_64;
extern const struct link_machine link_machine_aarch64;
extern const struct link_machine link_machine_arm;
extern const struct link_machine link_machine_riscv64;

#endif
