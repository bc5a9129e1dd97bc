/* Reading relocatable ELF objects that may hold any bytes at all.
 *
 * Inputs come from a code generator in the same process and from vendors'
 * object files. So nothing is trusted: each offset goes through span_slice(),
 * each string table must end with a NUL (then every offset inside it starts a C
 * string), each index is compared with its count. All values that leave this
 * file are checked. Later passes only check how many bytes a relocation type
 * patches, which this file cannot know.
 *
 * Both classes are read (elf_class.h), little-endian files only.
 *
 * Counts beyond 16 bits (ELF gABI, chapter 4, "ELF Header"): with one section
 * per function, a large module has more than 0xff00 sections. Then e_shnum is 0
 * and section 0 holds the number, and symbols keep their section's index in a
 * table of its own (SHT_SYMTAB_SHNDX). */
#include "object_view.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"

/* 1 TiB: more than a section of any code model, and far enough from 2^64
 * that sums of addresses and addends of sections stay comparable. */
static const uint64_t max_section_size = UINT64_C(1) << 40;

/* 256 MiB: the most that C compilers accept for an object of a program. */
static const uint64_t max_align = UINT64_C(1) << 28;

static enum status corrupt_section(const struct object_view *view,
                                   uint32_t index, const char *fact,
                                   struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "%s: section %u: %s", view->name,
                     index, fact);
}

/* ---- Header ---- */

static enum status read_header(struct object_view *view, Elf64_Ehdr *ret_header,
                               struct error *err)
{
    const uint8_t *ident = view->bytes.data;

    if (view->bytes.size < EI_NIDENT || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return error_set(err, STATUS_CORRUPT, "%s: not an ELF file",
                         view->name);
    if (ident[EI_DATA] != ELFDATA2LSB)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: ELF data encoding %u, not little-endian",
                         view->name, ident[EI_DATA]);
    view->elf = elf_class_find(ident[EI_CLASS]);
    if (!view->elf || view->bytes.size < view->elf->header_size)
        return error_set(err, STATUS_CORRUPT,
                         "%s: ELF header: class %u, %zu bytes", view->name,
                         ident[EI_CLASS], view->bytes.size);
    *ret_header = elf_get_header(view->elf, ident);
    if (ret_header->e_type != ET_REL)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: ELF type %u is not a relocatable object",
                         view->name, ret_header->e_type);
    view->machine = ret_header->e_machine;
    view->flags = ret_header->e_flags;
    return STATUS_OK;
}

/* ---- Sections ---- */

/* Decode a section header without the name: the table of names is not known
 * yet. */
static enum status read_section(struct object_view *view, uint32_t index,
                                const Elf64_Shdr *header, struct error *err)
{
    struct object_section *section = &view->sections[index];

    *section = (struct object_section){
        .name = "",
        .type = header->sh_type,
        .link = header->sh_link,
        .info = header->sh_info,
        .flags = header->sh_flags,
        .size = header->sh_size,
        .align = header->sh_addralign ? header->sh_addralign : 1,
    };
    /* The fields of a null section mean something else, or nothing. */
    if (section->type == SHT_NULL) {
        section->size = 0;
        section->align = 1;
        return STATUS_OK;
    }
    if (!is_power_of_two(section->align))
        return corrupt_section(view, index, "alignment is not a power of two",
                               err);
    if (section->align > max_align)
        return corrupt_section(view, index, "alignment exceeds 256 MiB", err);
    if (section->size > max_section_size)
        return corrupt_section(view, index, "size exceeds 1 TiB", err);
    if (section->type != SHT_NOBITS &&
        !span_slice(view->bytes, header->sh_offset, header->sh_size,
                    &section->bytes))
        return corrupt_section(view, index, "lies outside the file", err);
    return STATUS_OK;
}

/* The string at offset of a table that ends with NUL; NULL: outside. */
static const char *string_at(struct span table, uint64_t offset)
{
    return offset < table.size ? (const char *)table.data + offset : NULL;
}

static enum status string_table(const struct object_view *view, uint32_t index,
                                struct span *ret_table, struct error *err)
{
    const struct object_section *section;

    if (index == 0 || index >= view->n_sections)
        return corrupt_section(view, index, "string table does not exist", err);
    section = &view->sections[index];
    if (section->type != SHT_STRTAB || section->size == 0 ||
        section->bytes.data[section->size - 1] != 0)
        return corrupt_section(view, index, "is not a string table", err);
    *ret_table = section->bytes;
    return STATUS_OK;
}

static enum status read_names(struct object_view *view, struct span headers,
                              uint32_t names_index, struct error *err)
{
    const size_t entry_size = view->elf->section_header_size;
    struct span names;
    enum status status;

    status = string_table(view, names_index, &names, err);
    if (status)
        return status;
    for (uint32_t i = 1; i < view->n_sections; i++) {
        const Elf64_Shdr header =
            elf_get_section_header(view->elf, headers.data + i * entry_size);

        view->sections[i].name = string_at(names, header.sh_name);
        if (!view->sections[i].name)
            return corrupt_section(view, i, "name is outside its table", err);
    }
    return STATUS_OK;
}

