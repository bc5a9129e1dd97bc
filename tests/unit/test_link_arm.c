/* lib/linker: 32-bit ARM, by the tables of AAELF32. Fields are compared with
 * what an assembler makes of the same number; values are computed from what
 * the image says of its symbols. */
#include "link_machines.h"

#include <stdlib.h>

static int setup(void **state)
{
    return fixture_setup_for(state, &foreign_arm);
}

/* ---- Fields ---- */

/* The instruction with the numbers 0, low, and high. */
struct field_row {
    const char *type;
    bool thumb;
    uint64_t mode; /* T of the value, which is no part of the number */
    const char *zero;
    int64_t low;
    const char *with_low;
    int64_t high;
    const char *with_high;
    int64_t step; /* high + step and low - step are refused; 0: nothing is */
};

#define KIB(n) (INT64_C(n) << 10)
#define MIB(n) (INT64_C(n) << 20)

#define DATA(type, zero, low, high, step)                                      \
    {                                                                          \
        type, false, 0, zero " 0", low, zero " " #low, high, zero " " #high,   \
            step                                                               \
    }
#define ARM(type, before, low, high, step)                                     \
    {                                                                          \
        type, false, 0, before "#0", low, before "#" #low, high,               \
            before "#" #high, step                                             \
    }
#define LOAD(type, before, low, high)                                          \
    {                                                                          \
        type, false, 0, before "#0]", low, before "#" #low "]", high,          \
            before "#" #high "]", 1                                            \
    }
#define THUMB(type, mode, before, low, high, step)                             \
    {                                                                          \
        type, true, mode, before "#0", low, before "#" #low, high,             \
            before "#" #high, step                                             \
    }

static const struct field_row field_rows[] = {
    DATA("ABS32", ".long", -0x7fffffff, 0x7fffffff, 0),
    DATA("ABS16", ".short", -0x8000, 0xffff, 1),
    DATA("ABS8", ".byte", -0x80, 0xff, 1),
    DATA("REL32", ".long", -0x7fffffff, 0x7fffffff, 0),
    DATA("TLS_LDO32", ".long", 0, 0x7fffffff, 0),
    {"PREL31", false, 0, ".long 0", -0x40000000, ".long 0x40000000", 0x3fffffff,
     ".long 0x3fffffff", 1},
    {"PREL31", false, 0, ".long 0x80000000", -0x40000000, ".long 0xc0000000",
     0x3fffffff, ".long 0xbfffffff", 1},
    ARM("CALL", "bl ", -0x2000000, 0x1fffffc, 4),
    {"CALL", false, 1, "blx #0", -0x2000000, "blx #-0x2000000", 0x1fffffe,
     "blx #0x1fffffe", 2},
    ARM("JUMP24", "b ", -0x2000000, 0x1fffffc, 4),
    ARM("JUMP24", "blne ", -0x2000000, 0x1fffffc, 4),
    ARM("PC24", "b ", -0x2000000, 0x1fffffc, 4),
    ARM("PLT32", "bl ", -0x2000000, 0x1fffffc, 4),
    ARM("ALU_PC_G0", "sub r3, pc, ", 0xff000000, 0xff000000, 0),
    LOAD("LDR_PC_G0", "ldr r3, [pc, ", -0xfff, 0xfff),
    LOAD("LDR_PC_G0", "strb r3, [pc, ", -0xfff, 0xfff),
    LOAD("LDRS_PC_G0", "ldrd r2, r3, [pc, ", -0xff, 0xff),
    LOAD("LDRS_PC_G0", "ldrsh r2, [pc, ", -0xff, 0xff),
    THUMB("THM_CALL", 1, "bl ", -0x1000000, 0xfffffe, 2),
    THUMB("THM_CALL", 0, "blx ", -0x1000000, 0xfffffc, 4),
    THUMB("THM_JUMP24", 1, "b.w ", -0x1000000, 0xfffffe, 2),
    THUMB("THM_JUMP19", 1, "bne.w ", -0x100000, 0xffffe, 2),
    THUMB("THM_JUMP11", 1, "b.n ", -0x800, 0x7fe, 2),
    THUMB("THM_JUMP8", 1, "beq.n ", -0x100, 0xfe, 2),
    THUMB("THM_JUMP6", 1, "cbnz r3, ", 0, 0x7a, 0),
    THUMB("THM_ALU_PREL_11_0", 0, "adr.w r3, ", -0xfff, 0xfff, 1),
    {"THM_PC12", true, 0, "ldr.w r3, [pc, #0]", -0xfff,
     "ldr.w r3, [pc, #-0xfff]", 0xfff, "ldr.w r3, [pc, #0xfff]", 1},
    {"THM_PC12", true, 0, "ldrsb.w r3, [pc, #0]", -0xfff,
     "ldrsb.w r3, [pc, #-0xfff]", 0xfff, "ldrsb.w r3, [pc, #0xfff]", 1},
    {"THM_PC8", true, 0, "ldr.n r3, [pc, #0]", 4, "ldr.n r3, [pc, #4]", 0x3f8,
     "ldr.n r3, [pc, #0x3f8]", 0},
};

/* Nothing is refused, and only a part of the number is in the instruction. */
struct part_row {
    const char *type;
    bool thumb;
    const char *zero;
    uint64_t number;
    const char *with_number;
    int64_t addend; /* as read from it */
};

