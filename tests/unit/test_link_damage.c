/* lib/linker: objects with any bytes. The linker links them or reports the
 * defect, and stays inside them (the sanitizers watch). */
#include "link_machines.h"

#include <stdlib.h>

/* A bit of everything that has code of its own in the linker. */
static const char sample[] =
    ".section .text.same, \"axG\", @progbits, same, comdat\n"
    ".weak same\nfunc same\n.cfi_startproc\n"
    "call outside@PLT\nmovq own@GOTPCREL(%rip), %rax\nret\n"
    ".cfi_endproc\n"
    ".text\n.globl own\n"
    ".type own, @gnu_indirect_function\nown: ret\n"
    "leaq v@TLSGD(%rip), %rdi\n"
    ".section .tdata, \"awT\"\n.globl v\n.type v, @object\nv: .quad 1\n"
    ".section .ctors, \"aw\"\n.balign 8\n.quad -1, same, 0\n"
    ".section names, \"aw\"\n.quad __start_names\n"
    ".data\n.quad outside, same\n.comm shared, 16, 8\n";

static const char arm_sample[] =
    ".syntax unified\n"
    ".section .text.same, \"axG\", %progbits, same, comdat\n.arm\n"
    ".weak same\nfunc same\n.fnstart\n"
    "bl outside\nbl own\nb thumb\nmovw r0, :lower16:(v2-.)\nbx lr\n"
    ".save {r4, lr}\n.fnend\n"
    ".section .init, \"ax\", %progbits\n.arm\nbl same\n"
    ".text\n.thumb\n.globl thumb\n.thumb_func\nfunc thumb\n.fnstart\n"
    "bl same\nbne.w same\nb.w outside\nbx lr\n.balign 4\n"
    ".long v(tlsgd), v(gottpoff), outside(GOT_PREL), own(GOT_PREL)\n"
    ".personality outside\n.handlerdata\n.long same(target2)\n.fnend\n"
    ".globl own\n.type own, %gnu_indirect_function\n.thumb_func\n"
    "own: bx lr\n"
    ".section .tdata, \"awT\", %progbits\n"
    ".globl v\n.type v, %object\nv: .long 1\n"
    ".section .init_array, \"aw\", %init_array\n.balign 4\n"
    ".long same(target1)\n"
    ".data\nv2: .long outside, same, thumb + 1\n.comm shared, 16, 8\n"
    ".eabi_attribute 28, 1\n.eabi_attribute 67, \"2.09\"\n"
    ".cpu cortex-a8\n";

/* Of AArch64: page pairs, the GOT, TLS, a note of properties. */
static const char aarch64_sample[] =
    ".text\n.globl same\nfunc same\n.cfi_startproc\n"
    "adrp x0, :got:v\nldr x0, [x0, :got_lo12:v]\n"
    "adrp x0, :got:outside\nldr x0, [x0, :got_lo12:outside]\n"
    "adrp x0, :tlsdesc:t\nldr x1, [x0, :tlsdesc_lo12:t]\n"
    ".tlsdesccall t\nblr x1\n"
    "adrp x0, v\nldr x0, [x0, :lo12:v]\n"
    "bl outside\nb.eq same\nret\n.cfi_endproc\n"
    ".section .tbss, \"awT\", @nobits\n.type t, @object\nt: .zero 8\n"
    ".data\n.balign 8\n.globl v\nvar v\n.quad v, outside\n"
    ".section .note.gnu.property, \"a\", @note\n.balign 8\n"
    ".word 4, 16, 5\n.asciz \"GNU\"\n.word 0xc0000000, 4, 3, 0\n";

/* Of riscv64: high and low parts, differences, padding. */
static const char riscv64_sample[] =
    ".text\n.globl same\nfunc same\n.cfi_startproc\n"
    "la a0, v\nla a0, outside\nlla a0, v\nla.tls.gd a0, t\n"
    "call outside\nbeqz a0, same\n"
    ".reloc ., R_RISCV_ALIGN, 0\nret\n.cfi_endproc\n"
    ".section .tbss, \"awT\", @nobits\n.type t, @object\nt: .zero 8\n"
    ".data\n.balign 8\n.globl v\nvar v\n.quad v, outside\n"
    ".reloc ., R_RISCV_ADD32, v\n.reloc ., R_RISCV_SUB32, same\n.word 0\n"
    ".reloc ., R_RISCV_SET_ULEB128, v + 9\n"
    ".reloc ., R_RISCV_SUB_ULEB128, v\n.byte 0x80, 0\n";

