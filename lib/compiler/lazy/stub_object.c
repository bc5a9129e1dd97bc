/* The stub of a function, with the function's name and all its other names:
 *
 *   stub     load the address of the slot; jump to what the slot holds
 *   slot     code | index         code: at first a routine that asks for the
 *                                 function, then the function
 *
 * The routine finds the index in the slot, whose address it is given, and the
 * head in front of slot 0. Nothing but the slots changes: stubs are read-only
 * code like all other. The table of imports is what pieces import from outside:
 * the loader binds it as it binds all imports of the root. Its references are
 * weak, because a function that is never called may need what is nowhere.
 *
 *   .text           stubs
 *   .data           struct lazy_head, struct lazy_slot ...
 *   .data.rel.ro    addresses of imports
 *
 * The object is for this process: host and target have one byte order. */
#include "stub_object.h"

#include <elf.h>
#include <string.h>

#include "arena.h"

enum {
    SECTION_NONE,
    SECTION_TEXT,
    SECTION_DATA,
    SECTION_TABLE,
    SECTION_TEXT_RELOCS,
    SECTION_DATA_RELOCS,
    SECTION_TABLE_RELOCS,
    SECTION_SYMBOLS,
    SECTION_STRINGS,
    N_SECTIONS
};

/* Symbols before those of functions. */
enum {
    SYMBOL_NONE,
    SYMBOL_TEXT,
    SYMBOL_DATA,
    SYMBOL_TABLE,
    SYMBOL_BASE,
    N_FIXED_SYMBOLS
};

struct stub_kind {
    unsigned elf_machine;
    uint8_t code[LAZY_STUB_SIZE];
    /* Of the slot's address in the code: */
    uint32_t offset;
    uint32_t type;
    int64_t addend;
    uint32_t address_type; /* of an address in data */
};

static const struct stub_kind kinds[] = {
    {
        .elf_machine = EM_X86_64,
        /* endbr64; lea slot(%rip), %r11; jmp *(%r11); int3; int3 */
        .code = {0xf3, 0x0f, 0x1e, 0xfa, 0x4c, 0x8d, 0x1d, 0, 0, 0, 0, 0x41,
                 0xff, 0x23, 0xcc, 0xcc},
        .offset = 7,
        .type = R_X86_64_PC32,
        .addend = -4,
        .address_type = R_X86_64_64,
    },
};

struct making {
    const struct lazy_cut *cut;
    const struct stub_kind *kind;
    struct buffer section[N_SECTIONS];
};

static const struct stub_kind *find_kind(unsigned elf_machine)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].elf_machine == elf_machine)
            return &kinds[i];
    return NULL;
}

bool stub_object_is_possible(unsigned elf_machine)
{
    return find_kind(elf_machine) != NULL;
}

/* ---- Contents ---- */

static void add_reloc(struct making *m, int section, uint64_t offset,
                      uint32_t type, uint32_t symbol, int64_t addend)
{
    const Elf64_Rela row = {
        .r_offset = offset,
        .r_info = ELF64_R_INFO((uint64_t)symbol, type),
        .r_addend = addend,
    };

    buffer_append(&m->section[section], &row, sizeof(row));
}

static void add_symbol(struct making *m, const char *name, Elf64_Sym symbol)
{
    struct buffer *strings = &m->section[SECTION_STRINGS];

    symbol.st_name = (Elf64_Word)strings->size;
    buffer_append(strings, name, strlen(name) + 1);
    buffer_append(&m->section[SECTION_SYMBOLS], &symbol, sizeof(symbol));
}

static void add_fixed_symbols(struct making *m)
{
    const int sections[] = {SECTION_TEXT, SECTION_DATA, SECTION_TABLE};

    add_symbol(m, "", (Elf64_Sym){0});
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        add_symbol(m, "",
                   (Elf64_Sym){.st_info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION),
                               .st_shndx = (Elf64_Section)sections[i]});
    add_symbol(m, "__dso_handle",
               (Elf64_Sym){.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE),
                           .st_other = STV_HIDDEN});
}

static void add_function(struct making *m, const char *name, size_t index)
{
    add_symbol(m, name,
               (Elf64_Sym){.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                           .st_other = STV_HIDDEN,
                           .st_shndx = SECTION_TEXT,
                           .st_value = index * LAZY_STUB_SIZE,
                           .st_size = LAZY_STUB_SIZE});
}

static void add_head(struct making *m)
{
    const struct lazy_head head = {.context = m->cut->context};
    const uint32_t type = m->kind->address_type;

    buffer_append(&m->section[SECTION_DATA], &head, sizeof(head));
    add_reloc(m, SECTION_DATA_RELOCS, offsetof(struct lazy_head, stubs), type,
              SYMBOL_TEXT, 0);
    add_reloc(m, SECTION_DATA_RELOCS, offsetof(struct lazy_head, imports), type,
              SYMBOL_TABLE, 0);
    add_reloc(m, SECTION_DATA_RELOCS, offsetof(struct lazy_head, base), type,
              SYMBOL_BASE, 0);
}

static void add_stub(struct making *m, size_t index)
{
    const struct stub_kind *kind = m->kind;
    const struct lazy_slot slot = {.code = m->cut->enter, .index = index};
    const uint64_t place = m->section[SECTION_DATA].size;

    buffer_append(&m->section[SECTION_TEXT], kind->code, sizeof(kind->code));
    buffer_append(&m->section[SECTION_DATA], &slot, sizeof(slot));
    add_reloc(m, SECTION_TEXT_RELOCS, index * LAZY_STUB_SIZE + kind->offset,
              kind->type, SYMBOL_DATA, (int64_t)place + kind->addend);
    add_function(m, m->cut->functions[index], index);
}

