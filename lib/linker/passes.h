/* The passes of a link, in order: the linker's table of contents. Each one is a
 * file; link_state.h has the state that they share, link_image.c calls them:
 *
 *   sections         read the objects, choose the sections that are loaded
 *   properties       the rules that the code of all objects obeys
 *   resolve          one meaning for each name
 *   pull             members of archives that define what is still undefined
 *   init_array       one function of the pieces of .init, one of those of .fini
 *   outputs          which sections the image has
 *   boundary         symbols that the linker makes
 *   eh_frame, exidx  take the unwind tables apart
 *   got              slots and stubs: asked for by scan, then counted
 *   scan             what relocations need: slots, stubs, work for the loader
 *   outputs          chunks to outputs, sizes
 *   dynamic, dynamic_relocs    sizes of the loader's tables
 *   layout           addresses and file offsets
 *   veneers          code between branches and what is beyond their reach
 *   emit             memory for the image
 *   relocate_chunks  copy and patch
 *   veneers, got, exidx, eh_frame_hdr, dynamic, properties
 *                    contents of sections that the linker makes
 *   emit             headers
 *   tables           the symbols that the caller asks for
 *   debug            the file for debuggers
 *
 * Sizes are known before addresses, and do not depend on them, with one
 * exception: how many veneers there are depends on how far branches have to go.
 * So veneers runs sizes and layout again until it adds none; most images need
 * none at all, and then no pass runs twice. */
#ifndef BCC_LINKER_PASSES_H
#define BCC_LINKER_PASSES_H

#include "link_state.h"

/* ---- sections.c: from object files to chunks ---- */

/* Opens every input; fills link.objects (but not their symbols), link.chunks
 * and link.machine. CORRUPT, UNSUPPORTED, MISUSE. */
enum status sections_read(struct link *link, struct error *err) MUST_CHECK;

/* Opens one more object. */
enum status sections_read_object(struct link *link,
                                 const struct link_input *input,
                                 struct object **ret_object,
                                 struct error *err) MUST_CHECK;

/* ---- properties.c: which rules of the processor code obeys ---- */

bool properties_is_note(const struct object_section *section);

/* Reads the properties of one more object; link.machine is known. CORRUPT. */
enum status properties_read(struct link *link, const struct object_view *view,
                            struct error *err) MUST_CHECK;

/* Once all inputs are read: sets the size of the image's note. */
void properties_size(struct link *link);

/* Once veneers are placed. */
void properties_write(const struct link *link);

/* ---- resolve.c: which definition each name means ---- */

/* Fills objects' symbols and link.globals. MISUSE for two strong definitions,
 * CORRUPT. */
enum status resolve_symbols(struct link *link, struct error *err) MUST_CHECK;

/* Resolves one more object. */
enum status resolve_object(struct link *link, struct object *object,
                           struct error *err) MUST_CHECK;

/* Gives common symbols memory, once all objects are there. */
enum status resolve_commons(struct link *link, struct error *err) MUST_CHECK;

/* ---- pull.c: archives ---- */

/* Adds the members of params->archives that define undefined symbols; they are
 * read and resolved like objects. CORRUPT, UNSUPPORTED (an archive without
 * index, or a thin one), MISUSE (a member for another machine). */
enum status pull_members(struct link *link, struct error *err) MUST_CHECK;

/* ---- init_array.c: constructors and destructors ---- */

/* If the chunk holds constructors or destructors: sets its role, alignment and
 * order, and reverses .ctors and .dtors. Its relocations were read before.
 * CORRUPT, UNSUPPORTED. */
enum status init_array_classify(struct link *link, struct chunk *chunk,
                                struct error *err) MUST_CHECK;

/* If any chunk is a piece of .init or .fini: makes one function of the pieces,
 * and adds its address to the constructors or destructors. NO_MEMORY. */
enum status init_array_join_pieces(struct link *link,
                                   struct error *err) MUST_CHECK;

/* ---- outputs.c: sections of the image, and which chunks are in which ---- */

enum segment rank_segment(enum rank rank);

/* A chunk that the linker makes. NULL: no memory. */
struct chunk *outputs_new_chunk(struct link *link, enum rank rank,
                                uint64_t align);

/* Makes all standard outputs, and one for each name like a C identifier that
 * inputs give to their sections. */
enum status outputs_create(struct link *link, struct error *err) MUST_CHECK;

/* NULL for N_RANKS. */
struct output *outputs_standard(const struct link *link, enum rank rank);

/* Puts every chunk in an output; afterwards link.outputs are in order. To be
 * called after the scan, which knows what the loader patches. UNSUPPORTED. */
enum status outputs_assign(struct link *link, struct error *err) MUST_CHECK;

