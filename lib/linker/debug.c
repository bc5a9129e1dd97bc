/* Debug information is never in the image, which is mapped at each launch. It
 * goes into a file for debuggers. The file has the form that `objcopy
 * --only-keep-debug` makes from an image with all sections, and in addition the
 * image's unwind tables:
 *
 *   ELF header, program headers ... .eh_frame_hdr .eh_frame .ARM.exidx
 *                     as in the image
 *   .debug_*          those of all inputs, one behind the other
 *   .obcc.places      where an image address is in .debug_*
 *   .symtab .strtab   all symbols, local ones too
 *   .shstrtab
 *   section headers   first those of the image, at their image addresses and
 *                     indexes (SHT_NOBITS but for unwind tables), then the
 *                     above
 *
 * Sections of debug information are not loaded. They have address 0, so a
 * reference from one to another is an offset, as DWARF demands (DWARF 5,
 * section 7.3.1). Only debug information refers to debug information, so it is
 * relocated last, when all addresses of the image are known.
 *
 * Debuggers that learn of an image at run time expect the addresses of the
 * process. lib/debug adds the load address at each place of the list.
 *
 * A function that the debug information describes may be missing from the
 * image: only one copy of an inline function is used, see COMDAT groups in
 * sections.c. The address of a missing function becomes 0, where an image has
 * its ELF header and no code. In lists of ranges before DWARF 5 a pair of zeros
 * ends the list, so the address becomes 1 there, which makes an empty range [1,
 * 1). In the index of names it becomes -1. Other linkers write the same values,
 * and debuggers expect them. */
#include "passes.h"

#include <elf.h>
#include <string.h>

#include <bcc/bcc_cache.h>

#include "span.h"

struct debug {
    struct link *link;
    struct buffer *file;      /* the result */
    struct buffer sections;   /* struct output *, .debug_* */
    struct buffer headers;    /* Elf64_Shdr */
    struct buffer names;      /* .shstrtab */
    struct buffer symbols;    /* .symtab */
    struct buffer text;       /* .strtab */
    struct buffer places;     /* .obcc.places */
    uint32_t n_local_symbols; /* with the null symbol */
};

/* ---- Sections ---- */

/* Readers of DWARF read byte by byte, so more alignment is of no use. */
static uint64_t alignment(const struct chunk *chunk)
{
    return chunk->align < sizeof(uint64_t) ? chunk->align : sizeof(uint64_t);
}

static enum status add_section(struct debug *debug, struct name_map *by_name,
                               struct chunk *chunk, struct error *err)
{
    void **place = name_map_insert(by_name, chunk->name);
    struct output *section;

    if (!place)
        return error_no_memory(err);
    if (!*place) {
        section = arena_alloc(&debug->link->arena, 1, sizeof(*section));
        if (!section)
            return error_no_memory(err);
        section->name = chunk->name;
        section->align = 1;
        *place = section;
        list_append_pointer(&debug->sections, section);
    }
    section = *place;
    chunk->output = section;
    chunk->offset = align_up(section->size, alignment(chunk));
    section->size = chunk->offset + chunk->size;
    if (alignment(chunk) > section->align)
        section->align = alignment(chunk);
    return STATUS_OK;
}

/* Sections of one name become one section. */
static enum status merge_sections(struct debug *debug, struct error *err)
{
    const struct buffer *list = &debug->link->debug_chunks;
    struct chunk **chunks = LIST_ITEMS(struct chunk *, list);
    enum status status = STATUS_OK;
    struct name_map by_name;

    name_map_init(&by_name);
    for (size_t i = 0; !status && i < LIST_COUNT(struct chunk *, list); i++)
        status = add_section(debug, &by_name, chunks[i], err);
    name_map_release(&by_name);
    if (status == STATUS_OK && buffer_failed(&debug->sections))
        return error_no_memory(err);
    return status;
}

/* ---- Relocations ---- */

/* False: the symbol is neither in the image nor in this file. */
static bool find_definition(const struct symbol *symbol, uint64_t *ret_address)
{
    switch (symbol->place) {
    case SYMBOL_IN_CHUNK:
        *ret_address = symbol_definition_address(symbol);
        return !symbol->chunk->rearranged;
    case SYMBOL_ABSOLUTE:
    case SYMBOL_IN_IMAGE:
        *ret_address = symbol->value;
        return true;
    case SYMBOL_DISCARDED:
        if (!symbol->chunk)
            return false;
        *ret_address = chunk_address(symbol->chunk) + symbol->value;
        return true;
    case SYMBOL_UNDEFINED:
    case SYMBOL_COMMON:
        break;
    }
    return false;
}

