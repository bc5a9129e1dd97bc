/* State that the passes of one link share. passes.h lists the passes in order.
 *
 *   object   an input file, as the reader and the resolver see it
 *   chunk    a run of bytes that gets one place in the image: a section of an
 *            input, or a table that the linker makes (.got, .dynsym ...)
 *   output   a section of the image: chunks of one kind, one after another
 *   symbol   a name and its place; one for all inputs unless it is local
 *
 * Everything lives in one arena until the link ends. Lists of unknown length
 * are buffers, released with it. */
#ifndef BCC_LINKER_LINK_STATE_H
#define BCC_LINKER_LINK_STATE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buffer.h"
#include "error.h"
#include "link_image.h"
#include "name_map.h"
#include "object_view.h"
#include "reloc.h"

struct eh_frame;
struct output;

/* ---- Inputs ---- */

struct object {
    struct object_view view;
    struct chunk **chunks;   /* by section index; NULL: not in the image */
    struct chunk **debug;    /* by section index; NULL: no debug information */
    struct symbol **symbols; /* by symbol index */
    bool is_member; /* of an archive: its definitions yield to others */
    bool is_native; /* see link_input */
};

enum chunk_role {
    CHUNK_PLAIN,
    CHUNK_INIT,      /* constructors */
    CHUNK_FINI,      /* destructors */
    CHUNK_INIT_CODE, /* a piece of the function that .init is */
    CHUNK_FINI_CODE,
    CHUNK_EH_FRAME,
    CHUNK_EXIDX,
};

struct chunk {
    const struct object *object; /* NULL: made by the linker */
    const char *name;
    unsigned rank;  /* enum rank; only used if object is NULL */
    uint32_t type;  /* SHT_... */
    uint64_t flags; /* SHF_... */
    uint64_t size;
    uint64_t align;
    struct span bytes; /* to be copied; empty: zeros, or written later */
    struct relocation_list relocations;
    enum chunk_role role;
    uint32_t init_order;       /* among constructors, see init_array.c */
    struct eh_frame *eh_frame; /* of CHUNK_EH_FRAME, see eh_frame.c */
    struct chunk *linked;      /* of CHUNK_EXIDX: the code that it describes */
    bool has_exidx;            /* of code: a CHUNK_EXIDX describes it */
    bool patched_at_load;      /* by a dynamic relocation */
    bool rearranged; /* bytes move: nothing may point into the chunk */
    struct output *output;
    uint64_t offset; /* in its output */
};

enum symbol_place {
    SYMBOL_UNDEFINED, /* an import, once something refers to it */
    SYMBOL_IN_CHUNK,  /* value: offset in chunk */
    SYMBOL_ABSOLUTE,  /* value: itself */
    SYMBOL_COMMON,    /* value: alignment; becomes SYMBOL_IN_CHUNK */
    SYMBOL_IN_IMAGE,  /* made by the linker; value: image address, set when
                         addresses are known */
    SYMBOL_DISCARDED, /* local, in a section that is not in the image: chunk
                         is debug information or NULL */
};

struct symbol {
    const char *name;
    const struct object *object; /* that defines it, or refers to it first */
    struct chunk *chunk;
    uint64_t value;
    uint64_t size;
    enum symbol_place place;
    uint8_t type;       /* STT_... */
    uint8_t visibility; /* STV_..., the strictest of all inputs */
    uint8_t mode;       /* T of reloc.h: bits that a pointer to it has */
    bool local;
    bool weak;      /* defined: weakly; undefined: all references are weak */
    bool called;    /* through the GOT or a stub */
    bool exported;  /* is in link.exports */
    bool lone_load; /* a load from its slot cannot be relaxed: see got.c */
    /* 1 + index, 0: none. */
    uint32_t import;         /* in link.imports */
    uint32_t got;            /* slot with its address: see got.c */
    uint32_t tls_pair;       /* slots (module, offset) */
    uint32_t tls_got;        /* slot (offset from the thread pointer) */
    uint32_t tls_descriptor; /* slots (function, argument) */
    uint32_t indirect;       /* slot (what the resolver of an ifunc returns) */
    uint32_t stub;
    uint32_t veneers; /* first of a list in link.veneers */
};

/* ---- The image ---- */