/* Sets the offsets of chunks and the sizes of outputs. To be called again
 * when the size of a chunk that is alone in its output changes; others keep
 * their offsets. OUT_OF_RANGE. */
enum status outputs_measure(struct link *link, struct error *err) MUST_CHECK;

/* ---- boundary.c: where the image and its sections begin and end ---- */

/* Defines undefined symbols that linkers define, and sets hidden weak ones to
 * zero. After this, an undefined symbol is an import or an error. */
enum status boundary_define(struct link *link, struct error *err) MUST_CHECK;

/* Sets the values of these symbols, once addresses are known. */
void boundary_set_addresses(struct link *link);

/* ---- eh_frame.c: unwind tables ---- */

struct eh_record {
    uint64_t offset; /* in the input */
    uint64_t size;
    uint64_t new_offset; /* in the chunk, if kept */
    uint64_t new_size;
    const struct relocation *function; /* FDE: of its first field */
    struct eh_record *cie;             /* of an FDE; NULL: is a CIE */
    bool kept;
    bool in_table;
};

struct eh_frame {
    struct eh_record *records; /* ascending offsets */
    size_t n_records;
};

/* Splits every chunk of unwind tables into records and drops those that
 * describe code which is not in the image. Sets sizes, also those of the
 * search table and the end mark. Symbols are resolved. CORRUPT,
 * UNSUPPORTED. */
enum status eh_frame_read(struct link *link, struct error *err) MUST_CHECK;

/* Where the byte at offset of the input is in the chunk as it is written;
 * false if it was dropped. */
bool eh_frame_map_offset(const struct eh_frame *eh_frame, uint64_t offset,
                         uint64_t *ret_offset);

/* Writes the records of a chunk; relocations are applied afterwards. */
void eh_frame_write(const struct chunk *chunk, uint8_t *bytes);

/* ---- exidx.c: unwind tables of 32-bit ARM ---- */

/* Reads every chunk of them and adds rows for code that has none. Symbols are
 * resolved. CORRUPT. */
enum status exidx_read(struct link *link, struct error *err) MUST_CHECK;

/* Once code has its offsets in outputs: puts the chunks in its order; some
 * become empty. */
void exidx_sort(struct link *link);

/* Once addresses are known: writes the rows that were added. OUT_OF_RANGE if
 * code is too far from them. */
enum status exidx_write(const struct link *link, struct error *err) MUST_CHECK;

/* ---- arm_attributes.c: calling conventions of 32-bit ARM ---- */

/* Sets link.row and link.elf_flags. CORRUPT, MISUSE if objects before it have
 * another convention, UNSUPPORTED. */
enum status arm_attributes_check(struct link *link,
                                 const struct object_view *view,
                                 struct error *err) MUST_CHECK;

/* ---- got.c: global offset table and stubs ---- */

/* While relocations are scanned. Each may be asked for any number of times;
 * all return NO_MEMORY or OK. */
enum status got_need_import(struct link *link, struct symbol *symbol,
                            struct error *err) MUST_CHECK;
enum status got_need_slot(struct link *link, struct symbol *symbol,
                          struct error *err) MUST_CHECK;
enum status got_need_stub(struct link *link, struct symbol *symbol,
                          struct error *err) MUST_CHECK;
enum status got_need_tls_pair(struct link *link, struct symbol *symbol,
                              struct error *err) MUST_CHECK;
enum status got_need_tls_module(struct link *link,
                                struct error *err) MUST_CHECK;
enum status got_need_tls_tpoff(struct link *link, struct symbol *symbol,
                               struct error *err) MUST_CHECK;
enum status got_need_tls_descriptor(struct link *link, struct symbol *symbol,
                                    struct error *err) MUST_CHECK;

/* What the instruction around a relocation does with a slot: only code has
 * instructions. */
enum got_use got_use_of(const struct link *link, const struct chunk *chunk,
                        const struct relocation *relocation,
                        const struct reloc_type *type);

/* Whether an instruction that uses the symbol's slot is rewritten to do
 * without. The same answer while scanning and while relocating. */
bool got_is_relaxed(const struct link *link, const struct reloc_type *type,
                    const struct symbol *symbol, enum got_use use);

/* Before scanning: decides about relaxation; stubs for all indirect
 * functions. */
enum status got_begin(struct link *link, struct error *err) MUST_CHECK;

/* After scanning: orders imports, sets the sizes of .got and .plt, records
 * the dynamic relocations of slots. */
enum status got_finish(struct link *link, struct error *err) MUST_CHECK;

/* Image addresses, once layout is done. */
uint64_t got_slot_address(const struct link *link, const struct symbol *symbol);

/* Of symbol.tls_pair, symbol.tls_got, symbol.tls_descriptor, symbol.indirect,
 * link.tls_module. */
