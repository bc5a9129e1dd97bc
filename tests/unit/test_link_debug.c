/* lib/linker: the file of debug information. */
#include "link_fixture.h"

/* ---- A look into the file ---- */

static const Elf64_Ehdr *file_header(const struct fixture *f)
{
    assert_true(f->result.debug.size > sizeof(Elf64_Ehdr));
    return (const void *)f->result.debug.data;
}

static const Elf64_Shdr *headers(const struct fixture *f)
{
    const Elf64_Ehdr *header = file_header(f);

    assert_true(header->e_shoff % 8 == 0);
    assert_int_equal(header->e_shoff + header->e_shnum * sizeof(Elf64_Shdr),
                     f->result.debug.size);
    return (const void *)(f->result.debug.data + header->e_shoff);
}

/* NULL: there is none. */
static const Elf64_Shdr *section(const struct fixture *f, const char *name)
{
    const Elf64_Shdr *table = headers(f);
    const Elf64_Ehdr *header = file_header(f);
    const char *names = (const char *)f->result.debug.data +
                        table[header->e_shstrndx].sh_offset;

    for (unsigned i = 1; i < header->e_shnum; i++)
        if (strcmp(names + table[i].sh_name, name) == 0)
            return &table[i];
    return NULL;
}

static const uint8_t *bytes_of(const struct fixture *f, const char *name)
{
    const Elf64_Shdr *found = section(f, name);

    assert_non_null(found);
    return f->result.debug.data + found->sh_offset;
}

static uint64_t word_at(const struct fixture *f, const char *name,
                        uint64_t offset)
{
    uint64_t word;

    assert_true(offset + 8 <= section(f, name)->sh_size);
    memcpy(&word, bytes_of(f, name) + offset, 8);
    return word;
}

static uint32_t half_at(const struct fixture *f, const char *name,
                        uint64_t offset)
{
    uint32_t half;

    assert_true(offset + 4 <= section(f, name)->sh_size);
    memcpy(&half, bytes_of(f, name) + offset, 4);
    return half;
}

/* NULL: not in .symtab. */
static const Elf64_Sym *symbol(const struct fixture *f, const char *name)
{
    const Elf64_Shdr *table = section(f, ".symtab");
    const Elf64_Sym *symbols = (const void *)bytes_of(f, ".symtab");
    const char *names = (const char *)bytes_of(f, ".strtab");

    assert_ptr_equal(section(f, ".strtab"), headers(f) + table->sh_link);
    for (size_t i = 1; i < table->sh_size / sizeof(Elf64_Sym); i++) {
        assert_int_equal(ELF64_ST_BIND(symbols[i].st_info) != STB_LOCAL,
                         i >= table->sh_info);
        if (strcmp(names + symbols[i].st_name, name) == 0)
            return &symbols[i];
    }
    return NULL;
}

/* ---- Tests ---- */

static const char plain[] = ".text\nfunc f\nret\nret\n"
                            ".data\nvar v\n.quad 0\n";

static void makes_no_file_without_debug_information(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", plain);
    fixture_image(f);
    assert_int_equal(f->result.debug.size, 0);
}

static void keeps_debug_information_out_of_the_image(void **state)
{
    struct fixture *f = *state;
    struct link_input with;
    struct buffer without;
    char text[256];

    snprintf(text, sizeof(text),
             "%s.section .debug_info, \"\", @progbits\n.quad f, v\n", plain);
    fixture_assemble(f, "a.o", plain);
    fixture_assemble(f, "a.o", text);
    f->n_inputs = 1;
    fixture_image(f);
    without = f->result.image;
    buffer_init(&f->result.image);
    link_result_release(&f->result);
    f->linked = false;

    with = f->inputs[1];
    f->inputs[1] = f->inputs[0];
    f->inputs[0] = with;
    fixture_image(f);
    f->n_inputs = 2;
    assert_int_equal(f->result.image.size, without.size);
    assert_memory_equal(f->result.image.data, without.data, without.size);
    assert_true(f->result.debug.size > 0);
    buffer_release(&without);
}

