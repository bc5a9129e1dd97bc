/* Headers (ELF gABI, chapters 4 and 5).
 *
 *   0          ELF header, program headers: mapped with the text
 *   file_end   .shstrtab, section headers: for tools, never mapped
 *
 * Unused rows of the program header table are at its end and not counted. */
#include "passes.h"

#include <elf.h>
#include <string.h>

#include "span.h"

static const char names_section[] = ".shstrtab";

/* ---- Size ---- */

static uint64_t names_size(const struct link *link)
{
    struct output **outputs = LIST_ITEMS(struct output *, &link->outputs);
    uint64_t size = 1 + sizeof(names_section);

    for (size_t i = 0; i < LIST_COUNT(struct output *, &link->outputs); i++)
        if (outputs[i]->section_index)
            size += strlen(outputs[i]->name) + 1;
    return size;
}

/* The null section and the section of names included. */
static uint32_t count_sections(const struct link *link)
{
    struct output **outputs = LIST_ITEMS(struct output *, &link->outputs);
    uint32_t n_sections = 2;

    for (size_t i = 0; i < LIST_COUNT(struct output *, &link->outputs); i++)
        if (outputs[i]->section_index)
            n_sections++;
    return n_sections;
}

static uint64_t section_headers_offset(const struct link *link)
{
    return align_up(link->file_end + names_size(link), sizeof(uint64_t));
}

enum status emit_begin(struct link *link, struct error *err)
{
    const uint64_t size =
        section_headers_offset(link) +
        (uint64_t)count_sections(link) * link->elf->section_header_size;

    buffer_grow(&link->result->image, (size_t)size);
    return buffer_failed(&link->result->image) ? error_no_memory(err)
                                               : STATUS_OK;
}

/* ---- Program headers ---- */

struct program_headers {
    Elf64_Phdr rows[LAYOUT_MAX_PROGRAM_HEADERS];
    uint16_t n_rows;
};

static Elf64_Phdr *add_row(struct program_headers *headers, uint32_t type,
                           uint32_t flags, uint64_t align,
                           const struct segment_extent *extent)
{
    Elf64_Phdr *row = &headers->rows[headers->n_rows++];

    *row = (Elf64_Phdr){
        .p_type = type,
        .p_flags = flags,
        .p_offset = extent->file_offset,
        .p_vaddr = extent->address,
        .p_paddr = extent->address,
        .p_filesz = extent->file_size,
        .p_memsz = extent->memory_size,
        .p_align = align,
    };
    return row;
}

static void add_output(struct program_headers *headers, uint32_t type,
                       uint32_t flags, const struct output *output)
{
    const struct segment_extent extent = {output->file_offset, output->size,
                                          output->address, output->size};

    if (output->size)
        add_row(headers, type, flags, output->align, &extent);
}

/* The first segment tells other loaders about wide alignment. It lies at 0 in
 * file and memory, which suits any alignment. */
static void add_segments(const struct link *link,
                         struct program_headers *headers)
{
    const uint32_t page = link->machine->row->page_size;
    const struct segment_extent *relro = &link->segments[SEGMENT_RELRO];
    const struct segment_extent *data = &link->segments[SEGMENT_DATA];
    const struct segment_extent *large = &link->segments[SEGMENT_LARGE_DATA];
    const struct segment_extent *large_rodata =
        &link->segments[SEGMENT_LARGE_RODATA];
    Elf64_Phdr *row;

    add_row(headers, PT_LOAD, PF_R | PF_X, link->align,
            &link->segments[SEGMENT_TEXT]);
    add_row(headers, PT_LOAD, PF_R | PF_W, page, relro);
    if (data->memory_size)
        add_row(headers, PT_LOAD, PF_R | PF_W, page, data);
    if (large->memory_size)
        add_row(headers, PT_LOAD, PF_R | PF_W, page, large);
    if (large_rodata->memory_size)
        add_row(headers, PT_LOAD, PF_R, page, large_rodata);
    if (link->tls_align)
        add_row(headers, PT_TLS, PF_R, link->tls_align, &link->tls);
    add_output(headers, PT_DYNAMIC, PF_R | PF_W,
               outputs_standard(link, RANK_DYNAMIC));
    /* RELRO ends with its last page, which holds nothing else: loaders protect
     * whole pages only. A loader with larger pages has to round by itself, as
     * memory up to the end of such a page need not be mapped. */
    row = add_row(headers, PT_GNU_RELRO, PF_R, 1, relro);
    row->p_memsz =
        align_up(relro->address + relro->memory_size, LAYOUT_SMALL_PAGE) -
        relro->address;
    add_output(headers, PT_GNU_EH_FRAME, PF_R,
               outputs_standard(link, RANK_EH_FRAME_HDR));
    add_output(headers, PT_ARM_EXIDX, PF_R, outputs_standard(link, RANK_EXIDX));
    add_output(headers, PT_NOTE, PF_R, outputs_standard(link, RANK_PROPERTIES));
    add_output(headers, PT_GNU_PROPERTY, PF_R,
               outputs_standard(link, RANK_PROPERTIES));
    row = add_row(headers, PT_GNU_STACK, PF_R | PF_W, 16,
                  &(struct segment_extent){0});
}

