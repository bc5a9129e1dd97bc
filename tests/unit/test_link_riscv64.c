/* lib/linker: riscv64, by the tables of the RISC-V ELF psABI. Fields are
 * compared with what an assembler makes of the same number; values are computed
 * from what the image says of its symbols. */
#include "link_machines.h"

static int setup(void **state)
{
    return fixture_setup_for(state, &foreign_riscv64);
}

/* ---- Fields ---- */

/* The code with the numbers 0, low, and high: 8 bytes each. */
struct field_row {
    const char *type;
    const char *zero;
    int64_t low;
    const char *with_low;
    int64_t high;
    const char *with_high;
    int64_t step; /* high + step and low - step are refused */
    bool is_even; /* odd numbers are, too */
};

#define GIB(n) (INT64_C(n) << 30)

static const struct field_row field_rows[] = {
    {"BRANCH", "beq a1, s2, 0; nop", -4096, "beq a1, s2, -4096; nop", 4094,
     "beq a1, s2, 4094; nop", 2, true},
    {"BRANCH", "bltu a1, s2, 0; nop", -1366, "bltu a1, s2, -1366; nop", 4094,
     "bltu a1, s2, 4094; nop", 2, true},
    {"JAL", "jal ra, 0; nop", -0x100000, "jal ra, -0x100000; nop", 0xffffe,
     "jal ra, 0xffffe; nop", 2, true},
    {"JAL", "jal t0, 0; nop", -0xaaaaa - 2, "jal t0, -0xaaaac; nop", 0xffffe,
     "jal t0, 0xffffe; nop", 2, true},
    {"PCREL_HI20", "auipc a7, 0; nop", -GIB(2) - 0x800,
     "auipc a7, 0x80000; nop", GIB(2) - 0x801, "auipc a7, 0x7ffff; nop", 1,
     false},
    {"HI20", "lui a7, 0; nop", 0x7ff, "lui a7, 0; nop", 0x800, "lui a7, 1; nop",
     0, false},
    {"HI20", "lui a7, 0; nop", -0x800, "lui a7, 0; nop", -0x801,
     "lui a7, 0xfffff; nop", 0, false},
    {"LO12_I", "addi a1, s2, 0; nop", 0x12345fff, "addi a1, s2, -1; nop",
     0x123457ff, "addi a1, s2, 2047; nop", 0, false},
    {"PCREL_LO12_I", "ld a1, 0(s2); nop", 0x12345800, "ld a1, -2048(s2); nop",
     0x123452aa, "ld a1, 0x2aa(s2); nop", 0, false},
    {"PCREL_LO12_S", "sd a1, 0(s2); nop", 0x12345800, "sd a1, -2048(s2); nop",
     0x123452aa, "sd a1, 0x2aa(s2); nop", 0, false},
    {"LO12_S", "fsw fa1, 0(s2); nop", 0x12345fff, "fsw fa1, -1(s2); nop",
     0x12345555, "fsw fa1, 0x555(s2); nop", 0, false},
    {"CALL_PLT", "auipc ra, 0; jalr 0(ra)", -GIB(2) - 0x800,
     "auipc ra, 0x80000; jalr -2048(ra)", GIB(2) - 0x801,
     "auipc ra, 0x7ffff; jalr 2047(ra)", 1, false},
    {"CALL", "auipc t1, 0; jr 0(t1)", 0x12345fff,
     "auipc t1, 0x12346; jr -1(t1)", GIB(2) - 0x801,
     "auipc t1, 0x7ffff; jr 2047(t1)", 0, false},
    {"RVC_BRANCH", "c.beqz a1, 0; c.nop; .word 19", -256,
     "c.beqz a1, -256; c.nop; .word 19", 254, "c.beqz a1, 254; c.nop; .word 19",
     2, true},
    {"RVC_BRANCH", "c.bnez a1, 0; c.nop; .word 19", -86,
     "c.bnez a1, -86; c.nop; .word 19", 254, "c.bnez a1, 254; c.nop; .word 19",
     2, true},
    {"RVC_JUMP", "c.j 0; c.nop; .word 19", -2048, "c.j -2048; c.nop; .word 19",
     2046, "c.j 2046; c.nop; .word 19", 2, true},
    {"RVC_JUMP", "c.j 0; c.nop; .word 19", -0x556,
     "c.j -0x556; c.nop; .word 19", 2046, "c.j 2046; c.nop; .word 19", 2, true},
    {"32_PCREL", ".word 0, 9", INT32_MIN, ".word 0x80000000, 9", INT32_MAX,
     ".word 0x7fffffff, 9", 1, false},
    {"PLT32", ".word 0, 9", INT32_MIN, ".word 0x80000000, 9", INT32_MAX,
     ".word 0x7fffffff, 9", 1, false},
    {"GOT32_PCREL", ".word 0, 9", INT32_MIN, ".word 0x80000000, 9", INT32_MAX,
     ".word 0x7fffffff, 9", 1, false},
    {"32", ".word 0, 9", INT32_MIN, ".word 0x80000000, 9", UINT32_MAX,
     ".word 0xffffffff, 9", 1, false},
    {"TLS_DTPREL32", ".word 0, 9", INT32_MIN, ".word 0x80000000, 9", INT32_MAX,
     ".word 0x7fffffff, 9", 1, false},
    {"ADD8", ".byte 0,1,2,3; .word 9", -128, ".byte -128,1,2,3; .word 9", 255,
     ".byte 255,1,2,3; .word 9", 1, false},
    {"ADD16", ".half 0,1; .word 9", -32768, ".half -32768,1; .word 9", 65535,
     ".half 65535,1; .word 9", 1, false},
    {"ADD32", ".word 0, 9", INT32_MIN, ".word 0x80000000, 9", UINT32_MAX,
     ".word 0xffffffff, 9", 1, false},
    {"ADD64", ".quad 0", INT64_MIN, ".quad 0x8000000000000000", INT64_MAX,
     ".quad 0x7fffffffffffffff", 0, false},
    {"SET8", ".byte 0,1,2,3; .word 9", -128, ".byte -128,1,2,3; .word 9", 255,
     ".byte 255,1,2,3; .word 9", 1, false},
    {"SET16", ".half 0,1; .word 9", -32768, ".half -32768,1; .word 9", 65535,
     ".half 65535,1; .word 9", 1, false},
    {"SET32", ".word 0, 9", INT32_MIN, ".word 0x80000000, 9", UINT32_MAX,
     ".word 0xffffffff, 9", 1, false},
    {"SET6", ".byte 0x40,1,2,3; .word 9", 1, ".byte 0x41,1,2,3; .word 9", 63,
     ".byte 0x7f,1,2,3; .word 9", 1, false},
    {"SET_ULEB128", ".byte 0x80,0x80,0,3; .word 9", 1,
     ".byte 0x81,0x80,0,3; .word 9", 0x1fffff, ".byte 255,255,127,3; .word 9",
     1, false},
};

