/* lib/linker: each x86_64 relocation. Values that can be computed are compared
 * with the formula of the psABI (System V psABI, table 4.9); otherwise the test
 * checks the relocation left for the loader. */
#include "link_fixture.h"

/* ---- Values that are known at link time ---- */

/* The letters of the psABI; T is the start of the TLS block. */
struct letters {
    uint64_t S, A, P, GOT, Z, G, T;
};

static uint64_t s_a(const struct letters *l)
{
    return l->S + l->A;
}

static uint64_t s_a_p(const struct letters *l)
{
    return l->S + l->A - l->P;
}

static uint64_t s_a_got(const struct letters *l)
{
    return l->S + l->A - l->GOT;
}

static uint64_t got_a_p(const struct letters *l)
{
    return l->GOT + l->A - l->P;
}

static uint64_t z_a(const struct letters *l)
{
    return l->Z + l->A;
}

static uint64_t g_got_a_p(const struct letters *l)
{
    return l->G + l->GOT + l->A - l->P;
}

static uint64_t g_a(const struct letters *l)
{
    return l->G + l->A;
}

static uint64_t s_a_t(const struct letters *l)
{
    return l->S + l->A - l->T;
}

/* The second slot: that of the distance from the thread pointer, or the
 * first of two of a descriptor. */
static uint64_t tpoff_got_a_p(const struct letters *l)
{
    return l->GOT + 8 + l->A - l->P;
}

struct row {
    const char *type;
    const char *symbol; /* target, number, variable */
    unsigned size;
    uint64_t (*formula)(const struct letters *l);
    unsigned number; /* of a type that GNU as does not know; else 0 */
};

/* `number` is absolute, 0x70, and `variable` thread-local. */
static const struct row rows[] = {
    {"R_X86_64_PC32", "target", 4, s_a_p, 0},
    {"R_X86_64_PC64", "target", 8, s_a_p, 0},
    {"R_X86_64_PC16", "target", 2, s_a_p, 0},
    {"R_X86_64_PC8", "target", 1, s_a_p, 0},
    {"R_X86_64_PLT32", "target", 4, s_a_p, 0},
    {"R_X86_64_64", "number", 8, s_a, 0},
    {"R_X86_64_32", "number", 4, s_a, 0},
    {"R_X86_64_32S", "number", 4, s_a, 0},
    {"R_X86_64_16", "number", 2, s_a, 0},
    {"R_X86_64_8", "number", 1, s_a, 0},
    {"R_X86_64_GOTOFF64", "target", 8, s_a_got, 0},
    {"R_X86_64_PLTOFF64", "target", 8, s_a_got, 0},
    {"R_X86_64_GOTPC32", "_GLOBAL_OFFSET_TABLE_", 4, got_a_p, 0},
    {"R_X86_64_GOTPC64", "_GLOBAL_OFFSET_TABLE_", 8, got_a_p, 0},
    {"R_X86_64_SIZE32", "target", 4, z_a, 0},
    {"R_X86_64_SIZE64", "target", 8, z_a, 0},
    {"R_X86_64_GOTPCREL", "target", 4, g_got_a_p, 0},
    {"R_X86_64_GOTPCREL64", "target", 8, g_got_a_p, 0},
    {"R_X86_64_GOT64", "target", 8, g_a, 0},
    {"R_X86_64_GOT32", "target", 4, g_a, 0},
    {"R_X86_64_GOTPLT64", "target", 8, g_a, 0},
    {"R_X86_64_DTPOFF32", "variable", 4, s_a_t, 0},
    {"R_X86_64_DTPOFF64", "variable", 8, s_a_t, 0},
    {"R_X86_64_GOTPCRELX", "target", 4, g_got_a_p, 0},
    {"R_X86_64_REX_GOTPCRELX", "target", 4, g_got_a_p, 0},
    {"R_X86_64_GOTTPOFF", "variable", 4, tpoff_got_a_p, 0},
    {"R_X86_64_CODE_4_GOTPCRELX", "target", 4, g_got_a_p, 43},
    {"R_X86_64_CODE_4_GOTTPOFF", "variable", 4, tpoff_got_a_p, 44},
    {"R_X86_64_CODE_5_GOTPCRELX", "target", 4, g_got_a_p, 46},
    {"R_X86_64_CODE_5_GOTTPOFF", "variable", 4, tpoff_got_a_p, 47},
    {"R_X86_64_CODE_6_GOTPCRELX", "target", 4, g_got_a_p, 49},
    {"R_X86_64_CODE_6_GOTTPOFF", "variable", 4, tpoff_got_a_p, 50},
    {"R_X86_64_GOTPC32_TLSDESC", "variable", 4, tpoff_got_a_p, 0},
    {"R_X86_64_CODE_4_GOTPC32_TLSDESC", "variable", 4, tpoff_got_a_p, 45},
    {"R_X86_64_CODE_5_GOTPC32_TLSDESC", "variable", 4, tpoff_got_a_p, 48},
    {"R_X86_64_CODE_6_GOTPC32_TLSDESC", "variable", 4, tpoff_got_a_p, 51},
};