/* ---- Section headers ---- */

static uint64_t entry_size(const struct link *link, uint32_t type)
{
    switch (type) {
    case SHT_DYNSYM:
        return link->elf->symbol_size;
    case SHT_HASH:
        return sizeof(uint32_t);
    case SHT_RELA:
    case SHT_REL:
        return elf_relocation_size(link->elf, type);
    case SHT_DYNAMIC:
        return link->elf->dynamic_size;
    case SHT_RELR:
    case SHT_INIT_ARRAY:
    case SHT_FINI_ARRAY:
        return link->machine->row->address_size;
    default:
        return 0;
    }
}

static uint32_t linked_section(const struct link *link, uint32_t type)
{
    switch (type) {
    case SHT_DYNSYM:
    case SHT_DYNAMIC:
        return outputs_standard(link, RANK_DYNSTR)->section_index;
    case SHT_HASH:
    case SHT_RELA:
    case SHT_REL:
        return outputs_standard(link, RANK_DYNSYM)->section_index;
    case SHT_ARM_EXIDX:
        return outputs_standard(link, RANK_TEXT)->section_index;
    default:
        return 0;
    }
}

static uint32_t write_section(const struct link *link,
                              const struct output *output, uint8_t *table,
                              uint32_t name)
{
    const Elf64_Shdr header = {
        .sh_name = name,
        .sh_type = output->type,
        .sh_flags = output->flags,
        .sh_addr = output->address,
        .sh_offset = output->file_offset,
        .sh_size = output->size,
        .sh_link = linked_section(link, output->type),
        .sh_info = output->type == SHT_DYNSYM ? 1 : 0, /* first global */
        .sh_addralign = output->align,
        .sh_entsize = entry_size(link, output->type),
    };
    const size_t size = strlen(output->name) + 1;

    elf_put_section_header(link->elf,
                           table + (size_t)output->section_index *
                                       link->elf->section_header_size,
                           &header);
    memcpy(link->result->image.data + link->file_end + name, output->name,
           size);
    return name + (uint32_t)size;
}

static void write_sections(const struct link *link)
{
    struct output **outputs = LIST_ITEMS(struct output *, &link->outputs);
    uint8_t *image = link->result->image.data;
    uint8_t *table = image + section_headers_offset(link);
    Elf64_Shdr names = {
        .sh_type = SHT_STRTAB,
        .sh_offset = link->file_end,
        .sh_size = names_size(link),
        .sh_addralign = 1,
    };
    uint32_t name = 1;

    for (size_t i = 0; i < LIST_COUNT(struct output *, &link->outputs); i++)
        if (outputs[i]->section_index)
            name = write_section(link, outputs[i], table, name);
    names.sh_name = name;
    memcpy(image + link->file_end + name, names_section, sizeof(names_section));
    elf_put_section_header(link->elf,
                           table + (size_t)(count_sections(link) - 1) *
                                       link->elf->section_header_size,
                           &names);
}

void emit_headers(const struct link *link)
{
    const struct elf_class *elf = link->elf;
    struct program_headers headers = {.n_rows = 0};
    uint8_t *image = link->result->image.data;
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, elf->number,
                    ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE},
        .e_type = ET_DYN,
        .e_machine = (uint16_t)link->machine->row->elf_machine,
        .e_version = EV_CURRENT,
        .e_phoff = elf->header_size,
        .e_shoff = section_headers_offset(link),
        .e_flags = link->elf_flags,
        .e_ehsize = elf->header_size,
        .e_phentsize = elf->program_header_size,
        .e_shentsize = elf->section_header_size,
        .e_shnum = (uint16_t)count_sections(link),
        .e_shstrndx = (uint16_t)(count_sections(link) - 1),
    };

    add_segments(link, &headers);
    header.e_phnum = headers.n_rows;
    elf_put_header(elf, image, &header);
    for (size_t i = 0; i < headers.n_rows; i++)
        elf_put_program_header(
            elf, image + elf->header_size + i * elf->program_header_size,
            &headers.rows[i]);
    write_sections(link);
}