/* *ret_headers: the section headers' bytes. Sets n_sections. */
static enum status find_sections(struct object_view *view,
                                 const Elf64_Ehdr *file_header,
                                 struct span *ret_headers,
                                 uint32_t *ret_names_index, struct error *err)
{
    const size_t entry_size = view->elf->section_header_size;
    uint64_t n_sections = file_header->e_shnum;
    struct span first;

    *ret_names_index = file_header->e_shstrndx;
    if (file_header->e_shentsize != entry_size ||
        !span_slice(view->bytes, file_header->e_shoff, entry_size, &first))
        return error_set(err, STATUS_CORRUPT,
                         "%s: no section headers of %zu bytes", view->name,
                         entry_size);
    const Elf64_Shdr null = elf_get_section_header(view->elf, first.data);

    if (n_sections == 0)
        n_sections = null.sh_size;
    if (*ret_names_index == SHN_XINDEX)
        *ret_names_index = null.sh_link;
    if (n_sections == 0 || n_sections > view->bytes.size / entry_size ||
        !span_slice(view->bytes, file_header->e_shoff, n_sections * entry_size,
                    ret_headers))
        return error_set(err, STATUS_CORRUPT,
                         "%s: %llu section headers at 0x%llx lie outside the "
                         "file",
                         view->name, (unsigned long long)n_sections,
                         (unsigned long long)file_header->e_shoff);
    view->n_sections = (uint32_t)n_sections;
    return STATUS_OK;
}

static enum status read_sections(struct object_view *view,
                                 const Elf64_Ehdr *file_header,
                                 struct arena *arena, struct error *err)
{
    const size_t entry_size = view->elf->section_header_size;
    uint32_t names_index = 0;
    struct span headers = {NULL, 0};
    enum status status;

    status = find_sections(view, file_header, &headers, &names_index, err);
    if (status)
        return status;
    view->sections =
        arena_alloc(arena, view->n_sections, sizeof(*view->sections));
    if (!view->sections)
        return error_no_memory(err);
    for (uint32_t i = 1; i < view->n_sections; i++) {
        const Elf64_Shdr header =
            elf_get_section_header(view->elf, headers.data + i * entry_size);

        status = read_section(view, i, &header, err);
        if (status)
            return status;
    }
    return read_names(view, headers, names_index, err);
}

/* ---- Symbols ---- */

static enum status find_symbols(struct object_view *view, struct error *err)
{
    const struct object_section *section;

    for (uint32_t i = 1; i < view->n_sections; i++) {
        section = &view->sections[i];
        if (section->type == SHT_SYMTAB_SHNDX)
            view->extended_indexes = section->bytes;
        if (section->type != SHT_SYMTAB)
            continue;
        if (view->symbol_section)
            return corrupt_section(view, i, "is a second symbol table", err);
        view->symbol_section = i;
    }
    if (view->symbol_section == 0)
        return STATUS_OK;
    section = &view->sections[view->symbol_section];
    if (section->size % view->elf->symbol_size != 0 ||
        section->size / view->elf->symbol_size > UINT32_MAX)
        return corrupt_section(view, view->symbol_section,
                               "is not a whole number of symbols", err);
    view->n_symbols = (uint32_t)(section->size / view->elf->symbol_size);
    return string_table(view, section->link, &view->symbol_names, err);
}

static enum status corrupt_symbol(const struct object_view *view,
                                  uint32_t index, const char *fact,
                                  struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "%s: symbol %u: %s", view->name,
                     index, fact);
}

/* SHN_X86_64_LCOMMON: a common symbol of the medium code model. The number is
 * in the range for processors, and no other machine here uses it. */
enum { SHN_LARGE_COMMON = 0xff02 };

/* Find a symbol's place by the section index of its entry. */
static enum status locate_symbol(const struct object_view *view, uint32_t index,
                                 uint32_t section, struct object_symbol *symbol,
                                 struct error *err)
{
    struct span extended;

    switch (section) {
    case SHN_UNDEF:
        symbol->place = OBJECT_SYMBOL_UNDEFINED;
        return STATUS_OK;
    case SHN_ABS:
        symbol->place = OBJECT_SYMBOL_ABSOLUTE;
        return STATUS_OK;
    case SHN_COMMON:
    case SHN_LARGE_COMMON:
        symbol->place = OBJECT_SYMBOL_COMMON;
        if (symbol->value == 0)
            symbol->value = 1;
        if (!is_power_of_two(symbol->value) || symbol->value > max_align ||
            symbol->size > max_section_size)
            return corrupt_symbol(view, index,
                                  "common symbol's size or "
                                  "alignment is out of range",
                                  err);
        return STATUS_OK;
    case SHN_XINDEX:
        if (!span_slice(view->extended_indexes, (uint64_t)index * 4, 4,
                        &extended))
            return corrupt_symbol(view, index, "has no extended index", err);
        memcpy(&section, extended.data, 4);
        break;
    default:
        if (section >= SHN_LORESERVE)
            return corrupt_symbol(view, index, "reserved section index", err);
    }
    if (section == 0 || section >= view->n_sections)
        return corrupt_symbol(view, index, "section does not exist", err);
    if (symbol->value > view->sections[section].size)
        return corrupt_symbol(view, index, "lies outside its section", err);
    symbol->place = OBJECT_SYMBOL_IN_SECTION;
    symbol->section = section;
    return STATUS_OK;
}