/* The only relocation of .data gets this type. */
static void renumber(struct fixture *f, unsigned type)
{
    Elf64_Rela *rela =
        (void *)(fixture_input_bytes(f, 0) +
                 fixture_input_section(f, 0, ".rela.data")->sh_offset);

    rela->r_info = ELF64_R_INFO(ELF64_R_SYM(rela->r_info), type);
}

/* One slot of the GOT is always there, that of `target`: `uses_got`. */
static void assemble_row(struct fixture *f, const struct row *row)
{
    char text[1024];

    snprintf(text, sizeof(text),
             ".text\n"
             "func uses_got\n"
             "cmpq target@GOTPCREL(%%rip), %%rax\n"
             ".data\n"
             ".quad 0, 0\n"
             "var place\n"
             ".reloc ., %s, %s+5\n"
             ".quad 0\n"
             ".globl target\n"
             "var target\n"
             ".quad 0, 0, 0\n"
             ".size target, 24\n"
             ".globl number\n"
             ".set number, 0x70\n"
             ".section .tdata, \"awT\", @progbits\n"
             ".quad 0\n"
             ".type variable, @object\n"
             ".globl variable\n"
             "variable: .quad 0\n",
             row->number ? "R_X86_64_PC32" : row->type, row->symbol);
    fixture_assemble(f, "row.o", text);
    if (row->number)
        renumber(f, row->number);
}

static void check_row(struct fixture *f, const struct row *row)
{
    const struct letters letters = {
        .S = strcmp(row->symbol, "number") == 0 ? 0x70
             : strcmp(row->symbol, "variable") == 0
                 ? 8
                 : fixture_address(f, "target"),
        .A = 5,
        .P = fixture_address(f, "place"),
        .GOT = fixture_section(f, ".got")->sh_addr,
        .Z = 24,
    };
    const uint64_t all = fixture_word(f, letters.P);
    const uint64_t mask =
        row->size == 8 ? UINT64_MAX : (UINT64_C(1) << row->size * 8) - 1;

    assert_int_equal(fixture_patch_at(f, letters.P).type, R_X86_64_NONE);
    if ((all & mask) != (row->formula(&letters) & mask))
        fail_msg("%s: 0x%llx is not 0x%llx", row->type,
                 (unsigned long long)(all & mask),
                 (unsigned long long)(row->formula(&letters) & mask));
    if ((all & ~mask) != 0)
        fail_msg("%s: wrote more than %u bytes", row->type, row->size);
}

static void computes_what_the_psabi_prints(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(fixture_setup(state), 0);
        assemble_row(*state, &rows[i]);
        fixture_image(*state);
        check_row(*state, &rows[i]);
        fixture_teardown(state);
    }
}

/* ---- Fields that are too small ---- */

/* The object's reference to the number n. */
static void refer_to(struct fixture *f, const char *reference,
                     const char *number)
{
    char text[128];

    snprintf(text, sizeof(text), ".data\nvar place\n%s\n", reference);
    fixture_assemble(f, "a.o", text);
    snprintf(text, sizeof(text), ".globl n\nn = %s\n", number);
    fixture_assemble(f, "b.o", text);
}

/* Numbers that a field holds, the least and the largest; one below and one
 * above it does not. */
