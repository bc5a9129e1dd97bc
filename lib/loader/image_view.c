/* Reading ELF headers that may be damaged.
 *
 * Two rules keep all reads inside the mapping. Ranges are compared in
 * subtraction form (size <= whole - offset), so no sum can wrap. The
 * relocation, symbol and string tables are read repeatedly, so they must lie in
 * a segment without write permission: no relocation can change a table after it
 * was checked.
 *
 * References: ELF gABI, chapters 4 and 5; "RELR relative relocations" of the
 * generic-abi list for DT_RELR. */
#include "image_view.h"

#include <string.h>

#include "span.h"
#include "load_machine.h"

const struct image_segment *image_view_find(const struct image_view *view,
                                            uint64_t address, uint64_t size)
{
    for (size_t i = 0; i < view->n_segments; i++) {
        const struct image_segment *segment = &view->segments[i];

        if (address >= segment->address && size <= segment->memory_size &&
            address - segment->address <= segment->memory_size - size)
            return segment;
    }
    return NULL;
}

/* ---- Program headers ---- */

static enum status check_elf_header(const char *name, struct span readable,
                                    struct error *err)
{
    const ELF_TYPE(Ehdr) *header = (const void *)readable.data;

    if (readable.size < sizeof(*header) ||
        memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return error_set(err, STATUS_CORRUPT, "%s: image is not an ELF file",
                         name);
    if (header->e_ident[EI_CLASS] != MACHINE_ELF_CLASS ||
        header->e_ident[EI_DATA] != MACHINE_ELF_DATA ||
        header->e_machine != machine_host()->elf_machine)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: image is for ELF machine %u class %u, this is "
                         "machine %u class %u",
                         name, header->e_machine, header->e_ident[EI_CLASS],
                         machine_host()->elf_machine, MACHINE_ELF_CLASS);
    if (!machine_accepts_flags(header->e_flags))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: image is for another ABI than %s (ELF flags "
                         "0x%x)",
                         name, machine_host()->triple, header->e_flags);
    if (header->e_type != ET_DYN)
        return error_set(err, STATUS_CORRUPT,
                         "%s: image has ELF type %u, not ET_DYN", name,
                         header->e_type);
    if (header->e_phentsize != sizeof(ELF_TYPE(Phdr)) ||
        header->e_phoff % _Alignof(ELF_TYPE(Phdr)) != 0 ||
        header->e_phoff > readable.size ||
        header->e_phnum >
            (readable.size - header->e_phoff) / sizeof(ELF_TYPE(Phdr)))
        return error_set(err, STATUS_CORRUPT,
                         "%s: %u program headers at 0x%llx are outside the "
                         "image",
                         name, header->e_phnum,
                         (unsigned long long)header->e_phoff);
    return STATUS_OK;
}

/* The first segment holds the headers and all code; the loader maps it before
 * it has read any header. The other segments hold data. */
static enum status check_permissions(const struct image_view *view,
                                     const ELF_TYPE(Phdr) * header,
                                     uint64_t text_span, struct error *err)
{
    const unsigned access = header->p_flags & (PF_R | PF_W | PF_X);
    const unsigned long long address = header->p_vaddr;

    if (view->n_segments == 0) {
        if (access != (PF_R | PF_X) || header->p_vaddr != 0 ||
            header->p_offset != 0 || header->p_memsz != header->p_filesz ||
            header->p_memsz > text_span)
            return error_set(
                err, STATUS_CORRUPT,
                "%s: first segment is not 0x%llx read+execute bytes "
                "at address 0",
                view->name, (unsigned long long)text_span);
        return STATUS_OK;
    }
    if (access & PF_X)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: segment at 0x%llx is executable, only the first "
                         "may be",
                         view->name, address);
    if (!(access & PF_R) ||
        (!(access & PF_W) && header->p_memsz != header->p_filesz))
        return error_set(err, STATUS_CORRUPT,
                         "%s: segment at 0x%llx has wrong permissions 0x%x",
                         view->name, address, access);
    return STATUS_OK;
}

static enum status add_segment(struct image_view *view,
                               const ELF_TYPE(Phdr) * header,
                               const struct image_space *space,
                               struct error *err)
{
    const unsigned long long address = header->p_vaddr;
    const uint64_t image_size = space->image_size, span = space->span;
    uint64_t free_from = 0;
    enum status status;

