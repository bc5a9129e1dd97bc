/* lib/linker: which symbols and sections an image has, and where they are.
 * Other parts are in test_link_symbols.c, test_link_unwind.c,
 * test_link_reloc.c, archives in test_link_archive.c; running images in
 * test_link_run.c, damaged objects in test_link_damage.c. */
#include "link_fixture.h"

#include <stdlib.h>

/* ---- Segments ---- */

static bool is_in(uint64_t address, const Elf64_Phdr *segment)
{
    return segment && address >= segment->p_vaddr &&
           address - segment->p_vaddr < segment->p_memsz;
}

static void puts_each_kind_of_section_into_its_segment(void **state)
{
    struct fixture *f = *state;
    const Elf64_Phdr *text, *relro, *data;

    fixture_assemble(f, "a.o",
                     ".text\nfunc code\nret\n"
                     ".section .rodata.x, \"a\"\nvar constant\n.quad 1\n"
                     ".section .rodata.str1.1, \"aMS\", @progbits, 1\n"
                     "var string\n.asciz \"x\"\n"
                     ".section .data.rel.ro.x, \"aw\"\nvar table\n.quad code\n"
                     ".data\nvar variable\n.quad 1\n"
                     ".bss\nvar zeros\n.zero 100000\n"
                     ".section .debug_info\n.quad code\n"
                     ".section .note.other, \"a\"\n.quad 4\n"
                     ".section .llvm.other, \"a\"\n.quad 4\n");
    fixture_image(f);
    text = fixture_segment(f, PT_LOAD, 0);
    relro = fixture_segment(f, PT_LOAD, 1);
    data = fixture_segment(f, PT_LOAD, 2);
    assert_int_equal(text->p_flags, PF_R | PF_X);
    assert_int_equal(relro->p_flags, PF_R | PF_W);
    assert_int_equal(data->p_flags, PF_R | PF_W);
    assert_true(is_in(fixture_address(f, "code"), text));
    assert_true(is_in(fixture_address(f, "constant"), text));
    assert_true(is_in(fixture_address(f, "string"), text));
    assert_true(is_in(fixture_address(f, "table"), relro));
    assert_true(is_in(fixture_address(f, "variable"), data));
    assert_true(is_in(fixture_address(f, "zeros"), data));
    assert_null(fixture_section(f, ".debug_info"));
    assert_null(fixture_section(f, ".note.other"));
    assert_null(fixture_section(f, ".llvm.other"));
    assert_true(f->result.image.size < 3 * PAGE);
}

/* Of indirect branch tracking and shadow stacks, the latter. */
static void says_that_it_keeps_to_shadow_stacks(void **state)
{
    struct fixture *f = *state;
    const Elf64_Phdr *note;
    uint32_t words[8];

    fixture_assemble(f, "a.o",
                     ".text\nret\n"
                     ".section .note.gnu.property, \"a\"\n.balign 8\n"
                     ".long 4, 16, 5\n.asciz \"GNU\"\n"
                     ".long 0xc0000002, 4, 3, 0\n");
    fixture_image(f);
    note = fixture_segment(f, PT_GNU_PROPERTY, 0);
    assert_non_null(note);
    assert_int_equal(note->p_filesz, sizeof(words));
    memcpy(words, fixture_at(f, note->p_vaddr), sizeof(words));
    assert_int_equal(words[4], 0xc0000002);
    assert_int_equal(words[6], 2);
}