static void fields_hold_numbers_from_limit_to_limit(void **state)
{
    static const struct {
        const char *reference, *type, *below, *least, *largest, *above;
    } fields[] = {
        {".byte n", "R_X86_64_8", "-0x81", "-0x80", "0xff", "0x100"},
        {".short n", "R_X86_64_16", "-0x8001", "-0x8000", "0xffff", "0x10000"},
        {".long n", "R_X86_64_32", "-1", "0", "0xffffffff", "0x100000000"},
        {"movq $n, %rax", "R_X86_64_32S", "-0x80000001", "-0x80000000",
         "0x7fffffff", "0x80000000"},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *const good[] = {fields[i].least, fields[i].largest};
        const char *const bad[] = {fields[i].below, fields[i].above};

        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(fixture_setup(state), 0);
            refer_to(*state, fields[i].reference, good[k]);
            fixture_image(*state);
            fixture_teardown(state);
            assert_int_equal(fixture_setup(state), 0);
            refer_to(*state, fields[i].reference, bad[k]);
            fixture_refused(*state, STATUS_OUT_OF_RANGE, fields[i].type, "'n'");
            fixture_teardown(state);
        }
    }
}

/* ---- Words that the loader patches ---- */

static void
packs_addresses_at_even_places_and_lists_those_at_odd_ones(void **state)
{
    struct fixture *f = *state;
    struct patch patch;

    fixture_assemble(f, "a.o",
                     ".data\n"
                     ".balign 8\n"
                     "var even\n"
                     ".quad target + 3\n"
                     ".byte 0\n"
                     "var odd\n"
                     ".quad target + 4\n"
                     ".byte 0, 0, 0, 0, 0, 0, 0\n"
                     "var target\n"
                     ".quad 0\n");
    fixture_image(f);
    patch = fixture_patch_at(f, fixture_address(f, "even"));
    assert_true(patch.packed);
    assert_int_equal(patch.addend, fixture_address(f, "target") + 3);
    patch = fixture_patch_at(f, fixture_address(f, "odd"));
    assert_false(patch.packed);
    assert_int_equal(patch.type, R_X86_64_RELATIVE);
    assert_int_equal(patch.addend, fixture_address(f, "target") + 4);
    assert_int_equal(fixture_tag(f, DT_RELACOUNT), 1);
}

static void packs_addresses_of_every_distance(void **state)
{
    struct fixture *f = *state;
    uint64_t words;

    /* 0 | 1 .. 62 | 63 words after the first: the end of a bitmap; then one
     * that needs an empty bitmap, or an address, in between. */
    fixture_assemble(f, "a.o",
                     ".data\n"
                     ".balign 8\n"
                     "var words\n"
                     ".quad words + 0\n"
                     ".quad words + 1\n"
                     ".fill 61, 8, 0\n"
                     ".quad words + 63\n"
                     ".quad words + 64\n"
                     ".fill 935, 8, 0\n"
                     ".quad words + 1000\n");
    fixture_image(f);
    words = fixture_address(f, "words");
    for (uint64_t i = 0; i <= 1000; i++) {
        const struct patch patch = fixture_patch_at(f, words + i * 8);
        const bool wanted = i == 0 || i == 1 || i == 63 || i == 64 || i == 1000;

        assert_int_equal(patch.packed, wanted);
        if (wanted)
            assert_int_equal(patch.addend, words + i);
    }
    assert_null(fixture_section(f, ".rela.dyn"));
}

static void points_data_at_imports_by_name(void **state)
{
    struct fixture *f = *state;
    struct patch patch;

    fixture_assemble(f, "a.o",
                     ".data\n"
                     "var pointer\n"
                     ".quad outside + 7\n"
                     ".weak maybe\n"
                     "var weak_pointer\n"
                     ".quad maybe\n");
    fixture_image(f);
    patch = fixture_patch_at(f, fixture_address(f, "pointer"));
    assert_int_equal(patch.type, R_X86_64_64);
    assert_string_equal(patch.symbol, "outside");
    assert_int_equal(patch.addend, 7);
    patch = fixture_patch_at(f, fixture_address(f, "weak_pointer"));
    assert_string_equal(patch.symbol, "maybe");
    assert_false(fixture_import(f, "outside")->weak);
    assert_true(fixture_import(f, "maybe")->weak);
    assert_false(fixture_import(f, "outside")->function);
    assert_null(fixture_section(f, ".got"));
}

