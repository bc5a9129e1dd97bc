#include "shared_library.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

/* ---- Parts of the file ---- */

/* Copies item `index` of a table, because nothing in the file need be
 * aligned. */
static bool copy_item(struct span table, uint64_t index, size_t size,
                      void *ret_item)
{
    struct span item;

    if (index > table.size / size ||
        !span_slice(table, index * size, size, &item))
        return false;
    memcpy(ret_item, item.data, size);
    return true;
}

/* A string of a table that ends in NUL; "" if it is outside. */
static const char *string_at(struct span strings, uint64_t offset)
{
    return offset < strings.size ? (const char *)strings.data + offset : "";
}

/* ---- Records of both classes ---- */

/* Each is read as that of 64-bit files: fields have one meaning in both. */

static bool read_file_header(struct span file, Elf64_Ehdr *ret_header)
{
    Elf32_Ehdr small;

    if (!copy_item(file, 0, sizeof(small), &small))
        return false;
    if (small.e_ident[EI_CLASS] != ELFCLASS32)
        return copy_item(file, 0, sizeof(*ret_header), ret_header);
    *ret_header = (Elf64_Ehdr){
        .e_type = small.e_type,
        .e_machine = small.e_machine,
        .e_shoff = small.e_shoff,
        .e_flags = small.e_flags,
        .e_shentsize = small.e_shentsize,
        .e_shnum = small.e_shnum,
    };
    memcpy(ret_header->e_ident, small.e_ident, sizeof(small.e_ident));
    return true;
}

static size_t section_header_size(bool is_64)
{
    return is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

static bool read_section_header(struct span table, bool is_64, uint64_t index,
                                Elf64_Shdr *ret_header)
{
    Elf32_Shdr small;

    if (is_64)
        return copy_item(table, index, sizeof(*ret_header), ret_header);
    if (!copy_item(table, index, sizeof(small), &small))
        return false;
    *ret_header = (Elf64_Shdr){
        .sh_type = small.sh_type,
        .sh_offset = small.sh_offset,
        .sh_size = small.sh_size,
        .sh_link = small.sh_link,
    };
    return true;
}

static bool read_symbol(struct span table, bool is_64, uint64_t index,
                        Elf64_Sym *ret_symbol)
{
    Elf32_Sym small;

    if (is_64)
        return copy_item(table, index, sizeof(*ret_symbol), ret_symbol);
    if (!copy_item(table, index, sizeof(small), &small))
        return false;
    *ret_symbol = (Elf64_Sym){
        .st_name = small.st_name,
        .st_info = small.st_info,
        .st_other = small.st_other,
        .st_shndx = small.st_shndx,
    };
    return true;
}

static bool read_dynamic(struct span table, bool is_64, uint64_t index,
                         Elf64_Dyn *ret_entry)
{
    Elf32_Dyn small;

    if (is_64)
        return copy_item(table, index, sizeof(*ret_entry), ret_entry);
    if (!copy_item(table, index, sizeof(small), &small))
        return false;
    ret_entry->d_tag = small.d_tag;
    ret_entry->d_un.d_val = small.d_un.d_val;
    return true;
}

/* The symbol that a relocation at the start of item is against. */
static uint32_t reloc_symbol(struct span item, bool is_64)
{
    Elf64_Rel reloc; /* the first members of Rela, too */
    Elf32_Rel small;

    if (is_64)
        return copy_item(item, 0, sizeof(reloc), &reloc)
                   ? (uint32_t)ELF64_R_SYM(reloc.r_info)
                   : 0;
    return copy_item(item, 0, sizeof(small), &small) ? ELF32_R_SYM(small.r_info)
                                                     : 0;
}

static size_t reloc_size(bool is_64, bool has_addend)
{
    if (is_64)
        return has_addend ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel);
    return has_addend ? sizeof(Elf32_Rela) : sizeof(Elf32_Rel);
}

/* ---- Sections ---- */

struct sections {
    struct span file;
    struct span table;
    bool is_64;
    unsigned n_sections;
};

static bool find_section(const struct sections *sections, uint32_t type,
                         Elf64_Shdr *ret_header, struct span *ret_bytes)
{
    for (unsigned i = 0; i < sections->n_sections; i++)
        if (read_section_header(sections->table, sections->is_64, i,
                                ret_header) &&
            ret_header->sh_type == type)
            return span_slice(sections->file, ret_header->sh_offset,
                              ret_header->sh_size, ret_bytes);
    return false;
}