enum { N_FIELD_ROWS = sizeof(field_rows) / sizeof(field_rows[0]) };

static void check_number(const struct field_row *row, const uint64_t *zero,
                         int64_t number, const uint64_t *wanted)
{
    const struct reloc_type *type =
        fixture_type(&link_machine_riscv64, row->type);
    uint64_t field = *zero;
    const bool fits =
        link_machine_riscv64.write(type, (uint8_t *)&field, (uint64_t)number);

    if (fits != (wanted != NULL))
        fail_msg("%s: %lld %s", row->type, (long long)number,
                 fits ? "fits" : "does not fit");
    if (field != (wanted ? *wanted : *zero))
        fail_msg("%s: %lld gives 0x%016llx", row->type, (long long)number,
                 (unsigned long long)field);
}

static void check_field(const struct field_row *row, const uint64_t *words)
{
    check_number(row, &words[0], row->low, &words[1]);
    check_number(row, &words[0], row->high, &words[2]);
    if (row->step) {
        check_number(row, &words[0], row->high + row->step, NULL);
        if (row->low < -0xaaaac || row->low == -4096 || row->low == -256)
            check_number(row, &words[0], row->low - row->step, NULL);
    }
    if (row->is_even)
        check_number(row, &words[0], row->low + 1, NULL);
}

