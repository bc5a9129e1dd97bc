/* lib/linker: what an image of 32-bit ARM has beside code: ELF32 tables,
 * addends in words, pointers to Thumb code, unwind tables, a convention for
 * floating point. */
#include "link_machines.h"

#include <stdlib.h>

#include "machine.h"

static int setup(void **state)
{
    return fixture_setup_for(state, &foreign_arm);
}

static uint32_t word(struct fixture *f, uint64_t address)
{
    return (uint32_t)fixture_word(f, address);
}

/* ---- Headers ---- */

static void writes_elf32_headers(void **state)
{
    struct fixture *f = *state;
    Elf32_Ehdr header;
    Elf32_Phdr first;
    Elf32_Shdr section;

    fixture_assemble(f, "a.o",
                     ".text\n.arm\nfunc code\nbx lr\n"
                     ".data\n.balign 4\nvar table\n.long code\n");
    fixture_image(f);
    memcpy(&header, f->result.image.data, sizeof(header));
    assert_memory_equal(header.e_ident,
                        "\x7f"
                        "ELF\1\1\1",
                        7);
    assert_int_equal(header.e_type, ET_DYN);
    assert_int_equal(header.e_machine, EM_ARM);
    assert_int_equal(header.e_flags & EF_ARM_EABIMASK, EF_ARM_EABI_VER5);
    assert_int_equal(header.e_phoff, 52);
    assert_int_equal(header.e_ehsize, 52);
    assert_int_equal(header.e_phentsize, 32);
    assert_int_equal(header.e_shentsize, 40);
    memcpy(&first, f->result.image.data + 52, sizeof(first));
    assert_int_equal(first.p_type, PT_LOAD);
    assert_int_equal(first.p_flags, PF_R | PF_X);
    assert_int_equal(first.p_align, 65536);
    assert_int_equal(first.p_filesz, f->segments[0].p_filesz);
    assert_int_equal(f->result.image.size,
                     header.e_shoff + header.e_shnum * sizeof(section));
    memcpy(&section, f->result.image.data + header.e_shoff + sizeof(section),
           sizeof(section));
    assert_int_equal(section.sh_type, SHT_DYNSYM);
    assert_int_equal(section.sh_entsize, sizeof(Elf32_Sym));
    assert_int_equal(fixture_tag(f, DT_SYMENT), sizeof(Elf32_Sym));
    assert_int_equal(fixture_tag(f, DT_RELRENT), 4);
    assert_int_equal(fixture_tag(f, DT_RELA), UINT64_MAX);
}

/* Systems have smaller pages than the largest, for which the image is laid
 * out: what is behind its last one is not the image's. */
static void protects_nothing_behind_its_last_page(void **state)
{
    struct fixture *f = *state;
    const Elf64_Phdr *load, *relro;

    fixture_assemble(f, "a.o", ".text\n.arm\nfunc code\nbx lr\n");
    fixture_image(f);
    load = fixture_segment(f, PT_LOAD, 1);
    relro = fixture_segment(f, PT_GNU_RELRO, 0);
    assert_null(fixture_segment(f, PT_LOAD, 2));
    assert_int_equal(relro->p_vaddr, load->p_vaddr);
    assert_int_equal((relro->p_vaddr + relro->p_memsz) % PAGE, 0);
    assert_true(relro->p_memsz - load->p_memsz < PAGE);
    fixture_teardown(state);

    assert_int_equal(setup(state), 0);
    f = *state;
    fixture_assemble(f, "a.o", ".data\nvar data\n.long 1\n");
    fixture_image(f);
    relro = fixture_segment(f, PT_GNU_RELRO, 0);
    assert_int_equal((relro->p_vaddr + relro->p_memsz) % PAGE, 0);
    assert_true(relro->p_vaddr + relro->p_memsz <=
                fixture_segment(f, PT_LOAD, 2)->p_vaddr);
}

/* ---- Work for the loader ---- */

