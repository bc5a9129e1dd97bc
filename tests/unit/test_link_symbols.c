/* lib/linker: which definition a name refers to, which symbols the linker
 * defines itself, and in which order constructors run. */
#include "link_fixture.h"

/* ---- Symbols ---- */

static void prefers_strong_to_common_to_weak_definitions(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".weak x, y, z\n.data\n"
                     "var x\n.quad 1\nvar y\n.quad 2\nvar z\n.quad 3\n");
    fixture_assemble(f, "b.o",
                     ".comm y, 8, 8\n.comm w, 4, 4\n"
                     ".globl x\n.data\nvar x\n.quad 11\n");
    fixture_assemble(f, "c.o",
                     ".weak z\n.data\nvar z\n.quad 33\n.comm w, 40, 32\n"
                     ".globl y\nvar y\n.quad 22\n");
    fixture_image(f);
    assert_int_equal(fixture_word(f, fixture_address(f, "x")), 11);
    assert_int_equal(fixture_word(f, fixture_address(f, "y")), 22);
    assert_int_equal(fixture_word(f, fixture_address(f, "z")), 3);
    assert_int_equal(fixture_address(f, "w") % 32, 0);
    for (size_t i = 0; i < f->result.n_objects; i++)
        if (strcmp(f->result.objects[i].name, "w") == 0)
            assert_int_equal(f->result.objects[i].size, 40);
}

/* The larger size and the larger alignment, of whichever object and order. */
static void gives_common_symbols_the_most_that_is_asked_for(void **state)
{
    static const char *const texts[] = {".comm big, 4, 4\n.comm wide, 64, 4\n",
                                        ".comm big, 40, 4\n.comm wide, 8, 64\n",
                                        ".comm big, 8, 64\n.comm wide, 4, 4\n"};
    static const unsigned sizes[] = {40, 64};
    static const char *const names[] = {"big", "wide"};
    struct fixture *f = *state;

    fixture_assemble(f, "other.o", ".comm first, 1, 1\n");
    for (size_t i = 0; i < 3; i++) {
        char name[] = "0.o";

        name[0] = (char)('0' + i);
        fixture_assemble(f, name, texts[i]);
    }
    fixture_image(f);
    for (size_t i = 0; i < 2; i++) {
        unsigned size = 0;

        assert_int_equal(fixture_address(f, names[i]) % 64, 0);
        for (size_t k = 0; k < f->result.n_objects; k++)
            if (strcmp(f->result.objects[k].name, names[i]) == 0)
                size = (unsigned)f->result.objects[k].size;
        assert_int_equal(size, sizes[i]);
    }
}

static void refuses_two_strong_definitions_naming_both_objects(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".globl x\n.data\nvar x\n.quad 1\n");
    fixture_assemble(f, "b.o", ".globl x\n.data\nvar x\n.quad 1\n");
    fixture_refused(f, STATUS_MISUSE, "b.o: 'x'", "a.o");
}

/* STB_GNU_UNIQUE: one for the whole process, which a closed image is not
 * asked to find. */
static void takes_unique_symbols_for_global_ones(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".data\n.globl x\n.type x, @gnu_unique_object\n"
                     ".size x, 8\nx: .quad 7\n");
    fixture_assemble(f, "b.o", ".data\nvar pointer\n.quad x\n");
    fixture_image(f);
    assert_int_equal(fixture_patch_at(f, fixture_address(f, "pointer")).addend,
                     fixture_address(f, "x"));
    assert_int_equal(f->result.n_imports, 0);
}

static void takes_the_first_of_equal_comdat_groups(void **state)
{
    static const char text[] =
        ".section .text.same, \"axG\", @progbits, same, comdat\n"
        ".weak same\nfunc same\nmovl $%c, %%eax\nret\n"
        ".section .rodata.%c, \"aG\", @progbits, same, comdat\nvar r%c\n"
        ".quad 1\n"
        ".data\n.balign 8\nvar p%c\n.quad same\n";
    struct fixture *f = *state;
    char copy[512];

    for (char c = '1'; c <= '2'; c++) {
        snprintf(copy, sizeof(copy), text, c, c, c, c);
        fixture_assemble(f, c == '1' ? "a.o" : "b.o", copy);
    }
    fixture_image(f);
    assert_memory_equal(fixture_at(f, fixture_address(f, "same")),
                        "\xb8\x01\x00\x00\x00\xc3", 6);
    assert_int_equal(fixture_section(f, ".text")->sh_size, 6);
    assert_true(fixture_has_symbol(f, "r1"));
    assert_false(fixture_has_symbol(f, "r2"));
    assert_int_equal(fixture_word(f, fixture_address(f, "p1")),
                     fixture_address(f, "same"));
    assert_int_equal(fixture_word(f, fixture_address(f, "p2")),
                     fixture_address(f, "same"));
}