static void add_import(struct making *m, const char *name)
{
    struct buffer *table = &m->section[SECTION_TABLE];
    const size_t symbol = m->section[SECTION_SYMBOLS].size / sizeof(Elf64_Sym);

    add_symbol(m, name,
               (Elf64_Sym){.st_info = ELF64_ST_INFO(STB_WEAK, STT_NOTYPE)});
    add_reloc(m, SECTION_TABLE_RELOCS, table->size, m->kind->address_type,
              (uint32_t)symbol, 0);
    (void)buffer_grow(table, sizeof(uint64_t));
}

static size_t index_of(const struct lazy_cut *cut, const char *function)
{
    size_t low = 0, high = cut->n_functions;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (strcmp(cut->functions[middle], function) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void fill(struct making *m)
{
    const struct lazy_cut *cut = m->cut;

    add_fixed_symbols(m);
    add_head(m);
    for (size_t i = 0; i < cut->n_functions; i++)
        add_stub(m, i);
    for (size_t i = 0; i < cut->n_aliases; i++)
        add_function(m, cut->aliases[i].name,
                     index_of(cut, cut->aliases[i].function));
    for (size_t i = 0; i < cut->n_imports; i++)
        add_import(m, cut->imports[i]);
}

/* ---- The file ---- */

static const struct {
    const char *name;
    Elf64_Shdr header;
} shapes[N_SECTIONS] = {
    [SECTION_NONE] = {"", {0}},
    [SECTION_TEXT] = {".text",
                      {.sh_type = SHT_PROGBITS,
                       .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                       .sh_addralign = LAZY_STUB_SIZE}},
    [SECTION_DATA] = {".data",
                      {.sh_type = SHT_PROGBITS,
                       .sh_flags = SHF_ALLOC | SHF_WRITE,
                       .sh_addralign = 16}},
    [SECTION_TABLE] = {".data.rel.ro",
                       {.sh_type = SHT_PROGBITS,
                        .sh_flags = SHF_ALLOC | SHF_WRITE,
                        .sh_addralign = 8}},
    [SECTION_TEXT_RELOCS] = {".rela.text", {.sh_info = SECTION_TEXT}},
    [SECTION_DATA_RELOCS] = {".rela.data", {.sh_info = SECTION_DATA}},
    [SECTION_TABLE_RELOCS] = {".rela.data.rel.ro", {.sh_info = SECTION_TABLE}},
    [SECTION_SYMBOLS] = {".symtab",
                         {.sh_type = SHT_SYMTAB,
                          .sh_link = SECTION_STRINGS,
                          .sh_info = SYMBOL_BASE,
                          .sh_addralign = 8,
                          .sh_entsize = sizeof(Elf64_Sym)}},
    [SECTION_STRINGS] = {".strtab", {.sh_type = SHT_STRTAB, .sh_addralign = 1}},
};

static Elf64_Shdr section_header(struct making *m, int section,
                                 uint64_t file_offset)
{
    struct buffer *strings = &m->section[SECTION_STRINGS];
    Elf64_Shdr header = shapes[section].header;
    const char *name = shapes[section].name;

    header.sh_name = (Elf64_Word)strings->size;
    buffer_append(strings, name, strlen(name) + 1);
    header.sh_offset = file_offset;
    header.sh_size = m->section[section].size;
    if (header.sh_type == SHT_NULL && section != SECTION_NONE) {
        header.sh_type = SHT_RELA;
        header.sh_flags = SHF_INFO_LINK;
        header.sh_link = SECTION_SYMBOLS;
        header.sh_addralign = 8;
        header.sh_entsize = sizeof(Elf64_Rela);
    }
    return header;
}

/* The strings come last, and grow by the names of sections. */
static void write_file(struct making *m, struct buffer *out)
{
    const size_t start = out->size;
    Elf64_Shdr headers[N_SECTIONS];
    Elf64_Ehdr file = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                    EV_CURRENT},
        .e_type = ET_REL,
        .e_machine = (Elf64_Half)m->kind->elf_machine,
        .e_version = EV_CURRENT,
        .e_ehsize = sizeof(file),
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = N_SECTIONS,
        .e_shstrndx = SECTION_STRINGS,
    };

    buffer_append(out, &file, sizeof(file));
    for (int i = 0; i < N_SECTIONS; i++) {
        buffer_align(out, 16);
        headers[i] = section_header(m, i, out->size - start);
        if (i != SECTION_STRINGS)
            buffer_append(out, m->section[i].data, m->section[i].size);
    }
    headers[SECTION_STRINGS].sh_size = m->section[SECTION_STRINGS].size;
    buffer_append(out, m->section[SECTION_STRINGS].data,
                  m->section[SECTION_STRINGS].size);
    buffer_align(out, 16);
    file.e_shoff = out->size - start;
    buffer_append(out, headers, sizeof(headers));
    if (!buffer_failed(out))
        memcpy(out->data + start, &file, sizeof(file));
}

enum status stub_object_make(const struct lazy_cut *cut, unsigned elf_machine,
                             struct buffer *out, struct error *err)
{
    struct making m = {.cut = cut, .kind = find_kind(elf_machine)};
    bool failed = false;

    if (!m.kind)
        return error_set(err, STATUS_UNSUPPORTED, "no stubs for this machine");
    for (int i = 0; i < N_SECTIONS; i++)
        buffer_init(&m.section[i]);
    fill(&m);
    write_file(&m, out);
    for (int i = 0; i < N_SECTIONS; i++) {
        failed |= buffer_failed(&m.section[i]);
        buffer_release(&m.section[i]);
    }
    return failed || buffer_failed(out) ? error_no_memory(err) : STATUS_OK;
}