static void shows_the_sections_of_the_image_where_they_are(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".text\nfunc f\nret\n.bss\nvar b\n.zero 64\n"
                     ".section .debug_line, \"\", @progbits\n.byte 1\n");
    fixture_image(f);

    const Elf64_Ehdr *image = (const void *)f->result.image.data;
    const Elf64_Ehdr *file = file_header(f);
    const Elf64_Phdr *segments = (const void *)(file + 1);

    assert_int_equal(file->e_type, ET_DYN);
    assert_int_equal(file->e_machine, image->e_machine);
    assert_int_equal(file->e_phnum, image->e_phnum);
    assert_int_equal(segments[0].p_type, PT_LOAD);
    assert_int_equal(segments[0].p_memsz,
                     fixture_segment(f, PT_LOAD, 0)->p_memsz);
    assert_true(segments[0].p_filesz <
                fixture_segment(f, PT_LOAD, 0)->p_filesz);
    assert_int_equal(segments[1].p_type, PT_LOAD);
    assert_int_equal(segments[1].p_filesz, 0);
    /* All but the image's names of sections, which have no address. */
    for (unsigned i = 1; i + 1 < image->e_shnum; i++) {
        const Elf64_Shdr *here = headers(f) + i;
        const Elf64_Shdr *there =
            (const Elf64_Shdr *)(const void *)(f->result.image.data +
                                               image->e_shoff) +
            i;

        if (here != section(f, ".eh_frame") &&
            here != section(f, ".eh_frame_hdr"))
            assert_int_equal(here->sh_type, SHT_NOBITS);
        assert_int_equal(here->sh_addr, there->sh_addr);
        assert_int_equal(here->sh_size, there->sh_size);
        assert_int_equal(here->sh_flags, there->sh_flags);
    }
    assert_non_null(section(f, ".bss"));
}

static void has_the_unwind_table(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".text\nfunc f\n.cfi_startproc\nret\n.cfi_endproc\n"
                     ".section .debug_line, \"\", @progbits\n.byte 1\n");
    fixture_image(f);

    const Elf64_Shdr *table = section(f, ".eh_frame");

    assert_int_equal(table->sh_type, SHT_PROGBITS);
    /* Inside the segment, as debuggers expect it. */
    assert_int_equal(
        table->sh_offset + table->sh_size,
        ((const Elf64_Phdr *)(const void *)(file_header(f) + 1))->p_filesz);
    assert_memory_equal(bytes_of(f, ".eh_frame"), fixture_at(f, table->sh_addr),
                        table->sh_size);
}

static void resolves_addresses_and_offsets(void **state)
{
    struct fixture *f = *state;
    const char *info = ".debug_info";

    for (unsigned i = 0; i < 2; i++) {
        char text[512];

        snprintf(text, sizeof(text),
                 ".text\nfunc f%u\nret\n.Lend:\n.data\nvar v%u\n.quad 0\n"
                 ".section .debug_str, \"MS\", @progbits, 1\n"
                 ".asciz \"x\"\n.Lname: .asciz \"name%u\"\n"
                 ".section .debug_info, \"\", @progbits\n"
                 ".long .Lname\n.quad .Lend, v%u + 4\n.long .debug_str\n",
                 i, i, i, i);
        fixture_assemble(f, i ? "b.o" : "a.o", text);
    }
    fixture_image(f);
    assert_int_equal(section(f, info)->sh_size, 2 * 24);
    assert_int_equal(section(f, info)->sh_addr, 0);
    assert_int_equal(section(f, info)->sh_flags, 0);
    for (unsigned i = 0; i < 2; i++) {
        const char *strings = (const char *)bytes_of(f, ".debug_str");
        const char *const names[2][3] = {{"f0", "v0", "name0"},
                                         {"f1", "v1", "name1"}};
        const uint64_t at = i * 24;

        assert_string_equal(strings + half_at(f, info, at), names[i][2]);
        assert_int_equal(word_at(f, info, at + 4),
                         fixture_address(f, names[i][0]) + 1);
        assert_int_equal(word_at(f, info, at + 12),
                         fixture_address(f, names[i][1]) + 4);
        assert_string_equal(strings + half_at(f, info, at + 20), "x");
    }
}

static void resolves_thread_local_variables_to_offsets(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".section .tdata, \"awT\", @progbits\n.quad 0\n"
                     ".type t, @object\n.size t, 8\nt: .quad 7\n"
                     ".section .debug_info, \"\", @progbits\n"
                     ".quad t@dtpoff\n.long t@dtpoff, 0\n");
    fixture_image(f);
    assert_int_equal(word_at(f, ".debug_info", 0), 8);
    assert_int_equal(half_at(f, ".debug_info", 8), 8);
    assert_int_equal(ELF64_ST_TYPE(symbol(f, "t")->st_info), STT_TLS);
    assert_int_equal(symbol(f, "t")->st_value, 8);
}