static const struct {
    const struct foreign *foreign; /* NULL: this machine */
    const char *text;
} samples[] = {
    {NULL, sample},
    {&foreign_arm, arm_sample},
    {&foreign_aarch64, aarch64_sample},
    {&foreign_riscv64, riscv64_sample},
};

/* Those that can be made here. */
static size_t count_samples(void)
{
    return *LINK_TEST_CLANG ? sizeof(samples) / sizeof(samples[0]) : 1;
}

static void make_sample(struct fixture *f)
{
    fixture_assemble(f, "a.o", sample);
}

static struct fixture *setup_sample(void **state, size_t index)
{
    struct fixture *f;

    assert_int_equal(fixture_setup(state), 0);
    f = *state;
    f->foreign = samples[index].foreign;
    fixture_assemble(f, "a.o", samples[index].text);
    return f;
}

/* Links the bytes; what comes of it does not matter, but it must be the one
 * or the other. */
static void try_bytes(const uint8_t *bytes, size_t size)
{
    const struct link_input input = {"a.o", {bytes, size}, false};
    static const char *const exports[] = {"same", "v", "shared"};
    const struct link_params params = {
        .inputs = &input, .n_inputs = 1, .exports = exports, .n_exports = 3};
    struct link_result result;
    struct error err = {.status = STATUS_OK};
    const enum status status = link_image(&params, &result, &err);

    assert_int_equal(status, err.status);
    if (status == STATUS_OK) {
        assert_true(result.span % result.machine->page_size == 0);
        for (size_t i = 0; i < result.n_functions; i++)
            assert_true(result.functions[i].address <= result.span &&
                        result.functions[i].size <=
                            result.span - result.functions[i].address);
        link_result_release(&result);
    } else {
        assert_true(err.message[0]);
        assert_null(strchr(err.message, '\n'));
    }
}

static void change_every_byte(uint8_t *bytes, size_t size)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};

    for (size_t i = 0; i < size; i++) {
        for (size_t m = 0; m < sizeof(masks); m++) {
            bytes[i] ^= masks[m];
            try_bytes(bytes, size);
            bytes[i] ^= masks[m];
        }
    }
}

static void survives_every_byte_changed(void **state)
{
    for (size_t i = 0; i < count_samples(); i++) {
        struct fixture *f = setup_sample(state, i);

        fixture_image(f);
        change_every_byte(fixture_input_bytes(f, 0), f->inputs[0].object.size);
        fixture_teardown(state);
    }
}

static void survives_every_length(void **state)
{
    for (size_t i = 0; i < count_samples(); i++) {
        struct fixture *f = setup_sample(state, i);

        for (size_t size = 0; size < f->inputs[0].object.size; size++) {
            uint8_t *cut = malloc(size ? size : 1);

            assert_non_null(cut);
            memcpy(cut, f->inputs[0].object.data, size);
            try_bytes(cut, size);
            free(cut);
        }
        fixture_teardown(state);
    }
}

/* ---- What is wrong, in words ---- */

static Elf64_Ehdr *header_of(struct fixture *f)
{
    return (Elf64_Ehdr *)(void *)fixture_input_bytes(f, 0);
}

static void refuses_what_is_no_elf_file(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    header_of(f)->e_ident[0] = 0;
    fixture_refused(f, STATUS_CORRUPT, "a.o", "not an ELF file");
}

static void refuses_other_machines_by_number(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    header_of(f)->e_machine = EM_SPARCV9;
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: ELF machine 43",
                    "not handled");
}

static void refuses_big_endian_objects(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    header_of(f)->e_ident[EI_DATA] = ELFDATA2MSB;
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o", "little-endian");
}

static void refuses_what_is_already_linked(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    header_of(f)->e_type = ET_DYN;
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: ELF type 3", "relocatable");
}

static void refuses_section_headers_outside_the_file(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    header_of(f)->e_shoff = f->inputs[0].object.size - 100;
    fixture_refused(f, STATUS_CORRUPT, "a.o", "section headers");
}

