/* The bounds of lib/linker/object_view.c: each at its limit, one below, and one
 * above. The object is made here, in memory that ends where the file does, so
 * that a sanitizer sees a byte that is read too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "object_view.h"

/* Sections: null, names (also of symbols), symbols, relocations, data. The
 * headers of sections are the last bytes of the file. */
enum {
    NULL_SECTION,
    NAMES,
    SYMBOLS,
    RELOCATIONS,
    DATA,
    N_SECTIONS,
    N_SYMBOLS = 3,
    N_RELOCATIONS = 2,
    DATA_SIZE = 16,
};

static const char names[] = "\0.data\0global";
enum { DATA_NAME = 1, SYMBOL_NAME = 7 };

struct object {
    Elf64_Ehdr header;
    char names[sizeof(names)];
    Elf64_Sym symbols[N_SYMBOLS];
    Elf64_Rela relocations[N_RELOCATIONS];
    uint8_t data[DATA_SIZE];
    Elf64_Shdr sections[N_SECTIONS];
};

struct scene {
    struct object *object;
    size_t size; /* of the file */
    struct arena arena;
    struct object_view view;
    struct relocation_list relocations;
    struct error err;
};

static Elf64_Shdr section(uint32_t name, uint32_t type, size_t offset,
                          size_t size)
{
    return (Elf64_Shdr){.sh_name = name,
                        .sh_type = type,
                        .sh_offset = offset,
                        .sh_size = size,
                        .sh_addralign = 1};
}

#define SECTION(name, type, field)                                             \
    section(name, type, offsetof(struct object, field),                        \
            sizeof(((struct object *)0)->field))

static void fill(struct object *object)
{
    *object = (struct object){
        .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
                   .e_type = ET_REL,
                   .e_machine = EM_X86_64,
                   .e_shentsize = sizeof(Elf64_Shdr),
                   .e_shnum = N_SECTIONS,
                   .e_shstrndx = NAMES,
                   .e_shoff = offsetof(struct object, sections)},
        .symbols = {{0},
                    {.st_name = SYMBOL_NAME,
                     .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
                     .st_shndx = DATA},
                    {.st_name = SYMBOL_NAME,
                     .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT)}},
        .sections = {{0},
                     SECTION(0, SHT_STRTAB, names),
                     SECTION(0, SHT_SYMTAB, symbols),
                     SECTION(0, SHT_RELA, relocations),
                     SECTION(DATA_NAME, SHT_PROGBITS, data)},
    };
    memcpy(object->names, names, sizeof(names));
    object->sections[SYMBOLS].sh_link = NAMES;
    object->sections[RELOCATIONS].sh_link = SYMBOLS;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    *state = scene;
    scene->size = sizeof(*scene->object);
    scene->object = malloc(scene->size);
    arena_init(&scene->arena);
    fill(scene->object);
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    arena_release(&scene->arena);
    free(scene->object);
    free(scene);
    return 0;
}

static enum status open_object(struct scene *scene)
{
    return object_view_open(
        "a.o", (struct span){(const uint8_t *)scene->object, scene->size},
        &scene->arena, &scene->view, &scene->err);
}

/* The object, all its symbols, and its relocations. */
static enum status read_all(struct scene *scene)
{
    enum status status = open_object(scene);
    struct object_symbol symbol;

    for (uint32_t i = 1; !status && i < scene->view.n_symbols; i++)
        status = object_symbol_at(&scene->view, i, &symbol, &scene->err);
    if (status)
        return status;
    return object_relocations(&scene->view, RELOCATIONS, &scene->arena,
                              &scene->relocations, &scene->err);
}

static void accepts(struct scene *scene)
{
    if (read_all(scene))
        fail_msg("%s", scene->err.message);
}

static void refuses(struct scene *scene, const char *fact)
{
    const enum status status = read_all(scene);

    if (status != STATUS_CORRUPT || !strstr(scene->err.message, fact))
        fail_msg("status %d, \"%s\"", status, scene->err.message);
}