/* The second copy of an inline function, and what nobody defines. */
static void marks_what_is_not_in_the_image(void **state)
{
    static const char text[] =
        ".section .text.same, \"axG\", @progbits, same, comdat\n"
        ".weak same\nfunc same\nret\n.Lsame:\n"
        ".macro refer name\n.section \\name, \"\", @progbits\n"
        ".quad .Lsame, same, nowhere\n.endm\n"
        "refer .debug_info\nrefer .debug_ranges\nrefer .debug_loc\n"
        "refer .debug_names\n";
    static const struct {
        const char *name;
        uint64_t mark;
    } sections[] = {
        {".debug_info", 0},
        {".debug_ranges", 1},
        {".debug_loc", 1},
        {".debug_names", UINT64_MAX},
    };
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", text);
    fixture_assemble(f, "b.o", text);
    fixture_image(f);
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        const char *name = sections[i].name;
        const uint64_t same = fixture_address(f, "same");

        assert_int_equal(word_at(f, name, 0), same + 1);
        assert_int_equal(word_at(f, name, 8), same);
        assert_int_equal(word_at(f, name, 16), sections[i].mark);
        assert_int_equal(word_at(f, name, 24), sections[i].mark);
        /* The name means the copy that was taken. */
        assert_int_equal(word_at(f, name, 32), same);
    }
    /* To be described makes no import. */
    assert_int_equal(f->result.n_imports, 0);
}

static void leaves_out_what_belongs_to_a_discarded_group(void **state)
{
    static const char text[] =
        ".section .debug_types, \"G\", @progbits, type, comdat\n.quad 5\n"
        ".section .debug_info, \"\", @progbits\n.long .debug_types, 1\n";
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", text);
    fixture_assemble(f, "b.o", text);
    fixture_image(f);
    assert_int_equal(section(f, ".debug_types")->sh_size, 8);
    assert_int_equal(section(f, ".debug_info")->sh_size, 16);
}

static void lists_local_functions_and_variables(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(
        f, "a.o",
        ".text\n.globl shown\nfunc shown\nnop\n.type hidden, @function\n"
        "hidden: ret\n.size hidden, 1\n.Lquiet: ret\n"
        ".bss\nvar v\n.zero 8\n"
        ".section .debug_line, \"\", @progbits\n.byte 1\n");
    fixture_export(f, "shown");
    fixture_image(f);

    const Elf64_Sym *hidden = symbol(f, "hidden");
    const Elf64_Sym *shown = symbol(f, "shown");

    assert_non_null(hidden);
    assert_int_equal(hidden->st_info, ELF64_ST_INFO(STB_LOCAL, STT_FUNC));
    assert_int_equal(hidden->st_value, fixture_address(f, "shown") + 1);
    assert_int_equal(hidden->st_size, 1);
    assert_ptr_equal(headers(f) + hidden->st_shndx, section(f, ".text"));
    assert_int_equal(shown->st_info, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC));
    assert_int_equal(symbol(f, "v")->st_value, fixture_address(f, "v"));
    assert_null(symbol(f, ".Lquiet"));
}

static void aligns_parts_no_more_than_a_word(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 2; i++)
        fixture_assemble(f, i ? "b.o" : "a.o",
                         ".section .debug_frame, \"\", @progbits\n"
                         ".balign 4096\n.byte 1\n");
    fixture_image(f);
    assert_int_equal(section(f, ".debug_frame")->sh_size % 8, 1);
    assert_true(section(f, ".debug_frame")->sh_addralign == 8);
}

