/* lib/linker: AArch64, by the tables of AAELF64. Fields are compared with what
 * an assembler makes of the same number; values are computed from what the
 * image says of its symbols. */
#include "link_machines.h"

static int setup(void **state)
{
    return fixture_setup_for(state, &foreign_aarch64);
}

/* ---- Fields ---- */

/* The instruction with the numbers 0, low, and high. */
struct field_row {
    const char *type;
    const char *zero;
    int64_t low;
    const char *with_low;
    int64_t high;
    const char *with_high;
    int64_t step;   /* high + step is refused, low - step, too; 0: nothing is */
    unsigned align; /* so are numbers that are not multiples of it */
};

#define KIB(n) (INT64_C(n) << 10)
#define MIB(n) (INT64_C(n) << 20)
#define GIB(n) (INT64_C(n) << 30)

/* NEXT: the highest number of the field is so much below n. */
#define BRANCH(type, before, n, low, high)                                     \
    {                                                                          \
        type, before "0", -(n), before "-" low, (n)-4, before high, 4, 4       \
    }
#define BYTES(type, before, n, low, high)                                      \
    {                                                                          \
        type, before "0", -(n), before "-" low, (n)-1, before high, 1, 1       \
    }
#define PAGES(type)                                                            \
    {                                                                          \
        type, "adrp x7, 0", -GIB(4), "adrp x7, -0x100000000", GIB(4) - 4096,   \
            "adrp x7, 0xfffff000", 4096, 1                                     \
    }
#define LOW(type, before, middle, align)                                       \
    {                                                                          \
        type, before "0]", middle, before #middle "]", 4096 - (align),         \
            before "4096-" #align "]", align, align                            \
    }
#define LOW_NC(type, before, middle, align)                                    \
    {                                                                          \
        type, before "0]", middle, before #middle "]", 4096 - (align),         \
            before "4096-" #align "]", 0, align                                \
    }

static const struct field_row field_rows[] = {
    BRANCH("CALL26", "bl ", MIB(128), "0x8000000", "0x7fffffc"),
    BRANCH("JUMP26", "b ", MIB(128), "0x8000000", "0x7fffffc"),
    BRANCH("CONDBR19", "b.ne ", MIB(1), "0x100000", "0xffffc"),
    BRANCH("CONDBR19", "cbz x3, ", MIB(1), "0x100000", "0xffffc"),
    BRANCH("TSTBR14", "tbnz x3, 35, ", KIB(32), "0x8000", "0x7ffc"),
    BRANCH("LD_PREL_LO19", "ldr x3, ", MIB(1), "0x100000", "0xffffc"),
    BRANCH("GOT_LD_PREL19", "ldr x3, ", MIB(1), "0x100000", "0xffffc"),
    BRANCH("TLSDESC_LD_PREL19", "ldr x3, ", MIB(1), "0x100000", "0xffffc"),
    BYTES("ADR_PREL_LO21", "adr x7, ", MIB(1), "0x100000", "0xfffff"),
    BYTES("TLSGD_ADR_PREL21", "adr x7, ", MIB(1), "0x100000", "0xfffff"),
    PAGES("ADR_PREL_PG_HI21"),
    PAGES("ADR_GOT_PAGE"),
    PAGES("TLSDESC_ADR_PAGE21"),
    PAGES("TLSIE_ADR_GOTTPREL_PAGE21"),
    LOW("TLSLD_LDST8_DTPREL_LO12", "strb w3, [x4, ", 77, 1),
    LOW("TLSLD_LDST16_DTPREL_LO12", "ldrh w3, [x4, ", 78, 2),
    LOW("TLSLD_LDST32_DTPREL_LO12", "ldr s3, [x4, ", 76, 4),
    LOW("TLSLD_LDST64_DTPREL_LO12", "str x3, [x4, ", 80, 8),
    LOW("TLSLD_LDST128_DTPREL_LO12", "ldr q3, [x4, ", 80, 16),
    LOW_NC("LDST8_ABS_LO12_NC", "ldrb w3, [x4, ", 77, 1),
    LOW_NC("LDST16_ABS_LO12_NC", "ldrh w3, [x4, ", 78, 2),
    LOW_NC("LDST32_ABS_LO12_NC", "ldr w3, [x4, ", 76, 4),
    LOW_NC("LDST64_ABS_LO12_NC", "ldr d3, [x4, ", 80, 8),
    LOW_NC("LDST128_ABS_LO12_NC", "str q3, [x4, ", 80, 16),
    LOW_NC("LD64_GOT_LO12_NC", "ldr x3, [x4, ", 80, 8),
    {"ADD_ABS_LO12_NC", "add x3, x4, 0", 1, "add x3, x4, 1", 4095,
     "add x3, x4, 4095", 0, 1},
    {"TLSLD_ADD_DTPREL_LO12", "add x3, x4, 0", 1, "add x3, x4, 1", 4095,
     "add x3, x4, 4095", 1, 1},
    {"TLSLD_ADD_DTPREL_HI12", "add x3, x4, 0, lsl 12", 4095,
     "add x3, x4, 0, lsl 12", 0xffffff, "add x3, x4, 4095, lsl 12", 1, 1},
    {"LD64_GOTPAGE_LO15", "ldr x3, [x4, 0]", 8, "ldr x3, [x4, 8]", 32760,
     "ldr x3, [x4, 32760]", 8, 8},
    {"LD64_GOTOFF_LO15", "ldr x3, [x4, 0]", 8, "ldr x3, [x4, 8]", 32760,
     "ldr x3, [x4, 32760]", 8, 8},
    {"MOVW_UABS_G0", "movz x9, 0", 1, "movz x9, 1", 0xffff, "movz x9, 0xffff",
     1, 1},
    {"MOVW_UABS_G0_NC", "movk x9, 0", -2, "movk x9, 0xfffe", 0x12345,
     "movk x9, 0x2345", 0, 1},
    {"MOVW_UABS_G1", "movz x9, 0, lsl 16", 0xffff, "movz x9, 0, lsl 16",
     0xffffffff, "movz x9, 0xffff, lsl 16", 1, 1},
    {"MOVW_UABS_G2", "movz x9, 0, lsl 32", 0xffffffff, "movz x9, 0, lsl 32",
     0xffffffffffff, "movz x9, 0xffff, lsl 32", 1, 1},
    {"MOVW_UABS_G3", "movz x9, 0, lsl 48", -1, "movz x9, 0xffff, lsl 48",
     INT64_MAX, "movz x9, 0x7fff, lsl 48", 0, 1},
    {"MOVW_SABS_G0", "movz x9, 0", -0x10000, "movn x9, 0xffff", 0xffff,
     "movz x9, 0xffff", 1, 1},
    {"MOVW_SABS_G1", "movn x9, 0, lsl 16", -0x100000000,
     "movn x9, 0xffff, lsl 16", 0xffffffff, "movz x9, 0xffff, lsl 16", 1, 1},
    {"MOVW_PREL_G2", "movz x9, 0, lsl 32", -0x1000000000000,
     "movn x9, 0xffff, lsl 32", 0xffffffffffff, "movz x9, 0xffff, lsl 32", 1,
     1},
    {"MOVW_PREL_G3", "movz x9, 0, lsl 48", INT64_MIN, "movn x9, 0x7fff, lsl 48",
     INT64_MAX, "movz x9, 0x7fff, lsl 48", 0, 1},
    {"ABS32", ".word 0", INT32_MIN, ".word 0x80000000", UINT32_MAX,
     ".word 0xffffffff", 1, 1},
    {"ABS16", ".word 0", INT16_MIN, ".word 0x8000", UINT16_MAX, ".word 0xffff",
     1, 1},
    {"PREL32", ".word 0", INT32_MIN, ".word 0x80000000", UINT32_MAX,
     ".word 0xffffffff", 1, 1},
    {"PLT32", ".word 0", INT32_MIN, ".word 0x80000000", INT32_MAX,
     ".word 0x7fffffff", 1, 1},
    {"GOTPCREL32", ".word 0", INT32_MIN, ".word 0x80000000", INT32_MAX,
     ".word 0x7fffffff", 1, 1},
};