static void refuses_a_section_outside_the_file(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    fixture_input_section(f, 0, ".data")->sh_offset = UINT64_MAX - 3;
    fixture_refused(f, STATUS_CORRUPT, "a.o: section", "outside the file");
}

static void refuses_alignment_that_is_no_power_of_two(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    fixture_input_section(f, 0, ".data")->sh_addralign = 24;
    fixture_refused(f, STATUS_CORRUPT, "a.o: section", "power of two");
}

static void refuses_names_outside_their_table(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    fixture_input_section(f, 0, ".data")->sh_name = 100000;
    fixture_refused(f, STATUS_CORRUPT, "a.o: section", "name is outside");
}

static void refuses_a_string_table_without_an_end(void **state)
{
    struct fixture *f = *state;
    const Elf64_Shdr *section;

    make_sample(f);
    section = fixture_input_section(f, 0, ".strtab");
    fixture_input_bytes(f, 0)[section->sh_offset + section->sh_size - 1] = 'x';
    fixture_refused(f, STATUS_CORRUPT, "a.o: section", "not a string table");
}

static Elf64_Sym *find_symbol(struct fixture *f, const char *name)
{
    uint8_t *bytes = fixture_input_bytes(f, 0);
    const Elf64_Shdr *section = fixture_input_section(f, 0, ".symtab");
    const Elf64_Shdr *names = fixture_input_section(f, 0, ".strtab");
    Elf64_Sym *symbols = (void *)(bytes + section->sh_offset);

    for (size_t i = 0; i < section->sh_size / sizeof(*symbols); i++)
        if (strcmp((char *)bytes + names->sh_offset + symbols[i].st_name,
                   name) == 0)
            return &symbols[i];
    fail_msg("no '%s'", name);
    return NULL;
}

static void refuses_a_symbol_outside_its_section(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    find_symbol(f, "v")->st_value = 9; /* of 8 bytes */
    fixture_refused(f, STATUS_CORRUPT, "a.o: symbol", "outside its section");
}

static void refuses_a_symbol_of_no_section(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    find_symbol(f, "v")->st_shndx = 200;
    fixture_refused(f, STATUS_CORRUPT, "a.o: symbol", "does not exist");
}

static Elf64_Rela *first_relocation(struct fixture *f, const char *section)
{
    return (void *)(fixture_input_bytes(f, 0) +
                    fixture_input_section(f, 0, section)->sh_offset);
}

static void refuses_a_relocation_by_no_symbol(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    first_relocation(f, ".rela.data")->r_info = ELF64_R_INFO(5000, 1);
    fixture_refused(f, STATUS_CORRUPT, "a.o: .rela.data", "symbol 5000");
}

static void refuses_a_relocation_outside_its_section(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    first_relocation(f, ".rela.data")->r_offset = UINT64_MAX - 3;
    fixture_refused(f, STATUS_CORRUPT, "a.o: .data+0xfffffffffffffffc",
                    "outside the section");
}

static void refuses_implicit_addends_on_this_machine(void **state)
{
    struct fixture *f = *state;

    make_sample(f);
    fixture_input_section(f, 0, ".rela.data")->sh_type = SHT_REL;
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: .rela.data", "type 0x9");
}

static void refuses_unwind_records_that_are_cut_off(void **state)
{
    struct fixture *f = *state;
    uint32_t *length;

    make_sample(f);
    length = (void *)(fixture_input_bytes(f, 0) +
                      fixture_input_section(f, 0, ".eh_frame")->sh_offset);
    *length = 4000;
    fixture_refused(f, STATUS_CORRUPT, "a.o: .eh_frame+0x0", "cut off");
}

static void refuses_an_fde_without_its_cie(void **state)
{
    struct fixture *f = *state;
    uint8_t *records;
    uint32_t cie_size, distance = 3;

    make_sample(f);
    records = fixture_input_bytes(f, 0) +
              fixture_input_section(f, 0, ".eh_frame")->sh_offset;
    memcpy(&cie_size, records, 4);
    memcpy(records + cie_size + 4 + 4, &distance, 4);
    fixture_refused(f, STATUS_CORRUPT, "a.o: .eh_frame+0x18", "CIE");
}