enum segment {
    SEGMENT_TEXT,
    SEGMENT_RELRO,
    SEGMENT_DATA,
    SEGMENT_LARGE_DATA, /* no 32-bit displacement leads there or beyond */
    SEGMENT_LARGE_RODATA,
    N_SEGMENTS
};

/* ORDER RANK: sections lie in this order. As the table in outputs.c. */
enum rank {
    /* SEGMENT_TEXT */
    RANK_PROPERTIES,
    RANK_DYNSYM,
    RANK_DYNSTR,
    RANK_HASH,
    RANK_RELA,
    RANK_RELR,
    RANK_EH_FRAME_HDR,
    RANK_EH_FRAME,
    RANK_EXIDX,
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

struct output {
    const char *name;
    uint32_t type;        /* SHT_... */
    uint64_t flags;       /* SHF_... */
    unsigned rank;        /* enum rank: place among outputs */
    unsigned order;       /* index in link.outputs, once these are in order */
    bool named;           /* by the inputs: has __start_ and __stop_ */
    struct buffer chunks; /* struct chunk * */
    uint64_t size;
    uint64_t align;
    uint64_t address;       /* image address */
    uint64_t file_offset;   /* in the image */
    uint32_t section_index; /* in the image; 0: empty, has no header */
};

struct segment_extent {
    uint64_t file_offset;
    uint64_t file_size;
    uint64_t address;
    uint64_t memory_size;
};

/* A word of a chunk that the loader patches. */
struct dynamic_reloc {
    const struct chunk *chunk;
    uint64_t offset;
    uint32_t type;
    const struct symbol *symbol; /* import, NULL: none */
    const struct symbol *target; /* its address is part of the addend */
    int64_t addend;
};

enum got_kind {
    GOT_ADDRESS,    /* of a symbol of the image, or a constant */
    GOT_INDIRECT,   /* what an ifunc's resolver returns; used by its stub */
    GOT_TLS_MODULE, /* symbol NULL: the image's own module */
    GOT_TLS_OFFSET, /* follows GOT_TLS_MODULE; symbol NULL: 0 */
    GOT_TLS_TPOFF,
    GOT_TLS_DESCRIPTOR,
    GOT_TLS_ARGUMENT, /* follows GOT_TLS_DESCRIPTOR */
};

struct got_slot {
    enum got_kind kind;
    struct symbol *symbol;
};

struct link {
    const struct link_params *params;
    const struct link_machine *machine;
    const struct elf_class *elf;
    const struct machine *row; /* the machine; of rows with one ELF number: the
                                  one of row_object */
    const char *row_object;    /* object that decided the row; NULL: none did */
    uint32_t elf_flags;        /* ELF e_flags of the image */
    struct link_result *result;
    struct arena arena;

    struct buffer objects;      /* struct object *, inputs before members */
    struct buffer chunks;       /* struct chunk *, in input order */
    struct buffer debug_chunks; /* struct chunk *, not in the image */
    struct name_map groups;     /* COMDAT signatures */
    struct name_map symbols;
    struct buffer globals;    /* struct symbol *, in order of first sight */
    struct name_map named;    /* outputs named by inputs */
    struct buffer boundaries; /* symbols made by the linker, see boundary.c */

    struct buffer imports; /* struct symbol *; those with a slot come first */
    uint32_t n_import_slots;
    struct buffer got_slots; /* struct got_slot, follow those of imports */
    struct buffer stubs;     /* struct symbol * */
    struct buffer dynamic;   /* struct dynamic_reloc */
    struct buffer veneers;   /* struct veneer, see veneers.c */
    struct buffer pools;     /* struct chunk *, of veneers */
    uint32_t tls_module;     /* 1 + index in got_slots, 0: none */
    bool may_relax;          /* loads from the GOT into address arithmetic */
    uint32_t features;       /* of all inputs: see properties.c */
    bool static_tls;         /* offsets from the thread pointer are used */

    /* Made by the linker. */
    struct chunk *properties, *dynsym, *dynstr, *hash, *rela, *relr,
        *eh_frame_hdr, *eh_frame_end, *dynamic_table, *got, *plt;
    struct buffer exports;   /* struct symbol *, follow imports in .dynsym */
    struct buffer rela_list; /* struct dynamic_reloc, as in .rel(a).dyn */
    size_t n_relative;       /* of them, the first */
    struct buffer relr_list; /* struct dynamic_reloc, ascending places */