static void leaves_addends_in_the_words_that_they_are_added_to(void **state)
{
    struct fixture *f = *state;
    uint64_t data, got;
    struct patch patch;

    fixture_assemble(
        f, "a.o",
        ".text\n.arm\nfunc code\n"
        ".long here(GOT_PREL), outside(GOT_PREL), own(tlsgd), own(tlsldm), "
        "own(gottpoff), far(tlsgd), far(gottpoff)\n"
        ".data\n.balign 4\nvar data\n"
        ".long here + 4, outside + 8, outside\n"
        ".byte 1\n.long here + 2\n" /* no multiple of 4: not packed */
        ".globl here\nvar here\n.long 0\n"
        ".section .tdata, \"awT\", %progbits\n.long 0, 0\n"
        ".globl own\n.type own, %object\nown: .long 5\n");
    fixture_image(f);
    data = fixture_address(f, "data");
    patch = fixture_patch_at(f, data);
    assert_true(patch.packed);
    assert_int_equal(patch.addend, fixture_address(f, "here") + 4);
    patch = fixture_patch_at(f, data + 4);
    assert_int_equal(patch.type, R_ARM_ABS32);
    assert_string_equal(patch.symbol, "outside");
    assert_int_equal(patch.addend, 8);
    patch = fixture_patch_at(f, data + 8);
    assert_int_equal(patch.type, R_ARM_ABS32);
    assert_int_equal(patch.addend, 0);
    patch = fixture_patch_at(f, data + 13);
    assert_int_equal(patch.type, R_ARM_RELATIVE);
    assert_false(patch.packed);
    assert_int_equal(patch.addend, fixture_address(f, "here") + 2);
    assert_int_equal(fixture_tag(f, DT_RELCOUNT), 1);
    assert_int_equal(fixture_tag(f, DT_RELENT), 8);

    got = fixture_section(f, ".got")->sh_addr;
    static const struct {
        unsigned type;
        const char *symbol;
        uint32_t word;
    } wanted[] = {
        {R_ARM_GLOB_DAT, "outside", 0}, {R_ARM_RELATIVE, "", 0},
        {R_ARM_TLS_DTPMOD32, "", 0},    {R_ARM_NONE, "", 8},
        {R_ARM_TLS_DTPMOD32, "", 0},    {R_ARM_NONE, "", 0},
        {R_ARM_TLS_TPOFF32, "", 8},     {R_ARM_TLS_DTPMOD32, "far", 0},
        {R_ARM_TLS_DTPOFF32, "far", 0}, {R_ARM_TLS_TPOFF32, "far", 0},
    };

    assert_true(fixture_patch_at(f, got + 4).packed);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        patch = fixture_patch_at(f, got + i * 4);
        if (wanted[i].type == R_ARM_RELATIVE)
            continue;
        assert_int_equal(patch.type, wanted[i].type);
        assert_string_equal(patch.symbol, wanted[i].symbol);
        assert_int_equal(word(f, got + i * 4), wanted[i].word);
    }
    assert_int_equal(fixture_tag(f, DT_FLAGS) & DF_STATIC_TLS, DF_STATIC_TLS);
}

/* A bitmap is about 31 words: 70 pointers take an address and 3 of them. */
static void packs_pointers_in_bitmaps_of_31(void **state)
{
    struct fixture *f = *state;
    uint64_t table;

    fixture_assemble(f, "a.o",
                     ".data\n.balign 4\nvar table\n.rept 70\n.long table\n"
                     ".endr\n");
    fixture_image(f);
    table = fixture_address(f, "table");
    assert_int_equal(fixture_section(f, ".relr.dyn")->sh_size, 16);
    assert_null(fixture_section(f, ".rel.dyn"));
    for (uint64_t i = 0; i < 70; i++) {
        assert_true(fixture_patch_at(f, table + i * 4).packed);
        assert_int_equal(word(f, table + i * 4), table);
    }
    assert_false(fixture_patch_at(f, table + 280).packed);
}

static void joins_pieces_of_arm_code_only(void **state)
{
    struct fixture *f = *state;
    uint64_t init;

    fixture_assemble(f, "a.o",
                     ".section .init, \"ax\", %progbits\n.arm\nbl setup\n"
                     ".text\nfunc setup\nbx lr\n");
    fixture_image(f);
    init = fixture_section(f, ".init")->sh_addr;
    assert_int_equal(init & 3, 0);
    assert_int_equal(word(f, init), 0xe92d4008);     /* push {r3, lr} */
    assert_int_equal(word(f, init + 8), 0xe8bd8008); /* pop {r3, pc} */
    assert_int_equal(word(f, fixture_section(f, ".init_array")->sh_addr), init);
    fixture_teardown(state);

    assert_int_equal(setup(state), 0);
    f = *state;
    fixture_assemble(f, "a.o",
                     ".section .init, \"ax\", %progbits\n.thumb\nnop\n");
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: .init is Thumb code", "ARM");
}