static void writes_numbers_as_an_assembler_does(void **state)
{
    struct fixture *f = *state;
    char text[16384] = ".option norvc\n.text\n", *at = text + strlen(text);
    const uint8_t *words;

    at += sprintf(at, ".option rvc\n");
    for (size_t i = 0; i < N_FIELD_ROWS; i++) {
        const bool rvc = strncmp(field_rows[i].type, "RVC", 3) == 0;

        for (unsigned j = 0; j < 3; j++)
            at += sprintf(at, ".option %s\n%s\n.option norvc\n",
                          rvc ? "rvc" : "norvc",
                          j == 0   ? field_rows[i].zero
                          : j == 1 ? field_rows[i].with_low
                                   : field_rows[i].with_high);
    }
    assert_true(at < text + sizeof(text));
    fixture_assemble(f, "a.o", text);
    words = fixture_input_bytes(f, 0) +
            fixture_input_section(f, 0, ".text")->sh_offset;
    for (size_t i = 0; i < N_FIELD_ROWS; i++) {
        uint64_t row_words[3];

        memcpy(row_words, words + i * sizeof(row_words), sizeof(row_words));
        check_field(&field_rows[i], row_words);
    }
}

/* ---- Values ---- */

/* What the instructions at address compute: AUIPC and one with the low bits,
 * of the type I or S. */
static uint64_t pair_target(struct fixture *f, uint64_t high, uint64_t low)
{
    const uint32_t auipc = fixture_instruction(f, high),
                   second = fixture_instruction(f, low);
    const bool is_store = (second & 0x7f) == 0x23;
    const uint32_t bits =
        is_store ? (second >> 25) << 5 | (second >> 7 & 0x1f) : second >> 20;

    assert_int_equal(auipc & 0x7f, 0x17);
    return high + (uint64_t)(int64_t)(int32_t)(auipc & 0xfffff000) +
           (uint64_t)((int64_t)((uint64_t)bits << 52) >> 52);
}

static void takes_low_parts_from_the_label_of_the_high_part(void **state)
{
    struct fixture *f = *state;
    uint64_t code, target;

    /* The first low part is before the high part, the last in another
     * section. */
    fixture_assemble(f, "a.o",
                     ".text\n"
                     ".option norvc\n"
                     "func code\n"
                     "addi a0, a0, %pcrel_lo(here)\n"         /* 0 */
                     "here: auipc a0, %pcrel_hi(target)\n"    /* 4 */
                     "sd a1, %pcrel_lo(here)(a0)\n"           /* 8 */
                     "there: auipc a0, %pcrel_hi(target+5)\n" /* 12 */
                     "lb a1, %pcrel_lo(there)(a0)\n"          /* 16 */
                     ".section .text.other, \"ax\", @progbits\n"
                     "func other\n"
                     "addi a0, a0, %pcrel_lo(there)\n"
                     ".data\n"
                     ".zero 0xabc\n"
                     ".globl target\n"
                     "var target\n"
                     ".quad 0\n");
    fixture_image(f);
    code = fixture_address(f, "code");
    target = fixture_address(f, "target");
    assert_int_equal(pair_target(f, code + 4, code), target);
    assert_int_equal(pair_target(f, code + 4, code + 8), target);
    assert_int_equal(pair_target(f, code + 12, code + 16), target + 5);
    assert_int_equal(pair_target(f, code + 12, fixture_address(f, "other")),
                     target + 5);
}

static void loads_from_slots_and_calls_through_stubs(void **state)
{
    struct fixture *f = *state;
    uint64_t code, got, stub;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     ".option norvc\n"
                     "func code\n"
                     "call outside\n"   /* 0 */
                     "tail outside\n"   /* 8 */
                     "la a0, outside\n" /* 16: auipc, ld */
                     "la a0, target\n"  /* 24 */
                     "call code\n"      /* 32 */
                     ".reloc ., R_RISCV_PLT32, outside\n.word 0\n"      /* 40 */
                     ".reloc ., R_RISCV_GOT32_PCREL, target\n.word 0\n" /* 44 */
                     ".data\n"
                     ".globl target\n"
                     "var target\n"
                     ".quad 0\n");
    fixture_image(f);
    code = fixture_address(f, "code");
    got = fixture_section(f, ".got")->sh_addr;
    stub = fixture_section(f, ".plt")->sh_addr;
    assert_int_equal(pair_target(f, code, code + 4), stub);
    assert_int_equal(pair_target(f, code + 8, code + 12), stub);
    assert_int_equal(pair_target(f, code + 16, code + 20), got);
    assert_int_equal(pair_target(f, code + 24, code + 28), got + 8);
    assert_int_equal(pair_target(f, code + 32, code + 36), code);
    assert_int_equal(code + 40 + fixture_instruction(f, code + 40), stub);
    assert_int_equal(code + 44 + fixture_instruction(f, code + 44), got + 8);
    assert_int_equal(fixture_patch_at(f, got).type, 2);
    assert_string_equal(fixture_patch_at(f, got).symbol, "outside");
    assert_true(fixture_patch_at(f, got + 8).packed);
    assert_int_equal(fixture_instruction(f, stub) & 0xfff,
                     0xe17); /* auipc t3 */
    assert_int_equal(fixture_instruction(f, stub + 4) & 0xfffff,
                     0xe3e03);                                   /* ld t3, t3 */
    assert_int_equal(fixture_instruction(f, stub + 8), 0xe0067); /* jr t3 */
    assert_int_equal(pair_target(f, stub, stub + 4), got);
}