static const struct part_row part_rows[] = {
    {"MOVW_PREL_NC", false, "movw r9, #0", 0x1234fedc, "movw r9, #0xfedc",
     -0x124},
    {"MOVT_PREL", false, "movt r9, #0", 0x7234fedc, "movt r9, #0x7234", 0x7234},
    {"MOVT_PREL", false, "movt r9, #0", 0xfffffffffffffff0, "movt r9, #0xffff",
     -1},
    {"THM_MOVW_PREL_NC", true, "movw r9, #0", 0x1234fedc, "movw r9, #0xfedc",
     -0x124},
    {"THM_MOVW_PREL_NC", true, "movw r9, #0", 0xffffffffffff8801,
     "movw r9, #0x8801", -0x77ff},
    {"THM_MOVT_PREL", true, "movt r9, #0", 0x7234fedc, "movt r9, #0x7234",
     0x7234},
    {"ALU_PC_G0_NC", false, "add r9, pc, #0", 0x12f458, "add r9, pc, #0x12c000",
     0x12c000},
    {"ALU_PC_G1_NC", false, "add r9, r9, #0", 0x12f458, "add r9, r9, #0x3440",
     0x3440},
    {"ALU_PC_G1_NC", false, "add r9, r9, #0", 0xffffffffffed0ba8,
     "sub r9, r9, #0x3440", -0x3440},
    {"ALU_PC_G2", false, "add r9, r9, #0", 0x12f458, "add r9, r9, #0x18", 0x18},
    {"ALU_PC_G1", false, "add r9, r9, #0", 0x12f440, "add r9, r9, #0x3440",
     0x3440},
    {"ALU_PC_G0", false, "add r9, pc, #0", 0x3fc0000, "add r9, pc, #0x3fc0000",
     0x3fc0000},
    {"ALU_PC_G0", false, "add r9, pc, #0", 0xfffffffffffffff8, "sub r9, pc, #8",
     -8},
    {"LDR_PC_G1", false, "ldr r9, [r9, #0]", 0x12abc, "ldr r9, [r9, #0x2bc]",
     0x2bc},
    {"LDR_PC_G2", false, "ldr r9, [r9, #0]", 0xfffffffffeda9879,
     "ldr r9, [r9, #-0x387]", -0x387},
    {"LDRS_PC_G1", false, "ldrd r8, r9, [r9, #0]", 0x12018,
     "ldrd r8, r9, [r9, #0x18]", 0x18},
    {"LDRS_PC_G2", false, "ldrh r9, [r9, #0]", 0xffffffffffedcba8,
     "ldrh r9, [r9, #-0x18]", -0x18},
};

/* Numbers that a type refuses: what is left over is too large, the number is
 * not a multiple, or the mode is another. */
static const struct {
    const char *type;
    uint64_t number;
} refused_numbers[] = {
    {"JUMP24", 2},
    {"JUMP24", 1},
    {"CALL", 2},
    {"ALU_PC_G0", 0x123440},
    {"ALU_PC_G1", 0x123458},
    {"ALU_PC_G2", 0x12345678},
    {"LDR_PC_G1", 0x12345678},
    {"LDRS_PC_G1", 0x12345},
    {"THM_JUMP24", 4},
    {"THM_JUMP19", 4},
    {"THM_JUMP11", 4},
    {"THM_JUMP8", 4},
    {"THM_JUMP6", 4},
    {"THM_JUMP6", 0x81},
    {"THM_JUMP6", 0xffffffffffffffff},
    {"THM_PC8", 2},
    {"THM_PC8", 0x400},
    {"THM_PC8", 0xfffffffffffffffc},
};

static void check_number(const struct field_row *row, const uint8_t *zero,
                         int64_t number, const uint8_t *wanted)
{
    const struct reloc_type *type = fixture_type(&link_machine_arm, row->type);
    uint8_t field[4];
    bool fits;

    memcpy(field, zero, sizeof(field));
    fits = link_machine_arm.write(type, field, (uint64_t)number | row->mode);
    if (fits != (wanted != NULL))
        fail_msg("%s: %lld %s", row->type, (long long)number,
                 fits ? "fits" : "does not fit");
    if (wanted && memcmp(field, wanted, type->size) != 0)
        fail_msg("%s: %lld gives %02x%02x%02x%02x", row->type,
                 (long long)number, field[3], field[2], field[1], field[0]);
}

static void check_addend(const char *type_name, const uint8_t *field,
                         int64_t wanted)
{
    const struct reloc_type *type = fixture_type(&link_machine_arm, type_name);
    int64_t addend = link_machine_arm.addend(type, field);

    /* Of a word or less that may be unsigned only the bits count. */
    if (strncmp(type_name, "ABS", 3) == 0)
        wanted = (int64_t)((uint64_t)wanted << (64 - type->size * 8)) >>
                 (64 - type->size * 8);
    if (addend != wanted)
        fail_msg("%s: addend %lld is not %lld", type_name, (long long)addend,
                 (long long)wanted);
}

static void check_field(const struct field_row *row, const uint8_t *words)
{
    if (strncmp(row->zero, "sub", 3) == 0) {
        check_addend(row->type, words + 4, -row->low);
        return;
    }
    check_number(row, words, row->low, words + 4);
    check_number(row, words, row->high, words + 8);
    check_number(row, words + 8, row->low, words + 4);
    check_addend(row->type, words + 4, row->low);
    check_addend(row->type, words + 8, row->high);
    if (row->step) {
        check_number(row, words, row->high + row->step, NULL);
        check_number(row, words, row->low - row->step, NULL);
    }
}

/* The instructions of one mode, each at a multiple of 4. */
static char *add_line(char *at, bool thumb, const char *instruction)
{
    return at + sprintf(at, ".%s\n%s\n.balign 4, 0\n", thumb ? "thumb" : "arm",
                        instruction);
}

static const uint8_t *assembled(struct fixture *f, const char *text,
                                size_t n_words)
{
    const Elf32_Shdr *section;

    fixture_assemble(f, "a.o", text);
    section = fixture_narrow_input_section(f, 0, ".text");
    assert_int_equal(section->sh_size, n_words * 4);
    return fixture_input_bytes(f, 0) + section->sh_offset;
}