/* ---- Pointers to Thumb code ---- */

static const struct link_symbol *function_named(struct fixture *f,
                                                const char *name)
{
    for (size_t i = 0; i < f->result.n_functions; i++)
        if (strcmp(f->result.functions[i].name, name) == 0)
            return &f->result.functions[i];
    fail_msg("no function %s", name);
    return NULL;
}

static void says_in_every_pointer_that_code_is_thumb_code(void **state)
{
    struct fixture *f = *state;
    const struct link_symbol *thumb, *arm, *local;
    uint64_t data;
    Elf32_Sym symbol;

    fixture_assemble(f, "a.o",
                     ".syntax unified\n.text\n.thumb\n"
                     ".globl thumb\n.thumb_func\nfunc thumb\nnop\nnop\nbx lr\n"
                     ".size thumb, .-thumb\n"
                     ".thumb_func\nfunc local\nbx lr\n.size local, .-local\n"
                     ".balign 4\n.arm\n"
                     ".globl arm\nfunc arm\nbx lr\n.size arm, .-arm\n"
                     ".long thumb(GOT_PREL)\n"
                     ".data\n.balign 4\nvar data\n"
                     ".long thumb, local, arm, thumb + 1, thumb + 2\n");
    fixture_export(f, "thumb");
    fixture_image(f);
    thumb = function_named(f, "thumb");
    local = function_named(f, "local");
    arm = function_named(f, "arm");
    assert_int_equal(thumb->address & 1, 1);
    assert_int_equal(thumb->size, 6);
    assert_int_equal(local->address, thumb->address + 6);
    assert_int_equal(local->size, 2);
    assert_int_equal(arm->address, thumb->address + 7);
    assert_int_equal(arm->size, 4);

    data = fixture_address(f, "data");
    assert_int_equal(word(f, data), thumb->address);
    assert_int_equal(word(f, data + 4), local->address);
    assert_int_equal(word(f, data + 8), arm->address);
    assert_int_equal(word(f, data + 12), thumb->address); /* (S + A) | T */
    assert_int_equal(word(f, data + 16), thumb->address + 2);
    assert_int_equal(word(f, fixture_section(f, ".got")->sh_addr),
                     thumb->address);

    memcpy(&symbol, fixture_at(f, fixture_tag(f, DT_SYMTAB) + sizeof(symbol)),
           sizeof(symbol));
    assert_int_equal(symbol.st_value, thumb->address);
    assert_int_equal(symbol.st_size, 6);
    /* Mapping symbols are nobody's. */
    assert_int_equal(f->result.n_functions, 3);
    assert_int_equal(f->result.n_objects, 1);
}

/* A function without code may lie where its section ends. */
static void takes_an_empty_thumb_function_at_the_end_of_a_section(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".syntax unified\n.text\n.thumb\nnop\nnop\n"
                     ".globl empty\n.thumb_func\nfunc empty\n"
                     ".size empty, 0\n");
    fixture_image(f);
    assert_int_equal(function_named(f, "empty")->address & 1, 1);
    assert_int_equal(function_named(f, "empty")->size, 0);
}

static void resolves_indirect_thumb_functions_by_their_resolver(void **state)
{
    struct fixture *f = *state;
    uint64_t stub, got;
    struct patch patch;

    fixture_assemble(f, "a.o",
                     ".syntax unified\n.text\n.thumb\n"
                     ".globl chosen\n.type chosen, %gnu_indirect_function\n"
                     ".thumb_func\nchosen: bx lr\n"
                     ".data\n.balign 4\nvar data\n.long chosen\n");
    fixture_image(f);
    stub = function_named(f, "chosen")->address;
    assert_int_equal(stub, fixture_section(f, ".plt")->sh_addr); /* ARM code */
    assert_int_equal(word(f, fixture_address(f, "data")), stub);
    got = fixture_section(f, ".got")->sh_addr;
    patch = fixture_patch_at(f, got);
    assert_int_equal(patch.type, R_ARM_IRELATIVE);
    assert_int_equal(patch.addend, fixture_section(f, ".text")->sh_addr + 1);
}

