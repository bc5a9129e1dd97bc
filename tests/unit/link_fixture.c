#include "link_fixture.h"

#include <dlfcn.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "file.h"

extern char **environ;

static const char prelude[] = ".macro var name\n"
                              ".type \\name, %object\n"
                              "\\name:\n"
                              ".endm\n"
                              ".macro func name\n"
                              ".type \\name, %function\n"
                              "\\name:\n"
                              ".endm\n";

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f || temp_dir_make(&f->dir))
        return -1;
    *state = f;
    return 0;
}

int fixture_setup_for(void **state, const struct foreign *foreign)
{
    struct fixture *f;

    if (fixture_setup(state))
        return -1;
    f = *state;
    f->foreign = foreign;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    if (f->handle)
        dlclose(f->handle);
    if (f->linked)
        link_result_release(&f->result);
    free(f->sections);
    free(f->segments);
    for (size_t i = 0; i < f->n_inputs; i++)
        free((void *)f->inputs[i].object.data);
    for (size_t i = 0; i < f->n_archives; i++)
        free((void *)f->archives[i].bytes.data);
    temp_dir_remove(&f->dir);
    free(f);
    return 0;
}

/* ---- Inputs ---- */

/* Returns the exit status. */
static int run_any(const char *const *arguments)
{
    pid_t pid;
    int status;

    assert_int_equal(posix_spawnp(&pid, arguments[0], NULL, NULL,
                                  (char **)(uintptr_t)arguments, environ),
                     0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status))
        fail_msg("%s ended with status 0x%x", arguments[0], status);
    return WEXITSTATUS(status);
}

static void run(const char *const *arguments)
{
    const int status = run_any(arguments);

    if (status)
        fail_msg("%s ended with status %d", arguments[0], status);
}

/* The file, in heap memory of its very size. */
static struct span read_file(const char *path)
{
    struct file_mapping mapping;
    struct stat st;
    uint8_t *copy;
    int fd;

    assert_int_equal(file_open(path, &fd, &st, NULL), STATUS_OK);
    assert_int_equal(file_map(fd, (uint64_t)st.st_size, path, &mapping, NULL),
                     STATUS_OK);
    copy = malloc(mapping.bytes.size);
    assert_non_null(copy);
    memcpy(copy, mapping.bytes.data, mapping.bytes.size);
    file_unmap(&mapping);
    close(fd);
    return (struct span){copy, (size_t)st.st_size};
}

enum { MAX_FLAGS = 24 };

/* clang with these flags, for the foreign machine. */
static void run_clang(struct fixture *f, const char *const *flags)
{
    const struct temp_path source = temp_dir_path(&f->dir, "source");
    const struct temp_path object = temp_dir_path(&f->dir, "object");
    const char *const fixed[] = {
        "-target",    f->foreign->triple,  f->foreign->flag,
        "-idirafter", f->foreign->headers, "-c",
        "-o",         object.text,         "-Qunused-arguments"};
    const char *arguments[MAX_FLAGS] = {LINK_TEST_CLANG};
    size_t n = 1;

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        arguments[n++] = fixed[i];
    for (; *flags; flags++) {
        assert_true(n < MAX_FLAGS - 2);
        arguments[n++] = *flags;
    }
    arguments[n] = source.text;
    run(arguments);
}

static void add_object(struct fixture *f, const char *name,
                       const char *const *arguments, const char *text)
{
    assert_true(f->n_inputs < MAX_INPUTS);
    assert_int_equal(temp_dir_write(&f->dir, "source", text), 0);
    if (f->foreign)
        run_clang(f, arguments);
    else
        run(arguments);
    f->inputs[f->n_inputs++] = (struct link_input){
        .name = name,
        .object = read_file(temp_dir_path(&f->dir, "object").text)};
}

void fixture_assemble(struct fixture *f, const char *name, const char *text)
{
    fixture_assemble_for(f, f->foreign ? NULL : "--64", name, text);
}

void fixture_assemble_for(struct fixture *f, const char *machine,
                          const char *name, const char *text)
{
    const struct temp_path source = temp_dir_path(&f->dir, "source");
    const struct temp_path object = temp_dir_path(&f->dir, "object");
    const char *const arguments[] = {LINK_TEST_ASSEMBLER, machine,     "-o",
                                     object.text,         source.text, NULL};
    static const char *const foreign[] = {"-x", "assembler", NULL};
    char *whole = malloc(sizeof(prelude) + strlen(text));

    assert_non_null(whole);
    memcpy(whole, prelude, sizeof(prelude));
    memcpy(whole + sizeof(prelude) - 1, text, strlen(text) + 1);
    add_object(f, name, f->foreign ? foreign : arguments, whole);
    free(whole);
}