static void reads_and_writes_numbers_as_an_assembler_does(void **state)
{
    enum { N = sizeof(field_rows) / sizeof(field_rows[0]) };
    static char text[N * 3 * 80 + 100];
    char *at = text + sprintf(text, ".syntax unified\n.text\n");
    const uint8_t *words;

    for (size_t i = 0; i < N; i++) {
        at = add_line(at, field_rows[i].thumb, field_rows[i].zero);
        at = add_line(at, field_rows[i].thumb, field_rows[i].with_low);
        at = add_line(at, field_rows[i].thumb, field_rows[i].with_high);
    }
    assert_true(at < text + sizeof(text));
    words = assembled(*state, text, N * 3);
    for (size_t i = 0; i < N; i++)
        check_field(&field_rows[i], words + i * 12);
}

static void puts_parts_of_numbers_into_instructions(void **state)
{
    enum { N = sizeof(part_rows) / sizeof(part_rows[0]) };
    static char text[N * 2 * 80 + 100];
    char *at = text + sprintf(text, ".syntax unified\n.text\n");
    const uint8_t *words;

    for (size_t i = 0; i < N; i++) {
        at = add_line(at, part_rows[i].thumb, part_rows[i].zero);
        at = add_line(at, part_rows[i].thumb, part_rows[i].with_number);
    }
    assert_true(at < text + sizeof(text));
    words = assembled(*state, text, N * 2);
    for (size_t i = 0; i < N; i++) {
        const struct part_row *row = &part_rows[i];
        uint8_t field[4];

        memcpy(field, words + i * 8, sizeof(field));
        if (!link_machine_arm.write(fixture_type(&link_machine_arm, row->type),
                                    field, row->number))
            fail_msg("%s: row %zu does not fit", row->type, i);
        if (memcmp(field, words + i * 8 + 4, 4) != 0)
            fail_msg("%s: row %zu gives %02x%02x%02x%02x", row->type, i,
                     field[3], field[2], field[1], field[0]);
        check_addend(row->type, field, row->addend);
    }
}

static void refuses_numbers_that_an_instruction_cannot_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused_numbers) / sizeof(refused_numbers[0]);
         i++) {
        const struct reloc_type *type =
            fixture_type(&link_machine_arm, refused_numbers[i].type);
        uint8_t field[4] = {0, 0, 0, 0xeb}; /* bl */

        if (link_machine_arm.write(type, field, refused_numbers[i].number))
            fail_msg("%s: 0x%llx fits", type->name,
                     (unsigned long long)refused_numbers[i].number);
    }
}

/* ---- Values ---- */

/* The letters of AAELF32; TLS is the start of the TLS block. */
struct letters {
    uint64_t S, A, P, T, GOT, Slot, TLS;
};

static uint64_t s_a(const struct letters *l)
{
    return l->S + l->A;
}

static uint64_t s_a_t_p(const struct letters *l)
{
    return ((l->S + l->A) | l->T) - l->P;
}

static uint64_t s_a_p(const struct letters *l)
{
    return l->S + l->A - l->P;
}

static uint64_t s_a_pa(const struct letters *l)
{
    return l->S + l->A - (l->P & ~UINT64_C(3));
}

static uint64_t s_a_t_pa(const struct letters *l)
{
    return ((l->S + l->A) | l->T) - (l->P & ~UINT64_C(3));
}

static uint64_t s_a_t_got(const struct letters *l)
{
    return ((l->S + l->A) | l->T) - l->GOT;
}

static uint64_t got_a_p(const struct letters *l)
{
    return l->GOT + l->A - l->P;
}

static uint64_t slot_a_p(const struct letters *l)
{
    return l->Slot + l->A - l->P;
}

static uint64_t slot_a_got(const struct letters *l)
{
    return l->Slot + l->A - l->GOT;
}

static uint64_t s_a_tls(const struct letters *l)
{
    return l->S + l->A - l->TLS;
}

struct value_row {
    const char *type;
    const char *instruction; /* with the addend */
    const char *symbol;      /* target, arm, thumb, number, variable, outside */
    int64_t A;
    uint64_t (*formula)(const struct letters *l);
};

static const struct value_row arm_rows[] = {
    {"ABS32", ".long 5", "number", 5, s_a},
    {"ABS32_NOI", ".long 5", "number", 5, s_a},
    {"TARGET1", ".long 5", "number", 5, s_a},
    {"ABS16", ".short 5", "number", 5, s_a},
    {"ABS8", ".byte 5", "number", 5, s_a},
    {"MOVW_ABS_NC", "movw r1, #5", "number", 5, s_a},
    {"MOVT_ABS", "movt r1, #5", "number", 5, s_a},
    {"REL32", ".long 5", "target", 5, s_a_t_p},
    {"REL32", ".long 4", "thumb", 4, s_a_t_p},
    {"REL32", ".long 1", "thumb", 1, s_a_t_p},
    {"REL32", ".long 4", "arm", 4, s_a_t_p},
    {"REL32_NOI", ".long 4", "thumb", 4, s_a_p},
    {"PREL31", ".long 4", "thumb", 4, s_a_t_p},
    {"PREL31", ".long 0x7ffffffc", "target", -4, s_a_t_p},
    {"GOTOFF32", ".long 5", "target", 5, s_a_t_got},
    {"GOTOFF32", ".long 4", "thumb", 4, s_a_t_got},
    {"BASE_PREL", ".long 4", "outside", 4, got_a_p},
    {"GOT_BREL", ".long 4", "outside", 4, slot_a_got},
    {"GOT_PREL", ".long 4", "outside", 4, slot_a_p},
    {"GOT_PREL", ".long -4", "target", -4, slot_a_p},
    {"TARGET2", ".long 0", "target", 0, slot_a_p},
    {"MOVW_PREL_NC", "movw r1, #5", "target", 5, s_a_t_p},
    {"MOVW_PREL_NC", "movw r1, #0xfff8", "thumb", -8, s_a_t_p},
    {"MOVT_PREL", "movt r1, #5", "target", 5, s_a_t_p},
    {"LDR_PC_G0", "ldr r1, [pc, #-8]", "arm", -8, s_a_p},
    {"LDR_PC_G0", "ldr r1, [pc, #-8]", "thumb", -8, s_a_p},
    {"LDR_PC_G1", "ldr r1, [r1, #-8]", "arm", -8, s_a_p},
    {"LDR_PC_G2", "ldr r1, [r1, #-8]", "arm", -8, s_a_p},
    {"LDRS_PC_G0", "ldrd r2, r3, [pc, #-8]", "arm", -8, s_a_p},
    {"LDRS_PC_G1", "ldrd r2, r3, [r2, #-8]", "arm", -8, s_a_p},
    {"LDRS_PC_G2", "ldrd r2, r3, [r2, #-8]", "arm", -8, s_a_p},
    {"ALU_PC_G0", "sub r1, pc, #8", "arm", -8, s_a_t_p},
    {"ALU_PC_G0_NC", "sub r1, pc, #8", "target", -8, s_a_t_p},
    {"ALU_PC_G1", "sub r1, pc, #8", "arm", -8, s_a_t_p},
    {"ALU_PC_G1_NC", "sub r1, pc, #8", "target", -8, s_a_t_p},
    {"ALU_PC_G2", "sub r1, pc, #8", "arm", -8, s_a_t_p},
    {"CALL", "bl #-8", "arm", -8, s_a_t_p},
    {"CALL", "bl #-8", "thumb", -8, s_a_t_p},
    {"CALL", "blx #-8", "arm", -8, s_a_t_p},
    {"CALL", "blx #-8", "thumb", -8, s_a_t_p},
    {"CALL", "bl #0", "arm", 0, s_a_t_p},
    {"JUMP24", "b #-8", "arm", -8, s_a_t_p},
    {"JUMP24", "blne #-8", "arm", -8, s_a_t_p},
    {"PC24", "b #-8", "arm", -8, s_a_t_p},
    {"PLT32", "bl #-8", "arm", -8, s_a_t_p},
    {"TLS_GD32", ".long 4", "variable", 4, slot_a_p},
    {"TLS_LDM32", ".long 4", "variable", 4, slot_a_p},
    {"TLS_LDO32", ".long 4", "variable", 4, s_a_tls},
    {"TLS_IE32", ".long 4", "variable", 4, slot_a_p},
};