enum { N_FIELD_ROWS = sizeof(field_rows) / sizeof(field_rows[0]) };

static void check_number(const struct field_row *row, const uint32_t *zero,
                         int64_t number, const uint32_t *wanted)
{
    const struct reloc_type *type =
        fixture_type(&link_machine_aarch64, row->type);
    uint32_t field = *zero;
    const bool fits =
        link_machine_aarch64.write(type, (uint8_t *)&field, (uint64_t)number);

    if (fits != (wanted != NULL))
        fail_msg("%s: %lld %s", row->type, (long long)number,
                 fits ? "fits" : "does not fit");
    if (field != (wanted ? *wanted : *zero))
        fail_msg("%s: %lld gives 0x%08x", row->type, (long long)number, field);
}

static void check_field(const struct field_row *row, const uint32_t *words)
{
    check_number(row, &words[0], row->low, &words[1]);
    check_number(row, &words[0], row->high, &words[2]);
    if (row->step) {
        check_number(row, &words[0], row->high + row->step, NULL);
        if (row->low < 0)
            check_number(row, &words[0], row->low - row->step, NULL);
        else
            check_number(row, &words[0], -row->step, NULL);
    }
    for (unsigned low = 1; low < row->align; low *= 2)
        check_number(row, &words[0], row->low + low, NULL);
}

static void writes_numbers_as_an_assembler_does(void **state)
{
    struct fixture *f = *state;
    char text[16384] = ".text\n", *at = text + strlen(text);
    const uint8_t *words;

    for (size_t i = 0; i < N_FIELD_ROWS; i++)
        at += sprintf(at, "%s\n%s\n%s\n", field_rows[i].zero,
                      field_rows[i].with_low, field_rows[i].with_high);
    assert_true(at < text + sizeof(text));
    fixture_assemble(f, "a.o", text);
    assert_int_equal(fixture_input_section(f, 0, ".text")->sh_size,
                     N_FIELD_ROWS * 12);
    words = fixture_input_bytes(f, 0) +
            fixture_input_section(f, 0, ".text")->sh_offset;
    for (size_t i = 0; i < N_FIELD_ROWS; i++) {
        uint32_t row_words[3];

        memcpy(row_words, words + i * sizeof(row_words), sizeof(row_words));
        check_field(&field_rows[i], row_words);
    }
}

/* ---- Values ---- */

/* The letters of AAELF64; T is the start of the TLS block, and Slot that of
 * the symbol in the GOT. */
struct letters {
    uint64_t S, A, P, GOT, Slot, T;
};

static uint64_t page(uint64_t address)
{
    return address & ~UINT64_C(0xfff);
}

static uint64_t s_a(const struct letters *l)
{
    return l->S + l->A;
}

static uint64_t s_a_p(const struct letters *l)
{
    return l->S + l->A - l->P;
}

static uint64_t page_s_a_page_p(const struct letters *l)
{
    return page(l->S + l->A) - page(l->P);
}

static uint64_t low_s_a(const struct letters *l)
{
    return (l->S + l->A) & 0xfff;
}

static uint64_t s_a_got(const struct letters *l)
{
    return l->S + l->A - l->GOT;
}

static uint64_t slot_p(const struct letters *l)
{
    return l->Slot - l->P;
}

static uint64_t page_slot_page_p(const struct letters *l)
{
    return page(l->Slot) - page(l->P);
}