/* The address that disp32 at `field` leads to. */
static uint64_t displaced(struct fixture *f, uint64_t field)
{
    int32_t disp;

    memcpy(&disp, fixture_at(f, field), sizeof(disp));
    return field + 4 + (uint64_t)(int64_t)disp;
}

static void gives_each_import_one_slot_in_the_order_of_dynsym(void **state)
{
    struct fixture *f = *state;
    uint64_t got;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     "call first@PLT\n"
                     "call second\n"
                     "movq third@GOTPCREL(%rip), %rax\n"
                     "call *first@GOTPCREL(%rip)\n"
                     "leaq second(%rip), %rax\n"
                     ".data\n"
                     ".quad data_only, third\n"
                     ".text\n"
                     "movq fourth@GOTPCREL(%rip), %rax\n");
    fixture_image(f);
    got = fixture_section(f, ".got")->sh_addr;
    assert_int_equal(fixture_section(f, ".got")->sh_size, 4 * 8);
    for (unsigned i = 0; i < 4; i++) {
        static const char *const names[] = {"first", "second", "third",
                                            "fourth"};
        const struct patch patch = fixture_patch_at(f, got + i * 8);

        assert_int_equal(patch.type, R_X86_64_GLOB_DAT);
        assert_string_equal(patch.symbol, names[i]);
        assert_string_equal(f->result.imports[i].name, names[i]);
    }
    assert_string_equal(f->result.imports[4].name, "data_only");
    assert_int_equal(f->result.n_imports, 5);
    assert_true(fixture_import(f, "first")->function);
    assert_true(fixture_import(f, "second")->function);
    assert_false(fixture_import(f, "third")->function);
}

static void calls_imports_through_stubs_that_jump_to_the_slot(void **state)
{
    struct fixture *f = *state;
    uint64_t code, stub;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     "call outside@PLT\n"
                     "jmp outside\n");
    fixture_image(f);
    code = fixture_address(f, "code");
    stub = displaced(f, code + 1);
    assert_int_equal(stub, fixture_section(f, ".plt")->sh_addr);
    assert_int_equal(displaced(f, code + 6), stub);
    assert_memory_equal(fixture_at(f, stub), "\xff\x25", 2);
    assert_int_equal(displaced(f, stub + 2),
                     fixture_section(f, ".got")->sh_addr);
}

/* ---- Relaxed loads ---- */

static void turns_loads_from_the_got_into_addresses(void **state)
{
    struct fixture *f = *state;
    uint64_t code, target, function;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     "movq target@GOTPCREL(%rip), %r9\n"  /* 0: 7 bytes */
                     "movl target@GOTPCREL(%rip), %ecx\n" /* 7: 6 bytes */
                     "call *function@GOTPCREL(%rip)\n"    /* 13: 6 bytes */
                     "jmp *function@GOTPCREL(%rip)\n"     /* 19: 6 bytes */
                     ".globl function\n"
                     "func function\n"
                     "ret\n"
                     ".data\n"
                     ".globl target\n"
                     "var target\n"
                     ".quad 0\n");
    fixture_image(f);
    code = fixture_address(f, "code");
    target = fixture_address(f, "target");
    function = fixture_address(f, "function");
    assert_null(fixture_section(f, ".got"));
    assert_memory_equal(fixture_at(f, code), "\x4c\x8d\x0d", 3); /* lea */
    assert_int_equal(displaced(f, code + 3), target);
    assert_memory_equal(fixture_at(f, code + 7), "\x8d\x0d", 2); /* lea */
    assert_int_equal(displaced(f, code + 9), target);
    assert_memory_equal(fixture_at(f, code + 13), "\x67\xe8", 2); /* call */
    assert_int_equal(displaced(f, code + 15), function);
    assert_memory_equal(fixture_at(f, code + 19), "\xe9", 1); /* jmp */
    assert_int_equal(displaced(f, code + 20), function);
    assert_memory_equal(fixture_at(f, code + 24), "\x90", 1); /* nop */
}

