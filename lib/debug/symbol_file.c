/* Debuggers that learn of code at run time take the addresses in its ELF file
 * as those of the process, in DWARF as well as in section headers. The debug
 * section of a cache file has image addresses. Its section of the type
 * OBCC_SHT_PLACES lists the places in it that hold an address
 * (lib/linker/debug.c writes the list), so moving the file to the image's base
 * needs no knowledge of DWARF.
 *
 * If the bitcode had no debug information, the file is made here, from the
 * function table and a copy of .eh_frame, without which a debugger cannot
 * unwind optimised functions:
 *
 *   ELF header | .eh_frame | .symtab | .strtab | section headers
 *
 * The cache file is not trusted: every offset is checked. */
#include "symbol_file.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

typedef ElfW(Ehdr) header_t;
typedef ElfW(Shdr) section_t;
typedef ElfW(Phdr) segment_t;
typedef ElfW(Sym) symbol_t;
typedef ElfW(Addr) address_t;

/* ---- A file that exists: move it ---- */

struct mover {
    struct buffer *file;
    address_t base;
};

/* A part of the file, writable. NULL: not in the file, or misaligned. */
static void *part(const struct buffer *file, uint64_t offset, uint64_t size,
                  size_t align)
{
    struct span found;

    if (!span_slice(buffer_span(file), offset, size, &found) ||
        (uintptr_t)found.data % align)
        return NULL;
    return file->data + offset;
}

static bool read_debug(const struct code_to_show *code, struct buffer *file)
{
    struct file_target target = {NULL, (size_t)code->debug.size};
    size_t size = 0;
    struct span found;

    target.data = buffer_grow(file, target.size);
    if (!target.data)
        return false;
    if (code->source->fd >= 0)
        return file_read_at(code->source->fd, target, code->debug.offset,
                            code->source->name, &size, NULL) == STATUS_OK &&
               size == target.size;
    if (!span_slice(
            (struct span){code->source->bytes, (size_t)code->source->file_size},
            code->debug.offset, code->debug.size, &found))
        return false;
    memcpy(target.data, found.data, found.size);
    return true;
}

static bool move_symbols(const struct mover *m, const section_t *section)
{
    symbol_t *symbols =
        part(m->file, section->sh_offset, section->sh_size, _Alignof(symbol_t));

    if (!symbols)
        return false;
    for (size_t i = 0; i < section->sh_size / sizeof(*symbols); i++)
        if (symbols[i].st_shndx != SHN_UNDEF &&
            symbols[i].st_shndx < SHN_LORESERVE &&
            ELF64_ST_TYPE(symbols[i].st_info) != STT_TLS)
            symbols[i].st_value += m->base;
    return true;
}

static bool move_places(const struct mover *m, const section_t *section)
{
    const uint8_t *list =
        part(m->file, section->sh_offset, section->sh_size, 1);
    uint32_t place;
    address_t value;

    if (!list)
        return false;
    for (size_t i = 0; i + sizeof(place) <= section->sh_size;
         i += sizeof(place)) {
        void *at;

        memcpy(&place, list + i, sizeof(place));
        at = part(m->file, place, sizeof(value), 1);
        if (!at)
            return false;
        memcpy(&value, at, sizeof(value));
        value += m->base;
        memcpy(at, &value, sizeof(value));
    }
    return true;
}

static bool move_section(const struct mover *m, section_t *section)
{
    if (section->sh_flags & SHF_ALLOC)
        section->sh_addr += m->base;
    if (section->sh_type == SHT_SYMTAB)
        return move_symbols(m, section);
    return section->sh_type != OBCC_SHT_PLACES || move_places(m, section);
}