/* ---- Unwind tables ---- */

struct row {
    uint64_t function;
    uint32_t recipe; /* an address if it is one of .ARM.extab */
};

static uint64_t distant(struct fixture *f, uint64_t place)
{
    return (
        uint32_t)(place +
                  (uint64_t)((int64_t)((uint64_t)word(f, place) << 33) >> 33));
}

static struct row row_at(struct fixture *f, size_t index)
{
    const Elf64_Shdr *section = fixture_section(f, ".ARM.exidx");
    const uint64_t place = section->sh_addr + index * 8;
    struct row row;

    assert_true(index * 8 < section->sh_size);
    row.function = distant(f, place);
    row.recipe = word(f, place + 4);
    if (row.recipe != 1 && !(row.recipe >> 31))
        row.recipe = (uint32_t)distant(f, place + 4);
    return row;
}

static size_t count_rows(struct fixture *f)
{
    return fixture_section(f, ".ARM.exidx")->sh_size / 8;
}

#define FUNCTION(name, unwind)                                                 \
    ".section .text." name ", \"ax\", %progbits\n.arm\n"                       \
    ".globl " name "\nfunc " name "\n.fnstart\n"                               \
    "push {r4, lr}\npop {r4, pc}\n" unwind ".fnend\n"
#define INLINE   ".save {r4, lr}\n"
#define LONGER   ".save {r4, r5, lr}\n"
#define CANNOT   ".cantunwind\n"
#define IN_TABLE ".personality outside\n.save {r4, lr}\n.handlerdata\n.long 7\n"

static void orders_unwind_tables_as_code_is(void **state)
{
    struct fixture *f = *state;
    const Elf64_Phdr *segment;
    const Elf64_Shdr *section;

    /* Wide alignment puts `wide` first; the one without rows gets one. */
    fixture_assemble(f, "a.o",
                     FUNCTION("first", INLINE) FUNCTION("second", CANNOT)
                         FUNCTION("third", IN_TABLE));
    fixture_assemble(f, "b.o",
                     ".section .text.bare, \"ax\", %progbits\n.arm\n"
                     ".globl bare\nfunc bare\nbx lr\n");
    fixture_assemble(
        f, "c.o",
        FUNCTION(
            "last",
            LONGER) ".section .text.wide, \"ax\", %progbits\n.balign 8192\n"
                    ".globl wide\nfunc wide\n.fnstart\nbx lr\n" INLINE
                    ".fnend\n");
    fixture_image(f);
    assert_int_equal(count_rows(f), 6);
    assert_int_equal(row_at(f, 0).function, fixture_address(f, "wide"));
    assert_int_equal(row_at(f, 0).recipe, 0x80a8b0b0); /* pop {r4, lr} */
    /* The row of `first` says the same. */
    assert_int_equal(row_at(f, 1).function, fixture_address(f, "second"));
    assert_int_equal(row_at(f, 1).recipe, 1);
    assert_int_equal(row_at(f, 2).function, fixture_address(f, "third"));
    assert_int_equal(word(f, row_at(f, 2).recipe + 8), 7);
    assert_int_equal(distant(f, row_at(f, 2).recipe),
                     fixture_section(f, ".plt")->sh_addr); /* of `outside` */
    assert_int_equal(row_at(f, 3).function, fixture_address(f, "bare"));
    assert_int_equal(row_at(f, 3).recipe, 1);
    assert_int_equal(row_at(f, 4).function, fixture_address(f, "last"));
    assert_int_equal(row_at(f, 4).recipe, 0x80a9b0b0); /* pop {r4, r5, lr} */
    /* The end. */
    assert_int_equal(row_at(f, 5).function,
                     fixture_section(f, ".plt")->sh_addr);
    assert_int_equal(row_at(f, 5).recipe, 1);

    segment = fixture_segment(f, PT_ARM_EXIDX, 0);
    section = fixture_section(f, ".ARM.exidx");
    assert_non_null(segment);
    assert_int_equal(segment->p_vaddr, section->sh_addr);
    assert_int_equal(segment->p_memsz, section->sh_size);
    assert_int_equal(section->sh_type, SHT_ARM_EXIDX);
    assert_int_equal(f->sections[section->sh_link].sh_addr,
                     fixture_section(f, ".text")->sh_addr);
    assert_null(fixture_import(f, "__aeabi_unwind_cpp_pr0"));
}