static void refuses_references_into_a_discarded_group(void **state)
{
    static const char text[] =
        ".section .text.same, \"axG\", @progbits, same, comdat\n"
        ".weak same\nfunc same\nnop\n.Llocal: ret\n"
        ".data\n.balign 8\n.quad .Llocal\n";
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", text);
    fixture_assemble(f, "b.o", text);
    fixture_refused(f, STATUS_UNRESOLVED,
                    "b.o: .data+0x0: R_X86_64_64 against '.text.same'",
                    "COMDAT");
}

static void follows_link_order_into_discarded_groups(void **state)
{
    static const char text[] =
        ".section .text.same, \"axG\", @progbits, same, comdat\n"
        ".weak same\nfunc same\nnop\n.Llocal: ret\n"
        ".section .entries, \"awo\", @progbits, .text.same\n"
        ".balign 8\n.quad .Llocal\n";
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", text);
    fixture_assemble(f, "b.o", text);
    fixture_image(f);
    assert_int_equal(fixture_section(f, ".data")->sh_size, 8);
}

static void
resolves_hidden_weak_symbols_to_zero_and_others_to_imports(void **state)
{
    struct fixture *f = *state;
    uint64_t words;

    fixture_assemble(f, "a.o",
                     ".data\n.balign 8\nvar words\n.quad hidden, open\n"
                     ".weak hidden, open\n.hidden hidden\n");
    fixture_assemble(f, "b.o", ".data\n.quad open\n.weak open\n");
    fixture_image(f);
    words = fixture_address(f, "words");
    assert_int_equal(fixture_patch_at(f, words).type, R_X86_64_NONE);
    assert_int_equal(fixture_word(f, words), 0);
    assert_int_equal(f->result.n_imports, 1);
    assert_true(fixture_import(f, "open")->weak);
}

static void hides_a_symbol_that_one_input_hides(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".data\n.quad 0, x\n");
    fixture_assemble(f, "b.o", ".data\n.quad x\n.hidden x\n");
    fixture_assemble(f, "c.o", ".data\n.quad x\n.internal x\n");
    fixture_refused(f, STATUS_UNRESOLVED,
                    "a.o: .data+0x8: R_X86_64_64 against 'x'", "hidden");
}

static void wants_a_weak_symbol_strongly_if_one_input_does(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".data\n.quad open\n.weak open\n");
    fixture_assemble(f, "b.o", ".data\n.quad open\n");
    fixture_image(f);
    assert_false(fixture_import(f, "open")->weak);
}

static void imports_only_what_loaded_sections_refer_to(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".globl unused\n.data\n.quad used\n"
                     ".section .debug_line\n.quad debug_only\n");
    fixture_image(f);
    assert_int_equal(f->result.n_imports, 1);
    assert_string_equal(f->result.imports[0].name, "used");
}

static void makes_the_symbols_that_linkers_make(void **state)
{
    static const char *const names[] = {"__dso_handle",
                                        "__ehdr_start",
                                        "_end",
                                        "end",
                                        "_edata",
                                        "edata",
                                        "__bss_start",
                                        "_etext",
                                        "etext",
                                        "__init_array_start",
                                        "__init_array_end",
                                        "__fini_array_start",
                                        "__fini_array_end",
                                        "__preinit_array_start",
                                        "__preinit_array_end",
                                        "_GLOBAL_OFFSET_TABLE_",
                                        "_DYNAMIC"};
    enum { N_NAMES = sizeof(names) / sizeof(names[0]) };
    struct fixture *f = *state;
    const Elf64_Phdr *text, *data;
    char source[1024];
    size_t size;
    uint64_t value[N_NAMES];

    size = (size_t)snprintf(source, sizeof(source),
                            ".bss\n.zero 9\n"
                            ".section .init_array, \"aw\"\n"
                            ".quad words, words\n"
                            ".data\n.balign 8\nvar words\n");
    for (unsigned i = 0; i < N_NAMES; i++)
        size += (size_t)snprintf(source + size, sizeof(source) - size,
                                 ".quad %s\n", names[i]);
    fixture_assemble(f, "a.o", source);
    fixture_image(f);
    assert_int_equal(f->result.n_imports, 0);
    text = fixture_segment(f, PT_LOAD, 0);
    data = fixture_segment(f, PT_LOAD, 2);
    for (unsigned i = 0; i < N_NAMES; i++)
        value[i] = fixture_word(f, fixture_address(f, "words") + i * 8);
    assert_int_equal(value[0], 0);
    assert_int_equal(value[1], 0);
    assert_int_equal(value[2], data->p_vaddr + data->p_memsz);
    assert_int_equal(value[3], value[2]);
    assert_int_equal(value[4], data->p_vaddr + data->p_filesz);
    assert_int_equal(value[5], value[4]);
    assert_int_equal(value[6], value[4]);
    assert_int_equal(value[7], text->p_memsz);
    assert_int_equal(value[8], value[7]);
    assert_int_equal(value[9], fixture_tag(f, DT_INIT_ARRAY));
    assert_int_equal(value[10], value[9] + 16);
    assert_int_equal(value[11], value[12]);
    assert_int_equal(value[13], value[14]);
    assert_int_equal(value[16], fixture_segment(f, PT_DYNAMIC, 0)->p_vaddr);
}