static bool move(const struct mover *m)
{
    const header_t *header =
        part(m->file, 0, sizeof(*header), _Alignof(header_t));
    segment_t *segments;
    section_t *sections;

    if (!header)
        return false;
    segments = part(m->file, header->e_phoff,
                    header->e_phnum * (uint64_t)sizeof(*segments),
                    _Alignof(segment_t));
    sections = part(m->file, header->e_shoff,
                    header->e_shnum * (uint64_t)sizeof(*sections),
                    _Alignof(section_t));
    if (!segments || !sections)
        return false;
    for (size_t i = 0; i < header->e_phnum; i++) {
        segments[i].p_vaddr += m->base;
        segments[i].p_paddr += m->base;
    }
    for (size_t i = 0; i < header->e_shnum; i++)
        if (!move_section(m, &sections[i]))
            return false;
    return true;
}

/* ---- No debug information: make it ---- */

/* ORDER MADE SECTIONS */
enum { NONE, TEXT, EH_FRAME, SYMTAB, STRTAB, N_SECTIONS };

struct maker {
    const struct symbol_source *source;
    struct buffer *file;
    struct buffer symbols, names;
    section_t sections[N_SECTIONS];
};

/* Bytes of the records from their start to their end mark, which is a length of
 * 0. Nothing outside the text is read. */
static size_t unwind_table_size(const struct symbol_source *source)
{
    const uint8_t *table = source->text.data + source->eh_frame;
    size_t size = 0, limit;
    uint32_t length;

    if (!source->eh_frame || source->eh_frame >= source->text.size)
        return 0;
    limit = (size_t)(source->text.size - source->eh_frame);
    while (limit - size >= sizeof(length)) {
        memcpy(&length, table + size, sizeof(length));
        size += sizeof(length);
        if (length == 0)
            return size;
        if (length > limit - size)
            return 0;
        size += length;
    }
    return 0;
}

static uint32_t add_name(struct maker *maker, const char *name)
{
    const uint32_t at = (uint32_t)maker->names.size;

    buffer_append(&maker->names, name, strlen(name) + 1);
    return at;
}

static void add_functions(struct maker *maker)
{
    const struct cache_view *view = maker->source->view;
    const address_t base = (address_t)maker->source->base;
    symbol_t symbol = {0};

    buffer_append(&maker->symbols, &symbol, sizeof(symbol));
    for (uint32_t i = 0; i < cache_count(view, OBCC_FUNC_TABLE); i++) {
        const struct obcc_symbol *row =
            cache_symbol_at(view, OBCC_FUNC_TABLE, i);
        const uint64_t address = obcc_get64(row->address);

        if (address >= maker->source->text.size)
            continue;
        symbol = (symbol_t){
            .st_name =
                add_name(maker, cache_string(view, obcc_get32(row->name))),
            .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
            .st_shndx = TEXT,
            .st_value = base + (address_t)address,
            .st_size = (address_t)obcc_get64(row->size),
        };
        buffer_append(&maker->symbols, &symbol, sizeof(symbol));
    }
}

/* Set the section's content to these bytes of the file. */
static void add_bytes(struct maker *maker, int index, struct span bytes)
{
    buffer_align(maker->file, sizeof(uint64_t));
    maker->sections[index].sh_offset = (address_t)maker->file->size;
    maker->sections[index].sh_size = (address_t)bytes.size;
    buffer_append(maker->file, bytes.data, bytes.size);
}

static void add_sections(struct maker *maker)
{
    const struct symbol_source *source = maker->source;
    const address_t base = (address_t)source->base;

    maker->sections[TEXT] = (section_t){
        .sh_name = add_name(maker, ".text"),
        .sh_type = SHT_NOBITS,
        .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
        .sh_addr = base,
        .sh_size = (address_t)source->text.size,
        .sh_addralign = 1,
    };
    maker->sections[EH_FRAME] = (section_t){
        .sh_name = add_name(maker, ".eh_frame"),
        .sh_type = SHT_PROGBITS,
        .sh_flags = SHF_ALLOC,
        .sh_addr = base + (address_t)source->eh_frame,
        .sh_addralign = sizeof(address_t),
    };
    maker->sections[SYMTAB] = (section_t){
        .sh_name = add_name(maker, ".symtab"),
        .sh_type = SHT_SYMTAB,
        .sh_link = STRTAB,
        .sh_info = 1, /* no local symbol but number 0 */
        .sh_addralign = sizeof(uint64_t),
        .sh_entsize = sizeof(symbol_t),
    };
    maker->sections[STRTAB] = (section_t){
        .sh_name = add_name(maker, ".strtab"),
        .sh_type = SHT_STRTAB,
        .sh_addralign = 1,
    };
    add_bytes(maker, EH_FRAME,
              (struct span){source->text.data + source->eh_frame,
                            unwind_table_size(source)});
    add_bytes(maker, SYMTAB, buffer_span(&maker->symbols));
    add_bytes(maker, STRTAB, buffer_span(&maker->names));
}