static uint64_t low_slot(const struct letters *l)
{
    return l->Slot & 0xfff;
}

static uint64_t slot_page_got(const struct letters *l)
{
    return l->Slot - page(l->GOT);
}

static uint64_t slot_got(const struct letters *l)
{
    return l->Slot - l->GOT;
}

static uint64_t s_a_t(const struct letters *l)
{
    return l->S + l->A - l->T;
}

struct value_row {
    const char *type;
    const char *instruction;
    const char *symbol; /* code, target, number, variable, outside */
    unsigned addend;
    uint64_t (*formula)(const struct letters *l);
};

/* `target` is at 16 bytes of a page's multiple. */
static const struct value_row value_rows[] = {
    {"PREL64", "nop; nop", "target", 5, s_a_p},
    {"PREL32", "nop", "target", 5, s_a_p},
    {"PLT32", "nop", "target", 5, s_a_p},
    {"ABS64", "nop; nop", "number", 5, s_a},
    {"ABS32", "nop", "number", 5, s_a},
    {"ABS16", "nop", "number", 5, s_a},
    {"MOVW_UABS_G0", "movz x1, 0", "number", 5, s_a},
    {"MOVW_UABS_G0_NC", "movk x1, 0", "number", 5, s_a},
    {"MOVW_UABS_G1", "movz x1, 0, lsl 16", "number", 5, s_a},
    {"MOVW_UABS_G1_NC", "movk x1, 0, lsl 16", "number", 5, s_a},
    {"MOVW_UABS_G2", "movz x1, 0, lsl 32", "number", 5, s_a},
    {"MOVW_UABS_G2_NC", "movk x1, 0, lsl 32", "number", 5, s_a},
    {"MOVW_UABS_G3", "movk x1, 0, lsl 48", "number", 5, s_a},
    {"MOVW_SABS_G0", "movz x1, 0", "number", 5, s_a},
    {"MOVW_SABS_G1", "movz x1, 0, lsl 16", "number", 5, s_a},
    {"MOVW_SABS_G2", "movz x1, 0, lsl 32", "number", 5, s_a},
    {"LD_PREL_LO19", "ldr x1, 0", "target", 4, s_a_p},
    {"ADR_PREL_LO21", "adr x1, 0", "target", 5, s_a_p},
    {"ADR_PREL_PG_HI21", "adrp x1, 0", "target", 5, page_s_a_page_p},
    {"ADR_PREL_PG_HI21", "adrp x1, 0", "target", 4095, page_s_a_page_p},
    {"ADR_PREL_PG_HI21_NC", "adrp x1, 0", "target", 5, page_s_a_page_p},
    {"ADD_ABS_LO12_NC", "add x1, x2, 0", "target", 5, low_s_a},
    {"LDST8_ABS_LO12_NC", "ldrb w1, [x2]", "target", 5, low_s_a},
    {"LDST16_ABS_LO12_NC", "ldrh w1, [x2]", "target", 6, low_s_a},
    {"LDST32_ABS_LO12_NC", "ldr w1, [x2]", "target", 4, low_s_a},
    {"LDST64_ABS_LO12_NC", "ldr x1, [x2]", "target", 8, low_s_a},
    {"LDST128_ABS_LO12_NC", "ldr q1, [x2]", "target", 16, low_s_a},
    {"TSTBR14", "tbz x1, 3, 0", "code", 4, s_a_p},
    {"CONDBR19", "b.eq 0", "code", 4, s_a_p},
    {"JUMP26", "b 0", "code", 4, s_a_p},
    {"CALL26", "bl 0", "code", 4, s_a_p},
    {"MOVW_PREL_G0", "movz x1, 0", "code", 4, s_a_p},
    {"MOVW_PREL_G0_NC", "movk x1, 0", "code", 4, s_a_p},
    {"MOVW_PREL_G1", "movz x1, 0, lsl 16", "target", 5, s_a_p},
    {"MOVW_PREL_G1_NC", "movk x1, 0, lsl 16", "target", 5, s_a_p},
    {"MOVW_PREL_G2", "movz x1, 0, lsl 32", "target", 5, s_a_p},
    {"MOVW_PREL_G2_NC", "movk x1, 0, lsl 32", "target", 5, s_a_p},
    {"MOVW_PREL_G3", "movz x1, 0, lsl 48", "target", 5, s_a_p},
    {"GOTREL64", "nop; nop", "target", 5, s_a_got},
    {"GOTREL32", "nop", "target", 5, s_a_got},
    {"GOT_LD_PREL19", "ldr x1, 0", "target", 0, slot_p},
    {"GOTPCREL32", "nop", "target", 0, slot_p},
    {"LD64_GOTOFF_LO15", "ldr x1, [x2]", "target", 0, slot_got},
    {"LD64_GOTPAGE_LO15", "ldr x1, [x2]", "target", 0, slot_page_got},
    {"MOVW_GOTOFF_G0", "movz x1, 0", "target", 0, slot_got},
    {"MOVW_GOTOFF_G0_NC", "movk x1, 0", "target", 0, slot_got},
    {"MOVW_GOTOFF_G1", "movz x1, 0, lsl 16", "target", 0, slot_got},
    {"MOVW_GOTOFF_G1_NC", "movk x1, 0, lsl 16", "target", 0, slot_got},
    {"MOVW_GOTOFF_G2", "movz x1, 0, lsl 32", "target", 0, slot_got},
    {"MOVW_GOTOFF_G2_NC", "movk x1, 0, lsl 32", "target", 0, slot_got},
    {"MOVW_GOTOFF_G3", "movz x1, 0, lsl 48", "target", 0, slot_got},
    {"ADR_GOT_PAGE", "adrp x1, 0", "outside", 0, page_slot_page_p},
    {"LD64_GOT_LO12_NC", "ldr x1, [x2]", "outside", 0, low_slot},
    {"TLSGD_ADR_PREL21", "adr x0, 0", "variable", 0, slot_p},
    {"TLSGD_ADR_PAGE21", "adrp x0, 0", "variable", 0, page_slot_page_p},
    {"TLSGD_ADD_LO12_NC", "add x0, x0, 0", "variable", 0, low_slot},
    {"TLSGD_MOVW_G1", "movz x0, 0, lsl 16", "variable", 0, slot_got},
    {"TLSGD_MOVW_G0_NC", "movk x0, 0", "variable", 0, slot_got},
    {"TLSLD_ADR_PREL21", "adr x0, 0", "variable", 0, slot_p},
    {"TLSLD_ADR_PAGE21", "adrp x0, 0", "variable", 0, page_slot_page_p},
    {"TLSLD_ADD_LO12_NC", "add x0, x0, 0", "variable", 0, low_slot},
    {"TLSLD_MOVW_G1", "movz x0, 0, lsl 16", "variable", 0, slot_got},
    {"TLSLD_MOVW_G0_NC", "movk x0, 0", "variable", 0, slot_got},
    {"TLSLD_LD_PREL19", "ldr x0, 0", "variable", 0, slot_p},
    {"TLSIE_MOVW_GOTTPREL_G1", "movz x0, 0, lsl 16", "variable", 0, slot_got},
    {"TLSIE_MOVW_GOTTPREL_G0_NC", "movk x0, 0", "variable", 0, slot_got},
    {"TLSIE_ADR_GOTTPREL_PAGE21", "adrp x0, 0", "variable", 0,
     page_slot_page_p},
    {"TLSIE_LD64_GOTTPREL_LO12_NC", "ldr x0, [x0]", "variable", 0, low_slot},
    {"TLSIE_LD_GOTTPREL_PREL19", "ldr x0, 0", "variable", 0, slot_p},
    {"TLSDESC_LD_PREL19", "ldr x0, 0", "variable", 0, slot_p},
    {"TLSDESC_ADR_PREL21", "adr x0, 0", "variable", 0, slot_p},
    {"TLSDESC_ADR_PAGE21", "adrp x0, 0", "variable", 0, page_slot_page_p},
    {"TLSDESC_LD64_LO12", "ldr x1, [x0]", "variable", 0, low_slot},
    {"TLSDESC_ADD_LO12", "add x0, x0, 0", "variable", 0, low_slot},
    {"TLSDESC_OFF_G1", "movz x0, 0, lsl 16", "variable", 0, slot_got},
    {"TLSDESC_OFF_G0_NC", "movk x0, 0", "variable", 0, slot_got},
    {"TLS_DTPREL64", "nop; nop", "variable", 5, s_a_t},
    {"TLSLD_MOVW_DTPREL_G2", "movz x0, 0, lsl 32", "variable", 5, s_a_t},
    {"TLSLD_MOVW_DTPREL_G1", "movz x0, 0, lsl 16", "variable", 5, s_a_t},
    {"TLSLD_MOVW_DTPREL_G1_NC", "movk x0, 0, lsl 16", "variable", 5, s_a_t},
    {"TLSLD_MOVW_DTPREL_G0", "movz x0, 0", "variable", 5, s_a_t},
    {"TLSLD_MOVW_DTPREL_G0_NC", "movk x0, 0", "variable", 5, s_a_t},
    {"TLSLD_ADD_DTPREL_HI12", "add x0, x0, 0", "variable", 5, s_a_t},
    {"TLSLD_ADD_DTPREL_LO12", "add x0, x0, 0", "variable", 5, s_a_t},
    {"TLSLD_ADD_DTPREL_LO12_NC", "add x0, x0, 0", "variable", 5, s_a_t},
    {"TLSLD_LDST8_DTPREL_LO12", "ldrb w0, [x0]", "variable", 5, s_a_t},
    {"TLSLD_LDST8_DTPREL_LO12_NC", "ldrb w0, [x0]", "variable", 5, s_a_t},
    {"TLSLD_LDST16_DTPREL_LO12", "ldrh w0, [x0]", "variable", 2, s_a_t},
    {"TLSLD_LDST16_DTPREL_LO12_NC", "ldrh w0, [x0]", "variable", 2, s_a_t},
    {"TLSLD_LDST32_DTPREL_LO12", "ldr w0, [x0]", "variable", 4, s_a_t},
    {"TLSLD_LDST32_DTPREL_LO12_NC", "ldr w0, [x0]", "variable", 4, s_a_t},
    {"TLSLD_LDST64_DTPREL_LO12", "ldr x0, [x0]", "variable", 8, s_a_t},
    {"TLSLD_LDST64_DTPREL_LO12_NC", "ldr x0, [x0]", "variable", 8, s_a_t},
    {"TLSLD_LDST128_DTPREL_LO12", "ldr q0, [x0]", "variable", 0, s_a_t},
    {"TLSLD_LDST128_DTPREL_LO12_NC", "ldr q0, [x0]", "variable", 0, s_a_t},
};