uint64_t got_made_slot_address(const struct link *link, uint32_t slot);

/* Contents of .got and .plt. OUT_OF_RANGE. */
enum status got_write(const struct link *link, struct error *err) MUST_CHECK;

/* ---- scan.c: what the relocations need of the image ---- */

/* Looks at each relocation once. Asks got.c for slots and stubs, records
 * dynamic relocations of data, marks the chunks that these patch, and refuses
 * what cannot be in an image. UNRESOLVED, UNSUPPORTED, CORRUPT. */
enum status scan_relocations(struct link *link, struct error *err) MUST_CHECK;

/* ---- dynamic.c: .dynsym .dynstr .hash .dynamic ---- */

/* Once chunks have their offsets in outputs: chooses exports, sorts dynamic
 * relocations, sets the sizes of the tables. From here no symbol and no
 * relocation is added. CORRUPT. */
enum status dynamic_size(struct link *link, struct error *err) MUST_CHECK;

/* Once addresses are known: writes the tables, and the words in data that
 * DT_RELR adds the load address to. */
enum status dynamic_write(struct link *link, struct error *err) MUST_CHECK;

/* ---- dynamic_relocs.c: .rela.dyn .relr.dyn ---- */

/* Once chunks have their offsets in outputs: divides link.dynamic into
 * rela_list and relr_list, sorted, and sets the sizes of the two tables.
 * CORRUPT if two relocations overlap. */
enum status dynamic_relocs_sort(struct link *link,
                                struct error *err) MUST_CHECK;

/* Once addresses are known: writes .rela.dyn and .relr.dyn, and the words in
 * data that DT_RELR adds the load address to. */
enum status dynamic_relocs_write(struct link *link,
                                 struct error *err) MUST_CHECK;

/* ---- layout.c: addresses and file offsets ---- */

enum {
    /* The smallest page of any target: larger ones only have more to spare. */
    LAYOUT_SMALL_PAGE = 4096,
    /* Text, RELRO, data; TLS, DYNAMIC, GNU_RELRO, GNU_EH_FRAME, GNU_STACK */
    LAYOUT_USUAL_PROGRAM_HEADERS = 8,
    /* ARM_EXIDX, two of properties, two segments of large sections. */
    LAYOUT_MAX_PROGRAM_HEADERS = 13
};

/* Sizes are known. To be called again if they change. Sets addresses and
 * offsets of outputs, segments, span, align, file_end. OUT_OF_RANGE,
 * UNSUPPORTED. */
enum status layout_place(struct link *link, struct error *err) MUST_CHECK;

/* ---- veneers.c: branches that do not get there by themselves ---- */

/* The image is laid out. Adds the veneers that branches need, and lays it out
 * again. OUT_OF_RANGE, UNSUPPORTED. */
enum status veneers_place(struct link *link, struct error *err) MUST_CHECK;

/* Where the branch of a RELOC_CALL at the address place goes, less the
 * relocation's distance from its symbol: the symbol or its stub, or a veneer
 * instead of these. */
uint64_t veneers_destination(const struct link *link, const struct chunk *chunk,
                             const struct relocation *relocation,
                             uint64_t place);

/* Contents. OUT_OF_RANGE. */
enum status veneers_write(const struct link *link,
                          struct error *err) MUST_CHECK;

/* ---- emit.c: the ELF headers around the contents ---- */

/* Makes result.image: zeros, as large as the finished file. NO_MEMORY. */
enum status emit_begin(struct link *link, struct error *err) MUST_CHECK;

/* Writes ELF header, program headers, section headers. */
void emit_headers(const struct link *link);

/* ---- relocate_chunks.c: contents of inputs ---- */

/* Copies every chunk of an input to its place in the image and applies what
 * can be applied now. OUT_OF_RANGE. */
enum status relocate_chunks(struct link *link, struct error *err) MUST_CHECK;

/* ---- eh_frame_hdr.c: the search table of the unwind tables ---- */

enum {
    EH_FRAME_HDR_HEAD_SIZE = 12,
    EH_FRAME_HDR_ROW_SIZE = 8,
};

/* Writes it. OUT_OF_RANGE if code is too far from it. */
enum status eh_frame_hdr_write(const struct link *link,
                               struct error *err) MUST_CHECK;

/* ---- tables.c: what link_result tells about symbols ---- */

/* Fills functions, objects and imports of the result. NO_MEMORY. */
enum status tables_fill(struct link *link, struct error *err) MUST_CHECK;

/* ---- debug.c: debug information, an ELF file of its own ---- */

/* Fills link.result.debug if any input has debug information. The image is
 * finished. CORRUPT, UNSUPPORTED, OUT_OF_RANGE. */
enum status debug_write(struct link *link, struct error *err) MUST_CHECK;

#endif