static void leaves_out_rows_that_say_the_same_as_the_one_before(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".text\n.arm\n"
                     ".globl a\nfunc a\n.fnstart\nbx lr\n" CANNOT ".fnend\n"
                     ".globl b\nfunc b\n.fnstart\nbx lr\n" CANNOT ".fnend\n"
                     ".globl c\nfunc c\n.fnstart\nbx lr\n" INLINE ".fnend\n"
                     ".globl d\nfunc d\n.fnstart\nbx lr\n" INLINE ".fnend\n"
                     ".globl e\nfunc e\n.fnstart\nbx lr\n" IN_TABLE ".fnend\n"
                     ".globl g\nfunc g\n.fnstart\nbx lr\n" IN_TABLE ".fnend\n");
    fixture_image(f);
    assert_int_equal(count_rows(f), 5);
    assert_int_equal(row_at(f, 0).function, fixture_address(f, "a"));
    assert_int_equal(row_at(f, 1).function, fixture_address(f, "c"));
    assert_int_equal(row_at(f, 2).function, fixture_address(f, "e"));
    assert_int_equal(row_at(f, 3).function, fixture_address(f, "g"));
    assert_int_equal(row_at(f, 4).function,
                     fixture_section(f, ".plt")->sh_addr);
}

static void drops_rows_of_code_that_is_not_in_the_image(void **state)
{
    static const char inline_function[] =
        ".section .text.same, \"axG\", %progbits, same, comdat\n.arm\n"
        ".weak same\nfunc same\n.fnstart\nbx lr\n" INLINE ".fnend\n";
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", inline_function);
    fixture_assemble(f, "b.o", inline_function);
    fixture_image(f);
    assert_int_equal(count_rows(f), 2);
    assert_int_equal(row_at(f, 0).function, fixture_address(f, "same"));
}

/* Natively the reference alone makes an archive give the routine. */
static void takes_what_rows_name_from_archives(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "routine.o",
                     ".text\n.arm\n.globl __aeabi_unwind_cpp_pr0\n"
                     "func __aeabi_unwind_cpp_pr0\nbx lr\n");
    fixture_archive(f, "lib.a", 1);
    fixture_assemble(f, "a.o", FUNCTION("code", INLINE));
    fixture_image(f);
    assert_true(fixture_has_symbol(f, "__aeabi_unwind_cpp_pr0"));
}

static const struct {
    const char *rows; /* of .text, whose start is `code` */
    const char *fact;
} bad_tables[] = {
    {".long 0, 1\n", ".ARM.exidx+0x0: row without a function"},
    {".long code(prel31)\n", "whole number of rows"},
    {".long other(prel31), 1\n", "outside the section"},
    {".long code(prel31), 1, code(prel31), 1\n", NULL},
    {".long second(prel31), 1, code(prel31), 1\n",
     ".ARM.exidx+0x8: rows are not in order"},
    {".long code(prel31), 1\n.reloc 4, R_ARM_ABS32, code\n",
     ".ARM.exidx+0x4: relocation outside of the rows"},
};

static void refuses_malformed_unwind_tables(void **state)
{
    for (size_t i = 0; i < sizeof(bad_tables) / sizeof(bad_tables[0]); i++) {
        char text[512];

        assert_int_equal(setup(state), 0);
        snprintf(text, sizeof(text),
                 ".text\n.arm\ncode: nop\nsecond: nop\n"
                 ".section .text.other, \"ax\", %%progbits\nother: nop\n"
                 ".section .ARM.exidx, \"ao\", %%0x70000001, .text\n%s",
                 bad_tables[i].rows);
        fixture_assemble(*state, "a.o", text);
        if (bad_tables[i].fact)
            fixture_refused(*state, STATUS_CORRUPT, "a.o", bad_tables[i].fact);
        else
            fixture_image(*state);
        fixture_teardown(state);
    }
}