/* The place is at `code` + 8, the instruction once more at `code`. */
static void assemble_row(struct fixture *f, const struct value_row *row)
{
    char text[1024];

    snprintf(text, sizeof(text),
             ".text\n"
             ".globl code\n"
             "func code\n"
             "%s\n"
             ".balign 8\n"
             ".reloc ., R_AARCH64_%s, %s+%u\n"
             "%s\n"
             ".balign 8\n"
             ".data\n"
             ".balign 4096\n"
             ".quad 0, 0\n"
             ".globl target\n"
             "var target\n"
             ".quad 0, 0, 0\n"
             ".globl number\n"
             ".set number, 0x70\n"
             ".section .tdata, \"awT\", @progbits\n"
             ".balign 16\n"
             ".quad 0, 0\n"
             ".type variable, @object\n"
             ".globl variable\n"
             "variable: .quad 0\n",
             row->instruction, row->type, row->symbol, row->addend,
             row->instruction);
    fixture_assemble(f, "row.o", text);
}

static void check_row(struct fixture *f, const struct value_row *row)
{
    const struct reloc_type *type =
        fixture_type(&link_machine_aarch64, row->type);
    const uint64_t code = fixture_address(f, "code");
    const Elf64_Shdr *got = fixture_section(f, ".got");
    const struct letters letters = {
        .S = strcmp(row->symbol, "number") == 0     ? 0x70
             : strcmp(row->symbol, "variable") == 0 ? 16
             : strcmp(row->symbol, "outside") == 0
                 ? 0
                 : fixture_address(f, row->symbol),
        .A = row->addend,
        .P = code + 8,
        .GOT = got ? got->sh_addr : 0,
        .Slot = got ? got->sh_addr : 0,
    };
    uint64_t wanted = fixture_word(f, code);

    assert_true(link_machine_aarch64.write(type, (uint8_t *)&wanted,
                                           row->formula(&letters)));
    if (type->size < 8 && strncmp(row->instruction, "nop; nop", 8) != 0)
        wanted = (uint32_t)wanted;
    if ((fixture_word(f, letters.P) ^ wanted) &
        (type->size == 8 ? UINT64_MAX : UINT32_MAX))
        fail_msg("%s: 0x%llx is not 0x%llx", row->type,
                 (unsigned long long)fixture_word(f, letters.P),
                 (unsigned long long)wanted);
}