    if (header->p_memsz == 0)
        return STATUS_OK;
    status = check_permissions(view, header, space->text_span, err);
    if (status)
        return status;
    if (header->p_filesz > header->p_memsz || header->p_offset > image_size ||
        header->p_filesz > image_size - header->p_offset ||
        header->p_vaddr > span || header->p_memsz > span - header->p_vaddr)
        return error_set(err, STATUS_CORRUPT,
                         "%s: segment at 0x%llx of 0x%llx bytes is outside the "
                         "image",
                         view->name, address,
                         (unsigned long long)header->p_memsz);
    if (view->n_segments) {
        const struct image_segment *last =
            &view->segments[view->n_segments - 1];
        free_from =
            align_up(last->address + last->memory_size, view->page_size);
        if (free_from < space->text_span)
            free_from = space->text_span;
    }
    if ((header->p_vaddr - header->p_offset) % view->page_size != 0 ||
        align_down(header->p_vaddr, view->page_size) < free_from)
        return error_set(err, STATUS_CORRUPT,
                         "%s: segment at 0x%llx shares a page, or is not in "
                         "step with file offset 0x%llx",
                         view->name, address,
                         (unsigned long long)header->p_offset);
    if (view->n_segments == IMAGE_VIEW_MAX_SEGMENTS)
        return error_set(err, STATUS_UNSUPPORTED, "%s: more than %d segments",
                         view->name, IMAGE_VIEW_MAX_SEGMENTS);
    view->segments[view->n_segments++] = (struct image_segment){
        .address = header->p_vaddr,
        .memory_size = header->p_memsz,
        .file_offset = header->p_offset,
        .file_size = header->p_filesz,
        .writable = (header->p_flags & PF_W) != 0,
    };
    return STATUS_OK;
}

static enum status read_program_header(struct image_view *view,
                                       const ELF_TYPE(Phdr) * header,
                                       const struct image_space *space,
                                       struct image_range *ret_eh_frame_header,
                                       struct error *err)
{
    const struct image_range range = {header->p_vaddr, header->p_memsz};

    switch (header->p_type) {
    case PT_LOAD:
        return add_segment(view, header, space, err);
    case PT_DYNAMIC:
        view->dynamic = range;
        return STATUS_OK;
    case PT_GNU_RELRO:
        view->relro = range;
        return STATUS_OK;
    case PT_TLS:
        view->tls = (struct image_tls){
            .address = header->p_vaddr,
            .file_size = header->p_filesz,
            .memory_size = header->p_memsz,
            .align = header->p_align ? header->p_align : 1,
        };
        return STATUS_OK;
    case PT_GNU_EH_FRAME:
        *ret_eh_frame_header = range;
        return STATUS_OK;
    case PT_GNU_PROPERTY:
        view->property = range;
        return STATUS_OK;
#ifdef __arm__
    case PT_ARM_EXIDX:
        view->exidx = range;
        return STATUS_OK;
#endif
    case PT_GNU_STACK:
        if (!(header->p_flags & PF_X))
            return STATUS_OK;
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: image needs an executable stack", view->name);
    default:
        return STATUS_OK;
    }
}

/* Round the bytes to the pages that become read-only. A page at either end is
 * included if only RELRO can be on it: if a segment, which shares no page with
 * others, begins or ends there. (Linkers pad the size of PT_GNU_RELRO to a
 * page, so it may end behind its segment.) */
static enum status round_relro(struct image_view *view, struct error *err)
{
    const uint64_t mask = view->page_size - 1;
    const struct image_segment *segment;
    uint64_t segment_start, segment_end, start, end;

    if (view->relro.size == 0)
        return STATUS_OK;
    segment = image_view_find(view, view->relro.address, 1);
    if (!segment || !segment->writable)
        goto corrupt;
    segment_start = segment->address;
    segment_end = segment_start + segment->memory_size;
    if (view->relro.size >
        align_up(segment_end, machine_host()->page_size) - view->relro.address)
        goto corrupt;
    start = view->relro.address;
    end = start + view->relro.size;
    start = start == segment_start ? start & ~mask
                                   : align_up(start, view->page_size);
    end = end >= segment_end ? align_up(segment_end, view->page_size)
                             : end & ~mask;
    view->relro.address = start;
    view->relro.size = end > start ? end - start : 0;
    return STATUS_OK;
corrupt:
    return error_set(err, STATUS_CORRUPT,
                     "%s: RELRO at 0x%llx is not in a writable segment",
                     view->name, (unsigned long long)view->relro.address);
}

static enum status check_tls(const struct image_view *view, struct error *err)
{
    const struct image_tls *tls = &view->tls;