static const struct value_row thumb_rows[] = {
    {"THM_CALL", "bl #-4", "arm", -4, s_a_t_p},
    {"THM_CALL", "bl #-4", "thumb", -4, s_a_t_p},
    {"THM_CALL", "blx #-4", "arm", -4, s_a_t_p},
    {"THM_CALL", "blx #-4", "thumb", -4, s_a_t_p},
    {"THM_JUMP24", "b.w #-4", "thumb", -4, s_a_t_p},
    {"THM_JUMP24", "b.w #-2", "thumb", -2, s_a_t_p},
    {"THM_JUMP19", "bne.w #-4", "thumb", -4, s_a_t_p},
    {"THM_JUMP11", "b.n #-4", "thumb", -4, s_a_t_p},
    {"THM_JUMP8", "beq.n #-4", "thumb", -4, s_a_t_p},
    {"THM_JUMP6", "cbz r1, #0x7c", "thumb", -4, s_a_t_p},
    {"THM_MOVW_ABS_NC", "movw r1, #5", "number", 5, s_a},
    {"THM_MOVT_ABS", "movt r1, #5", "number", 5, s_a},
    {"THM_MOVW_PREL_NC", "movw r1, #0xfffc", "target", -4, s_a_t_p},
    {"THM_MOVW_PREL_NC", "movw r1, #0xfffc", "thumb", -4, s_a_t_p},
    {"THM_MOVT_PREL", "movt r1, #0xfffc", "target", -4, s_a_t_p},
    {"THM_ALU_PREL_11_0", "adr.w r1, #-4", "thumb", -4, s_a_t_pa},
    {"THM_ALU_PREL_11_0", "adr.w r1, #-4", "arm", -4, s_a_t_pa},
    {"THM_PC12", "ldr.w r1, [pc, #-4]", "thumb", -4, s_a_pa},
    {"THM_PC12", "ldr.w r1, [pc, #-4]", "arm", -4, s_a_pa},
    {"THM_PC8", "ldr.n r1, [pc, #0x3fc]", "arm", -4, s_a_pa},
};

/* The place is at `code` + 4 + shift, the instruction once more at `code`;
 * behind it lie the functions. */
static void assemble_row(struct fixture *f, const struct value_row *row,
                         bool thumb, unsigned shift)
{
    char text[1536];

    snprintf(text, sizeof(text),
             ".syntax unified\n"
             ".text\n"
             ".%s\n"
             ".globl code\n"
             "var code\n"
             "%s\n"
             ".balign 4\n"
             ".zero %u\n"
             ".reloc ., R_ARM_%s, %s\n"
             "%s\n"
             ".balign 4\n"
             ".zero 4\n"
             ".thumb\n.globl thumb\n.thumb_func\nfunc thumb\nnop\nnop\n"
             ".arm\n.globl arm\nfunc arm\nnop\nnop\n"
             ".data\n"
             ".balign 4096\n"
             ".zero 16\n"
             ".globl target\n"
             "var target\n"
             ".quad 0, 0, 0\n"
             ".section .tdata, \"awT\", %%progbits\n"
             ".balign 16\n"
             ".quad 0, 0\n"
             ".type variable, %%object\n"
             ".globl variable\n"
             "variable: .quad 0\n",
             thumb ? "thumb" : "arm", row->instruction, shift, row->type,
             row->symbol, row->instruction);
    fixture_assemble(f, "row.o", text);
    if (strcmp(row->symbol, "number") == 0)
        fixture_assemble(f, "number.o", ".globl number\n.set number, 0x70\n");
}