static void computes_what_aaelf64_prints(void **state)
{
    for (size_t i = 0; i < sizeof(value_rows) / sizeof(value_rows[0]); i++) {
        assert_int_equal(setup(state), 0);
        assemble_row(*state, &value_rows[i]);
        if (strcmp(value_rows[i].type, "GOTREL64") == 0 ||
            strcmp(value_rows[i].type, "GOTREL32") == 0)
            fixture_assemble(*state, "got.o",
                             ".text\nldr x0, [x0, :got_lo12:outside]\n");
        fixture_image(*state);
        check_row(*state, &value_rows[i]);
        fixture_teardown(state);
    }
}

/* ---- Loads from the GOT ---- */

static void adds_addresses_of_the_image_in_place_of_loads(void **state)
{
    struct fixture *f = *state;
    uint64_t code, target;

    /* The parts of two loads are between each other. */
    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     "adrp x3, :got:target\n"
                     "adrp x5, :got:target\n"
                     "nop\n"
                     "ldr x4, [x3, :got_lo12:target]\n"
                     "ldr x5, [x5, :got_lo12:target]\n"
                     ".data\n"
                     ".zero 40\n"
                     ".globl target\n"
                     "var target\n"
                     ".quad 0\n");
    fixture_image(f);
    code = fixture_address(f, "code");
    target = fixture_address(f, "target");
    assert_null(fixture_section(f, ".got"));
    assert_int_equal(fixture_instruction(f, code) & 0x9f00001f, 0x90000003);
    assert_int_equal(fixture_instruction(f, code + 4) & 0x9f00001f, 0x90000005);
    assert_int_equal(fixture_instruction(f, code + 12),
                     0x91000064 | (target & 0xfff) << 10); /* add x4, x3 */
    assert_int_equal(fixture_instruction(f, code + 16),
                     0x910000a5 | (target & 0xfff) << 10); /* add x5, x5 */
}

static void keeps_all_loads_if_one_cannot_be_an_addition(void **state)
{
    static const char *const others[] = {
        "ldr xzr, [x3, :got_lo12:target]\n",
        ".reloc ., R_AARCH64_LD64_GOT_LO12_NC, target\n prfm pldl1keep, [x3]\n",
        ".data\n.reloc ., R_AARCH64_LD64_GOT_LO12_NC, target\n.quad 0\n",
        ".text\n.reloc ., R_AARCH64_ADR_GOT_PAGE, target\n adr x3, 0\n",
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct fixture *f;
        uint64_t code, got;

        assert_int_equal(setup(state), 0);
        f = *state;
        fixture_assemble(f, "a.o",
                         ".text\n"
                         "func code\n"
                         "adrp x3, :got:target\n"
                         "ldr x3, [x3, :got_lo12:target]\n"
                         ".data\n"
                         ".globl target\n"
                         "var target\n"
                         ".quad 0\n");
        fixture_assemble(f, "b.o", others[i]);
        fixture_image(f);
        code = fixture_address(f, "code");
        got = fixture_section(f, ".got")->sh_addr;
        assert_true(fixture_patch_at(f, got).packed);
        assert_int_equal(fixture_instruction(f, code + 4),
                         0xf9400063 | (got & 0xfff) >> 3 << 10);
        fixture_teardown(state);
    }
}

/* Where the pair ADRP, and 12 bits in the instruction behind it leads; scale
 * of these bits. */
static uint64_t pair_target(struct fixture *f, uint64_t address, unsigned scale)
{
    const uint32_t adrp = fixture_instruction(f, address);
    const uint32_t high = (adrp >> 5 & 0x7ffff) << 2 | (adrp >> 29 & 3);
    const int64_t pages = (int64_t)((uint64_t)high << 43) >> 43;

    assert_int_equal(adrp & 0x9f000000, 0x90000000);
    return page(address) + (uint64_t)pages * 4096 +
           ((fixture_instruction(f, address + 4) >> 10 & 0xfff) << scale);
}

static uint64_t branch_target(struct fixture *f, uint64_t address)
{
    const uint32_t branch = fixture_instruction(f, address);

    assert_int_equal(branch & 0x7c000000, 0x14000000);
    return address + (uint64_t)((int64_t)((uint64_t)branch << 38) >> 36);
}