static void keeps_slots_for_what_cannot_be_an_address(void **state)
{
    struct fixture *f = *state;
    uint64_t got;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     "addq target@GOTPCREL(%rip), %rax\n"
                     "pushq target@GOTPCREL(%rip)\n"
                     "movq number@GOTPCREL(%rip), %rax\n"
                     "movq nothing@GOTPCREL(%rip), %rax\n"
                     ".data\n"
                     ".globl target\n"
                     "var target\n"
                     ".quad 0\n"
                     ".globl number\n"
                     ".set number, 0x1234567890\n"
                     ".weak nothing\n"
                     ".hidden nothing\n");
    fixture_image(f);
    got = fixture_section(f, ".got")->sh_addr;
    assert_int_equal(fixture_section(f, ".got")->sh_size, 3 * 8);
    assert_true(fixture_patch_at(f, got).packed);
    assert_int_equal(fixture_word(f, got), fixture_address(f, "target"));
    assert_int_equal(fixture_patch_at(f, got + 8).type, R_X86_64_NONE);
    assert_int_equal(fixture_word(f, got + 8), 0x1234567890);
    assert_int_equal(fixture_patch_at(f, got + 16).type, R_X86_64_NONE);
    assert_int_equal(fixture_word(f, got + 16), 0);
    assert_int_equal(f->result.n_imports, 0);
}

static void does_not_relax_in_images_beyond_the_reach_of_32_bits(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     "movq target@GOTPCREL(%rip), %rax\n"
                     ".section .lbss.huge, \"awl\", @nobits\n"
                     ".zero 3000000000\n"
                     ".globl target\n"
                     "var target\n"
                     ".quad 0\n");
    fixture_image(f);
    assert_true(
        fixture_patch_at(f, fixture_section(f, ".got")->sh_addr).packed);
    assert_true(f->result.image.size < 8 * PAGE);
    assert_true(f->result.span > 3000000000);
}

/* ---- Thread-local variables ---- */

static void describes_thread_local_variables_in_slots(void **state)
{
    struct fixture *f = *state;
    uint64_t got;
    static const struct {
        unsigned type;
        const char *symbol;
        uint64_t word; /* or addend */
    } wanted[] = {
        {R_X86_64_DTPMOD64, "", 0},
        {R_X86_64_NONE, "", 16}, /* own: pair */
        {R_X86_64_DTPMOD64, "outside", 0},
        {R_X86_64_DTPOFF64, "outside", 0}, /* import: pair */
        {R_X86_64_DTPMOD64, "", 0},
        {R_X86_64_NONE, "", 0}, /* the module */
        {R_X86_64_TPOFF64, "", 16},
        {R_X86_64_TPOFF64, "outside", 0},
    };

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     "leaq own@TLSGD(%rip), %rdi\n"
                     "leaq outside@TLSGD(%rip), %rdi\n"
                     "leaq own@TLSLD(%rip), %rdi\n"
                     "movq own@GOTTPOFF(%rip), %rax\n"
                     "movq outside@GOTTPOFF(%rip), %rax\n"
                     ".section .tdata, \"awT\", @progbits\n"
                     ".quad 1, 2\n"
                     ".section .tbss, \"awT\", @nobits\n"
                     ".type own, @object\n"
                     ".globl own\n"
                     "own: .zero 100\n");
    fixture_image(f);
    got = fixture_section(f, ".got")->sh_addr;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const struct patch patch = fixture_patch_at(f, got + i * 8);

        assert_int_equal(patch.type, wanted[i].type);
        assert_string_equal(patch.symbol, wanted[i].symbol);
        assert_int_equal(patch.type == R_X86_64_NONE
                             ? fixture_word(f, got + i * 8)
                             : patch.addend,
                         wanted[i].word);
    }
    assert_int_equal(fixture_segment(f, PT_TLS, 0)->p_filesz, 16);
    assert_int_equal(fixture_segment(f, PT_TLS, 0)->p_memsz, 116);
    assert_int_equal(fixture_tag(f, DT_FLAGS), DF_BIND_NOW | DF_STATIC_TLS);
}

