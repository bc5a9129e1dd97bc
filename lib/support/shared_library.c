#include "shared_library.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

typedef ElfW(Ehdr) file_header;
typedef ElfW(Shdr) section_header;
typedef ElfW(Sym) symbol_entry;
typedef ElfW(Dyn) dynamic_entry;

#if __SIZEOF_POINTER__ == 8
#define RELOC_SYMBOL_INDEX(info) ELF64_R_SYM(info)
#else
#define RELOC_SYMBOL_INDEX(info) ELF32_R_SYM(info)
#endif

static const unsigned char host_class =
    sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
static const unsigned char host_data =
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

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

struct sections {
    struct span file;
    struct span table;
    unsigned n_sections;
};

static bool find_section(const struct sections *sections, uint32_t type,
                         section_header *ret_header, struct span *ret_bytes)
{
    for (unsigned i = 0; i < sections->n_sections; i++)
        if (copy_item(sections->table, i, sizeof(*ret_header), ret_header) &&
            ret_header->sh_type == type)
            return span_slice(sections->file, ret_header->sh_offset,
                              ret_header->sh_size, ret_bytes);
    return false;
}

/* The strings that a section's link refers to; empty if they have no
 * terminating NUL. */
static struct span linked_strings(const struct sections *sections,
                                  const section_header *from)
{
    section_header header;
    struct span strings = {NULL, 0};

    if (from->sh_link < sections->n_sections &&
        copy_item(sections->table, from->sh_link, sizeof(header), &header) &&
        span_slice(sections->file, header.sh_offset, header.sh_size,
                   &strings) &&
        strings.size && strings.data[strings.size - 1] == '\0')
        return strings;
    return (struct span){NULL, 0};
}

/* ---- Open ---- */

static enum status read_header(const struct shared_library *library,
                               const char *path, file_header *ret_header,
                               struct error *err)
{
    if (!copy_item(library->file.bytes, 0, sizeof(*ret_header), ret_header) ||
        memcmp(ret_header->e_ident, ELFMAG, SELFMAG) != 0)
        return error_set(err, STATUS_UNSUPPORTED, "%s: not an ELF file", path);
    if (ret_header->e_ident[EI_CLASS] != host_class ||
        ret_header->e_ident[EI_DATA] != host_data)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for machines of another kind", path);
    if (ret_header->e_type != ET_DYN)
        return error_set(err, STATUS_UNSUPPORTED, "%s: not a shared library",
                         path);
    return STATUS_OK;
}

static const char *find_soname(const struct sections *sections)
{
    section_header header;
    struct span table, strings;
    dynamic_entry entry;

    if (!find_section(sections, SHT_DYNAMIC, &header, &table))
        return "";
    strings = linked_strings(sections, &header);
    for (uint64_t i = 0; copy_item(table, i, sizeof(entry), &entry); i++)
        if (entry.d_tag == DT_SONAME)
            return string_at(strings, entry.d_un.d_val);
    return "";
}

/* Sections of relocations that refer to the dynamic symbols. */
static void find_relocs(const struct sections *sections,
                        struct shared_library *library)
{
    section_header header, symbols;
    size_t n = 0;

    for (unsigned i = 0; n < 2 && i < sections->n_sections; i++)
        if (copy_item(sections->table, i, sizeof(header), &header) &&
            (header.sh_type == SHT_RELA || header.sh_type == SHT_REL) &&
            copy_item(sections->table, header.sh_link, sizeof(symbols),
                      &symbols) &&
            symbols.sh_type == SHT_DYNSYM &&
            span_slice(sections->file, header.sh_offset, header.sh_size,
                       &library->relocs[n].table))
            library->relocs[n++].entry_size = header.sh_type == SHT_RELA
                                                  ? sizeof(ElfW(Rela))
                                                  : sizeof(ElfW(Rel));
}

static enum status read_tables(struct shared_library *library, const char *path,
                               struct error *err)
{
    struct sections sections = {.file = library->file.bytes};
    section_header header;
    file_header elf;
    enum status status = read_header(library, path, &elf, err);

    if (status)
        return status;
    library->machine = elf.e_machine;
    sections.n_sections = elf.e_shnum;
    if (elf.e_shentsize != sizeof(header) ||
        !span_slice(sections.file, elf.e_shoff,
                    (uint64_t)elf.e_shnum * sizeof(header), &sections.table))
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

static bool is_public(const symbol_entry *symbol)
{
    /* The functions agree for both classes. */
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
    symbol_entry symbol;

    while (copy_item(library->symbols, *position, sizeof(symbol), &symbol)) {
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
        symbol_entry symbol;
        ElfW(Rel) reloc; /* the first members of both kinds */

        while (*position - before < n) {
            const uint64_t at = (uint64_t)(*position - before) * size;

            (*position)++;
            if (!span_slice(relocs->table, at, sizeof(reloc), &item))
                continue;
            memcpy(&reloc, item.data, sizeof(reloc));
            if (RELOC_SYMBOL_INDEX(reloc.r_info) != 0 &&
                copy_item(library->symbols, RELOC_SYMBOL_INDEX(reloc.r_info),
                          sizeof(symbol), &symbol))
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
    ElfW(Verdef) definition;
    ElfW(Verdaux) name;
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
