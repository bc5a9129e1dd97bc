#include "shared_library.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

/* ---- Parts of the file ---- */

static bool item_at(struct span table, uint64_t index, size_t size,
                    struct span *ret_item)
{
    return index <= table.size / size &&
           span_slice(table, index * size, size, ret_item);
}

/* Copy a record that is the same in both classes. */
static bool copy_item(struct span table, uint64_t index, size_t size,
                      void *ret_item)
{
    struct span item;

    if (!item_at(table, index, size, &item))
        return false;
    memcpy(ret_item, item.data, size);
    return true;
}

/* A string of a table that ends in NUL; "" if it is outside. */
static const char *string_at(struct span strings, uint64_t offset)
{
    return offset < strings.size ? (const char *)strings.data + offset : "";
}

static bool read_symbol(const struct shared_library *library, uint64_t index,
                        Elf64_Sym *ret_symbol)
{
    struct span item;

    if (!item_at(library->symbols, index, library->elf->symbol_size, &item))
        return false;
    *ret_symbol = elf_get_symbol(library->elf, item.data);
    return true;
}

/* ---- Sections ---- */

struct sections {
    struct span file;
    struct span table;
    const struct elf_class *elf;
    unsigned n_sections;
};

static bool read_section_header(const struct sections *sections, uint64_t index,
                                Elf64_Shdr *ret_header)
{
    struct span item;

    if (!item_at(sections->table, index, sections->elf->section_header_size,
                 &item))
        return false;
    *ret_header = elf_get_section_header(sections->elf, item.data);
    return true;
}

static bool find_section(const struct sections *sections, uint32_t type,
                         Elf64_Shdr *ret_header, struct span *ret_bytes)
{
    for (unsigned i = 0; i < sections->n_sections; i++)
        if (read_section_header(sections, i, ret_header) &&
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
        read_section_header(sections, from->sh_link, &header) &&
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
    const struct span file = library->file.bytes;

    if (file.size < EI_NIDENT || memcmp(file.data, ELFMAG, SELFMAG) != 0)
        return error_set(err, STATUS_UNSUPPORTED, "%s: not an ELF file", path);
    library->elf = elf_class_find(file.data[EI_CLASS]);
    if (library->elf && file.size < library->elf->header_size)
        return error_set(err, STATUS_UNSUPPORTED, "%s: not an ELF file", path);
    if (library->elf) {
        *ret_header = elf_get_header(library->elf, file.data);
        library->machine = machine_of(ret_header);
    }
    if (!library->machine || file.data[EI_DATA] != ELFDATA2LSB ||
        library->machine->address_size != library->elf->address_size)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for machines of another kind", path);
    if (ret_header->e_type != ET_DYN)
        return error_set(err, STATUS_UNSUPPORTED, "%s: not a shared library",
                         path);
    return STATUS_OK;
}

static const char *find_soname(const struct sections *sections)
{
    struct span table, strings, item;
    Elf64_Shdr header;

    if (!find_section(sections, SHT_DYNAMIC, &header, &table))
        return "";
    strings = linked_strings(sections, &header);
    for (uint64_t i = 0; item_at(table, i, sections->elf->dynamic_size, &item);
         i++) {
        const Elf64_Dyn entry = elf_get_dynamic(sections->elf, item.data);

        if (entry.d_tag == DT_SONAME)
            return string_at(strings, entry.d_un.d_val);
    }
    return "";
}

/* Find sections of relocations that refer to the dynamic symbols. */
static void find_relocs(const struct sections *sections,
                        struct shared_library *library)
{
    Elf64_Shdr header, symbols;
    size_t n = 0;

    for (unsigned i = 0; n < 2 && i < sections->n_sections; i++)
        if (read_section_header(sections, i, &header) &&
            (header.sh_type == SHT_RELA || header.sh_type == SHT_REL) &&
            read_section_header(sections, header.sh_link, &symbols) &&
            symbols.sh_type == SHT_DYNSYM &&
            span_slice(sections->file, header.sh_offset, header.sh_size,
                       &library->relocs[n].table))
            library->relocs[n++].type = header.sh_type;
}

static enum status read_tables(struct shared_library *library, const char *path,
                               struct error *err)
{
    struct sections sections = {.file = library->file.bytes};
    Elf64_Shdr header;
    Elf64_Ehdr elf;
    enum status status = read_header(library, path, &elf, err);

    if (status)
        return status;
    sections.elf = library->elf;
    sections.n_sections = elf.e_shnum;
    if (elf.e_shentsize != sections.elf->section_header_size ||
        !span_slice(sections.file, elf.e_shoff,
                    (uint64_t)elf.e_shnum * elf.e_shentsize, &sections.table))
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

    while (read_symbol(library, *position, &symbol)) {
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
        const size_t size = elf_relocation_size(library->elf, relocs->type);
        const uint32_t n = (uint32_t)(relocs->table.size / size);
        struct span item;
        Elf64_Sym symbol;

        while (*position - before < n) {
            uint64_t index;

            if (!item_at(relocs->table, (*position)++ - before, size, &item))
                continue;
            index = ELF64_R_SYM(
                elf_get_relocation(library->elf, relocs->type, item.data)
                    .r_info);
            if (index && read_symbol(library, index, &symbol))
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