static void jumps_from_stubs_to_where_the_slot_points(void **state)
{
    struct fixture *f = *state;
    uint64_t code, stub;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     "bl outside\n"
                     "b outside\n"
                     "bl other\n"
                     "adrp x0, :got:outside\n"
                     "ldr x0, [x0, :got_lo12:outside]\n");
    fixture_image(f);
    code = fixture_address(f, "code");
    stub = branch_target(f, code);
    assert_int_equal(stub, fixture_section(f, ".plt")->sh_addr);
    assert_int_equal(branch_target(f, code + 4), stub);
    assert_int_equal(branch_target(f, code + 8), stub + 16);
    assert_int_equal(fixture_instruction(f, stub), 0xd503245f); /* bti c */
    assert_int_equal(fixture_instruction(f, stub + 4) & 0x1f, 16);
    assert_int_equal(fixture_instruction(f, stub + 8) & 0xffc003ff, 0xf9400211);
    assert_int_equal(fixture_instruction(f, stub + 12),
                     0xd61f0220); /* br x17 */
    assert_int_equal(pair_target(f, stub + 4, 3),
                     fixture_section(f, ".got")->sh_addr);
    assert_int_equal(pair_target(f, stub + 20, 3),
                     fixture_section(f, ".got")->sh_addr + 8);
    assert_int_equal(pair_target(f, code + 12, 3),
                     fixture_section(f, ".got")->sh_addr);
    assert_int_equal(
        fixture_patch_at(f, fixture_section(f, ".got")->sh_addr).type, 0x401);
}

/* AAELF64, "Weak references": such a call does nothing. */
static void passes_over_calls_of_weak_functions_without_definition(void **state)
{
    struct fixture *f = *state;
    uint64_t code;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     "bl nothing\n"
                     "b nothing + 8\n"
                     ".weak nothing\n"
                     ".hidden nothing\n");
    fixture_image(f);
    code = fixture_address(f, "code");
    assert_int_equal(branch_target(f, code), code + 4);
    assert_int_equal(branch_target(f, code + 4), code + 8);
}

static void describes_thread_local_variables_in_slots(void **state)
{
    struct fixture *f = *state;
    uint64_t got;
    static const struct {
        unsigned type;
        const char *symbol;
        uint64_t word; /* or addend */
    } wanted[] = {
        {0x407, "", 16},       {0, "", 0},            /* own: descriptor */
        {0x407, "outside", 0}, {0, "", 0},            /* import: descriptor */
        {0x406, "", 16},       {0x406, "outside", 0}, /* distances */
        {0x407, "", 0},        {0, "", 0},            /* _TLS_MODULE_BASE_ */
        {0x404, "", 0},        {0, "", 16},           /* own: pair */
        {0x404, "outside", 0}, {0x405, "outside", 0}, /* import: pair */
        {0x404, "", 0},        {0, "", 0},            /* the module */
    };

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func code\n"
                     "adrp x0, :tlsdesc:own\n"
                     "ldr x1, [x0, :tlsdesc_lo12:own]\n"
                     "add x0, x0, :tlsdesc_lo12:own\n"
                     ".tlsdesccall own\n"
                     "blr x1\n"
                     "adrp x0, :tlsdesc:outside\n"
                     "adrp x0, :gottprel:own\n"
                     "adrp x0, :gottprel:outside\n"
                     "adrp x0, :tlsdesc:_TLS_MODULE_BASE_\n"
                     ".reloc ., R_AARCH64_TLSGD_ADR_PAGE21, own\n"
                     "adrp x0, 0\n"
                     ".reloc ., R_AARCH64_TLSGD_ADR_PAGE21, outside\n"
                     "adrp x0, 0\n"
                     ".reloc ., R_AARCH64_TLSLD_ADR_PAGE21, own\n"
                     "adrp x0, 0\n"
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
        assert_int_equal(patch.type ? patch.addend
                                    : fixture_word(f, got + i * 8),
                         wanted[i].word);
    }
}

static void gives_an_indirect_function_one_address_its_stub(void **state)
{
    struct fixture *f = *state;
    struct patch patch;
    uint64_t stub;

    fixture_assemble(f, "a.o",
                     ".text\n"
                     "func resolver\n"
                     ".type chosen, @gnu_indirect_function\n"
                     ".globl chosen\n"
                     "chosen: ret\n"
                     "func code\n"
                     "bl chosen\n"
                     "adrp x0, chosen\n"
                     "add x0, x0, :lo12:chosen\n"
                     ".data\n"
                     ".balign 8\n"
                     "var pointer\n"
                     ".quad chosen\n");
    fixture_image(f);
    stub = fixture_address(f, "chosen");
    assert_int_equal(stub, fixture_section(f, ".plt")->sh_addr);
    assert_int_equal(branch_target(f, fixture_address(f, "code")), stub);
    assert_int_equal(pair_target(f, fixture_address(f, "code") + 4, 0), stub);
    assert_int_equal(fixture_word(f, fixture_address(f, "pointer")), stub);
    patch = fixture_patch_at(f, pair_target(f, stub + 4, 3));
    assert_int_equal(patch.type, 0x408);
    assert_int_equal(patch.addend, fixture_address(f, "resolver"));
}

/* ---- Veneers ---- */

enum { GAP = 127 << 20 };

/* The bytes of a section of 4 bytes that is the last of the object become
 * `size` zeros. */
static void grow_section(struct fixture *f, size_t input, const char *name,
                         size_t size)
{
    struct link_input *object = &f->inputs[input];
    const size_t old_size = object->object.size;
    uint8_t *bytes = calloc(1, old_size + size);

    assert_non_null(bytes);
    memcpy(bytes, object->object.data, old_size);
    free((void *)(uintptr_t)object->object.data);
    object->object = (struct span){bytes, old_size + size};
    fixture_input_section(f, input, name)->sh_offset = old_size;
    fixture_input_section(f, input, name)->sh_size = size;
}