static void describes_thread_local_variables_by_descriptors(void **state)
{
    struct fixture *f = *state;
    uint64_t got, code;
    static const struct {
        const char *symbol;
        uint64_t addend;
    } wanted[] = {{"", 16}, {"outside", 0}, {"", 0}};

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     "leaq own@TLSDESC(%rip), %rax\n"
                     "call *own@TLSCALL(%rax)\n"
                     "leaq outside@TLSDESC(%rip), %rax\n"
                     "leaq _TLS_MODULE_BASE_@TLSDESC(%rip), %rax\n"
                     "leaq own@TLSDESC(%rip), %rax\n"
                     ".section .tdata, \"awT\", @progbits\n"
                     ".quad 1, 2\n"
                     ".globl own\n"
                     ".type own, @object\n"
                     "own: .quad 3\n");
    fixture_image(f);
    code = fixture_address(f, "code");
    got = fixture_section(f, ".got")->sh_addr;
    assert_int_equal(fixture_section(f, ".got")->sh_size, 3 * 16);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const struct patch patch = fixture_patch_at(f, got + i * 16);

        assert_int_equal(patch.type, R_X86_64_TLSDESC);
        assert_string_equal(patch.symbol, wanted[i].symbol);
        assert_int_equal(patch.addend, wanted[i].addend);
        assert_int_equal(fixture_patch_at(f, got + i * 16 + 8).type,
                         R_X86_64_NONE);
    }
    assert_int_equal(displaced(f, code + 3), got);
    assert_int_equal(displaced(f, code + 12), got + 16);
    assert_int_equal(displaced(f, code + 19), got + 32);
    assert_int_equal(displaced(f, code + 26), got);
    assert_int_equal(fixture_tag(f, DT_FLAGS), DF_BIND_NOW);
}

/* ---- Indirect functions ---- */

static void gives_an_indirect_function_one_address_its_stub(void **state)
{
    struct fixture *f = *state;
    uint64_t stub, code;
    struct patch patch;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func resolver\n"
                     ".type chosen, @gnu_indirect_function\n"
                     ".globl chosen\n"
                     "chosen: ret\n"
                     "func code\n"
                     "call chosen\n"
                     "movq chosen@GOTPCREL(%rip), %rax\n"
                     ".data\n"
                     ".balign 8\n"
                     "var pointer\n"
                     ".quad chosen\n");
    fixture_image(f);
    stub = fixture_address(f, "chosen");
    code = fixture_address(f, "code");
    assert_int_equal(stub, fixture_section(f, ".plt")->sh_addr);
    assert_int_equal(displaced(f, code + 1), stub);
    assert_int_equal(displaced(f, code + 8), stub);
    assert_int_equal(fixture_word(f, fixture_address(f, "pointer")), stub);
    patch = fixture_patch_at(f, displaced(f, stub + 2));
    assert_int_equal(patch.type, R_X86_64_IRELATIVE);
    assert_int_equal(patch.addend, fixture_address(f, "resolver"));
}

/* ---- The loader's table ---- */

static void
sorts_relocations_by_symbol_and_indirect_functions_last(void **state)
{
    struct fixture *f = *state;
    const Elf64_Shdr *section;
    const Elf64_Rela *rela;

    fixture_assemble(f, "a.o",
                     ".data\n"
                     ".balign 8\n"
                     ".quad b, a, b, a, here\n"
                     ".byte 0\n"
                     "var here\n"
                     ".quad here\n"
                     ".text\n"
                     ".type chosen, @gnu_indirect_function\n"
                     "chosen: ret\n"
                     "call b\n");
    fixture_image(f);
    section = fixture_section(f, ".rela.dyn");
    rela = (const void *)fixture_at(f, section->sh_addr);
    assert_int_equal(section->sh_size / sizeof(*rela), 7);
    assert_int_equal(fixture_tag(f, DT_RELACOUNT), 1);
    assert_int_equal(ELF64_R_TYPE(rela[0].r_info), R_X86_64_RELATIVE);
    for (size_t i = 2; i < 6; i++) {
        const uint64_t before = ELF64_R_SYM(rela[i - 1].r_info);
        const uint64_t symbol = ELF64_R_SYM(rela[i].r_info);

        assert_true(
            before < symbol ||
            (before == symbol && rela[i - 1].r_offset < rela[i].r_offset));
    }
    assert_int_equal(ELF64_R_TYPE(rela[6].r_info), R_X86_64_IRELATIVE);
}