    if (tls->memory_size == 0)
        return STATUS_OK;
    if (tls->file_size > tls->memory_size || !is_power_of_two(tls->align) ||
        (tls->file_size &&
         !image_view_find(view, tls->address, tls->file_size)))
        return error_set(err, STATUS_CORRUPT,
                         "%s: thread-local variables at 0x%llx, 0x%llx bytes, "
                         "are in no segment",
                         view->name, (unsigned long long)tls->address,
                         (unsigned long long)tls->memory_size);
    if (tls->memory_size > IMAGE_VIEW_MAX_TLS_SIZE ||
        tls->align > IMAGE_VIEW_MAX_TLS_ALIGN)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: 0x%llx bytes of thread-local variables aligned "
                         "to 0x%llx are more than a thread gets",
                         view->name, (unsigned long long)tls->memory_size,
                         (unsigned long long)tls->align);
    return STATUS_OK;
}

static COLD enum status refuse_table(const struct image_view *view,
                                     struct image_range range, const char *name,
                                     const char *segment, struct error *err)
{
    return error_set(err, STATUS_CORRUPT,
                     "%s: %s at 0x%llx of 0x%llx bytes is not a table of a %s "
                     "segment",
                     view->name, name, (unsigned long long)range.address,
                     (unsigned long long)range.size, segment);
}

/* The table that PT_GNU_EH_FRAME leads to (Linux Standard Base, "The
 * .eh_frame_hdr section"):
 *
 *     version | encodings of: pointer, count, table | pointer ...
 *
 * Linkers know one encoding of the pointer: 4 bytes, signed, relative to
 * themselves. */
static enum status find_eh_frame(struct image_view *view,
                                 struct image_range header, struct error *err)
{
    enum { VERSION = 1, PCREL_SDATA4 = 0x1b, POINTER = 4, RECORD_ALIGN = 4 };
    const struct image_segment *text = &view->segments[0];
    const uint8_t *bytes;
    uint64_t address;
    int32_t pointer;

    if (header.size == 0)
        return STATUS_OK;
    if (header.size < POINTER + sizeof(pointer) ||
        image_view_find(view, header.address, header.size) != text)
        goto corrupt;
    bytes = view->base + header.address;
    memcpy(&pointer, bytes + POINTER, sizeof(pointer));
    address = header.address + POINTER + (uint64_t)(int64_t)pointer;
    if (bytes[0] != VERSION || bytes[1] != PCREL_SDATA4 ||
        address % RECORD_ALIGN != 0 || address == 0 ||
        image_view_find(view, address, sizeof(uint32_t)) != text)
        goto corrupt;
    view->eh_frame = address;
    return STATUS_OK;
corrupt:
    return refuse_table(view, header, "unwind table", "text", err);
}

#ifdef MACHINE_PROPERTY

/* Linux Extensions to gABI, "Program property": a note of rows, each of a type,
 * a size, and bytes padded to a word. */
static uint32_t find_property(const uint8_t *row, size_t size, uint32_t type)
{
    uint32_t head[2], value;
    size_t padded;

    while (size >= sizeof(head) + sizeof(value)) {
        memcpy(head, row, sizeof(head));
        memcpy(&value, row + sizeof(head), sizeof(value));
        if (head[0] == type && head[1] == sizeof(value))
            return value;
        padded =
            sizeof(head) + (size_t)align_up(head[1], sizeof(ELF_TYPE(Addr)));
        if (padded > size)
            break;
        row += padded;
        size -= padded;
    }
    return 0;
}

static enum status read_property(struct image_view *view, struct error *err)
{
    enum { NAME_SIZE = 4, HEAD_SIZE = sizeof(ELF_TYPE(Nhdr)) + NAME_SIZE };
    const struct image_range *range = &view->property;
    const uint8_t *bytes = view->base + range->address;
    ELF_TYPE(Nhdr) note;

    if (range->size == 0)
        return STATUS_OK;
    if (range->size < HEAD_SIZE ||
        image_view_find(view, range->address, range->size) !=
            &view->segments[0])
        goto corrupt;
    memcpy(&note, bytes, sizeof(note));
    if (note.n_namesz != NAME_SIZE || note.n_type != NT_GNU_PROPERTY_TYPE_0 ||
        note.n_descsz > range->size - HEAD_SIZE)
        goto corrupt;
    view->features =
        find_property(bytes + HEAD_SIZE, note.n_descsz, MACHINE_PROPERTY);
    return STATUS_OK;
corrupt:
    return refuse_table(view, *range, "property note", "text", err);
}

#else

static enum status read_property(struct image_view *view, struct error *err)
{
    (void)view;
    (void)err;
    return STATUS_OK;
}

#endif