static void add_gap(struct fixture *f, size_t size)
{
    fixture_assemble(f, "gap.o",
                     ".section .text.gap, \"ax\", @progbits\n.word 0\n");
    grow_section(f, f->n_inputs - 1, ".text.gap", size);
}

/* Where the veneer at address leads. */
static uint64_t veneer_target(struct fixture *f, uint64_t address)
{
    assert_int_equal(fixture_instruction(f, address) & 0x1f, 16);
    assert_int_equal(fixture_instruction(f, address + 4) & 0xffc003ff,
                     0x91000210);
    assert_int_equal(fixture_instruction(f, address + 8),
                     0xd61f0200); /* br x16 */
    return pair_target(f, address, 0);
}

static void sends_far_calls_through_veneers_that_callers_share(void **state)
{
    struct fixture *f = *state;
    uint64_t first, last, there, back;

    fixture_assemble(f, "first.o",
                     ".text\n.globl first\nfunc first\n"
                     "bl last\nb last\nbl last + 8\nbl outside\nbl first\n");
    add_gap(f, GAP);
    fixture_assemble(f, "near.o",
                     ".text\n.globl near\nfunc near\nbl first\nbl last\n");
    add_gap(f, 2 << 20);
    fixture_assemble(f, "last.o",
                     ".text\n.globl last\nfunc last\n"
                     "bl first\nbl outside\nret\n");
    fixture_image(f);
    first = fixture_address(f, "first");
    last = fixture_address(f, "last");
    assert_true(last - first > (128 << 20));

    there = branch_target(f, first);
    assert_int_equal(veneer_target(f, there), last);
    assert_int_equal(branch_target(f, first + 4), there);
    assert_int_equal(veneer_target(f, branch_target(f, first + 8)), last + 8);
    assert_int_equal(veneer_target(f, branch_target(f, first + 12)),
                     fixture_section(f, ".plt")->sh_addr);
    assert_int_equal(branch_target(f, first + 16), first);

    assert_int_equal(branch_target(f, fixture_address(f, "near")), first);
    assert_int_equal(branch_target(f, fixture_address(f, "near") + 4), last);

    back = branch_target(f, last);
    assert_int_equal(veneer_target(f, back), first);
    assert_int_equal(branch_target(f, last + 4),
                     fixture_section(f, ".plt")->sh_addr);
}

/* The distance is in reach by less than the veneers of other calls. */
static void finds_calls_that_veneers_push_out_of_reach(void **state)
{
    struct fixture *f = *state;
    uint64_t first, last;

    fixture_assemble(f, "first.o",
                     ".text\n.globl first\nfunc first\n"
                     "bl edge\nbl last\nbl last + 4\nbl last + 8\n");
    add_gap(f, (128 << 20) - 20);
    fixture_assemble(f, "edge.o", ".text\n.globl edge\nfunc edge\nnop\n");
    fixture_assemble(f, "last.o",
                     ".text\n.zero 16\n.globl last\nfunc last\nnop\n"
                     "nop\nnop\n");
    fixture_image(f);
    first = fixture_address(f, "first");
    last = fixture_address(f, "last");
    for (unsigned i = 1; i < 4; i++)
        assert_int_equal(veneer_target(f, branch_target(f, first + i * 4)),
                         last + (i - 1) * 4);
    assert_int_equal(veneer_target(f, branch_target(f, first)),
                     fixture_address(f, "edge"));
}

static void refuses_calls_inside_a_section_that_are_too_far(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".section .text.big, \"ax\", @progbits\n.word 0\n"
                     ".globl far\n.set far, .text.big + 0x8000000\n"
                     ".type far, %notype\n"
                     ".reloc 0, R_AARCH64_CALL26, far\n");
    grow_section(f, 0, ".text.big", 0x8000004);
    fixture_refused(f, STATUS_OUT_OF_RANGE, "a.o: .text.big+0x0",
                    "0x8000000 does not fit");
}

/* ---- Properties ---- */

/* BTI and PAC, and another property before. */
#define PROTECTED_NOTE                                                         \
    ".section .note.gnu.property, \"a\", @note\n"                              \
    ".balign 8\n"                                                              \
    ".word 4, 40, 5\n.asciz \"GNU\"\n"                                         \
    ".word 0xb0000000, 8, 1, 0\n"                                              \
    ".word 0xc0000000, 4, %u, 0\n"                                             \
    ".word 0xc0000007, 0\n"

static void add_protected(struct fixture *f, unsigned features)
{
    char text[512];

    snprintf(text, sizeof(text), PROTECTED_NOTE, features);
    fixture_assemble(f, "protected.o", text);
}

/* 0: there is no note. */
static uint32_t image_features(struct fixture *f)
{
    const Elf64_Phdr *segment = fixture_segment(f, PT_GNU_PROPERTY, 0);
    const Elf64_Phdr *note = fixture_segment(f, PT_NOTE, 0);
    uint32_t words[8];

    if (!segment) {
        assert_null(note);
        assert_null(fixture_section(f, ".note.gnu.property"));
        return 0;
    }
    assert_int_equal(segment->p_vaddr, note->p_vaddr);
    assert_int_equal(segment->p_vaddr % 8, 0);
    assert_int_equal(segment->p_filesz, sizeof(words));
    memcpy(words, fixture_at(f, segment->p_vaddr), sizeof(words));
    assert_int_equal(words[0], 4);
    assert_int_equal(words[1], 16);
    assert_int_equal(words[2], 5);
    assert_memory_equal(&words[3], "GNU", 4);
    assert_int_equal(words[4], 0xc0000000);
    assert_int_equal(words[5], 4);
    return words[6];
}