static void
keeps_segments_in_step_with_the_file_and_on_pages_of_their_own(void **state)
{
    struct fixture *f = *state;
    const Elf64_Phdr *segment, *relro;
    uint64_t end = 0, file_end = 0;

    fixture_assemble(f, "a.o",
                     ".text\nfunc code\n.zero 5000\n"
                     ".section .data.rel.ro, \"aw\"\n.fill 600, 8, 1\n"
                     ".data\n.fill 1001, 1, 1\n"
                     ".bss\n.zero 70000\n");
    fixture_image(f);
    for (unsigned i = 0; (segment = fixture_segment(f, PT_LOAD, i)); i++) {
        assert_int_equal((segment->p_vaddr - segment->p_offset) % PAGE, 0);
        assert_true(segment->p_vaddr / PAGE * PAGE >= end);
        assert_true(segment->p_offset >= file_end);
        file_end = segment->p_offset + segment->p_filesz;
        end = segment->p_vaddr + segment->p_memsz;
    }
    assert_int_equal(f->result.span, (end + PAGE - 1) / PAGE * PAGE);
    relro = fixture_segment(f, PT_GNU_RELRO, 0);
    assert_int_equal(relro->p_vaddr, fixture_segment(f, PT_LOAD, 1)->p_vaddr);
    assert_int_equal((relro->p_vaddr + relro->p_memsz) % PAGE, 0);
    assert_true(relro->p_vaddr + relro->p_memsz <=
                fixture_segment(f, PT_LOAD, 2)->p_vaddr);
}

static void touches_no_more_pages_than_a_segment_needs(void **state)
{
    struct fixture *f = *state;
    const Elf64_Phdr *data;

    /* Whatever comes before, 4096 bytes of data and bss fit in one page. */
    for (unsigned fill = 100; fill < 4000; fill += 1300) {
        char text[256];

        assert_int_equal(fixture_setup(state), 0);
        f = *state;
        snprintf(text, sizeof(text),
                 ".text\n.zero %u\n.data\n.fill 96, 1, 1\n"
                 ".bss\n.zero 4000\n",
                 fill);
        fixture_assemble(f, "a.o", text);
        fixture_image(f);
        data = fixture_segment(f, PT_LOAD, 2);
        assert_int_equal(data->p_vaddr / PAGE,
                         (data->p_vaddr + data->p_memsz - 1) / PAGE);
        fixture_teardown(state);
    }
}

static void has_no_data_segment_without_data(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".text\nfunc code\nret\n");
    fixture_image(f);
    assert_non_null(fixture_segment(f, PT_LOAD, 1)); /* .dynamic */
    assert_null(fixture_segment(f, PT_LOAD, 2));
    assert_null(fixture_segment(f, PT_TLS, 0));
}

static void writes_no_file_bytes_for_a_huge_bss(void **state)
{
    struct fixture *f = *state;
    const Elf64_Phdr *data;

    fixture_assemble(f, "a.o",
                     ".section .lbss, \"awl\", @nobits\n"
                     "var zeros\n.zero 0x140000000\n");
    fixture_image(f);
    data = fixture_segment(f, PT_LOAD, 2);
    assert_int_equal(data->p_filesz, 0);
    assert_int_equal(data->p_memsz, UINT64_C(0x140000000));
    assert_true(data->p_offset <= f->result.image.size);
    assert_int_equal((data->p_vaddr - data->p_offset) % PAGE, 0);
    assert_true(f->result.image.size < 2 * PAGE);
}

/* Of what is near, .bss is the last: it decides what displacements reach. */
static void puts_large_sections_behind_all_others(void **state)
{
    struct fixture *f = *state;
    const Elf64_Phdr *data, *large, *constants;

    fixture_assemble(f, "a.o",
                     ".section .lrodata, \"al\"\nvar constant\n.quad 1\n"
                     ".section .ldata, \"awl\"\nvar value\n.quad 2\n"
                     ".section .ldata.rel.ro, \"awl\"\n.balign 8\n"
                     "var pointer\n.quad value\n"
                     ".section .lbss, \"awl\", @nobits\nvar zeros\n"
                     ".zero 0x140000000\n"
                     ".bss\nvar near\n.quad 0\n"
                     ".text\nfunc code\nmov near(%rip), %rax\n"
                     "movabs $constant@GOTOFF, %rax\nret\n");
    fixture_image(f);
    data = fixture_segment(f, PT_LOAD, 2);
    large = fixture_segment(f, PT_LOAD, 3);
    constants = fixture_segment(f, PT_LOAD, 4);
    assert_int_equal(data->p_filesz, 0);
    assert_true(fixture_address(f, "near") < 8 * PAGE);
    assert_int_equal(large->p_flags, PF_R | PF_W);
    assert_true(large->p_vaddr > fixture_address(f, "near"));
    assert_int_equal(large->p_filesz, 16);
    assert_true(large->p_memsz > UINT64_C(0x140000000));
    assert_int_equal(fixture_word(f, fixture_address(f, "value")), 2);
    assert_true(fixture_patch_at(f, fixture_address(f, "pointer")).packed);
    assert_int_equal(constants->p_flags, PF_R);
    assert_int_equal(constants->p_memsz, 8);
    assert_true(constants->p_vaddr >= large->p_vaddr + large->p_memsz);
    assert_int_equal(fixture_word(f, fixture_address(f, "constant")), 1);
    assert_true(f->result.image.size < 4 * PAGE);
}