/* ---- Header and sections ---- */

static void the_header_must_be_whole(void **state)
{
    struct scene *scene = *state;

    accepts(scene);
    scene->size = EI_NIDENT - 1;
    refuses(scene, "not an ELF file");
    scene->size = EI_NIDENT;
    refuses(scene, "ELF header: class 2, 16 bytes");
    scene->size = sizeof(Elf64_Ehdr) - 1;
    refuses(scene, "ELF header");
    scene->size = sizeof(Elf64_Ehdr);
    refuses(scene, "no section headers");
    scene->size = sizeof(*scene->object);
    for (unsigned class = 0; class <= 3; class ++) {
        scene->object->header.e_ident[EI_CLASS] = (uint8_t) class;
        if (class != ELFCLASS64)
            assert_int_equal(open_object(scene), class == ELFCLASS32
                                                     ? scene->err.status
                                                     : STATUS_CORRUPT);
    }
}

static void section_headers_end_with_the_file(void **state)
{
    struct scene *scene = *state;
    Elf64_Ehdr *header = &scene->object->header;

    scene->size--;
    refuses(scene, "outside the file");
    scene->size++;
    header->e_shnum++;
    refuses(scene, "6 section headers");
    header->e_shnum = N_SECTIONS;
    header->e_shoff++;
    refuses(scene, "outside the file");
    header->e_shoff = scene->size - sizeof(Elf64_Shdr) + 1;
    refuses(scene, "no section headers");
    header->e_shoff = offsetof(struct object, sections);
    header->e_shentsize++;
    refuses(scene, "no section headers of 64 bytes");
}

/* More sections than 16 bits hold: their number is in section 0. */
static void section_zero_may_have_the_numbers(void **state)
{
    struct scene *scene = *state;
    Elf64_Ehdr *header = &scene->object->header;
    Elf64_Shdr *null = &scene->object->sections[0];

    header->e_shnum = 0;
    refuses(scene, "0 section headers");
    null->sh_size = N_SECTIONS + 1;
    refuses(scene, "6 section headers");
    null->sh_size = N_SECTIONS;
    accepts(scene);
    header->e_shstrndx = SHN_XINDEX;
    refuses(scene, "string table does not exist");
    null->sh_link = NAMES;
    accepts(scene);
    null->sh_link = N_SECTIONS;
    refuses(scene, "string table does not exist");
    null->sh_link = N_SECTIONS - 1;
    refuses(scene, "is not a string table");
}

static void a_section_ends_with_the_file(void **state)
{
    struct scene *scene = *state;
    Elf64_Shdr *data = &scene->object->sections[DATA];
    const Elf64_Shdr good = *data;

    data->sh_size = scene->size - data->sh_offset;
    accepts(scene);
    data->sh_size++;
    refuses(scene, "lies outside the file");
    data->sh_size = 0;
    data->sh_offset = scene->size;
    scene->object->symbols[1].st_value = 0;
    accepts(scene);
    data->sh_offset++;
    refuses(scene, "lies outside the file");
    data->sh_type = SHT_NOBITS; /* has no bytes in the file */
    accepts(scene);
    data->sh_size = UINT64_C(1) << 40;
    accepts(scene);
    data->sh_size++;
    refuses(scene, "size exceeds 1 TiB");
    *data = good;
}

static void alignment_is_a_power_of_two_up_to_its_limit(void **state)
{
    struct scene *scene = *state;
    Elf64_Shdr *data = &scene->object->sections[DATA];

    data->sh_addralign = 0;
    accepts(scene);
    assert_int_equal(scene->view.sections[DATA].align, 1);
    data->sh_addralign = UINT64_C(1) << 28;
    accepts(scene);
    data->sh_addralign = UINT64_C(1) << 29;
    refuses(scene, "alignment exceeds 256 MiB");
    data->sh_addralign = (UINT64_C(1) << 28) - 1;
    refuses(scene, "alignment is not a power of two");
}