static struct letters letters_of(struct fixture *f, const struct value_row *row,
                                 unsigned shift)
{
    const Elf64_Shdr *got = fixture_section(f, ".got");
    struct letters letters = {
        .A = (uint64_t)row->A,
        .P = fixture_address(f, "code") + 4 + shift,
        .GOT = got ? got->sh_addr : 0,
        .Slot = got ? got->sh_addr : 0,
    };

    if (strcmp(row->symbol, "number") == 0) {
        letters.S = 0x70;
    } else if (strcmp(row->symbol, "variable") == 0) {
        letters.S = 16;
    } else if (strcmp(row->symbol, "outside") != 0) {
        letters.S = fixture_address(f, row->symbol);
        letters.T = letters.S & 1;
        letters.S -= letters.T;
    }
    return letters;
}

static void check_row(struct fixture *f, const struct value_row *row,
                      unsigned shift)
{
    const struct reloc_type *type = fixture_type(&link_machine_arm, row->type);
    const struct letters letters = letters_of(f, row, shift);
    const uint8_t *place = fixture_at(f, letters.P);
    uint8_t wanted[4];

    memcpy(wanted, fixture_at(f, fixture_address(f, "code")), sizeof(wanted));
    assert_int_equal(letters.T, strcmp(row->symbol, "thumb") == 0);
    assert_true(link_machine_arm.write(type, wanted, row->formula(&letters)));
    if (memcmp(wanted, place, type->size) != 0)
        fail_msg("%s of %s: %02x%02x%02x%02x", row->type, row->symbol, place[3],
                 place[2], place[1], place[0]);
}

static void check_rows(void **state, const struct value_row *rows, size_t n,
                       bool thumb, unsigned shift)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(setup(state), 0);
        assemble_row(*state, &rows[i], thumb, shift);
        if (strncmp(rows[i].type, "GOTOFF", 6) == 0 ||
            strcmp(rows[i].type, "BASE_PREL") == 0)
            fixture_assemble(*state, "got.o",
                             ".text\n.long outside(GOT_PREL)\n");
        fixture_image(*state);
        check_row(*state, &rows[i], shift);
        fixture_teardown(state);
    }
}

static void computes_what_aaelf32_prints(void **state)
{
    check_rows(state, arm_rows, sizeof(arm_rows) / sizeof(arm_rows[0]), false,
               0);
}

/* At multiples of 4 and between them. */
static void computes_what_aaelf32_prints_for_thumb(void **state)
{
    const size_t n = sizeof(thumb_rows) / sizeof(thumb_rows[0]);

    check_rows(state, thumb_rows, n, true, 0);
    check_rows(state, thumb_rows, n, true, 2);
}

/* ---- Branches from one mode to another ---- */

static uint32_t arm_at(struct fixture *f, uint64_t address)
{
    uint32_t instruction;

    memcpy(&instruction, fixture_at(f, address), sizeof(instruction));
    return instruction;
}

static uint32_t thumb_at(struct fixture *f, uint64_t address)
{
    uint16_t halves[2];

    memcpy(halves, fixture_at(f, address), sizeof(halves));
    return (uint32_t)halves[0] << 16 | halves[1];
}