/* The strings that a section's link refers to; empty if they have no
 * terminating NUL. */
static struct span linked_strings(const struct sections *sections,
                                  const Elf64_Shdr *from)
{
    Elf64_Shdr header;
    struct span strings = {NULL, 0};

    if (from->sh_link < sections->n_sections &&
        read_section_header(sections->table, sections->is_64, from->sh_link,
                            &header) &&
        span_slice(sections->file, header.sh_offset, header.sh_size,
                   &strings) &&
        strings.size && strings.data[strings.size - 1] == '\0')
        return strings;
    return (struct span){NULL, 0};
}

/* ---- Open ---- */

/* AAELF32, "ELF header": e_flags of libraries say how floats are passed. */
static const struct machine *machine_of(const Elf64_Ehdr *header)
{
    enum { FLOAT_IN_VFP_REGISTERS = 0x400 };

    if (header->e_machine == EM_ARM)
        return &machines[header->e_flags & FLOAT_IN_VFP_REGISTERS
                             ? MACHINE_ARM_HARD_FLOAT
                             : MACHINE_ARM_SOFT_FLOAT];
    return machine_find(header->e_machine);
}

static enum status read_header(struct shared_library *library, const char *path,
                               Elf64_Ehdr *ret_header, struct error *err)
{
    if (!read_file_header(library->file.bytes, ret_header) ||
        memcmp(ret_header->e_ident, ELFMAG, SELFMAG) != 0)
        return error_set(err, STATUS_UNSUPPORTED, "%s: not an ELF file", path);
    library->machine = machine_of(ret_header);
    library->is_64 = ret_header->e_ident[EI_CLASS] == ELFCLASS64;
    if (!library->machine || ret_header->e_ident[EI_DATA] != ELFDATA2LSB ||
        library->machine->address_size != (library->is_64 ? 8 : 4))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for machines of another kind", path);
    if (ret_header->e_type != ET_DYN)
        return error_set(err, STATUS_UNSUPPORTED, "%s: not a shared library",
                         path);
    return STATUS_OK;
}

static const char *find_soname(const struct sections *sections)
{
    struct span table, strings;
    Elf64_Shdr header;
    Elf64_Dyn entry;

    if (!find_section(sections, SHT_DYNAMIC, &header, &table))
        return "";
    strings = linked_strings(sections, &header);
    for (uint64_t i = 0; read_dynamic(table, sections->is_64, i, &entry); i++)
        if (entry.d_tag == DT_SONAME)
            return string_at(strings, entry.d_un.d_val);
    return "";
}

/* Sections of relocations that refer to the dynamic symbols. */
static void find_relocs(const struct sections *sections,
                        struct shared_library *library)
{
    Elf64_Shdr header, symbols;
    size_t n = 0;

    for (unsigned i = 0; n < 2 && i < sections->n_sections; i++)
        if (read_section_header(sections->table, sections->is_64, i, &header) &&
            (header.sh_type == SHT_RELA || header.sh_type == SHT_REL) &&
            read_section_header(sections->table, sections->is_64,
                                header.sh_link, &symbols) &&
            symbols.sh_type == SHT_DYNSYM &&
            span_slice(sections->file, header.sh_offset, header.sh_size,
                       &library->relocs[n].table))
            library->relocs[n++].entry_size =
                reloc_size(sections->is_64, header.sh_type == SHT_RELA);
}

static enum status read_tables(struct shared_library *library, const char *path,
                               struct error *err)
{
    struct sections sections = {.file = library->file.bytes};
    size_t header_size;
    Elf64_Shdr header;
    Elf64_Ehdr elf;
    enum status status = read_header(library, path, &elf, err);

    if (status)
        return status;
    sections.is_64 = library->is_64;
    sections.n_sections = elf.e_shnum;
    header_size = section_header_size(library->is_64);
    if (elf.e_shentsize != header_size ||
        !span_slice(sections.file, elf.e_shoff,
                    (uint64_t)elf.e_shnum * header_size, &sections.table))
        return error_set(err, STATUS_CORRUPT,
                         "%s: section headers reach past the end", path);
    if (!find_section(&sections, SHT_DYNSYM, &header, &library->symbols))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: has no table of dynamic symbols", path);
    library->strings = linked_strings(&sections, &header);
    if (!find_section(&sections, SHT_GNU_versym, &header, &library->versions))
        library->versions = (struct span){NULL, 0};
    if (find_section(&sections, SHT_GNU_verdef, &header,
                     &library->version_definitions))
        library->version_strings = linked_strings(&sections, &header);
    find_relocs(&sections, library);
    library->soname = find_soname(&sections);
    return STATUS_OK;
}