static void
asks_for_alignment_beyond_a_page_without_filling_the_file(void **state)
{
    struct fixture *f = *state;
    const Elf64_Phdr *data;

    fixture_assemble(f, "a.o",
                     ".data\n.quad 1\n"
                     ".section .data.wide, \"aw\"\n.balign 0x200000\n"
                     "var wide\n.quad 2\n"
                     ".bss\n.balign 0x10000\nvar wide_zeros\n.quad 0\n");
    fixture_image(f);
    data = fixture_segment(f, PT_LOAD, 2);
    assert_int_equal(f->result.align, 0x200000);
    assert_int_equal(fixture_segment(f, PT_LOAD, 0)->p_align, 0x200000);
    assert_int_equal(fixture_address(f, "wide") % 0x200000, 0);
    assert_int_equal(fixture_address(f, "wide_zeros") % 0x10000, 0);
    assert_int_equal((data->p_vaddr - data->p_offset) % PAGE, 0);
    assert_true(f->result.image.size < 3 * PAGE);
}

static void refuses_alignment_that_would_cost_megabytes_of_file(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".section .rodata, \"a\"\n.balign 0x4000000\n.quad 1\n");
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: .rodata", "0x4000000");
}

/* ---- Sections with a name of their own ---- */

static void delimits_sections_named_like_c_identifiers(void **state)
{
    struct fixture *f = *state;
    uint64_t edges;

    fixture_assemble(f, "a.o",
                     ".section plugins, \"aw\"\nvar first\n.quad 1\n"
                     ".data\n.balign 8\nvar edges\n"
                     ".quad __start_plugins, __stop_plugins\n"
                     ".quad __start_others\n"
                     ".weak __start_others\n");
    fixture_assemble(f, "b.o",
                     ".section plugins, \"aw\"\nvar second\n.quad 2\n");
    fixture_image(f);
    edges = fixture_address(f, "edges");
    assert_int_equal(fixture_word(f, edges), fixture_address(f, "first"));
    assert_int_equal(fixture_address(f, "second"),
                     fixture_address(f, "first") + 8);
    assert_int_equal(fixture_word(f, edges + 8),
                     fixture_address(f, "first") + 16);
    assert_int_equal(fixture_section(f, "plugins")->sh_size, 16);
    assert_int_equal(f->result.n_imports, 1); /* __start_others */
}

static void moves_a_named_section_to_where_all_of_it_may_be(void **state)
{
    struct fixture *f = *state;

    /* Read-only in one, with an address in the other; then writable. */
    fixture_assemble(f, "a.o",
                     ".section ones, \"a\"\nvar one\n.quad 1\n"
                     ".section twos, \"a\"\nvar two\n.quad 1\n"
                     ".section code, \"ax\"\nfunc three\nret\n"
                     ".section zeros, \"aw\", @nobits\nvar four\n.zero 99\n");
    fixture_assemble(f, "b.o",
                     ".section ones, \"a\"\n.quad outside\n"
                     ".section twos, \"aw\"\n.quad 1\n");
    fixture_image(f);
    assert_true(
        is_in(fixture_address(f, "one"), fixture_segment(f, PT_LOAD, 1)));
    assert_true(
        is_in(fixture_address(f, "two"), fixture_segment(f, PT_LOAD, 2)));
    assert_true(
        is_in(fixture_address(f, "three"), fixture_segment(f, PT_LOAD, 0)));
    assert_true(
        is_in(fixture_address(f, "four"), fixture_segment(f, PT_LOAD, 2)));
    assert_int_equal(fixture_section(f, "zeros")->sh_type, SHT_NOBITS);
}