/* It may come with a library that nobody here has made. */
static void leaves_out_compressed_debug_information(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".section .debug_str, \"\", @progbits\n.byte 1\n"
                     ".section .debug_info, \"\", @progbits\n"
                     ".long .debug_str\n");
    fixture_assemble(f, "b.o",
                     ".section .debug_str, \"\", @progbits\n.byte 2\n"
                     ".section .zdebug_info, \"\", @progbits\n.byte 2\n");
    fixture_assemble(f, "c.o",
                     ".section .debug_str, \"\", @progbits\n.byte 3\n");
    fixture_image(f);
    assert_int_equal(section(f, ".debug_str")->sh_size, 2);
    assert_int_equal(bytes_of(f, ".debug_str")[1], 3);
    assert_null(section(f, ".zdebug_info"));
    link_result_release(&f->result);
    f->linked = false;
    fixture_input_section(f, 0, ".debug_str")->sh_flags |= SHF_COMPRESSED;
    fixture_image(f);
    assert_int_equal(section(f, ".debug_str")->sh_size, 1);
    assert_null(section(f, ".debug_info"));
}

static void leaves_out_all_if_asked_to(void **state)
{
    struct fixture *f = *state;
    struct link_params params = {.strip_debug = true};

    fixture_assemble(f, "a.o",
                     ".section .debug_info, \"\", @progbits\n.byte 1\n");
    params.inputs = f->inputs;
    params.n_inputs = f->n_inputs;
    assert_int_equal(link_image(&params, &f->result, &f->err), STATUS_OK);
    f->linked = true;
    assert_int_equal(f->result.debug.size, 0);
}

static void leaves_out_what_is_for_linkers(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".section .debug_info.dwo, \"e\", @progbits\n.byte 1\n"
                     ".section .comment2, \"\", @progbits\n.byte 1\n");
    fixture_image(f);
    assert_int_equal(f->result.debug.size, 0);
}

static void refuses_relocations_that_need_an_address(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".text\nfunc f\nret\n"
                     ".section .debug_info, \"\", @progbits\n.byte 0\n"
                     ".long f - .\n");
    fixture_refused(f, STATUS_UNSUPPORTED,
                    "a.o: .debug_info+0x1: R_X86_64_PC32",
                    "debug information has no address");
}

static void refuses_relocations_outside_their_section(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".text\nfunc f\nret\n"
                     ".section .debug_info, \"\", @progbits\n.quad f\n");
    fixture_input_section(f, 0, ".debug_info")->sh_size = 7;
    fixture_refused(f, STATUS_CORRUPT, ".debug_info+0x0: R_X86_64_64",
                    "outside the section of 0x7 bytes");
}

static void refuses_addresses_that_do_not_fit(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".text\nfunc f\nret\n"
                     ".section .debug_info, \"\", @progbits\n"
                     ".long f - 0x10000000\n");
    fixture_refused(f, STATUS_OUT_OF_RANGE, ".debug_info+0x0: R_X86_64_32",
                    "does not fit in 32 bits");
}

/* What this compiler makes of C, with all the kinds of references it knows. */
static void links_debug_information_of_a_compiler(void **state)
{
    static const char text[] =
        "static _Thread_local int t; int v = 3;\n"
        "static int twice(int x) { return 2 * x + t++; }\n"
        "int f(int x) { for (int i = 0; i < x; i++) v += twice(i); return v; }";
    struct fixture *f = *state;

    fixture_compile(f, "a.o", "-g", text);
    fixture_export(f, "f");
    fixture_image(f);
    assert_non_null(section(f, ".debug_info"));
    assert_non_null(section(f, ".debug_line"));
    assert_non_null(section(f, ".debug_abbrev"));
    assert_non_null(symbol(f, "t"));
    assert_null(fixture_section(f, ".debug_info"));
    for (unsigned i = 1; i < file_header(f)->e_shnum; i++)
        assert_int_not_equal(headers(f)[i].sh_type, SHT_RELA);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(makes_no_file_without_debug_information),
        TEST(keeps_debug_information_out_of_the_image),
        TEST(shows_the_sections_of_the_image_where_they_are),
        TEST(has_the_unwind_table),
        TEST(resolves_addresses_and_offsets),
        TEST(resolves_thread_local_variables_to_offsets),
        TEST(marks_what_is_not_in_the_image),
        TEST(leaves_out_what_belongs_to_a_discarded_group),
        TEST(lists_local_functions_and_variables),
        TEST(aligns_parts_no_more_than_a_word),
        TEST(leaves_out_compressed_debug_information),
        TEST(leaves_out_all_if_asked_to),
        TEST(leaves_out_what_is_for_linkers),
        TEST(refuses_relocations_that_need_an_address),
        TEST(refuses_relocations_outside_their_section),
        TEST(refuses_addresses_that_do_not_fit),
        TEST(links_debug_information_of_a_compiler),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