void fixture_compile(struct fixture *f, const char *name, const char *flag,
                     const char *text)
{
    const struct temp_path source = temp_dir_path(&f->dir, "source");
    const struct temp_path object = temp_dir_path(&f->dir, "object");
    const char *const arguments[] = {
        LINK_TEST_COMPILER,     "-x", "c",         "-c",        "-O1", "-fPIC",
        "-fno-stack-protector", "-o", object.text, source.text, flag,  NULL};
    const char *const foreign[] = {"-x", "c", "-O1", "-fPIC", "-w", flag, NULL};

    add_object(f, name, f->foreign ? foreign : arguments, text);
}

static void write_file(const char *path, struct span bytes)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    assert_int_equal(fclose(file), 0);
}

void fixture_archive(struct fixture *f, const char *name, size_t n_members)
{
    const struct temp_path archive = temp_dir_path(&f->dir, name);
    struct temp_path members[MAX_INPUTS];
    const char *arguments[MAX_INPUTS + 4] = {LINK_TEST_ARCHIVER, "qcsD",
                                             archive.text};
    const size_t first = f->n_inputs - n_members;

    assert_true(n_members <= f->n_inputs && f->n_archives < MAX_ARCHIVES);
    for (size_t i = 0; i < n_members; i++) {
        const struct link_input *input = &f->inputs[first + i];

        members[i] = temp_dir_path(&f->dir, input->name);
        write_file(members[i].text, input->object);
        arguments[3 + i] = members[i].text;
    }
    run(arguments);
    while (f->n_inputs > first)
        free((void *)f->inputs[--f->n_inputs].object.data);
    f->archives[f->n_archives++] =
        (struct link_archive){name, read_file(archive.text)};
}

const struct reloc_type *fixture_type(const struct link_machine *machine,
                                      const char *name)
{
    for (uint32_t i = 0; i < 2048; i++) {
        const struct reloc_type *type = machine->type(i);

        if (type && strcmp(strchr(type->name + 2, '_') + 1, name) == 0)
            return type;
    }
    fail_msg("%s is not known", name);
    return NULL;
}

uint8_t *fixture_input_bytes(struct fixture *f, size_t input)
{
    return (uint8_t *)(uintptr_t)f->inputs[input].object.data;
}

Elf64_Shdr *fixture_input_section(struct fixture *f, size_t input,
                                  const char *name)
{
    uint8_t *bytes = fixture_input_bytes(f, input);
    const Elf64_Ehdr *header = (const void *)bytes;
    Elf64_Shdr *sections = (void *)(bytes + header->e_shoff);
    const char *names =
        (const char *)bytes + sections[header->e_shstrndx].sh_offset;

    for (unsigned i = 1; i < header->e_shnum; i++)
        if (strcmp(names + sections[i].sh_name, name) == 0)
            return &sections[i];
    fail_msg("input %zu has no section %s", input, name);
    return NULL;
}

Elf32_Shdr *fixture_narrow_input_section(struct fixture *f, size_t input,
                                         const char *name)
{
    uint8_t *bytes = fixture_input_bytes(f, input);
    const Elf32_Ehdr *header = (const void *)bytes;
    Elf32_Shdr *sections = (void *)(bytes + header->e_shoff);
    const char *names =
        (const char *)bytes + sections[header->e_shstrndx].sh_offset;

    for (unsigned i = 1; i < header->e_shnum; i++)
        if (strcmp(names + sections[i].sh_name, name) == 0)
            return &sections[i];
    fail_msg("input %zu has no section %s", input, name);
    return NULL;
}

void fixture_export(struct fixture *f, const char *name)
{
    assert_true(f->n_exports < MAX_EXPORTS);
    f->exports[f->n_exports++] = name;
}

/* ---- Linking ---- */

static void read_headers(struct fixture *f);

enum status fixture_link(struct fixture *f)
{
    const struct link_params params = {
        .inputs = f->inputs,
        .n_inputs = f->n_inputs,
        .exports = f->exports,
        .n_exports = f->n_exports,
        .archives = f->archives,
        .n_archives = f->n_archives,
    };
    enum status status;