static void branches_inside_the_image(void **state)
{
    struct fixture *f = *state;
    uint64_t code;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     ".reloc ., R_RISCV_BRANCH, there\n.word 0x63\n" /* 0 */
                     ".reloc ., R_RISCV_JAL, there\n.word 0x6f\n"    /* 4 */
                     ".reloc ., R_RISCV_RVC_BRANCH, there\n.half 0xc001\n"
                     ".reloc ., R_RISCV_RVC_JUMP, there\n.half 0xa001\n"
                     ".reloc ., R_RISCV_32_PCREL, there+1\n.word 0\n" /* 12 */
                     ".reloc ., R_RISCV_HI20, number\n.word 0x37\n"   /* 16 */
                     ".reloc ., R_RISCV_LO12_I, number\n.word 0x13\n" /* 20 */
                     ".reloc ., R_RISCV_LO12_S, number\n.word 0x23\n" /* 24 */
                     ".section .text.there, \"ax\", @progbits\n"
                     ".zero 4\n"
                     ".globl there\n"
                     "func there\n"
                     "ret\n");
    fixture_assemble(f, "b.o", ".globl number\n.set number, 0x12345fff\n");
    fixture_image(f);
    code = fixture_address(f, "code");
    assert_int_equal(fixture_address(f, "there"), code + 32);
    assert_int_equal(fixture_instruction(f, code), 0x02000063);
    assert_int_equal(fixture_instruction(f, code + 4), 0x01c0006f);
    assert_int_equal(fixture_instruction(f, code + 8), 0xa819cc01);
    assert_int_equal(fixture_instruction(f, code + 12), 21);
    assert_int_equal(fixture_instruction(f, code + 16), 0x12346037);
    assert_int_equal(fixture_instruction(f, code + 20), 0xfff00013);
    assert_int_equal(fixture_instruction(f, code + 24), 0xfe000fa3);
}

static void computes_differences_from_both_symbols(void **state)
{
    struct fixture *f = *state;
    uint64_t data;
    int64_t distance;

    fixture_assemble(f, "a.o",
                     ".macro pair plus, minus, bytes:vararg\n"
                     ".reloc ., R_RISCV_\\plus, second + 5\n"
                     ".reloc ., R_RISCV_\\minus, first + 2\n"
                     "\\bytes\n"
                     ".endm\n"
                     ".data\n"
                     "var differences\n"
                     "pair ADD64, SUB64, .quad 1000\n"                /* 0 */
                     "pair ADD32, SUB32, .word 1000\n"                /* 8 */
                     "pair ADD16, SUB16, .half 10\n"                  /* 12 */
                     "pair ADD8, SUB8, .byte 10\n"                    /* 14 */
                     "pair SET6, SUB6, .byte 0xc0\n"                  /* 15 */
                     "pair SET32, SUB32, .word 1000\n"                /* 16 */
                     "pair SET16, SUB16, .half 1000\n"                /* 20 */
                     "pair SET8, SUB8, .byte 100\n"                   /* 22 */
                     "pair SET_ULEB128, SUB_ULEB128, .byte 0x80, 0\n" /* 23 */
                     ".byte 77\n"
                     ".text\n.globl first\nfunc first\n.zero 32\n"
                     ".section .text.x, \"ax\", @progbits\n"
                     ".globl second\nfunc second\nret\n");
    fixture_image(f);
    data = fixture_address(f, "differences");
    distance =
        (int64_t)(fixture_address(f, "second") - fixture_address(f, "first")) +
        3;
    assert_int_equal(distance, 35);
    assert_int_equal(fixture_word(f, data), 1000 + distance);
    assert_int_equal(fixture_instruction(f, data + 8), 1000 + distance);
    assert_int_equal(fixture_instruction(f, data + 12) & 0xffff, 10 + distance);
    assert_int_equal(*fixture_at(f, data + 14), 10 + distance);
    assert_int_equal(*fixture_at(f, data + 15), 0xc0 + distance);
    assert_int_equal(fixture_instruction(f, data + 16), distance);
    assert_int_equal(fixture_instruction(f, data + 20) & 0xffff, distance);
    assert_int_equal(*fixture_at(f, data + 22), distance);
    assert_int_equal(*fixture_at(f, data + 23), 0x80 + distance);
    assert_int_equal(*fixture_at(f, data + 24), 0);
    assert_int_equal(*fixture_at(f, data + 25), 77);
}