/* ---- The file for debuggers ---- */

static const Elf32_Shdr *debug_section(const struct fixture *f,
                                       const char *name)
{
    const uint8_t *bytes = f->result.debug.data;
    const Elf32_Ehdr *header = (const void *)bytes;
    const Elf32_Shdr *sections = (const void *)(bytes + header->e_shoff);
    const char *names =
        (const char *)bytes + sections[header->e_shstrndx].sh_offset;

    for (unsigned i = 1; i < header->e_shnum; i++)
        if (strcmp(names + sections[i].sh_name, name) == 0)
            return &sections[i];
    fail_msg("the file for debuggers has no %s", name);
    return NULL;
}

static const Elf32_Sym *debug_symbol(const struct fixture *f, const char *name)
{
    const Elf32_Shdr *table = debug_section(f, ".symtab");
    const char *names = (const char *)f->result.debug.data +
                        debug_section(f, ".strtab")->sh_offset;
    const Elf32_Sym *symbols =
        (const void *)(f->result.debug.data + table->sh_offset);

    for (size_t i = 1; i < table->sh_size / sizeof(*symbols); i++)
        if (strcmp(names + symbols[i].st_name, name) == 0)
            return &symbols[i];
    fail_msg("the file for debuggers has no symbol %s", name);
    return NULL;
}

static void describes_thumb_code_to_debuggers(void **state)
{
    struct fixture *f = *state;
    const Elf32_Shdr *table, *info;
    const Elf64_Shdr *image_table;
    uint32_t low_pc;

    f->foreign = &foreign_thumb;
    fixture_assemble(f, "a.o",
                     ".syntax unified\n.text\n.thumb\n.balign 4\n"
                     ".globl code\n.thumb_func\nfunc code\n.fnstart\n"
                     "here: push {r4, lr}\npop {r4, pc}\n"
                     ".save {r4, lr}\n.fnend\n.size code, .-code\n"
                     ".section .debug_info, \"\", %progbits\n"
                     ".long here + 2\n");
    fixture_image(f);
    assert_int_equal(debug_symbol(f, "code")->st_value,
                     fixture_address(f, "code"));
    assert_int_equal(debug_symbol(f, "code")->st_value & 1, 1);
    assert_int_equal(debug_symbol(f, "$t")->st_value,
                     fixture_address(f, "code") - 1);
    info = debug_section(f, ".debug_info");
    memcpy(&low_pc, f->result.debug.data + info->sh_offset, sizeof(low_pc));
    assert_int_equal(low_pc, fixture_address(f, "code") + 1);
    table = debug_section(f, ".ARM.exidx");
    image_table = fixture_section(f, ".ARM.exidx");
    assert_int_equal(table->sh_type, SHT_PROGBITS);
    assert_int_equal(table->sh_addr, image_table->sh_addr);
    assert_int_equal(table->sh_size, image_table->sh_size);
    assert_memory_equal(f->result.debug.data + table->sh_offset,
                        fixture_at(f, table->sh_addr), table->sh_size);
}

/* ---- Calling conventions ---- */

static const char takes_doubles[] = "double f(double a) { return a; }\n";

static void compile_for(struct fixture *f, const struct foreign *foreign,
                        const char *name, const char *text)
{
    f->foreign = foreign;
    fixture_compile(f, name, "-O1", text);
}

static uint32_t elf_flags(struct fixture *f)
{
    return elf_get_header(f->elf, f->result.image.data).e_flags;
}