    assert_false(f->linked);
    status = link_image(&params, &f->result, &f->err);
    f->linked = status == STATUS_OK;
    if (f->linked)
        read_headers(f);
    return status;
}

void fixture_image(struct fixture *f)
{
    if (fixture_link(f))
        fail_msg("%s", f->err.message);
}

void fixture_refused(struct fixture *f, enum status status, const char *text,
                     const char *other_text)
{
    assert_int_equal(fixture_link(f), status);
    assert_int_equal(f->err.status, status);
    if (!strstr(f->err.message, text) || !strstr(f->err.message, other_text))
        fail_msg("not '%s' and '%s': %s", text, other_text, f->err.message);
}

/* ---- The image ---- */

/* Headers of the image, those of class 32 widened. */
static void read_headers(struct fixture *f)
{
    const uint8_t *bytes = f->result.image.data;
    const struct elf_class *elf = elf_class_find(bytes[EI_CLASS]);
    const Elf64_Ehdr header = elf_get_header(elf, bytes);

    f->elf = elf;
    f->n_sections = header.e_shnum;
    f->n_segments = header.e_phnum;
    free(f->sections);
    free(f->segments);
    f->sections = calloc(f->n_sections, sizeof(*f->sections));
    f->segments = calloc(f->n_segments, sizeof(*f->segments));
    assert_true(f->sections && f->segments);
    for (size_t i = 0; i < f->n_sections; i++)
        f->sections[i] = elf_get_section_header(
            elf, bytes + header.e_shoff + i * elf->section_header_size);
    for (size_t i = 0; i < f->n_segments; i++)
        f->segments[i] = elf_get_program_header(
            elf, bytes + header.e_phoff + i * elf->program_header_size);
}

const Elf64_Shdr *fixture_section(struct fixture *f, const char *name)
{
    const char *names = (const char *)f->result.image.data +
                        f->sections[f->n_sections - 1].sh_offset;

    for (size_t i = 1; i < f->n_sections; i++)
        if (strcmp(names + f->sections[i].sh_name, name) == 0)
            return &f->sections[i];
    return NULL;
}

const Elf64_Phdr *fixture_segment(struct fixture *f, uint32_t type,
                                  unsigned index)
{
    for (size_t i = 0; i < f->n_segments; i++)
        if (f->segments[i].p_type == type && index-- == 0)
            return &f->segments[i];
    return NULL;
}

const uint8_t *fixture_at(struct fixture *f, uint64_t address)
{
    const Elf64_Phdr *segment;

    for (unsigned i = 0; (segment = fixture_segment(f, PT_LOAD, i)); i++)
        if (address >= segment->p_vaddr &&
            address - segment->p_vaddr < segment->p_filesz)
            return f->result.image.data + segment->p_offset +
                   (address - segment->p_vaddr);
    fail_msg("0x%llx is not in the file", (unsigned long long)address);
    return NULL;
}

uint32_t fixture_instruction(struct fixture *f, uint64_t address)
{
    uint32_t instruction;

    memcpy(&instruction, fixture_at(f, address), sizeof(instruction));
    return instruction;
}

uint64_t fixture_word(struct fixture *f, uint64_t address)
{
    uint64_t word = 0;

    memcpy(&word, fixture_at(f, address), f->elf->address_size);
    return word;
}

uint64_t fixture_tag(struct fixture *f, int64_t tag)
{
    const Elf64_Phdr *segment = fixture_segment(f, PT_DYNAMIC, 0);
    const uint64_t word = f->elf->address_size;
    uint64_t entry;

    assert_non_null(segment);
    entry = segment->p_vaddr;
    for (; fixture_word(f, entry) != DT_NULL; entry += 2 * word)
        if (fixture_word(f, entry) == (uint64_t)tag)
            return fixture_word(f, entry + word);
    return UINT64_MAX;
}

static const struct link_symbol *find_symbol(const struct link_symbol *symbols,
                                             size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(symbols[i].name, name) == 0)
            return &symbols[i];
    return NULL;
}

static const struct link_symbol *find(struct fixture *f, const char *name)
{
    const struct link_symbol *symbol =
        find_symbol(f->result.objects, f->result.n_objects, name);

    return symbol
               ? symbol
               : find_symbol(f->result.functions, f->result.n_functions, name);
}