static void names_are_inside_their_table(void **state)
{
    struct scene *scene = *state;
    Elf64_Shdr *data = &scene->object->sections[DATA];
    Elf64_Sym *symbol = &scene->object->symbols[1];

    data->sh_name = sizeof(names) - 1; /* the NUL at the end */
    accepts(scene);
    assert_string_equal(scene->view.sections[DATA].name, "");
    data->sh_name = sizeof(names);
    refuses(scene, "name is outside its table");
    data->sh_name = DATA_NAME;
    symbol->st_name = sizeof(names) - 2;
    accepts(scene);
    symbol->st_name = sizeof(names) - 1;
    refuses(scene, "is global and has no name");
    symbol->st_name = sizeof(names);
    refuses(scene, "name is outside its table");
}

static void a_string_table_ends_with_a_nul(void **state)
{
    struct scene *scene = *state;
    Elf64_Shdr *table = &scene->object->sections[NAMES];

    table->sh_size--;
    refuses(scene, "is not a string table");
    table->sh_size = 0;
    refuses(scene, "is not a string table");
    table->sh_size = sizeof(names);
    table->sh_type = SHT_PROGBITS;
    refuses(scene, "is not a string table");
}

/* ---- Symbols ---- */

static void symbols_are_whole_and_of_one_table(void **state)
{
    struct scene *scene = *state;
    Elf64_Shdr *table = &scene->object->sections[SYMBOLS];

    accepts(scene);
    assert_int_equal(scene->view.n_symbols, N_SYMBOLS);
    table->sh_size--;
    refuses(scene, "is not a whole number of symbols");
    table->sh_size -= sizeof(Elf64_Sym) - 1;
    scene->object->relocations[0].r_info = ELF64_R_INFO(1, R_X86_64_64);
    accepts(scene);
    assert_int_equal(scene->view.n_symbols, N_SYMBOLS - 1);
    table->sh_size += sizeof(Elf64_Sym);
    scene->object->sections[DATA].sh_type = SHT_SYMTAB;
    refuses(scene, "is a second symbol table");
}

static void a_symbol_is_of_a_section_that_is_there(void **state)
{
    struct scene *scene = *state;
    Elf64_Sym *symbol = &scene->object->symbols[1];

    symbol->st_shndx = N_SECTIONS - 1;
    accepts(scene);
    symbol->st_shndx = N_SECTIONS;
    refuses(scene, "section does not exist");
    symbol->st_shndx = SHN_LORESERVE - 1;
    refuses(scene, "section does not exist");
    symbol->st_shndx = SHN_LORESERVE;
    refuses(scene, "reserved section index");
    symbol->st_shndx = SHN_XINDEX;
    refuses(scene, "has no extended index");
    symbol->st_shndx = SHN_ABS;
    symbol->st_value = UINT64_MAX;
    accepts(scene);
}

/* The end is part of a section: for labels behind the last byte. */
static void a_symbol_is_not_behind_its_section(void **state)
{
    struct scene *scene = *state;
    Elf64_Sym *symbol = &scene->object->symbols[1];

    symbol->st_value = DATA_SIZE;
    accepts(scene);
    symbol->st_value = DATA_SIZE + 1;
    refuses(scene, "lies outside its section");
    symbol->st_value = UINT64_MAX;
    refuses(scene, "lies outside its section");
}

static void a_common_symbol_has_bounds(void **state)
{
    struct scene *scene = *state;
    Elf64_Sym *symbol = &scene->object->symbols[1];

    symbol->st_shndx = SHN_COMMON;
    symbol->st_size = UINT64_C(1) << 40;
    symbol->st_value = UINT64_C(1) << 28;
    accepts(scene);
    symbol->st_size++;
    refuses(scene, "common symbol");
    symbol->st_size--;
    symbol->st_value *= 2;
    refuses(scene, "common symbol");
    symbol->st_value = 3;
    refuses(scene, "common symbol");
    symbol->st_value = 0; /* taken for 1 */
    accepts(scene);
}