static void moves_constants_with_addresses_out_of_read_only_memory(void **state)
{
    struct fixture *f = *state;
    const Elf64_Phdr *relro;
    uint64_t address;

    fixture_assemble(f, "a.o",
                     ".section .rodata.table, \"a\", @progbits\n"
                     "var table\n"
                     ".quad table\n"
                     ".section .rodata.plain, \"a\", @progbits\n"
                     "var plain\n"
                     ".quad 1\n");
    fixture_image(f);
    relro = fixture_segment(f, PT_GNU_RELRO, 0);
    address = fixture_address(f, "table");
    assert_true(address >= relro->p_vaddr &&
                address < relro->p_vaddr + relro->p_memsz);
    assert_true(fixture_address(f, "plain") <
                fixture_segment(f, PT_LOAD, 0)->p_memsz);
    assert_int_equal(fixture_tag(f, DT_TEXTREL), UINT64_MAX);
}

/* ---- What cannot be in an image ---- */

struct refusal {
    const char *text;
    enum status status;
    const char *message;
    const char *other_message;
};

static const struct refusal refusals[] = {
    {".data\n.long target\ntarget:\n", STATUS_UNSUPPORTED,
     "a.o: .data+0x0: R_X86_64_32 against '", "-fPIC"},
    {".text\nmovl $outside, %eax\n", STATUS_UNSUPPORTED,
     "a.o: .text+0x1: R_X86_64_32 against 'outside'", "-fPIC"},
    {".text\nmovq $outside, %rax\n", STATUS_UNSUPPORTED,
     "R_X86_64_32S against 'outside'", "-fPIC"},
    {".text\nmovabsq $outside, %rax\n", STATUS_UNSUPPORTED,
     "a.o: .text+0x2: R_X86_64_64 against 'outside'", "-fPIC"},
    {".data\n.reloc ., R_X86_64_TPOFF32, v\n.long 0\n", STATUS_UNSUPPORTED,
     "R_X86_64_TPOFF32 against 'v'", "local-exec"},
    {".data\n.reloc ., R_X86_64_TPOFF64, v\n.quad 0\n", STATUS_UNSUPPORTED,
     "R_X86_64_TPOFF64 against 'v'", "local-exec"},
    {".data\n.reloc ., R_X86_64_RELATIVE, v\n.quad 0\n", STATUS_UNSUPPORTED,
     "R_X86_64_RELATIVE against 'v'", "dynamic"},
    {".data\n.reloc ., R_X86_64_DTPOFF32, v\n.long 0\n", STATUS_UNSUPPORTED,
     "R_X86_64_DTPOFF32 against 'v'", "not in the image"},
    {".data\n.reloc ., R_X86_64_SIZE32, v\n.long 0\n", STATUS_UNSUPPORTED,
     "R_X86_64_SIZE32 against 'v'", "size of an import"},
    {".data\n.globl n\n.set n, 0x100\n.reloc ., R_X86_64_8, n\n.byte 0\n",
     STATUS_OUT_OF_RANGE, "a.o: .data+0x0: R_X86_64_8 against '",
     "value 0x100 does not fit in 8 bits"},
    {".data\n.globl n\n.set n, -0x8001\n.reloc ., R_X86_64_16, n\n.word 0\n",
     STATUS_OUT_OF_RANGE, "R_X86_64_16 against '",
     "value -0x8001 does not fit in 16 bits"},
    {".data\n.globl n\n.set n, -1\n.reloc ., R_X86_64_32, n\n.long 0\n",
     STATUS_OUT_OF_RANGE, "R_X86_64_32 against '",
     "value -0x1 does not fit in 32 bits"},
    {".data\n.globl n\n.set n, 0x80000000\n.reloc ., R_X86_64_32S, n\n"
     ".long 0\n",
     STATUS_OUT_OF_RANGE, "R_X86_64_32S against '",
     "value 0x80000000 does not fit in 32 bits"},
    {".data\n.globl n\n.set n, 5\n.reloc ., R_X86_64_PC32, n\n.long 0\n",
     STATUS_UNSUPPORTED, "R_X86_64_PC32 against '", "relative to the image"},
    {".data\n.reloc ., R_X86_64_PC16, far\n.word 0\n.bss\n.zero 100000\n"
     "far:\n",
     STATUS_OUT_OF_RANGE, "R_X86_64_PC16 against '", "16 bits"},
    {".text\nleaq far(%rip), %rax\n.bss\n.zero 3000000000\nfar:\n",
     STATUS_OUT_OF_RANGE, "R_X86_64_PC32 against '", "32 bits"},
    {".type v, @object\n.text\nmovl v(%rip), %eax\n", STATUS_UNSUPPORTED,
     "R_X86_64_PC32 against 'v'", "variable outside the image"},
    {".section .tdata, \"awT\"\nx: .quad 0\n.text\nleaq x(%rip), %rax\n",
     STATUS_CORRUPT, "against '", "thread-local"},
    {".hidden h\n.text\nnop\ncall h\n", STATUS_UNRESOLVED,
     "a.o: .text+0x2: R_X86_64_PLT32 against 'h'", "hidden"},
    {".data\n.quad 0\n.reloc .-4, R_X86_64_64, v\n", STATUS_CORRUPT,
     "a.o: .data+0x4: R_X86_64_64 against 'v'", "outside the section"},
    {".data\n.reloc ., R_X86_64_64, v\n.reloc .+4, R_X86_64_64, v\n"
     ".quad 0, 0\n",
     STATUS_CORRUPT, "a.o: .data+0x4", "overlap"},
    {".section .ctors, \"aw\"\n.balign 8\nlist: .quad -1\n"
     ".data\n.balign 8\n.quad list\n",
     STATUS_UNSUPPORTED, "a.o: .data+0x0: R_X86_64_64", "into .ctors"},
    {".text\n.cfi_startproc\nret\n.cfi_endproc\n"
     ".section .eh_frame, \"a\", @unwind\nframes:\n"
     ".data\n.quad frames\n",
     STATUS_UNSUPPORTED, "a.o: .data+0x0: R_X86_64_64", "into .eh_frame"},
};