static void tells_hard_float_from_soft_float(void **state)
{
    struct fixture *f = *state;

    compile_for(f, &foreign_thumb, "a.o", takes_doubles);
    fixture_assemble(f, "neutral.o", ".text\n.arm\nfunc g\nbx lr\n");
    fixture_image(f);
    assert_ptr_equal(f->result.machine, &machines[MACHINE_ARM_HARD_FLOAT]);
    assert_int_equal(elf_flags(f), EF_ARM_EABI_VER5 | EF_ARM_ABI_FLOAT_HARD);
    fixture_teardown(state);

    assert_int_equal(setup(state), 0);
    f = *state;
    fixture_assemble(f, "neutral.o", ".text\n.arm\nfunc g\nbx lr\n");
    compile_for(f, &foreign_arm_soft, "a.o", takes_doubles);
    fixture_image(f);
    assert_ptr_equal(f->result.machine, &machines[MACHINE_ARM_SOFT_FLOAT]);
    assert_int_equal(elf_flags(f), EF_ARM_EABI_VER5 | EF_ARM_ABI_FLOAT_SOFT);
}

static void refuses_to_mix_hard_float_and_soft_float(void **state)
{
    struct fixture *f = *state;

    compile_for(f, &foreign_arm, "hard.o", takes_doubles);
    compile_for(f, &foreign_arm_soft, "soft.o",
                "float g(float a) { return a; }\n");
    fixture_refused(f, STATUS_MISUSE, "soft.o: passes floating point",
                    "hard.o does so in VFP registers");
}

static void refuses_conventions_that_it_does_not_know(void **state)
{
    struct fixture *f = *state;
    Elf32_Ehdr *header;

    fixture_assemble(f, "a.o", ".eabi_attribute 28, 2\n");
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o", "Tag_ABI_VFP_args 2");
    fixture_teardown(state);

    assert_int_equal(setup(state), 0);
    f = *state;
    fixture_assemble(f, "a.o", ".text\n.arm\nnop\n");
    header = (void *)fixture_input_bytes(f, 0);
    header->e_flags = EF_ARM_EABI_VER4;
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: ELF flags 0x4000000", "EABI");
    fixture_teardown(state);

    assert_int_equal(setup(state), 0);
    f = *state;
    fixture_assemble(f, "a.o", ".text\n.arm\nnop\n");
    header = (void *)fixture_input_bytes(f, 0);
    header->e_flags |= EF_ARM_BE8;
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: ELF flags", "little-endian");
}

static void refuses_malformed_attributes(void **state)
{
    static const char *const contents[] = {
        ".byte 'B'\n",
        ".byte 'A'\n.long 3\n",
        ".byte 'A'\n.long 100\n.asciz \"aeabi\"\n",
        ".byte 'A'\n.long 15\n.asciz \"aeabi\"\n.byte 1\n.long 100\n",
        ".byte 'A'\n.long 17\n.asciz \"aeabi\"\n.byte 1\n.long 7\n"
        ".byte 28, 0x80\n",
        ".byte 'A'\n.long 17\n.asciz \"aeabi\"\n.byte 1\n.long 7\n"
        ".byte 5, 'x'\n",
    };

    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        struct fixture *f;
        char text[256];

        assert_int_equal(setup(state), 0);
        f = *state;
        snprintf(text, sizeof(text),
                 ".section .attributes, \"\", %%0x70000003\n%s", contents[i]);
        fixture_assemble(f, "a.o", text);
        fixture_refused(f, STATUS_CORRUPT, "a.o: .attributes", "malformed");
        fixture_teardown(state);
    }
}

/* ---- Exceptions ---- */

static const char thrower[] =
    "struct base { virtual ~base() {} int n = 0; };\n"
    "struct derived : base { derived(int m) { n = m; } };\n"
    "extern int cleanups;\n"
    "struct guard { ~guard() { cleanups++; } };\n"
    "void thrower(int n) {\n"
    "    guard g;\n"
    "    if (n == 1) throw 11;\n"
    "    if (n == 2) throw derived(22);\n"
    "    if (n == 3) throw \"text\";\n"
    "}\n";

static const char catcher[] =
    "struct base { virtual ~base() {} int n = 0; };\n"
    "void thrower(int);\n"
    "int cleanups;\n"
    "static int one(int n) {\n"
    "    try { thrower(n); }\n"
    "    catch (int i) { return i; }\n"
    "    catch (base &b) { return b.n; }\n"
    "    return 0;\n"
    "}\n"
    "static void passes(int n) noexcept(false) {\n"
    "    struct guard { ~guard() { cleanups += 10; } } g;\n"
    "    thrower(n);\n"
    "}\n"
    "extern \"C\" int run() {\n"
    "    if (one(0) != 0 || one(1) != 11 || one(2) != 22) return 1;\n"
    "    if (cleanups != 3) return 2;\n"
    "    try { passes(3); return 3; }\n"
    "    catch (const char *text) { if (text[0] != 't') return 4; }\n"
    "    return cleanups == 14 ? 0 : 5;\n"
    "}\n";