static int64_t sign(uint64_t value, unsigned bits)
{
    return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

/* Where it leads, with the bit of the mode there. */
static uint64_t arm_target(struct fixture *f, uint64_t address)
{
    const uint32_t branch = arm_at(f, address);
    const uint64_t distance = (uint64_t)sign((branch & 0xffffff) << 2, 26);

    assert_int_equal(branch >> 25 & 7, 5);
    if (branch >> 28 == 15)
        return address + 8 + distance + (branch >> 23 & 2) + 1;
    return address + 8 + distance;
}

static uint64_t thumb_target(struct fixture *f, uint64_t address)
{
    const uint32_t branch = thumb_at(f, address);
    const uint64_t s = branch >> 26 & 1;
    const uint64_t i1 = (branch >> 13 & 1) ^ s ^ 1;
    const uint64_t i2 = (branch >> 11 & 1) ^ s ^ 1;
    const uint64_t distance = (uint64_t)sign(
        s << 24 | i1 << 23 | i2 << 22 | (uint64_t)(branch >> 16 & 0x3ff) << 12 |
            (branch & 0x7ff) << 1,
        25);

    assert_int_equal(branch & 0xf8008000, 0xf0008000);
    if ((branch & 0xd000) == 0xc000) /* blx */
        return (address & ~UINT64_C(3)) + 4 + distance;
    return address + 4 + distance + 1;
}

/* Of B<c>.W. */
static uint64_t thumb_jump19_target(struct fixture *f, uint64_t address)
{
    const uint32_t branch = thumb_at(f, address);

    assert_int_equal(branch & 0xf800d000, 0xf0008000);
    return address + 5 +
           (uint64_t)sign((branch >> 26 & 1) << 20 | (branch >> 11 & 1) << 19 |
                              (branch >> 13 & 1) << 18 |
                              (branch >> 16 & 0x3f) << 12 |
                              (branch & 0x7ff) << 1,
                          21);
}

static uint32_t arm_half(uint32_t instruction)
{
    return (instruction >> 4 & 0xf000) | (instruction & 0xfff);
}

/* movw ip; movt ip; add ip, ip, pc; bx ip */
static uint64_t arm_veneer_target(struct fixture *f, uint64_t address)
{
    const uint32_t low = arm_at(f, address), high = arm_at(f, address + 4);

    assert_int_equal(address & 3, 0);
    assert_int_equal(low & 0xfff0f000, 0xe300c000);
    assert_int_equal(high & 0xfff0f000, 0xe340c000);
    assert_int_equal(arm_at(f, address + 8), 0xe08cc00f);
    assert_int_equal(arm_at(f, address + 12), 0xe12fff1c);
    return (uint32_t)(address + 16 + (arm_half(low) | arm_half(high) << 16));
}

static uint32_t thumb_half(uint32_t instruction)
{
    return (instruction >> 4 & 0xf000) | (instruction >> 15 & 0x800) |
           (instruction >> 4 & 0x700) | (instruction & 0xff);
}

/* movw ip; movt ip; add ip, pc; bx ip. The address has the bit of its mode. */
static uint64_t thumb_veneer_target(struct fixture *f, uint64_t pointer)
{
    const uint64_t address = pointer - 1;
    const uint32_t low = thumb_at(f, address), high = thumb_at(f, address + 4);

    assert_int_equal(address & 3, 0);
    assert_int_equal(low & 0xfbf08f00, 0xf2400c00);
    assert_int_equal(high & 0xfbf08f00, 0xf2c00c00);
    assert_int_equal(thumb_at(f, address + 8), 0x44fc4760);
    return (uint32_t)(address + 12 +
                      (thumb_half(low) | thumb_half(high) << 16));
}

static const char callers[] = ".syntax unified\n"
                              ".text\n"
                              ".arm\n"
                              "func arm_caller\n"
                              "bl arm\n"
                              "bl thumb\n"
                              "b arm\n"
                              "b thumb\n"
                              "blne thumb\n"
                              "bl thumb + 4\n"
                              ".thumb\n"
                              ".thumb_func\n"
                              "func thumb_caller\n"
                              "bl arm\n"
                              "bl thumb\n"
                              "b.w arm\n"
                              "b.w thumb\n"
                              "bne.w arm\n"
                              "bne.w thumb\n"
                              "nop\n"
                              "bl arm\n";

static const char callees[] = ".syntax unified\n"
                              ".section .text.callees, \"ax\", %progbits\n"
                              ".arm\n.globl arm\nfunc arm\nbx lr\n"
                              ".thumb\n.globl thumb\n.thumb_func\n"
                              "func thumb\nbx lr\nnop\nnop\n";

static void changes_the_mode_in_calls_and_by_veneers(void **state)
{
    struct fixture *f = *state;
    uint64_t a, t, arm, thumb, veneer;

    fixture_assemble(f, "callers.o", callers);
    fixture_assemble(f, "callees.o", callees);
    fixture_image(f);
    a = fixture_address(f, "arm_caller");
    t = fixture_address(f, "thumb_caller") - 1;
    arm = fixture_address(f, "arm");
    thumb = fixture_address(f, "thumb");
    assert_int_equal(a & 3, 0);
    assert_int_equal(t & 1, 0);
    assert_int_equal(arm & 3, 0);
    assert_int_equal(thumb & 1, 1);

    assert_int_equal(arm_target(f, a), arm);
    assert_int_equal(arm_target(f, a + 4), thumb);
    assert_int_equal(arm_target(f, a + 8), arm);
    veneer = arm_target(f, a + 12);
    assert_int_equal(arm_veneer_target(f, veneer), thumb);
    assert_int_equal(arm_target(f, a + 16), veneer);
    assert_int_equal(arm_target(f, a + 20), thumb + 4);

    assert_int_equal(thumb_target(f, t), arm);
    assert_int_equal(thumb_target(f, t + 4), thumb);
    veneer = thumb_target(f, t + 8);
    assert_int_equal(thumb_veneer_target(f, veneer), arm);
    assert_int_equal(thumb_target(f, t + 12), thumb);
    assert_int_equal(thumb_jump19_target(f, t + 16), veneer);
    assert_int_equal(thumb_jump19_target(f, t + 20), thumb);
    assert_int_equal(thumb_target(f, t + 26), arm); /* from no multiple of 4 */
}

/* AAELF32, "Call and Jump relocations": only functions have a mode. */
static void keeps_the_mode_of_branches_to_what_is_no_function(void **state)
{
    struct fixture *f = *state;
    uint64_t a, t, label;

    fixture_assemble(f, "a.o",
                     ".syntax unified\n"
                     ".text\n.arm\n"
                     "func arm_caller\nbl label\nblx label\nb label\n"
                     ".thumb\n.thumb_func\n"
                     "func thumb_caller\nbl label\nblx label\nb.w label\n");
    fixture_assemble(f, "b.o",
                     ".section .text.b, \"ax\", %progbits\n"
                     "var start\n.globl label\nlabel: .long 0\n");
    fixture_image(f);
    a = fixture_address(f, "arm_caller");
    t = fixture_address(f, "thumb_caller") - 1;
    label = fixture_address(f, "start");
    assert_int_equal(arm_target(f, a), label);
    assert_int_equal(arm_target(f, a + 4), label + 1);
    assert_int_equal(arm_target(f, a + 8), label);
    assert_int_equal(thumb_target(f, t), label + 1);
    assert_int_equal(thumb_target(f, t + 4), label);
    assert_int_equal(thumb_target(f, t + 8), label + 1);
}

/* AAELF32, "Weak references": such a call does nothing. */
static void passes_over_calls_of_weak_functions_without_definition(void **state)
{
    struct fixture *f = *state;
    uint64_t a, t;

    fixture_assemble(f, "a.o",
                     ".syntax unified\n"
                     ".weak nothing\n.hidden nothing\n"
                     ".text\n.arm\n"
                     "func arm_caller\nbl nothing\nb nothing\n"
                     ".thumb\n.thumb_func\n"
                     "func thumb_caller\nbl nothing\nb.w nothing\n"
                     "nop\nbl nothing\n");
    fixture_image(f);
    a = fixture_address(f, "arm_caller");
    t = fixture_address(f, "thumb_caller") - 1;
    assert_int_equal(arm_target(f, a), a + 4);
    assert_int_equal(arm_target(f, a + 4), a + 8);
    assert_int_equal(thumb_target(f, t), t + 5);
    assert_int_equal(thumb_target(f, t + 4), t + 9);
    assert_int_equal(thumb_target(f, t + 10), t + 15);
}

/* ---- Imports ---- */

/* movw ip; movt ip; ldr pc, [pc, ip] */
static uint64_t stub_slot(struct fixture *f, uint64_t address)
{
    const uint32_t low = arm_at(f, address), high = arm_at(f, address + 4);

    assert_int_equal(low & 0xfff0f000, 0xe300c000);
    assert_int_equal(high & 0xfff0f000, 0xe340c000);
    assert_int_equal(arm_at(f, address + 8), 0xe79ff00c);
    return (uint32_t)(address + 16 + (arm_half(low) | arm_half(high) << 16));
}

static void calls_imports_by_stubs_in_either_mode(void **state)
{
    struct fixture *f = *state;
    uint64_t a, t, got, plt;
    struct patch patch;

    fixture_assemble(f, "a.o",
                     ".syntax unified\n"
                     ".text\n.arm\n"
                     "func arm_caller\nbl first\nb second\n"
                     ".thumb\n.thumb_func\n"
                     "func thumb_caller\nbl first\nb.w second\nblx first\n");
    fixture_image(f);
    a = fixture_address(f, "arm_caller");
    t = fixture_address(f, "thumb_caller") - 1;
    plt = fixture_section(f, ".plt")->sh_addr;
    got = fixture_section(f, ".got")->sh_addr;
    assert_int_equal(stub_slot(f, plt), got);
    assert_int_equal(stub_slot(f, plt + 12), got + 4);
    assert_int_equal(arm_target(f, a), plt);
    assert_int_equal(arm_target(f, a + 4), plt + 12);
    assert_int_equal(thumb_target(f, t), plt);
    assert_int_equal(thumb_veneer_target(f, thumb_target(f, t + 4)), plt + 12);
    assert_int_equal(thumb_target(f, t + 8), plt);
    patch = fixture_patch_at(f, got + 4);
    assert_int_equal(patch.type, R_ARM_GLOB_DAT);
    assert_string_equal(patch.symbol, "second");
    assert_int_equal(patch.addend, 0);
    assert_true(fixture_import(f, "first")->function);
}

/* ---- Far branches ---- */

/* The bytes of a section of 4 bytes become `size` zeros. */
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
    fixture_narrow_input_section(f, input, name)->sh_offset =
        (Elf32_Off)old_size;
    fixture_narrow_input_section(f, input, name)->sh_size = (Elf32_Word)size;
}