static void keeps_the_features_that_all_inputs_have(void **state)
{
    static const struct {
        unsigned first, second; /* 0: no note */
        uint32_t wanted;
    } rows[] = {
        {3, 3, 3}, {3, 2, 2}, {1, 2, 0}, {3, 0, 0}, {0, 3, 0}, {0x83, 0xff, 3},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const unsigned features[] = {rows[i].first, rows[i].second};
        struct fixture *f;

        assert_int_equal(setup(state), 0);
        f = *state;
        for (size_t j = 0; j < 2; j++)
            if (features[j])
                add_protected(f, features[j]);
            else
                fixture_assemble(f, "plain.o", ".text\nret\n");
        fixture_image(f);
        assert_int_equal(image_features(f), rows[i].wanted);
        fixture_teardown(state);
    }
}

static void gives_up_landing_pads_where_veneers_branch(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "first.o",
                     ".text\n.globl first\nfunc first\nbl last\n"
                     ".section .note.gnu.property, \"a\", @note\n"
                     ".balign 8\n.word 4, 16, 5\n.asciz \"GNU\"\n"
                     ".word 0xc0000000, 4, 3, 0\n"
                     ".section .text.gap, \"ax\", @progbits\n.word 0\n");
    grow_section(f, 0, ".text.gap", 128 << 20);
    fixture_assemble(f, "last.o",
                     ".text\n.globl last\nfunc last\nret\n"
                     ".section .note.gnu.property, \"a\", @note\n"
                     ".balign 8\n.word 4, 16, 5\n.asciz \"GNU\"\n"
                     ".word 0xc0000000, 4, 3, 0\n");
    fixture_image(f);
    assert_int_equal(image_features(f), 2);
}

static void refuses_properties_that_are_cut_off(void **state)
{
    static const char *const notes[] = {
        ".word 4, 16, 5\n",
        ".word 4, 16, 5\n.asciz \"GNU\"\n.word 0xc0000000, 4, 3\n",
        ".word 4, 12, 5\n.asciz \"GNU\"\n.word 0xc0000000, 5, 3\n",
        ".word 4, 0xfffffff8, 5\n.asciz \"GNU\"\n.word 0xc0000000, 4, 3\n",
        ".word 4, 12, 5\n.asciz \"GNU\"\n.word 0xc0000000, 0xffffffff, 3\n",
    };

    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        char text[512];

        assert_int_equal(setup(state), 0);
        snprintf(text, sizeof(text),
                 ".section .note.gnu.property, \"a\", @note\n%s", notes[i]);
        fixture_assemble(*state, "a.o", text);
        fixture_refused(*state, STATUS_CORRUPT, "a.o: .note.gnu.property",
                        "properties");
        fixture_teardown(state);
    }
}

/* ---- What cannot be in an image ---- */

struct refusal {
    const char *text;
    enum status status;
    const char *message;
    const char *other_message;
};

static const struct refusal refusals[] = {
    {".text\nmovz x0, :abs_g3:outside\n", STATUS_UNSUPPORTED,
     "a.o: .text+0x0: R_AARCH64_MOVW_UABS_G3 against 'outside'", "-fPIC"},
    {".text\nadd x0, x0, :tprel_lo12:v\n", STATUS_UNSUPPORTED,
     "R_AARCH64_TLSLE_ADD_TPREL_LO12 against 'v'", "local-exec"},
    {".text\nadrp x0, :got:v + 8\n", STATUS_UNSUPPORTED,
     "R_AARCH64_ADR_GOT_PAGE against 'v'", "addend"},
    {".text\nadrp x0, :tlsdesc:v + 8\n", STATUS_UNSUPPORTED,
     "R_AARCH64_TLSDESC_ADR_PAGE21 against 'v'", "addend"},
    {".text\nldr x0, [x0, :lo12:odd]\n.data\nnop\n.byte 0\nodd: .quad 0\n",
     STATUS_OUT_OF_RANGE, "a.o: .text+0x0: R_AARCH64_LDST64_ABS_LO12_NC",
     "fit"},
    {".text\nb.eq far\n.bss\n.zero 0x100000\nfar:\n", STATUS_OUT_OF_RANGE,
     "a.o: .text+0x0: R_AARCH64_CONDBR19", "fit"},
    {".text\nadrp x0, far\n.bss\n.zero 0x100000000\nfar:\n",
     STATUS_OUT_OF_RANGE, "a.o: .text+0x0: R_AARCH64_ADR_PREL_PG_HI21", "fit"},
    {".text\nadrp x0, v\n.type v, @object\n", STATUS_UNSUPPORTED,
     "R_AARCH64_ADR_PREL_PG_HI21 against 'v'", "variable outside the image"},
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
        cmocka_unit_test(computes_what_aaelf64_prints),
        cmocka_unit_test(keeps_the_features_that_all_inputs_have),
        cmocka_unit_test(refuses_properties_that_are_cut_off),
        cmocka_unit_test(keeps_all_loads_if_one_cannot_be_an_addition),
        cmocka_unit_test(
            names_section_offset_type_and_symbol_of_what_it_refuses),
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
        TEST(writes_numbers_as_an_assembler_does),
        TEST(adds_addresses_of_the_image_in_place_of_loads),
        TEST(jumps_from_stubs_to_where_the_slot_points),
        TEST(passes_over_calls_of_weak_functions_without_definition),
        TEST(describes_thread_local_variables_in_slots),
        TEST(gives_an_indirect_function_one_address_its_stub),
        TEST(sends_far_calls_through_veneers_that_callers_share),
        TEST(finds_calls_that_veneers_push_out_of_reach),
        TEST(gives_up_landing_pads_where_veneers_branch),
        TEST(refuses_calls_inside_a_section_that_are_too_far),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