/* The table at PT_ARM_EXIDX (Arm's EHABI, 6): 8 bytes for each function. */
static enum status check_exidx(const struct image_view *view, struct error *err)
{
    enum { ENTRY_SIZE = 8, ALIGNMENT = 4 };
    const struct image_range *table = &view->exidx;

    if (table->size == 0)
        return STATUS_OK;
    if (table->size % ENTRY_SIZE == 0 && table->address % ALIGNMENT == 0 &&
        table->address != 0 &&
        image_view_find(view, table->address, table->size) ==
            &view->segments[0])
        return STATUS_OK;
    return refuse_table(view, *table, "unwind table", "text", err);
}

enum status image_view_read_headers(const char *name,
                                    const struct image_space *space,
                                    struct image_view *ret_view,
                                    struct error *err)
{
    const uint64_t readable_size = space->image_size < space->text_span
                                       ? space->image_size
                                       : space->text_span;
    const struct span readable = {space->base, (size_t)readable_size};
    struct image_view view = {
        .name = name, .base = space->base, .page_size = space->page_size};
    const ELF_TYPE(Ehdr) *header = (const void *)readable.data;
    const ELF_TYPE(Phdr) * program_headers;
    struct image_range eh_frame_header = {0, 0};
    enum status status;

    status = check_elf_header(name, readable, err);
    if (status)
        return status;
    program_headers = (const void *)(readable.data + header->e_phoff);
    for (size_t i = 0; i < header->e_phnum; i++) {
        status = read_program_header(&view, &program_headers[i], space,
                                     &eh_frame_header, err);
        if (status)
            return status;
    }
    if (view.n_segments == 0)
        return error_set(err, STATUS_CORRUPT, "%s: image has no segments",
                         name);
    status = round_relro(&view, err);
    if (status == STATUS_OK)
        status = check_tls(&view, err);
    if (status == STATUS_OK)
        status = find_eh_frame(&view, eh_frame_header, err);
    if (status == STATUS_OK)
        status = check_exidx(&view, err);
    if (status == STATUS_OK)
        status = read_property(&view, err);
    if (status)
        return status;
    *ret_view = view;
    return STATUS_OK;
}

/* ---- PT_DYNAMIC ---- */

#if MACHINE_HAS_ADDEND
#define RELOC_NAME "DT_RELA"
#define OTHER_NAME "DT_REL"
#else
#define RELOC_NAME "DT_REL"
#define OTHER_NAME "DT_RELA"
#endif

/* The last value of each tag below 64 that a loader needs. */
enum { N_TAGS = DT_RELRENT + 1 };
_Static_assert(N_TAGS <= 64, "one bit of `present` each");

struct dynamic {
    uint64_t value[N_TAGS];
    uint64_t present; /* bit t: tag t is there */
};

static bool has_tag(const struct dynamic *dynamic, unsigned tag)
{
    return (dynamic->present >> tag & 1) != 0;
}

static enum status collect_tags(const struct image_view *view,
                                struct dynamic *ret_dynamic, struct error *err)
{
    const ELF_TYPE(Dyn) * entry;
    size_t n_entries = view->dynamic.size / sizeof(*entry);

    if (view->dynamic.address % _Alignof(ELF_TYPE(Dyn)) != 0 ||
        !image_view_find(view, view->dynamic.address, view->dynamic.size))
        return error_set(err, STATUS_CORRUPT,
                         "%s: dynamic section at 0x%llx is in no segment",
                         view->name, (unsigned long long)view->dynamic.address);
    entry = (const void *)(view->base + view->dynamic.address);
    for (; n_entries && entry->d_tag != DT_NULL; n_entries--, entry++) {
        const uint64_t tag = (uint64_t)entry->d_tag;

        if (tag < N_TAGS) {
            ret_dynamic->value[tag] = entry->d_un.d_val;
            ret_dynamic->present |= UINT64_C(1) << tag;
        }
    }
    return STATUS_OK;
}

struct table_rule {
    const char *name;
    uint8_t address_tag, size_tag;
    uint8_t entry_size_tag; /* 0: the format has none */
    uint8_t entry_size;
    uint8_t alignment;
    bool constant; /* may not be in a writable segment */
};

static enum status read_table(const struct image_view *view,
                              const struct dynamic *dynamic,
                              const struct table_rule *rule,
                              struct image_range *ret_range, struct error *err)
{
    const struct image_range range = {dynamic->value[rule->address_tag],
                                      dynamic->value[rule->size_tag]};
    const struct image_segment *segment;