static void refuses_more_named_sections_than_headers_can_count(void **state)
{
    enum { N = 65300 };
    struct fixture *f = *state;
    char *text = malloc(N * 48);
    size_t size = 0;

    assert_non_null(text);
    for (unsigned i = 0; i < N; i++)
        size += (size_t)snprintf(text + size, 48,
                                 ".section s%u, \"a\"\n.byte 1\n", i);
    fixture_assemble(f, "a.o", text);
    free(text);
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: 653", "sections");
}

static void refuses_memory_that_is_writable_and_executable(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".section both, \"awx\"\n.quad 1\n");
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: both",
                    "writable and executable");
}

static void refuses_pieces_of_constructors_that_are_written_to(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".section .init, \"aw\"\n.quad 1\n");
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: .init", "not read-only code");
}

static void refuses_to_make_the_stack_executable(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".section .note.GNU-stack, \"x\"\n");
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: .note.GNU-stack",
                    "executable stack");
}

static void
refuses_a_named_section_that_is_code_here_and_data_there(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".section both, \"aw\"\n.quad 1\n");
    fixture_assemble(f, "b.o", ".section both, \"ax\"\n.quad 1\n");
    fixture_refused(f, STATUS_UNSUPPORTED, "both", "writable and executable");
}

/* ---- Result and tables of the image ---- */

static void lists_functions_and_objects_sorted_by_name(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".text\n.globl z\nfunc z\nret\nfunc dup\nret\n"
                     ".size dup, 1\n"
                     "func a\n.size a, 1000\nret\n"
                     ".data\nvar .Lhidden\n.quad 1\nvar v\n.quad 1\n"
                     "plain_label: .quad 1\n"
                     ".section .tdata, \"awT\"\nvar t\n.quad 1\n"
                     ".globl number\nnumber=5\n.type number, @object\n");
    fixture_assemble(f, "b.o", ".text\nfunc dup\nret\n");
    fixture_image(f);
    assert_int_equal(f->result.n_functions, 4);
    assert_string_equal(f->result.functions[0].name, "a");
    assert_int_equal(f->result.functions[0].size, 1); /* of its section */
    assert_string_equal(f->result.functions[1].name, "dup");
    assert_string_equal(f->result.functions[2].name, "dup");
    assert_true(f->result.functions[1].address <
                f->result.functions[2].address);
    assert_string_equal(f->result.functions[3].name, "z");
    assert_int_equal(f->result.n_objects, 1);
    assert_string_equal(f->result.objects[0].name, "v");
    assert_int_equal(f->result.machine->elf_machine, EM_X86_64);
    assert_int_equal(f->result.machine->address_size, 8);
    assert_int_equal(f->result.machine->page_size, PAGE);
    assert_int_equal(f->result.align, PAGE);
}

static void exports_what_is_asked_for_and_defined_once(void **state)
{
    struct fixture *f = *state;
    const Elf64_Sym *symbols;

    fixture_assemble(f, "a.o",
                     ".globl one, two\n.text\nfunc one\nret\n"
                     ".hidden two\nfunc two\ncall three\n");
    fixture_export(f, "two");
    fixture_export(f, "missing");
    fixture_export(f, "one");
    fixture_export(f, "two");
    fixture_export(f, "three"); /* an import */
    fixture_image(f);
    assert_int_equal(fixture_section(f, ".dynsym")->sh_size,
                     4 * sizeof(Elf64_Sym));
    symbols = (const void *)fixture_at(f, fixture_tag(f, DT_SYMTAB));
    assert_int_equal(symbols[1].st_shndx, SHN_UNDEF);
    assert_int_equal(symbols[2].st_value, fixture_address(f, "two"));
    assert_int_equal(symbols[2].st_other, STV_DEFAULT);
    assert_int_equal(symbols[3].st_value, fixture_address(f, "one"));
}