bool fixture_has_symbol(struct fixture *f, const char *name)
{
    return find(f, name) != NULL;
}

uint64_t fixture_address(struct fixture *f, const char *name)
{
    const struct link_symbol *symbol = find(f, name);

    if (!symbol)
        fail_msg("'%s' is in no table", name);
    return symbol->address;
}

const struct link_import *fixture_import(struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->result.n_imports; i++)
        if (strcmp(f->result.imports[i].name, name) == 0)
            return &f->result.imports[i];
    return NULL;
}

/* ---- Dynamic relocations ---- */

static bool is_packed(struct fixture *f, uint64_t address)
{
    const Elf64_Shdr *section = fixture_section(f, ".relr.dyn");
    const uint64_t word = f->elf->address_size;
    const unsigned n_bits = (unsigned)word * 8 - 1;
    uint64_t next = 0;

    for (uint64_t i = 0; section && i < section->sh_size; i += word) {
        const uint64_t entry = fixture_word(f, section->sh_addr + i);

        if (!(entry & 1)) {
            if (entry == address)
                return true;
            next = entry + word;
            continue;
        }
        for (unsigned bit = 0; bit < n_bits; bit++)
            if ((entry >> (bit + 1) & 1) && next + bit * word == address)
                return true;
        next += n_bits * word;
    }
    return false;
}

static const char *dynamic_name(struct fixture *f, uint64_t index)
{
    const Elf64_Sym symbol =
        elf_get_symbol(f->elf, fixture_at(f, fixture_tag(f, DT_SYMTAB)) +
                                   index * f->elf->symbol_size);

    return (const char *)fixture_at(f, fixture_tag(f, DT_STRTAB)) +
           symbol.st_name;
}

struct patch fixture_patch_at(struct fixture *f, uint64_t address)
{
    const Elf64_Shdr *rela = fixture_section(f, ".rela.dyn");
    const Elf64_Shdr *section = rela ? rela : fixture_section(f, ".rel.dyn");
    const size_t size =
        section ? elf_relocation_size(f->elf, section->sh_type) : 1;

    if (is_packed(f, address))
        return (struct patch){R_X86_64_RELATIVE, "", fixture_word(f, address),
                              true};
    for (size_t i = 0; section && i < section->sh_size / size; i++) {
        const Elf64_Rela row =
            elf_get_relocation(f->elf, section->sh_type,
                               fixture_at(f, section->sh_addr) + i * size);

        if (row.r_offset == address)
            return (struct patch){(unsigned)ELF64_R_TYPE(row.r_info),
                                  dynamic_name(f, ELF64_R_SYM(row.r_info)),
                                  rela ? (uint64_t)row.r_addend
                                       : fixture_word(f, address),
                                  false};
    }
    return (struct patch){R_X86_64_NONE, "", 0, false};
}

/* ---- Running ---- */

static void link_to_file(struct fixture *f, const char *path)
{
    fixture_image(f);
    write_file(path, buffer_span(&f->result.image));
}

bool fixture_can_emulate(const struct foreign *foreign)
{
    return *foreign->emulator && *foreign->runner;
}

int fixture_emulate(struct fixture *f, const char *name)
{
    const struct temp_path path = temp_dir_path(&f->dir, "image.so");
    const char *const arguments[] = {f->foreign->emulator,
                                     "-L",
                                     f->foreign->system,
                                     f->foreign->runner,
                                     path.text,
                                     name,
                                     NULL};

    fixture_export(f, name);
    link_to_file(f, path.text);
    return run_any(arguments);
}

void fixture_load(struct fixture *f)
{
    const struct temp_path path = temp_dir_path(&f->dir, "image.so");

    link_to_file(f, path.text);
    f->handle = dlopen(path.text, RTLD_NOW | RTLD_LOCAL);
    if (!f->handle)
        fail_msg("%s", dlerror());
}

void fixture_unload(struct fixture *f)
{
    assert_int_equal(dlclose(f->handle), 0);
    f->handle = NULL;
}

void *fixture_loaded(struct fixture *f, const char *name)
{
    void *address = dlsym(f->handle, name);

    if (!address)
        fail_msg("%s", dlerror());
    return address;
}

long fixture_call(struct fixture *f, const char *name)
{
    long (*function)(void);
    void *address = fixture_loaded(f, name);

    memcpy(&function, &address, sizeof(function));
    return function();
}