    if (range.size == 0)
        return STATUS_OK;
    segment = image_view_find(view, range.address, range.size);
    if (!has_tag(dynamic, rule->address_tag) || !segment ||
        (rule->constant && segment->writable) ||
        range.size % rule->entry_size != 0 ||
        range.address % rule->alignment != 0 ||
        (rule->entry_size_tag &&
         dynamic->value[rule->entry_size_tag] != rule->entry_size))
        return refuse_table(view, range, rule->name,
                            rule->constant ? "read-only" : "mapped", err);
    *ret_range = range;
    return STATUS_OK;
}

/* The dynamic section does not tell the number of symbols. The number that
 * would still be inside the segment suffices. */
static enum status read_symbols(struct image_view *view,
                                const struct dynamic *dynamic,
                                struct error *err)
{
    const uint64_t address = dynamic->value[DT_SYMTAB];
    const struct image_segment *segment;

    if (!has_tag(dynamic, DT_SYMTAB))
        return STATUS_OK;
    segment = image_view_find(view, address, 1);
    if (!segment || segment->writable ||
        address % _Alignof(ELF_TYPE(Sym)) != 0 ||
        dynamic->value[DT_SYMENT] != sizeof(ELF_TYPE(Sym)))
        return refuse_table(
            view, (struct image_range){address, sizeof(ELF_TYPE(Sym))},
            "symbol table", "read-only", err);
    view->symbols = address;
    view->n_symbols = (segment->address + segment->memory_size - address) /
                      sizeof(ELF_TYPE(Sym));
    return STATUS_OK;
}

/* Refuse tags without which the image would have another meaning. */
static enum status refuse_unknown(const struct image_view *view,
                                  const struct dynamic *dynamic,
                                  struct error *err)
{
    static const struct {
        uint8_t tag;
        const char *name;
    } refused[] = {{MACHINE_DT_OTHER, OTHER_NAME},
                   {DT_INIT, "DT_INIT"},
                   {DT_FINI, "DT_FINI"},
                   {DT_TEXTREL, "DT_TEXTREL"}};

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (has_tag(dynamic, refused[i].tag))
            return error_set(err, STATUS_UNSUPPORTED, "%s: image has %s",
                             view->name, refused[i].name);
    if (has_tag(dynamic, DT_JMPREL) &&
        dynamic->value[DT_PLTREL] != MACHINE_DT_RELOC)
        return error_set(
            err, STATUS_UNSUPPORTED,
            "%s: image has DT_JMPREL of another kind than " RELOC_NAME,
            view->name);
    return STATUS_OK;
}

enum status image_view_read_dynamic(struct image_view *view, struct error *err)
{
    enum { WORD = sizeof(ELF_TYPE(Addr)), RELOC = sizeof(machine_reloc) };
    const struct {
        struct table_rule rule;
        struct image_range *range;
    } tables[] = {
        {{"DT_RELR", DT_RELR, DT_RELRSZ, DT_RELRENT, WORD, WORD, true},
         &view->relr},
        {{RELOC_NAME, MACHINE_DT_RELOC, MACHINE_DT_RELOC_SIZE,
          MACHINE_DT_RELOC_ENTRY, RELOC, WORD, true},
         &view->relocs},
        {{"DT_JMPREL", DT_JMPREL, DT_PLTRELSZ, 0, RELOC, WORD, true},
         &view->plt_relocs},
        {{"DT_STRTAB", DT_STRTAB, DT_STRSZ, 0, 1, 1, true}, &view->strings},
        {{"DT_INIT_ARRAY", DT_INIT_ARRAY, DT_INIT_ARRAYSZ, 0, WORD, WORD,
          false},
         &view->init_array},
        {{"DT_FINI_ARRAY", DT_FINI_ARRAY, DT_FINI_ARRAYSZ, 0, WORD, WORD,
          false},
         &view->fini_array},
    };
    struct dynamic dynamic = {.present = 0};
    enum status status;

    if (view->dynamic.size == 0)
        return STATUS_OK;
    status = collect_tags(view, &dynamic, err);
    if (status == STATUS_OK)
        status = refuse_unknown(view, &dynamic, err);
    if (status == STATUS_OK)
        status = read_symbols(view, &dynamic, err);
    for (size_t i = 0; !status && i < sizeof(tables) / sizeof(tables[0]); i++)
        status =
            read_table(view, &dynamic, &tables[i].rule, tables[i].range, err);
    if (status)
        return status;
    if (view->strings.size &&
        view->base[view->strings.address + view->strings.size - 1] != 0)
        return error_set(err, STATUS_CORRUPT,
                         "%s: string table does not end with a NUL",
                         view->name);
    return STATUS_OK;
}