/* AAELF32, "Symbol values": bit 0 of a function's value marks Thumb code. */
static void set_mode(const struct object_view *view, uint32_t section,
                     struct object_symbol *symbol)
{
    if (view->machine != EM_ARM || section == SHN_UNDEF || section == SHN_ABS ||
        (symbol->type != STT_FUNC && symbol->type != STT_GNU_IFUNC))
        return;
    symbol->mode = symbol->value & 1;
    symbol->value -= symbol->mode;
}

enum status object_symbol_at(const struct object_view *view, uint32_t index,
                             struct object_symbol *ret_symbol,
                             struct error *err)
{
    const Elf64_Sym entry = elf_get_symbol(
        view->elf, view->sections[view->symbol_section].bytes.data +
                       (size_t)index * view->elf->symbol_size);
    struct object_symbol symbol = {
        .name = string_at(view->symbol_names, entry.st_name),
        .value = entry.st_value,
        .size = entry.st_size,
        .type = ELF64_ST_TYPE(entry.st_info),
        .binding = ELF64_ST_BIND(entry.st_info),
        .visibility = ELF64_ST_VISIBILITY(entry.st_other),
    };
    enum status status;

    if (!symbol.name)
        return corrupt_symbol(view, index, "name is outside its table", err);
    set_mode(view, entry.st_shndx, &symbol);
    status = locate_symbol(view, index, entry.st_shndx, &symbol, err);
    if (status)
        return status;
    if (symbol.binding != STB_LOCAL && symbol.binding != STB_GLOBAL &&
        symbol.binding != STB_WEAK && symbol.binding != STB_GNU_UNIQUE)
        return corrupt_symbol(view, index, "unknown binding", err);
    if (symbol.binding != STB_LOCAL && symbol.name[0] == 0)
        return corrupt_symbol(view, index, "is global and has no name", err);
    *ret_symbol = symbol;
    return STATUS_OK;
}

/* ---- Relocations ---- */

static struct relocation decode_relocation(const struct object_view *view,
                                           uint32_t type, const uint8_t *bytes)
{
    const Elf64_Rela entry = elf_get_relocation(view->elf, type, bytes);

    return (struct relocation){
        .offset = entry.r_offset,
        .addend = entry.r_addend,
        .type = (uint32_t)ELF64_R_TYPE(entry.r_info),
        .symbol = (uint32_t)ELF64_R_SYM(entry.r_info),
    };
}

enum status object_relocations(const struct object_view *view,
                               uint32_t section_index, struct arena *arena,
                               struct relocation_list *ret_list,
                               struct error *err)
{
    const struct object_section *section = &view->sections[section_index];
    const size_t entry_size = elf_relocation_size(view->elf, section->type);
    const size_t n_items = section->bytes.size / entry_size;
    struct relocation *items;

    if (section->bytes.size % entry_size != 0)
        return corrupt_section(view, section_index,
                               "is not a whole number of relocations", err);
    if (section->link != view->symbol_section)
        return corrupt_section(view, section_index,
                               "relocations of another symbol table", err);
    items = arena_alloc(arena, n_items, sizeof(*items));
    if (!items)
        return error_no_memory(err);
    for (size_t i = 0; i < n_items; i++) {
        items[i] = decode_relocation(view, section->type,
                                     section->bytes.data + i * entry_size);
        if (items[i].symbol != 0 && items[i].symbol >= view->n_symbols)
            return error_set(err, STATUS_CORRUPT,
                             "%s: %s: relocation %zu: symbol %u does not exist",
                             view->name, section->name, i, items[i].symbol);
    }
    *ret_list = (struct relocation_list){items, n_items};
    return STATUS_OK;
}

/* ---- Open ---- */

enum status object_view_open(const char *name, struct span bytes,
                             struct arena *arena, struct object_view *ret_view,
                             struct error *err)
{
    struct object_view view = {.name = name, .bytes = bytes};
    Elf64_Ehdr header = {.e_type = ET_NONE};
    enum status status;

    status = read_header(&view, &header, err);
    if (status)
        return status;
    status = read_sections(&view, &header, arena, err);
    if (status)
        return status;
    status = find_symbols(&view, err);
    if (status)
        return status;
    *ret_view = view;
    return STATUS_OK;
}

/* ---- Order ---- */

static int compare_offsets(const void *a, const void *b)
{
    const struct relocation *first = a;
    const struct relocation *second = b;

    if (first->offset != second->offset)
        return first->offset < second->offset ? -1 : 1;
    return 0;
}

static bool are_sorted(const struct relocation_list *list)
{
    for (size_t i = 1; i < list->n_items; i++)
        if (list->items[i - 1].offset > list->items[i].offset)
            return false;
    return true;
}

void object_sort_relocations(struct relocation_list *list)
{
    if (!are_sorted(list))
        qsort(list->items, list->n_items, sizeof(*list->items),
              compare_offsets);
}