static bool end_file(struct maker *maker)
{
    header_t header;

    buffer_align(maker->file, sizeof(uint64_t));
    if (buffer_failed(maker->file) || buffer_failed(&maker->symbols) ||
        buffer_failed(&maker->names))
        return false;
    /* Class, machine and flags are the image's. */
    memcpy(&header, maker->source->text.data, sizeof(header));
    header.e_phoff = 0;
    header.e_phnum = 0;
    header.e_shoff = (address_t)maker->file->size;
    header.e_shentsize = sizeof(section_t);
    header.e_shnum = N_SECTIONS;
    header.e_shstrndx = STRTAB;
    memcpy(maker->file->data, &header, sizeof(header));
    buffer_append(maker->file, maker->sections, sizeof(maker->sections));
    return !buffer_failed(maker->file);
}

bool symbol_file_from_table(const struct symbol_source *source,
                            struct buffer *file)
{
    struct maker maker = {.source = source, .file = file};
    bool ok;

    buffer_init(file);
    buffer_init(&maker.symbols);
    buffer_init(&maker.names);
    add_name(&maker, "");
    buffer_grow(file, sizeof(header_t));
    add_functions(&maker);
    add_sections(&maker);
    ok = end_file(&maker);
    buffer_release(&maker.symbols);
    buffer_release(&maker.names);
    return ok;
}

bool symbol_file_make(const struct code_to_show *code, struct buffer *ret_file)
{
    const struct image *image = code->image;
    const struct mover mover = {ret_file, (address_t)image->base};
    const struct symbol_source source = {
        .text = {image->base, (size_t)image->text_span},
        .base = (uintptr_t)image->base,
        .eh_frame = image->eh_frame,
        .view = code->view,
    };

    buffer_init(ret_file);
    if (code->debug.size && read_debug(code, ret_file) && move(&mover))
        return true;
    buffer_release(ret_file);
    return symbol_file_from_table(&source, ret_file);
}

/* ---- Visit ---- */

static void visit_table(const struct buffer *file, const section_t *table,
                        const section_t *strings, visit_function_fn *visit,
                        void *context)
{
    const symbol_t *symbols =
        part(file, table->sh_offset, table->sh_size, _Alignof(symbol_t));
    const char *text = part(file, strings->sh_offset, strings->sh_size, 1);

    if (!symbols || !text || strings->sh_size == 0 ||
        text[strings->sh_size - 1] != '\0')
        return;
    for (size_t i = 0; i < table->sh_size / sizeof(*symbols); i++)
        if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC &&
            symbols[i].st_name < strings->sh_size)
            visit(context, &(struct shown_function){text + symbols[i].st_name,
                                                    symbols[i].st_value,
                                                    symbols[i].st_size});
}

void symbol_file_visit(const struct buffer *file, visit_function_fn *visit,
                       void *context)
{
    const header_t *header = (const void *)file->data;
    const section_t *sections = part(
        file, header->e_shoff, header->e_shnum * (uint64_t)sizeof(*sections),
        _Alignof(section_t));

    for (size_t i = 0; sections && i < header->e_shnum; i++)
        if (sections[i].sh_type == SHT_SYMTAB &&
            sections[i].sh_link < header->e_shnum)
            visit_table(file, &sections[i], &sections[sections[i].sh_link],
                        visit, context);
}