static void
names_section_offset_type_and_symbol_of_what_it_refuses(void **state)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        assert_int_equal(fixture_setup(state), 0);
        fixture_assemble(*state, "a.o", refusals[i].text);
        fixture_refused(*state, refusals[i].status, refusals[i].message,
                        refusals[i].other_message);
        fixture_teardown(state);
    }
}

static void refuses_thread_local_use_of_what_is_not_thread_local(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".text\nleaq x@TLSGD(%rip), %rax\n");
    fixture_assemble(f, "b.o", ".globl x\n.data\nvar x\n.quad 0\n");
    fixture_refused(f, STATUS_CORRUPT, "a.o: .text+0x3: R_X86_64_TLSGD",
                    "not thread-local");
}

static void refuses_relocation_types_that_it_does_not_know(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".data\n.quad 0, outside\n");
    renumber(f, 250);
    fixture_refused(f, STATUS_UNSUPPORTED,
                    "a.o: .data+0x8: relocation type 250 against 'outside'",
                    "not known");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_what_the_psabi_prints),
        cmocka_unit_test(fields_hold_numbers_from_limit_to_limit),
        cmocka_unit_test(
            names_section_offset_type_and_symbol_of_what_it_refuses),
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        TEST(packs_addresses_at_even_places_and_lists_those_at_odd_ones),
        TEST(packs_addresses_of_every_distance),
        TEST(points_data_at_imports_by_name),
        TEST(gives_each_import_one_slot_in_the_order_of_dynsym),
        TEST(calls_imports_through_stubs_that_jump_to_the_slot),
        TEST(turns_loads_from_the_got_into_addresses),
        TEST(keeps_slots_for_what_cannot_be_an_address),
        TEST(does_not_relax_in_images_beyond_the_reach_of_32_bits),
        TEST(describes_thread_local_variables_in_slots),
        TEST(describes_thread_local_variables_by_descriptors),
        TEST(gives_an_indirect_function_one_address_its_stub),
        TEST(sorts_relocations_by_symbol_and_indirect_functions_last),
        TEST(moves_constants_with_addresses_out_of_read_only_memory),
        TEST(refuses_thread_local_use_of_what_is_not_thread_local),
        TEST(refuses_relocation_types_that_it_does_not_know),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
