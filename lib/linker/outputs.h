/* Sections of the image: which there are, and which chunks are in which. */
#ifndef BCC_LINKER_OUTPUTS_H
#define BCC_LINKER_OUTPUTS_H

#include "link_state.h"

/* ORDER RANK: sections lie in this order. As the table in outputs.c. */
enum rank {
    /* SEGMENT_TEXT */
    RANK_DYNSYM,
    RANK_DYNSTR,
    RANK_HASH,
    RANK_RELA,
    RANK_RELR,
    RANK_EH_FRAME_HDR,
    RANK_EH_FRAME,
    RANK_EXCEPT_TABLE,
    RANK_RODATA,
    RANK_NAMED_RODATA,
    RANK_TEXT,
    RANK_NAMED_TEXT,
    RANK_INIT_CODE,
    RANK_FINI_CODE,
    RANK_PLT,
    /* SEGMENT_RELRO */
    RANK_TDATA,
    RANK_TBSS,
    RANK_RELRO,
    RANK_RELRO_EH_FRAME, /* if its addresses are absolute */
    RANK_NAMED_RELRO,
    RANK_INIT_ARRAY,
    RANK_FINI_ARRAY,
    RANK_DYNAMIC,
    RANK_GOT,
    /* SEGMENT_DATA */
    RANK_DATA,
    RANK_NAMED_DATA,
    RANK_BSS,
    RANK_NAMED_BSS,
    /* SEGMENT_LARGE_DATA */
    RANK_LARGE_DATA,
    RANK_LARGE_BSS,
    /* SEGMENT_LARGE_RODATA */
    RANK_LARGE_RODATA,
    N_RANKS
};

enum segment rank_segment(enum rank rank);

/* A chunk that the linker makes; NULL if there is no memory. */
struct chunk *outputs_new_chunk(struct link *link, enum rank rank,
                                uint64_t align);

/* Makes all standard outputs, and one for each name like a C identifier that
 * inputs give to their sections. */
enum status outputs_create(struct link *link, struct error *err) MUST_CHECK;

/* NULL for N_RANKS. */
struct output *outputs_standard(const struct link *link, enum rank rank);

/* Puts every chunk in an output; afterwards link.outputs are in order.
 * Relocations were scanned: what the loader patches is known. UNSUPPORTED. */
enum status outputs_assign(struct link *link, struct error *err) MUST_CHECK;

/* Sets the offsets of chunks and the sizes of outputs. To be called again
 * when the size of a chunk that is alone in its output changes; others keep
 * their offsets. OUT_OF_RANGE. */
enum status outputs_measure(struct link *link, struct error *err) MUST_CHECK;

#endif