/* The value for the address of a missing definition. */
static uint64_t missing(const char *section_name)
{
    if (strcmp(section_name, ".debug_loc") == 0 ||
        strcmp(section_name, ".debug_ranges") == 0)
        return 1;
    return strcmp(section_name, ".debug_names") == 0 ? UINT64_MAX : 0;
}

/* The difference of two symbols of one section, which may be missing. */
static enum status apply_difference(const struct link *link,
                                    const struct chunk *chunk,
                                    const struct relocation *relocation,
                                    uint8_t *field, struct error *err)
{
    uint64_t ends[2];

    for (unsigned i = 0; i < 2; i++) {
        const struct symbol *symbol =
            chunk->object->symbols[relocation[i].symbol];

        if (!find_definition(symbol, &ends[i]))
            ends[i] = symbol->value;
        ends[i] += (uint64_t)relocation[i].addend;
    }
    if (link->machine->write(link->machine->type(relocation->type), field,
                             ends[0] - ends[1]))
        return STATUS_OK;
    return reloc_error(link, chunk, relocation, STATUS_OUT_OF_RANGE, err,
                       "value 0x%llx does not fit",
                       (unsigned long long)(ends[0] - ends[1]));
}

/* The field holds an address in the image, not an offset in this file. */
static bool is_in_image(const struct link *link, const struct symbol *symbol,
                        const struct reloc_type *type)
{
    if (type->subject != RELOC_ADDRESS || type->size != link->elf->address_size)
        return false;
    if (symbol->place == SYMBOL_IN_IMAGE)
        return true;
    return symbol->chunk && symbol->chunk->output &&
           symbol->chunk->output->section_index != 0;
}

static void note_place(struct debug *debug, const uint8_t *field)
{
    const struct obcc_le32 place =
        obcc_le32((uint32_t)(field - debug->file->data));

    buffer_append(&debug->places, &place, sizeof(place));
}

/* Apply one relocation; names are the letters of reloc.h. */
static enum status apply(struct debug *debug, const struct chunk *chunk,
                         const struct relocation *relocation, uint8_t *field,
                         const struct reloc_type *type, struct error *err)
{
    const struct symbol *symbol = chunk->object->symbols[relocation->symbol];
    const struct link *link = debug->link;
    const uint64_t A = (uint64_t)relocation->addend;
    uint64_t S = 0;

    if (type->subject == RELOC_DIFFERENCE)
        return apply_difference(link, chunk, relocation, field, err);
    if (!find_definition(symbol, &S)) {
        const uint64_t value = missing(chunk->name);

        /* All ones in the index of names, however wide the field. */
        memcpy(field, &value, type->size); /* little-endian host */
        return STATUS_OK;
    }
    if (type->subject == RELOC_TLS_OFFSET)
        S -= link->tls.address + link->machine->tls_bias;
    if (!link->machine->write(type, field, S + A))
        return reloc_error(link, chunk, relocation, STATUS_OUT_OF_RANGE, err,
                           "value 0x%llx does not fit in %u bits",
                           (unsigned long long)(S + A), type->size * 8u);
    if (is_in_image(link, symbol, type))
        note_place(debug, field);
    return STATUS_OK;
}

/* Is the relocation the subtrahend of the difference before it? */
static bool is_subtrahend(const struct link *link,
                          const struct relocation_list *list, size_t index)
{
    const struct relocation *items = list->items;
    const struct reloc_type *first, *second;

    if (index == 0 || index >= list->n_items ||
        items[index].offset != items[index - 1].offset)
        return false;
    first = link->machine->type(items[index - 1].type);
    second = link->machine->type(items[index].type);
    return first && second && first->subject == RELOC_DIFFERENCE &&
           second->subject == RELOC_SUBTRAHEND;
}

static enum status relocate_chunk(struct debug *debug,
                                  const struct chunk *chunk, uint8_t *bytes,
                                  struct error *err)
{
    const struct link *link = debug->link;

