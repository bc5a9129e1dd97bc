/* lib/linker: reading objects of either class. Links of damaged ones are in
 * test_link_damage.c. */
#include "link_fixture.h"

#include <stdlib.h>

#include "arena.h"
#include "object_view.h"

static const char source[] = ".data\n"
                             ".balign 4\n"
                             ".globl pointer\n"
                             ".type pointer, %object\n"
                             ".size pointer, 4\n"
                             "pointer: .long outside + 5, local, maybe\n"
                             "local: .byte 1\n"
                             ".comm shared, 24, 16\n"
                             ".globl number\n"
                             ".set number, 0x123\n"
                             ".weak maybe\n"
                             ".hidden maybe\n"
                             ".bss\n"
                             ".zero 1000\n";

struct reading {
    struct arena arena;
    struct object_view view;
};

static void open_object(struct fixture *f, struct reading *reading)
{
    const struct link_input *input = &f->inputs[0];

    arena_init(&reading->arena);
    if (object_view_open(input->name, input->object, &reading->arena,
                         &reading->view, &f->err))
        fail_msg("%s", f->err.message);
}

static uint32_t section_index(const struct object_view *view, const char *name)
{
    for (uint32_t i = 1; i < view->n_sections; i++)
        if (strcmp(view->sections[i].name, name) == 0)
            return i;
    fail_msg("no section '%s'", name);
    return 0;
}

static struct object_symbol symbol_named(const struct object_view *view,
                                         const char *name)
{
    struct object_symbol symbol = {.name = NULL};

    for (uint32_t i = 1; i < view->n_symbols; i++) {
        assert_int_equal(object_symbol_at(view, i, &symbol, NULL), STATUS_OK);
        if (strcmp(symbol.name, name) == 0)
            return symbol;
    }
    fail_msg("no symbol '%s'", name);
    return symbol;
}

static void check_sections(const struct object_view *view)
{
    const struct object_section *data =
        &view->sections[section_index(view, ".data")];
    const struct object_section *bss =
        &view->sections[section_index(view, ".bss")];

    assert_int_equal(data->type, SHT_PROGBITS);
    assert_int_equal(data->flags, SHF_ALLOC | SHF_WRITE);
    assert_int_equal(data->size, 13);
    assert_int_equal(data->bytes.size, 13);
    assert_int_equal(data->bytes.data[12], 1);
    assert_int_equal(data->align, 4);
    assert_int_equal(bss->size, 1000);
    assert_int_equal(bss->bytes.size, 0);
}

static void check_symbols(const struct object_view *view)
{
    struct object_symbol symbol;

    symbol = symbol_named(view, "pointer");
    assert_int_equal(symbol.place, OBJECT_SYMBOL_IN_SECTION);
    assert_int_equal(symbol.section, section_index(view, ".data"));
    assert_int_equal(symbol.type, STT_OBJECT);
    assert_int_equal(symbol.binding, STB_GLOBAL);
    assert_int_equal(symbol.size, 4);
    symbol = symbol_named(view, "shared");
    assert_int_equal(symbol.place, OBJECT_SYMBOL_COMMON);
    assert_int_equal(symbol.value, 16);
    assert_int_equal(symbol.size, 24);
    symbol = symbol_named(view, "number");
    assert_int_equal(symbol.place, OBJECT_SYMBOL_ABSOLUTE);
    assert_int_equal(symbol.value, 0x123);
    symbol = symbol_named(view, "maybe");
    assert_int_equal(symbol.place, OBJECT_SYMBOL_UNDEFINED);
    assert_int_equal(symbol.binding, STB_WEAK);
    assert_int_equal(symbol.visibility, STV_HIDDEN);
}

/* The first relocation of .data; its addend is 5 in the table, or in the
 * bytes that it applies to. */
static void check_relocations(struct reading *reading, const char *name,
                              int64_t addend, uint32_t type)
{
    const struct object_view *view = &reading->view;
    struct relocation_list list;
    struct object_symbol symbol;

    assert_int_equal(object_relocations(view, section_index(view, name),
                                        &reading->arena, &list, NULL),
                     STATUS_OK);
    assert_int_equal(list.n_items, 3);
    assert_int_equal(list.items[0].offset, 0);
    assert_int_equal(list.items[0].type, type);
    assert_int_equal(list.items[0].addend, addend);
    assert_int_equal(list.items[1].offset, 4);
    assert_int_equal(
        object_symbol_at(view, list.items[0].symbol, &symbol, NULL), STATUS_OK);
    assert_string_equal(symbol.name, "outside");
}

static void reads_objects_of_64_bits(void **state)
{
    struct fixture *f = *state;
    struct reading reading;

    fixture_assemble(f, "a.o", source);
    open_object(f, &reading);
    assert_int_equal(reading.view.machine, EM_X86_64);
    assert_int_equal(reading.view.elf->address_size, 8);
    check_sections(&reading.view);
    check_symbols(&reading.view);
    check_relocations(&reading, ".rela.data", 5, R_X86_64_32);
    arena_release(&reading.arena);
}

static void reads_objects_of_32_bits_and_their_implicit_addends(void **state)
{
    struct fixture *f = *state;
    struct reading reading;

    fixture_assemble_for(f, "--32", "a.o", source);
    open_object(f, &reading);
    assert_int_equal(reading.view.machine, EM_386);
    assert_int_equal(reading.view.elf->address_size, 4);
    check_sections(&reading.view);
    check_symbols(&reading.view);
    check_relocations(&reading, ".rel.data", 0, R_386_32);
    assert_int_equal(
        reading.view.sections[section_index(&reading.view, ".data")]
            .bytes.data[0],
        5);
    arena_release(&reading.arena);
}

static void reads_objects_of_32_bits_with_explicit_addends(void **state)
{
    struct fixture *f = *state;
    struct reading reading;

    fixture_assemble_for(f, "--x32", "a.o", source);
    open_object(f, &reading);
    assert_int_equal(reading.view.machine, EM_X86_64);
    assert_int_equal(reading.view.elf->address_size, 4);
    check_relocations(&reading, ".rela.data", 5, R_X86_64_32);
    arena_release(&reading.arena);
}

static void links_no_machine_of_another_address_size(void **state)
{
    struct fixture *f = *state;

    fixture_assemble_for(f, "--x32", "a.o", source);
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: ELF machine 62",
                    "4-byte addresses");
}

static void links_no_two_machines_together(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", source);
    fixture_assemble_for(f, "--32", "b.o", source);
    fixture_refused(f, STATUS_UNSUPPORTED, "b.o: ELF machine 3", "not handled");
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_objects_of_64_bits),
        TEST(reads_objects_of_32_bits_and_their_implicit_addends),
        TEST(reads_objects_of_32_bits_with_explicit_addends),
        TEST(links_no_machine_of_another_address_size),
        TEST(links_no_two_machines_together),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
