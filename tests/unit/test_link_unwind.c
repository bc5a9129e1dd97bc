/* lib/linker: .eh_frame and .eh_frame_hdr. */
#include "link_fixture.h"

/* Rows of .eh_frame_hdr. */
static unsigned count_rows(struct fixture *f)
{
    const Elf64_Phdr *table = fixture_segment(f, PT_GNU_EH_FRAME, 0);
    uint32_t n_rows;

    memcpy(&n_rows, fixture_at(f, table->p_vaddr + 8), 4);
    assert_int_equal(table->p_memsz, 12 + n_rows * 8);
    return n_rows;
}

/* Function and FDE of a row, and the function that the FDE itself names. */
static void check_table_row(struct fixture *f, unsigned index,
                            uint64_t function)
{
    const uint64_t table = fixture_segment(f, PT_GNU_EH_FRAME, 0)->p_vaddr;
    int32_t row[2], cie_distance, begin;
    uint64_t fde;

    memcpy(row, fixture_at(f, table + 12 + index * 8), 8);
    assert_int_equal(table + (uint64_t)(int64_t)row[0], function);
    fde = table + (uint64_t)(int64_t)row[1];
    memcpy(&begin, fixture_at(f, fde + 8), 4);
    assert_int_equal(fde + 8 + (uint64_t)(int64_t)begin, function);
    memcpy(&cie_distance, fixture_at(f, fde + 4), 4);
    /* The CIE: its id is 0 and its augmentation begins with z. */
    assert_memory_equal(
        fixture_at(f, fde + 4 - (uint64_t)(int64_t)cie_distance + 4),
        "\0\0\0\0\1z", 6);
}

static void
builds_a_sorted_search_table_without_discarded_functions(void **state)
{
    static const char same[] =
        ".section .text.same, \"axG\", @progbits, same, comdat\n.weak same\n"
        "func same\n.cfi_startproc\nret\n.cfi_endproc\n";
    struct fixture *f = *state;
    char text[512];
    uint32_t end;

    snprintf(text, sizeof(text),
             "%s.text\nfunc a\n.cfi_startproc\npush %%rbx\n"
             ".cfi_adjust_cfa_offset 8\nret\n.cfi_endproc\n",
             same);
    fixture_assemble(f, "a.o", text);
    snprintf(text, sizeof(text),
             "%s.text\nfunc b\n.cfi_startproc\nret\n.cfi_endproc\n", same);
    fixture_assemble(f, "b.o", text);
    fixture_image(f);
    assert_int_equal(count_rows(f), 3);
    {
        const uint64_t a = fixture_address(f, "a");
        const uint64_t b = fixture_address(f, "b");
        const uint64_t s = fixture_address(f, "same");

        assert_true(a < s && s < b); /* a.o: .text, .text.same; b.o: .text */
        check_table_row(f, 0, a);
        check_table_row(f, 1, s);
        check_table_row(f, 2, b);
    }
    memcpy(&end,
           fixture_at(f, fixture_section(f, ".eh_frame")->sh_addr +
                             fixture_section(f, ".eh_frame")->sh_size - 4),
           4);
    assert_int_equal(end, 0);
}

static void leaves_functions_without_code_out_of_the_search_table(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func empty\n.cfi_startproc\n.cfi_endproc\n"
                     "func lost\n.cfi_startproc\n"
                     ".cfi_personality 0x9b, reference\n"
                     ".cfi_lsda 0x1b, table\n.cfi_endproc\n"
                     "func full\n.cfi_startproc\nret\n.cfi_endproc\n"
                     ".section .gcc_except_table, \"a\"\nvar table\n"
                     ".quad 0\n.data\n.balign 8\nvar reference\n"
                     ".quad personality\n");
    fixture_image(f);
    assert_int_equal(count_rows(f), 1);
    check_table_row(f, 0, fixture_address(f, "full"));
}

static void keeps_unwind_tables_with_absolute_addresses_in_relro(void **state)
{
    struct fixture *f = *state;
    const Elf64_Phdr *relro;
    const Elf64_Shdr *section;
    uint64_t function;
    int32_t row[2];

    /* An FDE as gcc writes it for the large code model without PIC. */
    fixture_assemble(f, "a.o",
                     ".text\nnop\nfunc code\nret\n"
                     ".section .eh_frame, \"a\", @unwind\n.balign 8\n"
                     "1: .long 12, 0\n.byte 1, 0, 1, 0x78, 16, 0, 0, 0\n"
                     ".long 28, . - 1b\n.quad code, 1\n.quad 0\n");
    fixture_image(f);
    relro = fixture_segment(f, PT_GNU_RELRO, 0);
    section = fixture_section(f, ".eh_frame");
    function = fixture_address(f, "code");
    assert_true(section->sh_addr >= relro->p_vaddr &&
                section->sh_addr < relro->p_vaddr + relro->p_memsz);
    assert_int_equal(fixture_patch_at(f, section->sh_addr + 16 + 8).addend,
                     function);
    assert_int_equal(count_rows(f), 1);
    memcpy(row,
           fixture_at(f, fixture_segment(f, PT_GNU_EH_FRAME, 0)->p_vaddr + 12),
           8);
    assert_int_equal(fixture_segment(f, PT_GNU_EH_FRAME, 0)->p_vaddr +
                         (uint64_t)(int64_t)row[0],
                     function);
}

static void goes_on_behind_an_end_mark_in_the_middle(void **state)
{
    static const char text[] = ".text\nfunc f%u\n.cfi_startproc\nret\n"
                               ".cfi_endproc\n"
                               ".section .eh_frame, \"a\", @unwind\n"
                               ".long 0\n";
    struct fixture *f = *state;
    char copy[256];

    for (unsigned i = 0; i < 2; i++) {
        snprintf(copy, sizeof(copy), text, i);
        fixture_assemble(f, "a.o", copy);
    }
    fixture_image(f);
    assert_int_equal(count_rows(f), 2);
    check_table_row(f, 0, fixture_address(f, "f0"));
    check_table_row(f, 1, fixture_address(f, "f1"));
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(builds_a_sorted_search_table_without_discarded_functions),
        TEST(leaves_functions_without_code_out_of_the_search_table),
        TEST(keeps_unwind_tables_with_absolute_addresses_in_relro),
        TEST(goes_on_behind_an_end_mark_in_the_middle),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