    for (size_t i = 0; i < chunk->relocations.n_items; i++) {
        const struct relocation *relocation = &chunk->relocations.items[i];
        const struct reloc_type *type = link->machine->type(relocation->type);
        enum status status;

        if (!type)
            return reloc_error(link, chunk, relocation, STATUS_UNSUPPORTED, err,
                               "not known");
        if (relocation_size(link, chunk, relocation, type) == UINT64_MAX)
            return reloc_error(link, chunk, relocation, STATUS_CORRUPT, err,
                               "place is outside the section of 0x%llx bytes",
                               (unsigned long long)chunk->size);
        if (type->subject == RELOC_NONE ||
            is_subtrahend(link, &chunk->relocations, i))
            continue;
        if (type->subject != RELOC_ADDRESS &&
            type->subject != RELOC_TLS_OFFSET &&
            !(type->subject == RELOC_DIFFERENCE &&
              is_subtrahend(link, &chunk->relocations, i + 1)))
            return reloc_error(link, chunk, relocation, STATUS_UNSUPPORTED, err,
                               "debug information has no address");
        status = apply(debug, chunk, relocation, bytes + relocation->offset,
                       type, err);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* ---- Symbols ---- */

static bool is_listed(const struct symbol *symbol)
{
    return symbol->place == SYMBOL_IN_CHUNK && symbol->name[0] &&
           strncmp(symbol->name, ".L", 2) != 0 && !symbol->chunk->rearranged &&
           symbol->chunk->output->section_index != 0 &&
           symbol->type != STT_SECTION && symbol->type != STT_FILE;
}

static void add_symbol(struct debug *debug, const struct symbol *symbol)
{
    const uint8_t type = symbol->type == STT_COMMON ? STT_OBJECT : symbol->type;
    const struct elf_class *elf = debug->link->elf;
    uint8_t bytes[sizeof(Elf64_Sym)];
    Elf64_Sym entry = {
        .st_name = (uint32_t)debug->text.size,
        .st_info =
            ELF64_ST_INFO(symbol->exported ? STB_GLOBAL : STB_LOCAL, type),
        .st_shndx = (uint16_t)symbol->chunk->output->section_index,
        .st_value = symbol_definition_address(symbol) | symbol->mode,
        .st_size = symbol->size,
    };

    if (symbol->chunk->flags & SHF_TLS)
        entry.st_value -= debug->link->tls.address;
    elf_put_symbol(elf, bytes, &entry);
    buffer_append(&debug->symbols, bytes, elf->symbol_size);
    buffer_append(&debug->text, symbol->name, strlen(symbol->name) + 1);
}

static void add_locals(struct debug *debug, const struct object *object)
{
    for (uint32_t i = 1; i < object->view.n_symbols; i++)
        if (object->symbols[i]->local && is_listed(object->symbols[i]))
            add_symbol(debug, object->symbols[i]);
}

static void add_globals(struct debug *debug, bool exported)
{
    const struct buffer *list = &debug->link->globals;
    struct symbol **globals = LIST_ITEMS(struct symbol *, list);

    for (size_t i = 0; i < LIST_COUNT(struct symbol *, list); i++)
        if (globals[i]->exported == exported && is_listed(globals[i]))
            add_symbol(debug, globals[i]);
}

/* Symbols that the image does not export become local, whatever their binding
 * in the inputs. Local symbols come first (ELF gABI, "Symbol Table"). */
static void add_symbols(struct debug *debug)
{
    const size_t symbol_size = debug->link->elf->symbol_size;
    const struct buffer *list = &debug->link->objects;
    struct object **objects = LIST_ITEMS(struct object *, list);

    buffer_grow(&debug->symbols, symbol_size);
    buffer_append(&debug->text, "", 1);
    for (size_t i = 0; i < LIST_COUNT(struct object *, list); i++)
        add_locals(debug, objects[i]);
    add_globals(debug, false);
    debug->n_local_symbols = (uint32_t)(debug->symbols.size / symbol_size);
    add_globals(debug, true);
}

/* ---- The file ---- */

static void add_header(struct debug *debug, const char *name, Elf64_Shdr header)
{
    header.sh_name = (uint32_t)debug->names.size;
    buffer_append(&debug->names, name, strlen(name) + 1);
    buffer_append(&debug->headers, &header, sizeof(header));
}

static bool is_unwind_table(const struct output *output)
{
    return output->rank >= RANK_EH_FRAME_HDR && output->rank <= RANK_EXIDX;
}

/* The image's sections, in the order of their indexes. */
static void add_image_headers(struct debug *debug)
{
    const struct buffer *list = &debug->link->outputs;
    struct output **outputs = LIST_ITEMS(struct output *, list);

    for (size_t i = 0; i < LIST_COUNT(struct output *, list); i++) {
        const bool kept = is_unwind_table(outputs[i]);

        if (!outputs[i]->section_index)
            continue;
        add_header(
            debug, outputs[i]->name,
            (Elf64_Shdr){
                .sh_type = kept ? SHT_PROGBITS : SHT_NOBITS,
                .sh_flags = outputs[i]->flags,
                .sh_addr = outputs[i]->address,
                .sh_offset = kept ? outputs[i]->file_offset : debug->file->size,
                .sh_size = outputs[i]->size,
                .sh_addralign = outputs[i]->align,
            });
    }
}

static enum status write_sections(struct debug *debug, struct error *err)
{
    struct link *link = debug->link;
    struct output **sections = LIST_ITEMS(struct output *, &debug->sections);
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->debug_chunks);
    const size_t n_chunks = LIST_COUNT(struct chunk *, &link->debug_chunks);

    for (size_t i = 0; i < LIST_COUNT(struct output *, &debug->sections); i++) {
        struct output *section = sections[i];

        buffer_align(debug->file, (size_t)section->align);
        section->file_offset = debug->file->size;
        buffer_grow(debug->file, (size_t)section->size);
        add_header(debug, section->name,
                   (Elf64_Shdr){
                       .sh_type = SHT_PROGBITS,
                       .sh_offset = section->file_offset,
                       .sh_size = section->size,
                       .sh_addralign = section->align,
                   });
    }
    if (buffer_failed(debug->file))
        return error_no_memory(err);
    for (size_t i = 0; i < n_chunks; i++) {
        uint8_t *bytes = debug->file->data + chunks[i]->output->file_offset +
                         chunks[i]->offset;
        enum status status;

        if (chunks[i]->size)
            memcpy(bytes, chunks[i]->bytes.data, chunks[i]->bytes.size);
        status = relocate_chunk(debug, chunks[i], bytes, err);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static void write_places(struct debug *debug)
{
    add_header(debug, ".obcc.places",
               (Elf64_Shdr){
                   .sh_type = OBCC_SHT_PLACES,
                   .sh_offset = debug->file->size,
                   .sh_size = debug->places.size,
                   .sh_addralign = 1,
                   .sh_entsize = sizeof(uint32_t),
               });
    buffer_append(debug->file, debug->places.data, debug->places.size);
}

static void write_symbols(struct debug *debug)
{
    const uint32_t index = (uint32_t)LIST_COUNT(Elf64_Shdr, &debug->headers);

    buffer_align(debug->file, sizeof(uint64_t));
    add_header(debug, ".symtab",
               (Elf64_Shdr){
                   .sh_type = SHT_SYMTAB,
                   .sh_offset = debug->file->size,
                   .sh_size = debug->symbols.size,
                   .sh_link = index + 1, /* .strtab */
                   .sh_info = debug->n_local_symbols,
                   .sh_addralign = sizeof(uint64_t),
                   .sh_entsize = debug->link->elf->symbol_size,
               });
    buffer_append(debug->file, debug->symbols.data, debug->symbols.size);
    add_header(debug, ".strtab",
               (Elf64_Shdr){
                   .sh_type = SHT_STRTAB,
                   .sh_offset = debug->file->size,
                   .sh_size = debug->text.size,
                   .sh_addralign = 1,
               });
    buffer_append(debug->file, debug->text.data, debug->text.size);
}

/* Copy the image up to the end of its unwind tables. Without these, a debugger
 * that has only this file cannot unwind optimised functions. No other part of
 * the image is copied. */
static void write_image_head(struct debug *debug)
{
    const struct elf_class *elf = debug->link->elf;
    const struct buffer *image = &debug->link->result->image;
    const struct output *table = outputs_standard(debug->link, RANK_EXIDX);
    const uint64_t end = table->file_offset + table->size;
    const Elf64_Ehdr header = elf_get_header(elf, image->data);

    buffer_append(debug->file, image->data, (size_t)end);
    if (buffer_failed(debug->file))
        return;
    for (unsigned i = 0; i < header.e_phnum; i++) {
        uint8_t *at = debug->file->data + header.e_phoff +
                      (size_t)i * elf->program_header_size;
        Elf64_Phdr row = elf_get_program_header(elf, at);

        if (row.p_offset >= end)
            row.p_filesz = 0;
        else if (row.p_filesz > end - row.p_offset)
            row.p_filesz = end - row.p_offset;
        elf_put_program_header(elf, at, &row);
    }
}

static enum status check_file(const struct debug *debug, size_t n_headers,
                              struct error *err)
{
    const struct link *link = debug->link;

    if (n_headers >= SHN_LORESERVE)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %zu sections are more than the file of debug "
                         "information can have",
                         link->params->inputs[0].name, n_headers);
    if (debug->file->size > UINT32_MAX)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %zu bytes of debug information are more than "
                         "4 GiB",
                         link->params->inputs[0].name, debug->file->size);
    if (buffer_failed(debug->file) || buffer_failed(&debug->names) ||
        buffer_failed(&debug->headers) || buffer_failed(&debug->symbols) ||
        buffer_failed(&debug->text) || buffer_failed(&debug->places))
        return error_no_memory(err);
    return STATUS_OK;
}

static void append_headers(struct debug *debug)
{
    const struct elf_class *elf = debug->link->elf;
    const Elf64_Shdr *headers = LIST_ITEMS(Elf64_Shdr, &debug->headers);

    for (size_t i = 0; i < LIST_COUNT(Elf64_Shdr, &debug->headers); i++) {
        uint8_t bytes[sizeof(Elf64_Shdr)];

        elf_put_section_header(elf, bytes, &headers[i]);
        buffer_append(debug->file, bytes, elf->section_header_size);
    }
}

/* From here nothing is added to the file. */
static enum status write_section_headers(struct debug *debug, struct error *err)
{
    static const char name[] = ".shstrtab";
    const struct elf_class *elf = debug->link->elf;
    const size_t n_headers = LIST_COUNT(Elf64_Shdr, &debug->headers) + 1;
    Elf64_Ehdr header;
    enum status status;