static void a_symbol_has_a_known_binding(void **state)
{
    struct scene *scene = *state;
    Elf64_Sym *symbol = &scene->object->symbols[1];

    for (unsigned binding = 0; binding < 16; binding++) {
        symbol->st_info = ELF64_ST_INFO((uint8_t)binding, STT_OBJECT);
        if (binding == STB_LOCAL || binding == STB_GLOBAL ||
            binding == STB_WEAK || binding == STB_GNU_UNIQUE)
            accepts(scene);
        else
            refuses(scene, "unknown binding");
    }
}

/* ---- Extended indexes ---- */

/* The data are the table of them: an entry of 4 bytes for each symbol. */
static void an_extended_index_is_inside_its_table(void **state)
{
    struct scene *scene = *state;
    Elf64_Sym *symbol = &scene->object->symbols[2];
    uint32_t *entry = (uint32_t *)scene->object->data;
    Elf64_Shdr *table = &scene->object->sections[DATA];

    symbol->st_shndx = SHN_XINDEX;
    table->sh_type = SHT_SYMTAB_SHNDX;
    entry[2] = DATA;
    table->sh_size = 12;
    accepts(scene);
    table->sh_size = 11;
    refuses(scene, "has no extended index");
    table->sh_size = 12;
    entry[2] = N_SECTIONS;
    refuses(scene, "section does not exist");
    entry[2] = 0;
    refuses(scene, "section does not exist");
}

/* ---- Relocations ---- */

static void a_relocation_is_by_a_symbol_that_is_there(void **state)
{
    struct scene *scene = *state;
    Elf64_Rela *entry = &scene->object->relocations[N_RELOCATIONS - 1];

    entry->r_info = ELF64_R_INFO(N_SYMBOLS - 1, R_X86_64_64);
    accepts(scene);
    assert_int_equal(scene->relocations.n_items, N_RELOCATIONS);
    entry->r_info = ELF64_R_INFO((uint64_t)N_SYMBOLS, R_X86_64_64);
    refuses(scene, "relocation 1: symbol 3 does not exist");
}

static void relocations_are_whole_and_of_the_symbol_table(void **state)
{
    struct scene *scene = *state;
    Elf64_Shdr *table = &scene->object->sections[RELOCATIONS];

    table->sh_size--;
    refuses(scene, "is not a whole number of relocations");
    table->sh_size = 0;
    accepts(scene);
    table->sh_link = DATA;
    refuses(scene, "relocations of another symbol table");
}

static void relocations_are_sorted_by_offset(void **state)
{
    static const uint64_t orders[][2] = {{0, 8}, {8, 0}, {8, 8}, {8, 7}};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        scene->object->relocations[0].r_offset = orders[i][0];
        scene->object->relocations[1].r_offset = orders[i][1];
        accepts(scene);
        object_sort_relocations(&scene->relocations);
        assert_true(scene->relocations.items[0].offset <=
                    scene->relocations.items[1].offset);
        assert_int_equal(scene->relocations.items[0].offset +
                             scene->relocations.items[1].offset,
                         orders[i][0] + orders[i][1]);
    }
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_header_must_be_whole),
        TEST(section_headers_end_with_the_file),
        TEST(section_zero_may_have_the_numbers),
        TEST(a_section_ends_with_the_file),
        TEST(alignment_is_a_power_of_two_up_to_its_limit),
        TEST(names_are_inside_their_table),
        TEST(a_string_table_ends_with_a_nul),
        TEST(symbols_are_whole_and_of_one_table),
        TEST(a_symbol_is_of_a_section_that_is_there),
        TEST(a_symbol_is_not_behind_its_section),
        TEST(a_common_symbol_has_bounds),
        TEST(a_symbol_has_a_known_binding),
        TEST(an_extended_index_is_inside_its_table),
        TEST(a_relocation_is_by_a_symbol_that_is_there),
        TEST(relocations_are_whole_and_of_the_symbol_table),
        TEST(relocations_are_sorted_by_offset),
    };

    return cmocka_run_group_tests_name("object_limits", tests, NULL, NULL);
}