static void add_gap(struct fixture *f, size_t size)
{
    fixture_assemble(f, "gap.o",
                     ".section .text.gap, \"ax\", %progbits\n.long 0\n");
    grow_section(f, f->n_inputs - 1, ".text.gap", size);
}

static void sends_far_branches_through_veneers(void **state)
{
    struct fixture *f = *state;
    uint64_t a, t, arm, thumb, plt, veneer;

    fixture_assemble(f, "callers.o", callers);
    fixture_assemble(f, "import.o",
                     ".syntax unified\n.text\n.arm\nfunc importer\n"
                     "bl outside\n"
                     ".thumb\n.thumb_func\nfunc thumb_importer\nbl outside\n");
    for (unsigned i = 0; i < 4; i++) /* 36 MiB with room for pools */
        add_gap(f, i ? 12 << 20 : 4096);
    fixture_assemble(f, "callees.o", callees);
    fixture_image(f);
    a = fixture_address(f, "arm_caller");
    t = fixture_address(f, "thumb_caller") - 1;
    arm = fixture_address(f, "arm");
    thumb = fixture_address(f, "thumb");
    plt = fixture_section(f, ".plt")->sh_addr;
    assert_true(arm - a > MIB(32));

    veneer = arm_target(f, a);
    assert_int_equal(arm_veneer_target(f, veneer), arm);
    assert_int_equal(arm_target(f, a + 8), veneer);
    veneer = arm_target(f, a + 4);
    assert_int_equal(arm_veneer_target(f, veneer), thumb);
    assert_int_equal(arm_target(f, a + 12), veneer);
    assert_int_equal(arm_target(f, a + 16), veneer);
    assert_int_equal(arm_veneer_target(f, arm_target(f, a + 20)), thumb + 4);

    veneer = thumb_target(f, t);
    assert_int_equal(thumb_veneer_target(f, veneer), arm);
    assert_int_equal(thumb_target(f, t + 8), veneer);
    assert_int_equal(thumb_jump19_target(f, t + 16), veneer);
    veneer = thumb_target(f, t + 4);
    assert_int_equal(thumb_veneer_target(f, veneer), thumb);
    assert_int_equal(thumb_target(f, t + 12), veneer);
    assert_int_equal(thumb_jump19_target(f, t + 20), veneer);

    a = fixture_address(f, "importer");
    assert_int_equal(arm_veneer_target(f, arm_target(f, a)), plt);
    t = fixture_address(f, "thumb_importer") - 1;
    assert_int_equal(thumb_veneer_target(f, thumb_target(f, t)), plt);
}