static void describes_thread_local_variables_in_slots(void **state)
{
    struct fixture *f = *state;
    uint64_t got, code, data;
    static const struct {
        unsigned type;
        const char *symbol;
        uint64_t word; /* or addend */
    } wanted[] = {
        {7, "", 0},         {0, "", (uint64_t)16 - 0x800}, /* own: pair */
        {7, "outside", 0},  {9, "outside", 0},             /* import: pair */
        {11, "", 16},       {11, "outside", 0},            /* distances */
        {12, "", 16},       {0, "", 0},                    /* own: descriptor */
        {12, "outside", 0}, {0, "", 0}, /* import: descriptor */
    };

    fixture_assemble(f, "a.o",
                     ".text\n"
                     ".option norvc\n"
                     "func code\n"
                     "la.tls.gd a0, own\n"
                     "la.tls.gd a0, outside\n"
                     "la.tls.ie a0, own\n"
                     "la.tls.ie a0, outside\n"
                     "1: auipc a0, %tlsdesc_hi(own)\n" /* 32 */
                     "ld a1, %tlsdesc_load_lo(1b)(a0)\n"
                     "addi a0, a0, %tlsdesc_add_lo(1b)\n"
                     "jalr t0, 0(a1), %tlsdesc_call(1b)\n"
                     "2: auipc a0, %tlsdesc_hi(outside)\n"
                     ".data\n"
                     ".balign 8\n"
                     "var numbers\n"
                     ".reloc ., R_RISCV_TLS_DTPREL64, own + 3\n.quad 0\n"
                     ".reloc ., R_RISCV_TLS_DTPREL32, own + 3\n.word 0\n"
                     ".section .tdata, \"awT\", @progbits\n"
                     ".quad 1, 2\n"
                     ".globl own\n"
                     ".type own, @object\n"
                     "own: .quad 3\n");
    fixture_image(f);
    code = fixture_address(f, "code");
    data = fixture_address(f, "numbers");
    got = fixture_section(f, ".got")->sh_addr;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const struct patch patch = fixture_patch_at(f, got + i * 8);

        assert_int_equal(patch.type, wanted[i].type);
        assert_string_equal(patch.symbol, wanted[i].symbol);
        assert_int_equal(patch.type ? patch.addend
                                    : fixture_word(f, got + i * 8),
                         wanted[i].word);
    }
    assert_int_equal(pair_target(f, code, code + 4), got);
    assert_int_equal(pair_target(f, code + 8, code + 12), got + 16);
    assert_int_equal(pair_target(f, code + 16, code + 20), got + 32);
    assert_int_equal(pair_target(f, code + 24, code + 28), got + 40);
    assert_int_equal(pair_target(f, code + 32, code + 36), got + 48);
    assert_int_equal(pair_target(f, code + 32, code + 40), got + 48);
    assert_int_equal(fixture_word(f, data), (uint64_t)19 - 0x800);
    assert_int_equal(fixture_instruction(f, data + 8), (uint32_t)19 - 0x800);
}

/* ---- Unwind tables ---- */

/* As assemblers write the tables of code that may become shorter: distances
 * from places in the table itself, and sizes, are differences. */