static void leaves_linker_names_to_inputs_that_define_them(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".data\n.balign 8\nvar word\n.quad end\n");
    fixture_assemble(f, "b.o", ".globl end\n.data\nvar end\n.quad 5\n");
    fixture_image(f);
    assert_int_equal(fixture_word(f, fixture_address(f, "word")),
                     fixture_address(f, "end"));
    assert_int_equal(fixture_word(f, fixture_address(f, "end")), 5);
}

/* ---- Constructors ---- */

/* Words of a list of code addresses, as offsets from `code`. */
static void assert_list(struct fixture *f, int64_t tag, int64_t size_tag,
                        const uint8_t *wanted, size_t n_wanted)
{
    const uint64_t code = fixture_address(f, "code");

    assert_int_equal(fixture_tag(f, size_tag), n_wanted * 8);
    for (size_t i = 0; i < n_wanted; i++)
        assert_int_equal(fixture_word(f, fixture_tag(f, tag) + i * 8) - code,
                         wanted[i]);
}

static void orders_constructors_by_priority(void **state)
{
    static const uint8_t init[] = {9, 1, 2, 7, 3, 8, 6, 5, 4};
    static const uint8_t fini[] = {1, 4, 3, 2};
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".globl code\n.text\nfunc code\n.zero 16\n"
                     ".section .init_array, \"aw\", @init_array\n.balign 8\n"
                     ".quad code+3\n"
                     ".section .init_array.00200, \"aw\", @init_array\n"
                     ".balign 8\n.quad code+2\n"
                     ".section .init_array.101, \"aw\", @init_array\n"
                     ".balign 8\n.quad code+1\n"
                     ".section .preinit_array, \"aw\"\n.balign 8\n"
                     ".quad code+9\n"
                     ".section .fini_array, \"aw\", @fini_array\n.balign 8\n"
                     ".quad code+4\n"
                     ".section .fini_array.7, \"aw\", @fini_array\n.balign 8\n"
                     ".quad code+1\n");
    fixture_assemble(f, "b.o",
                     ".section .ctors, \"aw\"\n.balign 8\n"
                     ".quad -1, code+4, code+5, code+6, 0\n"
                     ".section .ctors.65035, \"aw\"\n.balign 8\n" /* 500 */
                     ".quad code+7\n"
                     ".section .init_array, \"aw\", @init_array\n.balign 8\n"
                     ".quad code+8\n"
                     ".section .dtors, \"aw\"\n.balign 8\n"
                     ".quad -1, code+2, code+3, 0\n");
    fixture_image(f);
    assert_list(f, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, init, sizeof(init));
    assert_list(f, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, fini, sizeof(fini));
}

/* As LLVM writes the list 1, 2, 3, 4 if 1 and 2 are of variables that may be
 * in other files, too. */
static void sections_of_constructors_are_turned_around(void **state)
{
    static const uint8_t init[] = {9, 1, 2, 3, 4, 6, 5};
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".globl code\n.text\nfunc code\n.zero 16\n"
                     ".section .init_array, \"aw\", @init_array\n.balign 8\n"
                     ".quad code+9\n");
    fixture_assemble(f, "b.o",
                     ".section .ctors, \"aw\"\n.balign 8\n"
                     ".quad code+4, code+3\n"
                     ".section .ctors, \"awG\", @progbits, two, comdat\n"
                     ".balign 8\n.quad code+2\n"
                     ".section .ctors, \"awG\", @progbits, one, comdat\n"
                     ".balign 8\n.quad code+1\n");
    fixture_assemble(f, "c.o",
                     ".section .ctors, \"aw\"\n.balign 8\n"
                     ".quad code+5\n"
                     ".section .init_array, \"aw\", @init_array\n.balign 8\n"
                     ".quad code+6\n");
    fixture_image(f);
    assert_list(f, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, init, sizeof(init));
}

static void refuses_constructors_that_are_no_whole_words(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".section .ctors, \"aw\"\n.long 1\n");
    fixture_refused(f, STATUS_CORRUPT, "a.o: .ctors", "0x4 bytes");
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(prefers_strong_to_common_to_weak_definitions),
        TEST(gives_common_symbols_the_most_that_is_asked_for),
        TEST(refuses_two_strong_definitions_naming_both_objects),
        TEST(takes_unique_symbols_for_global_ones),
        TEST(takes_the_first_of_equal_comdat_groups),
        TEST(refuses_references_into_a_discarded_group),
        TEST(follows_link_order_into_discarded_groups),
        TEST(resolves_hidden_weak_symbols_to_zero_and_others_to_imports),
        TEST(hides_a_symbol_that_one_input_hides),
        TEST(wants_a_weak_symbol_strongly_if_one_input_does),
        TEST(imports_only_what_loaded_sections_refer_to),
        TEST(makes_the_symbols_that_linkers_make),
        TEST(leaves_linker_names_to_inputs_that_define_them),
        TEST(orders_constructors_by_priority),
        TEST(sections_of_constructors_are_turned_around),
        TEST(refuses_constructors_that_are_no_whole_words),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