enum status shared_library_open(const char *path,
                                struct shared_library *ret_library,
                                struct error *err)
{
    struct shared_library library = {.soname = ""};
    enum status status;
    struct stat st;
    int fd;

    status = file_open(path, &fd, &st, err);
    if (status)
        return status;
    status = file_map(fd, (uint64_t)st.st_size, path, &library.file, err);
    file_close(fd);
    if (status)
        return status;
    status = read_tables(&library, path, err);
    if (status) {
        file_unmap(&library.file);
        return status;
    }
    *ret_library = library;
    return STATUS_OK;
}

void shared_library_close(struct shared_library *library)
{
    file_unmap(&library->file);
}

/* ---- Definitions ---- */

/* LSB: the top bit hides a definition from references without version. */
enum { VERSION_HIDDEN = 0x8000, VERSION_NUMBER = 0x7fff };

static bool is_public(const Elf64_Sym *symbol)
{
    const unsigned binding = ELF64_ST_BIND(symbol->st_info);
    const unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);

    return symbol->st_shndx != SHN_UNDEF &&
           (binding == STB_GLOBAL || binding == STB_WEAK ||
            binding == STB_GNU_UNIQUE) &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

bool shared_library_next(const struct shared_library *library,
                         uint32_t *position,
                         struct shared_definition *ret_definition)
{
    Elf64_Sym symbol;

    while (read_symbol(library->symbols, library->is_64, *position, &symbol)) {
        uint16_t version = VER_NDX_GLOBAL;

        (void)copy_item(library->versions, (*position)++, sizeof(version),
                        &version);
        if (!is_public(&symbol) || (version & VERSION_NUMBER) == VER_NDX_LOCAL)
            continue;
        *ret_definition = (struct shared_definition){
            .name = string_at(library->strings, symbol.st_name),
            .version = version & VERSION_NUMBER,
            .is_default = !(version & VERSION_HIDDEN),
            .is_thread_local = ELF64_ST_TYPE(symbol.st_info) == STT_TLS,
        };
        return true;
    }
    return false;
}

const char *shared_library_next_use(const struct shared_library *library,
                                    uint32_t *position)
{
    uint32_t before = 0;

    for (size_t i = 0; i < 2; i++) {
        const struct shared_relocs *relocs = &library->relocs[i];
        const size_t size = relocs->entry_size;
        const uint32_t n = size ? (uint32_t)(relocs->table.size / size) : 0;
        struct span item;
        Elf64_Sym symbol;

        while (*position - before < n) {
            const uint64_t at = (uint64_t)(*position - before) * size;
            uint32_t index;

            (*position)++;
            if (!span_slice(relocs->table, at, size, &item))
                continue;
            index = reloc_symbol(item, library->is_64);
            if (index &&
                read_symbol(library->symbols, library->is_64, index, &symbol))
                return string_at(library->strings, symbol.st_name);
        }
        before += n;
    }
    return NULL;
}

const char *shared_library_version(const struct shared_library *library,
                                   unsigned version)
{
    struct span at = library->version_definitions;
    Elf64_Verdef definition; /* the same in both classes */
    Elf64_Verdaux name;
    struct span names;

    /* Each step goes forward, so the loop ends. */
    while (copy_item(at, 0, sizeof(definition), &definition)) {
        if (definition.vd_ndx == version &&
            span_slice(at, definition.vd_aux, sizeof(name), &names)) {
            memcpy(&name, names.data, sizeof(name));
            return string_at(library->version_strings, name.vda_name);
        }
        if (definition.vd_next == 0 ||
            !span_slice(at, definition.vd_next, at.size - definition.vd_next,
                        &at))
            break;
    }
    return "";
}

/* ---- Binding ---- */

enum status shared_library_bind(const char *soname, const char *user,
                                const char *names, void **ret_functions,
                                struct error *err)
{
    void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

    if (!handle)
        return error_set(err, STATUS_UNSUPPORTED, "%s need %s: %s", user,
                         soname, dlerror());
    for (; *names; names += strlen(names) + 1) {
        *ret_functions = dlsym(handle, names);
        if (!*ret_functions++)
            return error_set(err, STATUS_UNSUPPORTED, "%s need %s: no %s in it",
                             user, soname, names);
    }
    return STATUS_OK;
}