static void refuses_unwind_records_of_other_formats(void **state)
{
    static const struct {
        uint32_t length;
        enum status status;
        const char *message;
    } rows[] = {
        {UINT32_MAX, STATUS_UNSUPPORTED, "64-bit format"},
        {3, STATUS_CORRUPT, "too short"},
    };

    for (size_t i = 0; i < 2; i++) {
        struct fixture *f;

        assert_int_equal(fixture_setup(state), 0);
        f = *state;
        make_sample(f);
        memcpy(fixture_input_bytes(f, 0) +
                   fixture_input_section(f, 0, ".eh_frame")->sh_offset,
               &rows[i].length, 4);
        fixture_refused(f, rows[i].status, "a.o: .eh_frame+0x0",
                        rows[i].message);
        fixture_teardown(state);
    }
}

static void refuses_a_group_member_that_does_not_exist(void **state)
{
    struct fixture *f = *state;
    const Elf64_Shdr *group;
    uint32_t member = 1000;

    /* Members only matter where the group is not the first. */
    make_sample(f);
    make_sample(f);
    group = fixture_input_section(f, 1, ".group");
    memcpy(fixture_input_bytes(f, 1) + group->sh_offset + 4, &member, 4);
    fixture_refused(f, STATUS_CORRUPT, "a.o: .group", "member 1000");
}

static void refuses_a_second_list_of_relocations(void **state)
{
    struct fixture *f = *state;
    Elf64_Shdr *data, *names;

    make_sample(f);
    data = fixture_input_section(f, 0, ".rela.data");
    names = fixture_input_section(f, 0, ".relanames");
    names->sh_info = data->sh_info;
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: .rela",
                    "second list of relocations of .data");
}

static void refuses_a_section_of_more_than_a_tebibyte(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".bss\n.zero 8\n");
    fixture_input_section(f, 0, ".bss")->sh_size = (UINT64_C(1) << 40) + 1;
    fixture_refused(f, STATUS_CORRUPT, "a.o: section", "1 TiB");
}

static void refuses_an_image_larger_than_the_address_space(void **state)
{
    struct fixture *f = *state;
    char text[80 * 64];
    size_t size = 0;

    for (unsigned i = 0; i < 65; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size,
                                 ".section .bss.%u, \"aw\", @nobits\n"
                                 ".zero 0x10000000000\n",
                                 i);
    fixture_assemble(f, "a.o", text);
    fixture_refused(f, STATUS_OUT_OF_RANGE, "a.o: .bss", "0x400000000000");
}

static void leaves_the_result_alone_when_it_fails(void **state)
{
    struct fixture *f = *state;
    const struct link_params params = {.inputs = f->inputs, .n_inputs = 1};
    struct link_result result, before;

    make_sample(f);
    header_of(f)->e_ident[0] = 0;
    memset(&result, 0x5a, sizeof(result));
    before = result;
    assert_int_equal(link_image(&params, &result, NULL), STATUS_CORRUPT);
    assert_memory_equal(&result, &before, sizeof(result));
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_every_byte_changed),
        cmocka_unit_test(survives_every_length),
        TEST(refuses_what_is_no_elf_file),
        TEST(refuses_other_machines_by_number),
        TEST(refuses_big_endian_objects),
        TEST(refuses_what_is_already_linked),
        TEST(refuses_section_headers_outside_the_file),
        TEST(refuses_a_section_outside_the_file),
        TEST(refuses_alignment_that_is_no_power_of_two),
        TEST(refuses_names_outside_their_table),
        TEST(refuses_a_string_table_without_an_end),
        TEST(refuses_a_symbol_outside_its_section),
        TEST(refuses_a_symbol_of_no_section),
        TEST(refuses_a_relocation_by_no_symbol),
        TEST(refuses_a_relocation_outside_its_section),
        TEST(refuses_implicit_addends_on_this_machine),
        TEST(refuses_unwind_records_that_are_cut_off),
        TEST(refuses_an_fde_without_its_cie),
        cmocka_unit_test(refuses_unwind_records_of_other_formats),
        TEST(refuses_a_group_member_that_does_not_exist),
        TEST(refuses_a_second_list_of_relocations),
        TEST(refuses_a_section_of_more_than_a_tebibyte),
        TEST(refuses_an_image_larger_than_the_address_space),
        TEST(leaves_the_result_alone_when_it_fails),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