static void takes_apart_unwind_tables_of_differences(void **state)
{
    struct fixture *f = *state;
    const Elf64_Shdr *table, *header;
    uint64_t fde;

    fixture_assemble(f, "a.o",
                     ".text\n.globl first\nfunc first\n.word 0x13\nfirst_end:\n"
                     ".section .text.x, \"ax\", @progbits\n"
                     ".globl second\nfunc second\n.zero 12\nsecond_end:\n"
                     ".section .eh_frame, \"a\", @progbits\n"
                     ".macro difference bytes, a, b\n"
                     ".reloc ., R_RISCV_ADD\\bytes, \\a\n"
                     ".reloc ., R_RISCV_SUB\\bytes, \\b\n"
                     ".endm\n"
                     "cie: .word 16, 0\n.byte 3\n.asciz \"zR\"\n"
                     ".byte 1, 0x7c, 1, 1, 0x1b, 0, 0, 0\n"
                     ".word 16, 24\n"
                     "place1: difference 32, first, place1\n.word 0\n"
                     "difference 32, first_end, first\n.word 0\n.word 0\n"
                     ".word 16, 44\n"
                     "place2: difference 32, second, place2\n.word 0\n"
                     "difference 32, second_end, second\n.word 0\n.byte 0\n"
                     ".reloc ., R_RISCV_SET6, second + 2\n"
                     ".reloc ., R_RISCV_SUB6, second\n"
                     ".byte 0x40, 0, 0\n");
    fixture_image(f);
    table = fixture_section(f, ".eh_frame");
    header = fixture_section(f, ".eh_frame_hdr");
    assert_non_null(header);
    assert_int_equal(fixture_instruction(f, header->sh_addr + 8), 2);
    for (unsigned i = 0; i < 2; i++) {
        static const char *const names[] = {"first", "second"};
        static const unsigned sizes[] = {4, 12};
        const uint64_t row = header->sh_addr + 12 + i * 8;

        fde = header->sh_addr + fixture_instruction(f, row + 4);
        assert_true(fde >= table->sh_addr);
        assert_int_equal(header->sh_addr + (int32_t)fixture_instruction(f, row),
                         fixture_address(f, names[i]));
        assert_int_equal(fde + 8 + (int32_t)fixture_instruction(f, fde + 8),
                         fixture_address(f, names[i]));
        assert_int_equal(fixture_instruction(f, fde + 12), sizes[i]);
    }
    assert_int_equal(*fixture_at(f, fde + 17), 0x42);
}

/* ---- Alignment ---- */

static void accepts_padding_that_aligns_as_it_is(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".text\n.balign 8\n.word 0x13\n"
                     ".reloc ., R_RISCV_ALIGN, 4\n.word 0x13\n"
                     "func aligned\nret\n");
    fixture_image(f);
    assert_int_equal(fixture_address(f, "aligned") % 8, 0);
}

/* ---- Calling conventions ---- */

static void set_flags(struct fixture *f, size_t input, uint32_t flags)
{
    ((Elf64_Ehdr *)(void *)fixture_input_bytes(f, input))->e_flags = flags;
}

static void says_in_elf_flags_what_code_needs(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".text\nret\n");
    fixture_assemble(f, "b.o", ".text\nret\n");
    set_flags(f, 0, 4);
    set_flags(f, 1, 4 | 1 | 16);
    fixture_image(f);
    assert_int_equal(
        ((const Elf64_Ehdr *)(const void *)f->result.image.data)->e_flags,
        4 | 1 | 16);
}

static void refuses_to_mix_calling_conventions(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".text\nret\n");
    fixture_assemble(f, "b.o", ".text\nret\n");
    set_flags(f, 0, 5);
    set_flags(f, 1, 1);
    fixture_refused(f, STATUS_MISUSE, "b.o: passes floating point",
                    "soft-float ABI, but a.o as the double-float");
}

static void refuses_the_small_register_file(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".text\nret\n");
    set_flags(f, 0, 8);
    fixture_refused(f, STATUS_UNSUPPORTED, "a.o: ELF flags 0x8", "RVE");
}

/* ---- What cannot be in an image ---- */

struct refusal {
    const char *text;
    enum status status;
    const char *message;
    const char *other_message;
};