    add_header(debug, name,
               (Elf64_Shdr){
                   .sh_type = SHT_STRTAB,
                   .sh_offset = debug->file->size,
                   .sh_size = debug->names.size + sizeof(name),
                   .sh_addralign = 1,
               });
    buffer_append(debug->file, debug->names.data, debug->names.size);
    buffer_align(debug->file, sizeof(uint64_t));
    status = check_file(debug, n_headers, err);
    if (status)
        return status;
    header = elf_get_header(elf, debug->file->data);
    header.e_shoff = debug->file->size;
    header.e_shnum = (uint16_t)n_headers;
    header.e_shstrndx = (uint16_t)(n_headers - 1);
    elf_put_header(elf, debug->file->data, &header);
    append_headers(debug);
    return buffer_failed(debug->file) ? error_no_memory(err) : STATUS_OK;
}

static enum status write_file(struct debug *debug, struct error *err)
{
    enum status status = merge_sections(debug, err);

    if (status)
        return status;
    write_image_head(debug);
    add_header(debug, "", (Elf64_Shdr){.sh_type = SHT_NULL});
    add_image_headers(debug);
    status = write_sections(debug, err);
    if (status)
        return status;
    write_places(debug);
    add_symbols(debug);
    write_symbols(debug);
    return write_section_headers(debug, err);
}

enum status debug_write(struct link *link, struct error *err)
{
    struct debug debug = {.link = link, .file = &link->result->debug};
    enum status status;

    if (link->debug_chunks.size == 0)
        return STATUS_OK;
    buffer_init(&debug.sections);
    buffer_init(&debug.headers);
    buffer_init(&debug.names);
    buffer_init(&debug.symbols);
    buffer_init(&debug.text);
    buffer_init(&debug.places);
    status = write_file(&debug, err);
    buffer_release(&debug.sections);
    buffer_release(&debug.headers);
    buffer_release(&debug.names);
    buffer_release(&debug.symbols);
    buffer_release(&debug.text);
    buffer_release(&debug.places);
    return status;
}