static void gives_the_same_bytes_for_the_same_inputs(void **state)
{
    static const char text[] =
        "#include <stdio.h>\n"
        "int variable = 1, zeros[100];\n"
        "int *pointer = &variable;\n"
        "__attribute__((constructor)) static void start(void) { puts(\"\"); }\n"
        "int f(int x) { printf(\"%d\", x); return *pointer + zeros[x]; }\n";
    struct fixture *f = *state;
    struct link_result first;

    fixture_compile(f, "a.o", NULL, text);
    fixture_image(f);
    first = f->result;
    f->linked = false;
    /* Other addresses of the inputs, other contents of fresh memory. */
    fixture_compile(f, "a.o", NULL, text);
    free((void *)(uintptr_t)f->inputs[0].object.data);
    f->inputs[0] = f->inputs[--f->n_inputs];
    fixture_image(f);
    assert_int_equal(first.image.size, f->result.image.size);
    assert_memory_equal(first.image.data, f->result.image.data,
                        first.image.size);
    link_result_release(&first);
}

static void fills_the_gaps_between_functions_with_traps(void **state)
{
    struct fixture *f = *state;
    uint64_t a, b;

    fixture_assemble(f, "a.o",
                     ".text\nfunc a\nret\n.section .text.b, \"ax\"\n"
                     ".balign 32\nfunc b\nret\n");
    fixture_image(f);
    a = fixture_address(f, "a");
    b = fixture_address(f, "b");
    assert_int_equal(b % 32, 0);
    for (uint64_t gap = a + 1; gap < b; gap++)
        assert_int_equal(*fixture_at(f, gap), 0xcc);
}

static void reads_objects_with_more_sections_than_16_bits_count(void **state)
{
    enum { N = 70000 };
    struct fixture *f = *state;
    char *text = malloc(N * 64);
    size_t size = 0;

    assert_non_null(text);
    for (unsigned i = 0; i < N; i++)
        size += (size_t)snprintf(text + size, 64,
                                 ".section .text.f%u, \"ax\"\n"
                                 ".globl f%u\nfunc f%u\nret\n",
                                 i, i, i);
    fixture_assemble(f, "a.o", text);
    free(text);
    fixture_export(f, "f69999");
    fixture_image(f);
    assert_int_equal(f->result.n_functions, N);
    assert_int_equal(fixture_section(f, ".text")->sh_size, N);
    assert_int_equal(*fixture_at(f, fixture_address(f, "f69999")), 0xc3);
}

static void refuses_to_link_nothing(void **state)
{
    struct fixture *f = *state;

    fixture_refused(f, STATUS_MISUSE, "no input", "");
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(puts_each_kind_of_section_into_its_segment),
        TEST(says_that_it_keeps_to_shadow_stacks),
        TEST(keeps_segments_in_step_with_the_file_and_on_pages_of_their_own),
        cmocka_unit_test(touches_no_more_pages_than_a_segment_needs),
        TEST(has_no_data_segment_without_data),
        TEST(writes_no_file_bytes_for_a_huge_bss),
        TEST(puts_large_sections_behind_all_others),
        TEST(asks_for_alignment_beyond_a_page_without_filling_the_file),
        TEST(refuses_alignment_that_would_cost_megabytes_of_file),
        TEST(delimits_sections_named_like_c_identifiers),
        TEST(moves_a_named_section_to_where_all_of_it_may_be),
        TEST(refuses_more_named_sections_than_headers_can_count),
        TEST(refuses_memory_that_is_writable_and_executable),
        TEST(refuses_pieces_of_constructors_that_are_written_to),
        TEST(refuses_to_make_the_stack_executable),
        TEST(refuses_a_named_section_that_is_code_here_and_data_there),
        TEST(lists_functions_and_objects_sorted_by_name),
        TEST(exports_what_is_asked_for_and_defined_once),
        TEST(gives_the_same_bytes_for_the_same_inputs),
        TEST(fills_the_gaps_between_functions_with_traps),
        TEST(reads_objects_with_more_sections_than_16_bits_count),
        TEST(refuses_to_link_nothing),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