static const struct refusal refusals[] = {
    {".text\nlui a0, %hi(outside)\n", STATUS_UNSUPPORTED,
     "a.o: .text+0x0: R_RISCV_HI20 against 'outside'", "-fPIC"},
    {".text\nlui a0, %tprel_hi(v)\n", STATUS_UNSUPPORTED,
     "R_RISCV_TPREL_HI20 against 'v'", "local-exec"},
    {".text\nnop\nhere: .reloc ., R_RISCV_PCREL_LO12_I, here\n.word 0x13\n",
     STATUS_CORRUPT, "R_RISCV_PCREL_LO12_I against 'here'", "no high part"},
    {".text\n.reloc ., R_RISCV_PCREL_LO12_I, outside\n.word 0x13\n",
     STATUS_CORRUPT, "R_RISCV_PCREL_LO12_I against 'outside'", "no high part"},
    {".data\nx: .reloc ., R_RISCV_ADD32, x\n.word 0\n", STATUS_UNSUPPORTED,
     "a.o: .data+0x0: R_RISCV_ADD32", "half a difference"},
    {".data\nx: .reloc ., R_RISCV_SUB32, x\n.word 0\n", STATUS_UNSUPPORTED,
     "a.o: .data+0x0: R_RISCV_SUB32", "half a difference"},
    {".data\nx: .reloc ., R_RISCV_ADD32, x\n.reloc .+4, R_RISCV_SUB32, x\n"
     ".word 0, 0\n",
     STATUS_UNSUPPORTED, "a.o: .data+0x0: R_RISCV_ADD32", "half a difference"},
    {".data\nx: .reloc ., R_RISCV_ADD32, x\n.reloc ., R_RISCV_SUB32, outside\n"
     ".word 0\n",
     STATUS_UNSUPPORTED, "R_RISCV_SUB32 against 'outside'", "import"},
    {".data\nx: .zero 256\ny: .reloc ., R_RISCV_SET8, y\n"
     ".reloc ., R_RISCV_SUB8, x\n.byte 0\n",
     STATUS_OUT_OF_RANGE, "R_RISCV_SET8", "0x100 does not fit"},
    {".data\nx: .zero 128\ny: .reloc ., R_RISCV_SET_ULEB128, y\n"
     ".reloc ., R_RISCV_SUB_ULEB128, x\n.byte 0\n",
     STATUS_OUT_OF_RANGE, "R_RISCV_SET_ULEB128", "0x80 does not fit"},
    {".data\nx: .reloc ., R_RISCV_SET_ULEB128, x\n"
     ".reloc ., R_RISCV_SUB_ULEB128, x\n.byte 0x80\n",
     STATUS_CORRUPT, "R_RISCV_SET_ULEB128", "outside the section"},
    {".text\n.balign 8\n.word 0x13\n.reloc ., R_RISCV_ALIGN, "
     "6\nnop\nnop\nnop\n",
     STATUS_UNSUPPORTED, "R_RISCV_ALIGN", "8 bytes by relaxation"},
    {".text\njal far\n.bss\n.zero 0x100000\nfar:\n", STATUS_OUT_OF_RANGE,
     "a.o: .text+0x0: R_RISCV_JAL", "fit"},
    {".text\nlla a0, far\n.bss\n.zero 0x80000000\nfar:\n", STATUS_OUT_OF_RANGE,
     "a.o: .text+0x0: R_RISCV_PCREL_HI20", "fit"},
};

static void
names_section_offset_type_and_symbol_of_what_it_refuses(void **state)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        assert_int_equal(setup(state), 0);
        fixture_assemble(*state, "a.o", refusals[i].text);
        fixture_refused(*state, refusals[i].status, refusals[i].message,
                        refusals[i].other_message);
        fixture_teardown(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            names_section_offset_type_and_symbol_of_what_it_refuses),
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
        TEST(writes_numbers_as_an_assembler_does),
        TEST(takes_low_parts_from_the_label_of_the_high_part),
        TEST(loads_from_slots_and_calls_through_stubs),
        TEST(branches_inside_the_image),
        TEST(computes_differences_from_both_symbols),
        TEST(describes_thread_local_variables_in_slots),
        TEST(takes_apart_unwind_tables_of_differences),
        TEST(accepts_padding_that_aligns_as_it_is),
        TEST(says_in_elf_flags_what_code_needs),
        TEST(refuses_to_mix_calling_conventions),
        TEST(refuses_the_small_register_file),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