static void throws_exceptions_between_arm_and_thumb_code(void **state)
{
    static const struct {
        const struct foreign *thrower, *catcher;
    } pairs[] = {
        {&foreign_arm, &foreign_thumb},
        {&foreign_thumb, &foreign_arm},
        {&foreign_thumb_soft, &foreign_arm_soft},
        {&foreign_arm_soft, &foreign_thumb_soft},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct fixture *f;

        if (!fixture_can_emulate(pairs[i].thrower))
            skip();
        assert_int_equal(fixture_setup(state), 0);
        f = *state;
        f->foreign = pairs[i].thrower;
        fixture_compile(f, "thrower.o", "-xc++", thrower);
        f->foreign = pairs[i].catcher;
        fixture_compile(f, "catcher.o", "-xc++", catcher);
        assert_int_equal(fixture_emulate(f, "run"), 0);
        fixture_teardown(state);
    }
}

/* ---- Far code ---- */

static void runs_code_that_is_far_apart(void **state)
{
    static const struct foreign *const modes[] = {&foreign_arm, &foreign_thumb};

    if (!fixture_can_emulate(&foreign_arm))
        skip();
    for (unsigned i = 0; i < 4; i++) {
        struct fixture *f;

        assert_int_equal(fixture_setup(state), 0);
        f = *state;
        f->foreign = modes[i % 2];
        fixture_compile(f, "near.o", NULL,
                        "long far(long), far_jump(long);\n"
                        "long near(long n) { return n + 1; }\n"
                        "long near_jump(long n)\n"
                        "{ if (n > 100) return n; return far_jump(n * 2); }\n"
                        "long run(void)\n"
                        "{ return far(3) == 17 && near_jump(5) == 190 &&\n"
                        "         near_jump(101) == 101 ? 0 : 1; }\n");
        for (unsigned gap = 0; gap < 3; gap++)
            fixture_assemble(f, "gap.o",
                             ".section .text.gap, \"ax\", %progbits\n"
                             ".zero 12 << 20\n");
        f->foreign = modes[i / 2];
        fixture_compile(f, "far.o", NULL,
                        "long near(long), near_jump(long), labs(long);\n"
                        "long far(long n) { return near(n) * labs(-4) + 1; }\n"
                        "long far_jump(long n)\n"
                        "{ if (n < 100) return near_jump(n + 1);\n"
                        "  return labs(n); }\n");
        assert_int_equal(fixture_emulate(f, "run"), 0);
        assert_true(fixture_section(f, ".text")->sh_size > 36 << 20);
        fixture_teardown(state);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_elf32_headers),
        TEST(protects_nothing_behind_its_last_page),
        TEST(leaves_addends_in_the_words_that_they_are_added_to),
        TEST(packs_pointers_in_bitmaps_of_31),
        TEST(joins_pieces_of_arm_code_only),
        TEST(says_in_every_pointer_that_code_is_thumb_code),
        TEST(takes_an_empty_thumb_function_at_the_end_of_a_section),
        TEST(resolves_indirect_thumb_functions_by_their_resolver),
        TEST(orders_unwind_tables_as_code_is),
        TEST(leaves_out_rows_that_say_the_same_as_the_one_before),
        TEST(drops_rows_of_code_that_is_not_in_the_image),
        TEST(takes_what_rows_name_from_archives),
        cmocka_unit_test(refuses_malformed_unwind_tables),
        TEST(describes_thumb_code_to_debuggers),
        TEST(tells_hard_float_from_soft_float),
        TEST(refuses_to_mix_hard_float_and_soft_float),
        TEST(refuses_conventions_that_it_does_not_know),
        cmocka_unit_test(refuses_malformed_attributes),
        cmocka_unit_test(throws_exceptions_between_arm_and_thumb_code),
        cmocka_unit_test(runs_code_that_is_far_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