    struct buffer outputs;    /* struct output *, ascending addresses */
    struct output **standard; /* by enum rank */
    struct segment_extent segments[N_SEGMENTS];
    struct segment_extent tls;
    uint64_t tls_align; /* 0: no thread-local variables */
    uint64_t file_end;  /* of the mapped part; section headers follow */
    uint64_t span;
    uint64_t align;
};

/* ---- Lists in buffers ---- */

#define LIST_ITEMS(type, buffer) ((type *)(void *)(buffer)->data)
#define LIST_COUNT(type, buffer) ((buffer)->size / sizeof(type))

static inline void list_append_pointer(struct buffer *buffer, const void *item)
{
    buffer_append(buffer, &item, sizeof(item));
}

/* ---- Addresses, once layout is done ---- */

static inline uint64_t chunk_address(const struct chunk *chunk)
{
    return chunk->output->address + chunk->offset;
}

/* The place of a chunk's bytes in the finished file. */
static inline uint8_t *chunk_bytes(const struct link *link,
                                   const struct chunk *chunk)
{
    return link->result->image.data + chunk->output->file_offset +
           chunk->offset;
}

/* The address of a symbol's definition; the value of an absolute symbol. */
static inline uint64_t symbol_definition_address(const struct symbol *symbol)
{
    if (symbol->place == SYMBOL_IN_CHUNK)
        return chunk_address(symbol->chunk) + symbol->value;
    return symbol->value;
}

static inline uint64_t stub_address(const struct link *link, uint32_t stub)
{
    return chunk_address(link->plt) +
           (uint64_t)(stub - 1) * link->machine->stub_size;
}

/* The address that references to the symbol use. For imports and indirect
 * functions it is that of their stub, so that each has one address; else it is
 * that of the definition. */
static inline uint64_t symbol_address(const struct link *link,
                                      const struct symbol *symbol)
{
    if (symbol->stub)
        return stub_address(link, symbol->stub);
    return symbol_definition_address(symbol);
}

/* T of reloc.h. A stub is code of the mode without a bit. */
static inline uint64_t symbol_mode(const struct symbol *symbol)
{
    return symbol->stub ? 0 : symbol->mode;
}

/* The value of a pointer to symbol + addend. */
static inline uint64_t symbol_pointer(const struct link *link,
                                      const struct symbol *symbol,
                                      uint64_t addend)
{
    return (symbol_address(link, symbol) + addend) | symbol_mode(symbol);
}

/* ---- Chunks, symbols, messages ---- */

/* SHT_RELA or SHT_REL: the machine's relocation tables, in objects and in
 * images. With SHT_REL, addends are in the patched fields. */
static inline uint32_t link_relocation_type(const struct link *link)
{
    return link->machine->row->has_explicit_addend ? SHT_RELA : SHT_REL;
}

/* Append a chunk to link.chunks. NULL: no memory. */
struct chunk *link_new_chunk(struct link *link, const char *name, uint32_t type,
                             uint64_t flags, uint64_t align);

bool symbol_is_thread_local(const struct symbol *symbol);

/* Is it an indirect function (STT_GNU_IFUNC), whose resolver chooses the
 * address at load time? */
bool symbol_is_indirect(const struct symbol *symbol);

/* Bytes of the chunk that a relocation of a known type patches. UINT64_MAX:
 * some of them are outside of the chunk. */
uint64_t relocation_size(const struct link *link, const struct chunk *chunk,
                         const struct relocation *relocation,
                         const struct reloc_type *type);

/* The relocation of the high part to which a RELOC_PAIRED belongs; NULL: none.
 * It is in the chunk of the RELOC_PAIRED's symbol. */
const struct relocation *relocation_high(const struct link *link,
                                         const struct chunk *chunk,
                                         const struct relocation *relocation);

/* Is the symbol weak and undefined, so that its address is 0? */
bool symbol_is_weak_zero(const struct symbol *symbol);

/* Sets a message about one relocation: "libm.o: .text+0x1a4: R_X86_64_PC32
 * against 'sinf': " and the fact. */
enum status reloc_error(const struct link *link, const struct chunk *chunk,
                        const struct relocation *relocation, enum status status,
                        struct error *err, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#endif