/* Each kind of branch at the last distance it reaches, and the next. */
static void needs_no_veneer_as_far_as_a_branch_reaches(void **state)
{
    static const struct {
        const char *branch;
        bool thumb;
        int64_t reach; /* from the branch to the last in reach */
        unsigned step;
    } rows[] = {
        {"bl there", false, MIB(32) - 4 + 8, 4},
        {"b there", false, MIB(32) - 4 + 8, 4},
        {"bl there", true, MIB(16) - 2 + 4, 2},
        {"b.w there", true, MIB(16) - 2 + 4, 2},
        {"bne.w there", true, MIB(1) - 2 + 4, 2},
    };

    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const bool near = i % 2 == 0;
        const unsigned n_pad = (unsigned)(near ? 0 : rows[i / 2].step);
        struct fixture *f;
        char text[512];
        uint64_t from, there;

        assert_int_equal(setup(state), 0);
        f = *state;
        snprintf(text, sizeof(text),
                 ".syntax unified\n.text\n.%s\n.balign 2\n%s\n"
                 "func from\n%s\n",
                 rows[i / 2].thumb ? "thumb\n.thumb_func" : "arm", "",
                 rows[i / 2].branch);
        fixture_assemble(f, "a.o", text);
        add_gap(f, (size_t)rows[i / 2].reach / 4 * 4 - 4);
        snprintf(text, sizeof(text),
                 ".syntax unified\n"
                 ".section .text.there, \"ax\", %%progbits\n.%s\n"
                 ".globl there\n.zero %u\n%s\nfunc there\nnop\n",
                 rows[i / 2].thumb ? "thumb" : "arm",
                 (unsigned)(rows[i / 2].reach % 4) + n_pad,
                 rows[i / 2].thumb ? ".thumb_func" : "");
        fixture_assemble(f, "b.o", text);
        fixture_image(f);
        from = fixture_address(f, "from") & ~UINT64_C(1);
        there = fixture_address(f, "there") & ~UINT64_C(1);
        if (near)
            assert_int_equal(there - from, rows[i / 2].reach);
        else
            assert_true(there - from > (uint64_t)rows[i / 2].reach);
        const uint64_t target = strncmp(rows[i / 2].branch, "bne", 3) == 0
                                    ? thumb_jump19_target(f, from)
                                : rows[i / 2].thumb ? thumb_target(f, from)
                                                    : arm_target(f, from);

        if (near)
            assert_int_equal(target & ~UINT64_C(1), there);
        else
            assert_int_not_equal(target & ~UINT64_C(1), there);
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
    {".text\n.arm\nmovw r0, :lower16:outside\n", STATUS_UNSUPPORTED,
     "a.o: .text+0x0: R_ARM_MOVW_ABS_NC against 'outside'", "-fPIC"},
    {".data\n.globl v\nv: .long 0\n.text\n.arm\nmovt r0, :upper16:v\n",
     STATUS_UNSUPPORTED, "R_ARM_MOVT_ABS against 'v'", "-fPIC"},
    {".text\n.thumb\nmovw r0, :lower16:outside\n", STATUS_UNSUPPORTED,
     "R_ARM_THM_MOVW_ABS_NC against 'outside'", "-fPIC"},
    {".text\n.thumb\nmovt r0, :upper16:outside\n", STATUS_UNSUPPORTED,
     "R_ARM_THM_MOVT_ABS against 'outside'", "-fPIC"},
    {".text\n.long outside\n", STATUS_UNSUPPORTED,
     "R_ARM_ABS32 against 'outside'", "-fPIC"},
    {".data\n.short outside\n", STATUS_UNSUPPORTED,
     "R_ARM_ABS16 against 'outside'", "16 bits"},
    {".text\n.arm\n.reloc ., R_ARM_V4BX, 0\nbx lr\n", STATUS_UNSUPPORTED,
     "R_ARM_V4BX against", "before ARMv7"},
    {".text\n.arm\n.long outside(TPOFF)\n", STATUS_UNSUPPORTED,
     "R_ARM_TLS_LE32 against 'outside'", "local-exec"},
    {".text\n.arm\nldr r0, outside\n", STATUS_UNSUPPORTED,
     "R_ARM_LDR_PC_G0 against 'outside'", "-fPIC"},
    {".text\n.arm\n.reloc ., R_ARM_TLS_CALL, outside\nnop\n",
     STATUS_UNSUPPORTED, "R_ARM_TLS_CALL against 'outside'", "descriptors"},
    {".text\n.arm\n.long outside(sbrel)\n", STATUS_UNSUPPORTED,
     "R_ARM_SBREL32 against 'outside'", "static base"},
    {".data\n.reloc ., R_ARM_RELATIVE, outside\n.long 0\n", STATUS_UNSUPPORTED,
     "R_ARM_RELATIVE against 'outside'", "dynamic"},
    {".data\n.reloc ., R_ARM_TLS_LDO32, outside\n.long 0\n", STATUS_UNSUPPORTED,
     "R_ARM_TLS_LDO32 against 'outside'", "not in the image"},
    {".data\n.reloc ., R_ARM_ABS8, n\n.byte 0\n", STATUS_OUT_OF_RANGE,
     "R_ARM_ABS8 against 'n'", "value 0x100 does not fit in 8 bits"},
    {".text\n.arm\nfar:\n.zero 5000\n.reloc ., R_ARM_LDR_PC_G0, far\n"
     "ldr r0, [pc, #0]\n",
     STATUS_OUT_OF_RANGE, "R_ARM_LDR_PC_G0 against 'far'",
     "value -0x1388 does not fit the instruction"},
    {".data\n.reloc .+1, R_ARM_ABS32, outside\n.long 0\n", STATUS_CORRUPT,
     "a.o: .data+0x1: R_ARM_ABS32 against 'outside'", "outside the section"},
    {".data\n.reloc ., R_ARM_ABS32, outside\n.reloc .+2, R_ARM_ABS32, "
     "outside\n.quad 0\n",
     STATUS_CORRUPT, "a.o: .data+0x2", "overlap"},
};

static void
names_section_offset_type_and_symbol_of_what_it_refuses(void **state)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        assert_int_equal(setup(state), 0);
        fixture_assemble(*state, "a.o", refusals[i].text);
        if (strstr(refusals[i].message, "'n'"))
            fixture_assemble(*state, "n.o", ".globl n\n.set n, 0x100\n");
        fixture_refused(*state, refusals[i].status, refusals[i].message,
                        refusals[i].other_message);
        fixture_teardown(state);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_and_writes_numbers_as_an_assembler_does),
        TEST(puts_parts_of_numbers_into_instructions),
        cmocka_unit_test(refuses_numbers_that_an_instruction_cannot_hold),
        cmocka_unit_test(computes_what_aaelf32_prints),
        cmocka_unit_test(computes_what_aaelf32_prints_for_thumb),
        TEST(changes_the_mode_in_calls_and_by_veneers),
        TEST(keeps_the_mode_of_branches_to_what_is_no_function),
        TEST(passes_over_calls_of_weak_functions_without_definition),
        TEST(calls_imports_by_stubs_in_either_mode),
        TEST(sends_far_branches_through_veneers),
        cmocka_unit_test(needs_no_veneer_as_far_as_a_branch_reaches),
        cmocka_unit_test(
            names_section_offset_type_and_symbol_of_what_it_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
