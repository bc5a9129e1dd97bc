/* The linker's knowledge of a machine beyond the row of support/machine.h:
 * relocation types, stubs, relaxation.
 *
 * A machine's file maps each of its relocation types to an expression, which
 * the passes evaluate for all machines alike, and knows how a value is
 * written into an instruction. The letters are those of the psABIs:
 *
 *   S  address of the symbol     P    address of the place that is patched
 *   A  addend                    GOT  address of the global offset table
 *   L  address of the stub       G    offset of the symbol's slot in the GOT
 *      that jumps to the symbol  Z    size of the symbol
 *      (of itself if defined)
 *
 * A new machine is a file like reloc_x86_64.c and a line in sections.c. */
#ifndef BCC_LINKER_RELOC_H
#define BCC_LINKER_RELOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine.h"
#include "span.h"

/* ORDER EXPRESSION: as the tables of scan.c and relocate_chunks.c. */
enum reloc_expression {
    RELOC_NONE,          /* nothing to do */
    RELOC_ABS,           /* S + A */
    RELOC_PC,            /* S + A - P */
    RELOC_PLT_PC,        /* L + A - P, a call or jump */
    RELOC_PLT_GOTREL,    /* L + A - GOT */
    RELOC_GOT_PC,        /* G + GOT + A - P */
    RELOC_GOT_GOTREL,    /* G + A */
    RELOC_GOTBASE_PC,    /* GOT + A - P */
    RELOC_GOTREL,        /* S + A - GOT */
    RELOC_SIZE,          /* Z + A */
    RELOC_TLS_PAIR_PC,   /* (module, offset) slots of the variable, + A - P */
    RELOC_TLS_MODULE_PC, /* (module, 0) slots of the image, + A - P */
    RELOC_TLS_OFFSET,    /* S + A, S an offset in the image's TLS block */
    RELOC_TLS_GOT_PC, /* slot with the offset from the thread pointer, + A - P
                       */
    RELOC_REFUSED,    /* known, but cannot be in a loadable image */
    RELOC_N_EXPRESSIONS
};

struct reloc_type {
    const char *name;
    uint8_t expression; /* enum reloc_expression */
    uint8_t size;       /* bytes of the image that it patches */
    uint8_t field;      /* the machine's own: how the value is written */
    bool relaxable;     /* RELOC_GOT_PC: the load may become an address */
    const char *why_refused;
};

/* What an instruction does with the GOT slot it names. */
enum got_use {
    GOT_USE_OTHER,
    GOT_USE_LOAD, /* loads the address into a register */
    GOT_USE_CALL,
    GOT_USE_JUMP,
};

struct link_machine {
    const struct machine *row;
    uint64_t max_span;    /* of the image's address space, bytes */
    uint64_t relax_reach; /* relaxed loads reach this far for sure */
    uint8_t text_fill;    /* byte between functions: traps if executed */
    uint8_t text_skip;    /* byte that does nothing if executed */
    /* What goes before and behind the pieces of .init and of .fini, to make a
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
    uint32_t stub_size; /* bytes of a PLT stub */

    /* NULL: unknown. */
    const struct reloc_type *(*type)(uint32_t number);

    /* The use that the instruction around `field` makes of a GOT slot;
     * n_before bytes of the section come before the field. */
    enum got_use (*got_use)(const struct reloc_type *type, const uint8_t *field,
                            uint64_t n_before, int64_t addend);

    /* Rewrite that instruction (not GOT_USE_OTHER) so that it uses the
     * address itself: value = S + A - P. False if that is out of reach. */
    bool (*relax)(enum got_use use, uint8_t *field, uint64_t value);

    /* False, and nothing written, if value does not fit the field. */
    bool (*write)(const struct reloc_type *type, uint8_t *field,
                  uint64_t value);

    /* A stub at address that jumps to where the slot points. False if the
     * slot is out of reach. */
    bool (*write_stub)(uint8_t *stub, uint64_t address, uint64_t slot);
};

extern const struct link_machine link_machine_x86_64;

#endif
