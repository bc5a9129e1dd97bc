/* AArch64: ELF for the Arm 64-bit Architecture (AAELF64), "Relocation".
 *
 * An instruction has 4 bytes, so an address takes two instructions: ADRP
 * computes its page relative to that of the instruction, and the second adds or
 * loads with the 12 low bits. An image is loaded at a multiple of 4 KiB,
 * whatever the page size of the system, so these bits are known here.
 *
 *       adrp x0, :got:symbol               ADR_GOT_PAGE
 *       ldr  x0, [x0, :got_lo12:symbol]    LD64_GOT_LO12_NC
 *
 * loads an address from the GOT. If the symbol is in the image, the load
 * becomes an addition (`relax` below).
 *
 * Calls (CALL26) and jumps (JUMP26) reach 128 MiB and may have veneers; other
 * branches stay inside a function. Stubs and veneers use x16 and x17, which the
 * procedure call standard reserves for them (AAPCS64, "General-purpose
 * registers"). This holds for functions that preserve more registers than
 * usual, too, so STO_AARCH64_VARIANT_PCS, which is about lazy binding, has no
 * effect here. */
#include "reloc.h"

#include <string.h>

/* ---- Fields ---- */

/* The bits of an instruction that hold a value. */
enum encoding {
    DATA,    /* all bytes of the field */
    IMM26,   /* bits 0 to 25 */
    IMM19,   /* bits 5 to 23 */
    IMM14,   /* bits 5 to 18 */
    IMM16,   /* bits 5 to 20: MOVZ, MOVK */
    MOVE_16, /* the same: MOVZ, or MOVN if the value is negative */
    IMM12,   /* bits 10 to 21 */
    ADDRESS, /* bits 29, 30, 5 to 23: ADR, ADRP */
};

enum check { UNCHECKED, SIGNED, UNSIGNED, EITHER };

/* AAELF64 prints these with each type: "set the immediate field to bits
 * [high:low] of X", "check that -2^n <= X < 2^n", "check that X & 7 = 0". */
struct field {
    uint8_t encoding;
    uint8_t low;   /* first bit of the value that is written */
    uint8_t check; /* enum check */
    uint8_t bits;  /* ... of so many bits */
    uint8_t align; /* so many low bits must be 0 */
};

enum field_index {
    FIELD_NONE,
    FIELD_64,
    FIELD_32,
    FIELD_16,
    FIELD_SIGNED_32,
    FIELD_BRANCH_26,
    FIELD_BRANCH_19,
    FIELD_BRANCH_14,
    FIELD_ADR,
    FIELD_ADRP,
    FIELD_ADRP_NC,
    FIELD_HIGH_12,
    FIELD_LOW_12,
    FIELD_LOW_12_NC,
    FIELD_LOW_12_16,
    FIELD_LOW_12_16_NC,
    FIELD_LOW_12_32,
    FIELD_LOW_12_32_NC,
    FIELD_LOW_12_64,
    FIELD_LOW_12_64_NC,
    FIELD_LOW_12_128,
    FIELD_LOW_12_128_NC,
    FIELD_LOW_15,
    FIELD_G0,
    FIELD_G0_NC,
    FIELD_G1,
    FIELD_G1_NC,
    FIELD_G2,
    FIELD_G2_NC,
    FIELD_G3,
    FIELD_MOVE_G0,
    FIELD_MOVE_G1,
    FIELD_MOVE_G2,
    FIELD_MOVE_G3,
};

static const struct field fields[] = {
    [FIELD_NONE] = {DATA, 0, UNCHECKED, 0, 0},
    [FIELD_64] = {DATA, 0, UNCHECKED, 0, 0},
    [FIELD_32] = {DATA, 0, EITHER, 32, 0},
    [FIELD_16] = {DATA, 0, EITHER, 16, 0},
    [FIELD_SIGNED_32] = {DATA, 0, SIGNED, 32, 0},
    [FIELD_BRANCH_26] = {IMM26, 2, SIGNED, 28, 2},
    [FIELD_BRANCH_19] = {IMM19, 2, SIGNED, 21, 2},
    [FIELD_BRANCH_14] = {IMM14, 2, SIGNED, 16, 2},
    [FIELD_ADR] = {ADDRESS, 0, SIGNED, 21, 0},
    [FIELD_ADRP] = {ADDRESS, 12, SIGNED, 33, 0},
    [FIELD_ADRP_NC] = {ADDRESS, 12, UNCHECKED, 0, 0},
    [FIELD_HIGH_12] = {IMM12, 12, UNSIGNED, 24, 0},
    [FIELD_LOW_12] = {IMM12, 0, UNSIGNED, 12, 0},
    [FIELD_LOW_12_NC] = {IMM12, 0, UNCHECKED, 0, 0},
    [FIELD_LOW_12_16] = {IMM12, 1, UNSIGNED, 12, 1},
    [FIELD_LOW_12_16_NC] = {IMM12, 1, UNCHECKED, 12, 1},
    [FIELD_LOW_12_32] = {IMM12, 2, UNSIGNED, 12, 2},
    [FIELD_LOW_12_32_NC] = {IMM12, 2, UNCHECKED, 12, 2},
    [FIELD_LOW_12_64] = {IMM12, 3, UNSIGNED, 12, 3},
    [FIELD_LOW_12_64_NC] = {IMM12, 3, UNCHECKED, 12, 3},
    [FIELD_LOW_12_128] = {IMM12, 4, UNSIGNED, 12, 4},
    [FIELD_LOW_12_128_NC] = {IMM12, 4, UNCHECKED, 12, 4},
    [FIELD_LOW_15] = {IMM12, 3, UNSIGNED, 15, 3},
    [FIELD_G0] = {IMM16, 0, UNSIGNED, 16, 0},
    [FIELD_G0_NC] = {IMM16, 0, UNCHECKED, 0, 0},
    [FIELD_G1] = {IMM16, 16, UNSIGNED, 32, 0},
    [FIELD_G1_NC] = {IMM16, 16, UNCHECKED, 0, 0},
    [FIELD_G2] = {IMM16, 32, UNSIGNED, 48, 0},
    [FIELD_G2_NC] = {IMM16, 32, UNCHECKED, 0, 0},
    [FIELD_G3] = {IMM16, 48, UNCHECKED, 0, 0},
    [FIELD_MOVE_G0] = {MOVE_16, 0, SIGNED, 17, 0},
    [FIELD_MOVE_G1] = {MOVE_16, 16, SIGNED, 33, 0},
    [FIELD_MOVE_G2] = {MOVE_16, 32, SIGNED, 49, 0},
    [FIELD_MOVE_G3] = {MOVE_16, 48, UNCHECKED, 0, 0},
};

static uint32_t read_instruction(const uint8_t *bytes)
{
    uint32_t instruction;

    memcpy(&instruction, bytes, sizeof(instruction));
    return instruction;
}

static void write_instruction(uint8_t *bytes, uint32_t instruction)
{
    memcpy(bytes, &instruction, sizeof(instruction));
}

/* Set bits [first, first + width) of the instruction to those of value. */
static uint32_t with_bits(uint32_t instruction, unsigned first, unsigned width,
                          uint64_t value)
{
    const uint32_t mask = (UINT32_C(1) << width) - 1;

    return (instruction & ~(mask << first)) | ((uint32_t)value & mask) << first;
}

enum { OPCODE_FIRST = 29, OPCODE_MOVN = 0, OPCODE_MOVZ = 2 };

static uint32_t encode(enum encoding encoding, uint32_t instruction,
                       uint64_t value, bool negative)
{
    switch (encoding) {
    case DATA:
        break;
    case IMM26:
        return with_bits(instruction, 0, 26, value);
    case IMM19:
        return with_bits(instruction, 5, 19, value);
    case IMM14:
        return with_bits(instruction, 5, 14, value);
    case IMM16:
        return with_bits(instruction, 5, 16, value);
    case MOVE_16:
        instruction = with_bits(instruction, OPCODE_FIRST, 2,
                                negative ? OPCODE_MOVN : OPCODE_MOVZ);
        return with_bits(instruction, 5, 16, negative ? ~value : value);
    case IMM12:
        return with_bits(instruction, 10, 12, value);
    case ADDRESS:
        instruction = with_bits(instruction, 29, 2, value);
        return with_bits(instruction, 5, 19, value >> 2);
    }
    return instruction;
}

static bool fits(const struct field *field, uint64_t value)
{
    if (value & ((UINT64_C(1) << field->align) - 1))
        return false;
    switch ((enum check)field->check) {
    case UNCHECKED:
        break;
    case SIGNED:
        return fits_signed(value, field->bits);
    case UNSIGNED:
        return fits_unsigned(value, field->bits);
    case EITHER:
        return fits_signed(value, field->bits) ||
               fits_unsigned(value, field->bits);
    }
    return true;
}

static bool write_field(const struct reloc_type *reloc_type, uint8_t *place,
                        uint64_t value)
{
    const struct field *field = &fields[reloc_type->field];
    const bool negative = (int64_t)value < 0;

    if (!fits(field, value))
        return false;
    if (field->encoding == DATA)
        memcpy(place, &value, reloc_type->size); /* little-endian host */
    else
        write_instruction(place, encode((enum encoding)field->encoding,
                                        read_instruction(place),
                                        value >> field->low, negative));
    return true;
}

/* ---- Types ---- */

#define LOCAL_EXEC                                                             \
    "local-exec TLS cannot be in a loadable image (compile with -fPIC)"
#define DYNAMIC "a dynamic relocation cannot be in a relocatable object"
#define SIGNED_POINTER                                                         \
    "the loader does not sign pointers (compile without the PAuth ABI)"
#define PATCHED "instructions that are patched at load time are not handled"

#define ROW(number, name, subject, form, size, field)                          \
    [(number)-                                                                 \
        TABLE] = {"R_AARCH64_" #name, RELOC_##subject, FORM_##form, size,      \
                  FIELD_##field,      RELAX_NEVER,     0,           NULL}
#define RELAXABLE(number, name, form, field)                                   \
    [(number)-TABLE] = {"R_AARCH64_" #name, RELOC_GOT_SLOT, FORM_##form, 4,    \
                        FIELD_##field,      RELAX_TOGETHER, 0,           NULL}
#define REFUSED(number, name, size, why)                                       \
    [(number)-TABLE] = {"R_AARCH64_" #name, RELOC_REFUSED, FORM_PLAIN, size,   \
                        FIELD_NONE,         RELAX_NEVER,   0,          why}

/* "Static data relocations" and those of instructions. */
enum { STATIC_FIRST = 0x100, TLS_FIRST = 0x200, DYNAMIC_FIRST = 0x400 };

#define TABLE STATIC_FIRST
static const struct reloc_type static_types[] = {
    [0] = {"R_AARCH64_NONE (256)", RELOC_NONE, FORM_PLAIN, 0, FIELD_NONE,
           RELAX_NEVER, 0, NULL}, /* of older tools */
    ROW(0x101, ABS64, ADDRESS, PLAIN, 8, 64),
    ROW(0x102, ABS32, ADDRESS, PLAIN, 4, 32),
    ROW(0x103, ABS16, ADDRESS, PLAIN, 2, 16),
    ROW(0x104, PREL64, SYMBOL, PC, 8, 64),
    ROW(0x105, PREL32, SYMBOL, PC, 4, 32),
    ROW(0x106, PREL16, SYMBOL, PC, 2, 16),
    ROW(0x107, MOVW_UABS_G0, NUMBER, PLAIN, 4, G0),
    ROW(0x108, MOVW_UABS_G0_NC, NUMBER, PLAIN, 4, G0_NC),
    ROW(0x109, MOVW_UABS_G1, NUMBER, PLAIN, 4, G1),
    ROW(0x10a, MOVW_UABS_G1_NC, NUMBER, PLAIN, 4, G1_NC),
    ROW(0x10b, MOVW_UABS_G2, NUMBER, PLAIN, 4, G2),
    ROW(0x10c, MOVW_UABS_G2_NC, NUMBER, PLAIN, 4, G2_NC),
    ROW(0x10d, MOVW_UABS_G3, NUMBER, PLAIN, 4, G3),
    ROW(0x10e, MOVW_SABS_G0, NUMBER, PLAIN, 4, MOVE_G0),
    ROW(0x10f, MOVW_SABS_G1, NUMBER, PLAIN, 4, MOVE_G1),
    ROW(0x110, MOVW_SABS_G2, NUMBER, PLAIN, 4, MOVE_G2),
    ROW(0x111, LD_PREL_LO19, SYMBOL, PC, 4, BRANCH_19),
    ROW(0x112, ADR_PREL_LO21, SYMBOL, PC, 4, ADR),
    ROW(0x113, ADR_PREL_PG_HI21, SYMBOL, PAGE_PC, 4, ADRP),
    ROW(0x114, ADR_PREL_PG_HI21_NC, SYMBOL, PAGE_PC, 4, ADRP_NC),
    ROW(0x115, ADD_ABS_LO12_NC, SYMBOL, PAGE_OFFSET, 4, LOW_12_NC),
    ROW(0x116, LDST8_ABS_LO12_NC, SYMBOL, PAGE_OFFSET, 4, LOW_12_NC),
    ROW(0x117, TSTBR14, CALL, PC, 4, BRANCH_14),
    ROW(0x118, CONDBR19, CALL, PC, 4, BRANCH_19),
    ROW(0x11a, JUMP26, CALL, PC, 4, BRANCH_26),
    ROW(0x11b, CALL26, CALL, PC, 4, BRANCH_26),
    ROW(0x11c, LDST16_ABS_LO12_NC, SYMBOL, PAGE_OFFSET, 4, LOW_12_16_NC),
    ROW(0x11d, LDST32_ABS_LO12_NC, SYMBOL, PAGE_OFFSET, 4, LOW_12_32_NC),
    ROW(0x11e, LDST64_ABS_LO12_NC, SYMBOL, PAGE_OFFSET, 4, LOW_12_64_NC),
    ROW(0x11f, MOVW_PREL_G0, SYMBOL, PC, 4, MOVE_G0),
    ROW(0x120, MOVW_PREL_G0_NC, SYMBOL, PC, 4, G0_NC),
    ROW(0x121, MOVW_PREL_G1, SYMBOL, PC, 4, MOVE_G1),
    ROW(0x122, MOVW_PREL_G1_NC, SYMBOL, PC, 4, G1_NC),
    ROW(0x123, MOVW_PREL_G2, SYMBOL, PC, 4, MOVE_G2),
    ROW(0x124, MOVW_PREL_G2_NC, SYMBOL, PC, 4, G2_NC),
    ROW(0x125, MOVW_PREL_G3, SYMBOL, PC, 4, MOVE_G3),
    ROW(0x12b, LDST128_ABS_LO12_NC, SYMBOL, PAGE_OFFSET, 4, LOW_12_128_NC),
    ROW(0x12c, MOVW_GOTOFF_G0, GOT_SLOT, GOT, 4, MOVE_G0),
    ROW(0x12d, MOVW_GOTOFF_G0_NC, GOT_SLOT, GOT, 4, G0_NC),
    ROW(0x12e, MOVW_GOTOFF_G1, GOT_SLOT, GOT, 4, MOVE_G1),
    ROW(0x12f, MOVW_GOTOFF_G1_NC, GOT_SLOT, GOT, 4, G1_NC),
    ROW(0x130, MOVW_GOTOFF_G2, GOT_SLOT, GOT, 4, MOVE_G2),
    ROW(0x131, MOVW_GOTOFF_G2_NC, GOT_SLOT, GOT, 4, G2_NC),
    ROW(0x132, MOVW_GOTOFF_G3, GOT_SLOT, GOT, 4, MOVE_G3),
    ROW(0x133, GOTREL64, SYMBOL, GOT, 8, 64),
    ROW(0x134, GOTREL32, SYMBOL, GOT, 4, 32),
    ROW(0x135, GOT_LD_PREL19, GOT_SLOT, PC, 4, BRANCH_19),
    ROW(0x136, LD64_GOTOFF_LO15, GOT_SLOT, GOT, 4, LOW_15),
    RELAXABLE(0x137, ADR_GOT_PAGE, PAGE_PC, ADRP),
    RELAXABLE(0x138, LD64_GOT_LO12_NC, PAGE_OFFSET, LOW_12_64_NC),
    ROW(0x139, LD64_GOTPAGE_LO15, GOT_SLOT, GOT_PAGE, 4, LOW_15),
    ROW(0x13a, PLT32, CALL, PC, 4, SIGNED_32),
    ROW(0x13b, GOTPCREL32, GOT_SLOT, PC, 4, SIGNED_32),
    REFUSED(0x13c, PATCHINST, 4, PATCHED),
    REFUSED(0x13d, FUNCINIT64, 8, PATCHED),
};
#undef TABLE

/* "Thread-local storage relocations", and those of the PAuth ABI. */
#define TABLE TLS_FIRST
static const struct reloc_type tls_types[] = {
    ROW(0x200, TLSGD_ADR_PREL21, TLS_PAIR, PC, 4, ADR),
    ROW(0x201, TLSGD_ADR_PAGE21, TLS_PAIR, PAGE_PC, 4, ADRP),
    ROW(0x202, TLSGD_ADD_LO12_NC, TLS_PAIR, PAGE_OFFSET, 4, LOW_12_NC),
    ROW(0x203, TLSGD_MOVW_G1, TLS_PAIR, GOT, 4, MOVE_G1),
    ROW(0x204, TLSGD_MOVW_G0_NC, TLS_PAIR, GOT, 4, G0_NC),
    ROW(0x205, TLSLD_ADR_PREL21, TLS_MODULE, PC, 4, ADR),
    ROW(0x206, TLSLD_ADR_PAGE21, TLS_MODULE, PAGE_PC, 4, ADRP),
    ROW(0x207, TLSLD_ADD_LO12_NC, TLS_MODULE, PAGE_OFFSET, 4, LOW_12_NC),
    ROW(0x208, TLSLD_MOVW_G1, TLS_MODULE, GOT, 4, MOVE_G1),
    ROW(0x209, TLSLD_MOVW_G0_NC, TLS_MODULE, GOT, 4, G0_NC),
    ROW(0x20a, TLSLD_LD_PREL19, TLS_MODULE, PC, 4, BRANCH_19),
    ROW(0x20b, TLSLD_MOVW_DTPREL_G2, TLS_OFFSET, PLAIN, 4, MOVE_G2),
    ROW(0x20c, TLSLD_MOVW_DTPREL_G1, TLS_OFFSET, PLAIN, 4, MOVE_G1),
    ROW(0x20d, TLSLD_MOVW_DTPREL_G1_NC, TLS_OFFSET, PLAIN, 4, G1_NC),
    ROW(0x20e, TLSLD_MOVW_DTPREL_G0, TLS_OFFSET, PLAIN, 4, MOVE_G0),
    ROW(0x20f, TLSLD_MOVW_DTPREL_G0_NC, TLS_OFFSET, PLAIN, 4, G0_NC),
    ROW(0x210, TLSLD_ADD_DTPREL_HI12, TLS_OFFSET, PLAIN, 4, HIGH_12),
    ROW(0x211, TLSLD_ADD_DTPREL_LO12, TLS_OFFSET, PLAIN, 4, LOW_12),
    ROW(0x212, TLSLD_ADD_DTPREL_LO12_NC, TLS_OFFSET, PLAIN, 4, LOW_12_NC),
    ROW(0x213, TLSLD_LDST8_DTPREL_LO12, TLS_OFFSET, PLAIN, 4, LOW_12),
    ROW(0x214, TLSLD_LDST8_DTPREL_LO12_NC, TLS_OFFSET, PLAIN, 4, LOW_12_NC),
    ROW(0x215, TLSLD_LDST16_DTPREL_LO12, TLS_OFFSET, PLAIN, 4, LOW_12_16),
    ROW(0x216, TLSLD_LDST16_DTPREL_LO12_NC, TLS_OFFSET, PLAIN, 4, LOW_12_16_NC),
    ROW(0x217, TLSLD_LDST32_DTPREL_LO12, TLS_OFFSET, PLAIN, 4, LOW_12_32),
    ROW(0x218, TLSLD_LDST32_DTPREL_LO12_NC, TLS_OFFSET, PLAIN, 4, LOW_12_32_NC),
    ROW(0x219, TLSLD_LDST64_DTPREL_LO12, TLS_OFFSET, PLAIN, 4, LOW_12_64),
    ROW(0x21a, TLSLD_LDST64_DTPREL_LO12_NC, TLS_OFFSET, PLAIN, 4, LOW_12_64_NC),
    ROW(0x21b, TLSIE_MOVW_GOTTPREL_G1, TLS_TPOFF, GOT, 4, MOVE_G1),
    ROW(0x21c, TLSIE_MOVW_GOTTPREL_G0_NC, TLS_TPOFF, GOT, 4, G0_NC),
    ROW(0x21d, TLSIE_ADR_GOTTPREL_PAGE21, TLS_TPOFF, PAGE_PC, 4, ADRP),
    ROW(0x21e, TLSIE_LD64_GOTTPREL_LO12_NC, TLS_TPOFF, PAGE_OFFSET, 4,
        LOW_12_64_NC),
    ROW(0x21f, TLSIE_LD_GOTTPREL_PREL19, TLS_TPOFF, PC, 4, BRANCH_19),
    REFUSED(0x220, TLSLE_MOVW_TPREL_G2, 4, LOCAL_EXEC),
    REFUSED(0x221, TLSLE_MOVW_TPREL_G1, 4, LOCAL_EXEC),
    REFUSED(0x222, TLSLE_MOVW_TPREL_G1_NC, 4, LOCAL_EXEC),
    REFUSED(0x223, TLSLE_MOVW_TPREL_G0, 4, LOCAL_EXEC),
    REFUSED(0x224, TLSLE_MOVW_TPREL_G0_NC, 4, LOCAL_EXEC),
    REFUSED(0x225, TLSLE_ADD_TPREL_HI12, 4, LOCAL_EXEC),
    REFUSED(0x226, TLSLE_ADD_TPREL_LO12, 4, LOCAL_EXEC),
    REFUSED(0x227, TLSLE_ADD_TPREL_LO12_NC, 4, LOCAL_EXEC),
    REFUSED(0x228, TLSLE_LDST8_TPREL_LO12, 4, LOCAL_EXEC),
    REFUSED(0x229, TLSLE_LDST8_TPREL_LO12_NC, 4, LOCAL_EXEC),
    REFUSED(0x22a, TLSLE_LDST16_TPREL_LO12, 4, LOCAL_EXEC),
    REFUSED(0x22b, TLSLE_LDST16_TPREL_LO12_NC, 4, LOCAL_EXEC),
    REFUSED(0x22c, TLSLE_LDST32_TPREL_LO12, 4, LOCAL_EXEC),
    REFUSED(0x22d, TLSLE_LDST32_TPREL_LO12_NC, 4, LOCAL_EXEC),
    REFUSED(0x22e, TLSLE_LDST64_TPREL_LO12, 4, LOCAL_EXEC),
    REFUSED(0x22f, TLSLE_LDST64_TPREL_LO12_NC, 4, LOCAL_EXEC),
    ROW(0x230, TLSDESC_LD_PREL19, TLS_DESCRIPTOR, PC, 4, BRANCH_19),
    ROW(0x231, TLSDESC_ADR_PREL21, TLS_DESCRIPTOR, PC, 4, ADR),
    ROW(0x232, TLSDESC_ADR_PAGE21, TLS_DESCRIPTOR, PAGE_PC, 4, ADRP),
    ROW(0x233, TLSDESC_LD64_LO12, TLS_DESCRIPTOR, PAGE_OFFSET, 4, LOW_12_64_NC),
    ROW(0x234, TLSDESC_ADD_LO12, TLS_DESCRIPTOR, PAGE_OFFSET, 4, LOW_12_NC),
    ROW(0x235, TLSDESC_OFF_G1, TLS_DESCRIPTOR, GOT, 4, MOVE_G1),
    ROW(0x236, TLSDESC_OFF_G0_NC, TLS_DESCRIPTOR, GOT, 4, G0_NC),
    ROW(0x237, TLSDESC_LDR, NONE, PLAIN, 0,
        NONE), /* only mark instructions for relaxation */
    ROW(0x238, TLSDESC_ADD, NONE, PLAIN, 0, NONE),
    ROW(0x239, TLSDESC_CALL, NONE, PLAIN, 0, NONE),
    REFUSED(0x23a, TLSLE_LDST128_TPREL_LO12, 4, LOCAL_EXEC),
    REFUSED(0x23b, TLSLE_LDST128_TPREL_LO12_NC, 4, LOCAL_EXEC),
    ROW(0x23c, TLSLD_LDST128_DTPREL_LO12, TLS_OFFSET, PLAIN, 4, LOW_12_128),
    ROW(0x23d, TLSLD_LDST128_DTPREL_LO12_NC, TLS_OFFSET, PLAIN, 4,
        LOW_12_128_NC),
    REFUSED(0x244, AUTH_ABS64, 8, SIGNED_POINTER),
    REFUSED(0x245, AUTH_MOVW_GOTOFF_G0, 4, SIGNED_POINTER),
    REFUSED(0x246, AUTH_MOVW_GOTOFF_G0_NC, 4, SIGNED_POINTER),
    REFUSED(0x247, AUTH_MOVW_GOTOFF_G1, 4, SIGNED_POINTER),
    REFUSED(0x248, AUTH_MOVW_GOTOFF_G1_NC, 4, SIGNED_POINTER),
    REFUSED(0x249, AUTH_MOVW_GOTOFF_G2, 4, SIGNED_POINTER),
    REFUSED(0x24a, AUTH_MOVW_GOTOFF_G2_NC, 4, SIGNED_POINTER),
    REFUSED(0x24b, AUTH_MOVW_GOTOFF_G3, 4, SIGNED_POINTER),
    REFUSED(0x24c, AUTH_GOT_LD_PREL19, 4, SIGNED_POINTER),
    REFUSED(0x24d, AUTH_LD64_GOTOFF_LO15, 4, SIGNED_POINTER),
    REFUSED(0x24e, AUTH_ADR_GOT_PAGE, 4, SIGNED_POINTER),
    REFUSED(0x24f, AUTH_LD64_GOT_LO12_NC, 4, SIGNED_POINTER),
    REFUSED(0x250, AUTH_LD64_GOTPAGE_LO15, 4, SIGNED_POINTER),
    REFUSED(0x251, AUTH_GOT_ADD_LO12_NC, 4, SIGNED_POINTER),
    REFUSED(0x252, AUTH_GOT_ADR_PREL_LO21, 4, SIGNED_POINTER),
    REFUSED(0x253, AUTH_TLSDESC_ADR_PAGE21, 4, SIGNED_POINTER),
    REFUSED(0x254, AUTH_TLSDESC_LD64_LO12, 4, SIGNED_POINTER),
    REFUSED(0x255, AUTH_TLSDESC_ADD_LO12, 4, SIGNED_POINTER),
};
#undef TABLE

enum {
    DYNAMIC_GLOB_DAT = 0x401,
    DYNAMIC_RELATIVE = 0x403,
    DYNAMIC_TLS_DTPMOD64 = 0x404,
    DYNAMIC_TLS_DTPREL64 = 0x405,
    DYNAMIC_TLS_TPREL64 = 0x406,
    DYNAMIC_TLSDESC = 0x407,
    DYNAMIC_IRELATIVE = 0x408,
    STATIC_ABS64 = 0x101, /* also a dynamic relocation */
};

#define TABLE DYNAMIC_FIRST
static const struct reloc_type dynamic_types[] = {
    REFUSED(0x400, COPY, 0, DYNAMIC),
    REFUSED(DYNAMIC_GLOB_DAT, GLOB_DAT, 8, DYNAMIC),
    REFUSED(0x402, JUMP_SLOT, 8, DYNAMIC),
    REFUSED(DYNAMIC_RELATIVE, RELATIVE, 8, DYNAMIC),
    REFUSED(DYNAMIC_TLS_DTPMOD64, TLS_DTPMOD64, 8, DYNAMIC),
    ROW(DYNAMIC_TLS_DTPREL64, TLS_DTPREL64, TLS_OFFSET, PLAIN, 8, 64),
    REFUSED(DYNAMIC_TLS_TPREL64, TLS_TPREL64, 8, DYNAMIC),
    REFUSED(DYNAMIC_TLSDESC, TLSDESC, 16, DYNAMIC),
    REFUSED(DYNAMIC_IRELATIVE, IRELATIVE, 8, DYNAMIC),
    REFUSED(0x411, AUTH_RELATIVE, 8, DYNAMIC),
    REFUSED(0x412, AUTH_GLOB_DAT, 8, DYNAMIC),
    REFUSED(0x413, AUTH_TLSDESC, 16, DYNAMIC),
    REFUSED(0x414, AUTH_IRELATIVE, 8, DYNAMIC),
};
#undef TABLE

static const struct reloc_type none = {
    "R_AARCH64_NONE", RELOC_NONE, FORM_PLAIN, 0, FIELD_NONE, 0, 0, NULL};

static const struct reloc_type *row_of(const struct reloc_type *table,
                                       size_t n_rows, uint32_t index)
{
    return index < n_rows && table[index].name ? &table[index] : NULL;
}

#define ROW_OF(table, index)                                                   \
    row_of(table, sizeof(table) / sizeof((table)[0]), index)

static const struct reloc_type *type(uint32_t number)
{
    if (number >= DYNAMIC_FIRST)
        return ROW_OF(dynamic_types, number - DYNAMIC_FIRST);
    if (number >= TLS_FIRST)
        return ROW_OF(tls_types, number - TLS_FIRST);
    if (number >= STATIC_FIRST)
        return ROW_OF(static_types, number - STATIC_FIRST);
    return number == 0 ? &none : NULL;
}

/* ---- Instructions ---- */

enum {
    ADRP_X16 = (int)0x90000010,
    LDR_X17_X16 = (int)0xf9400211, /* ldr x17, [x16, #...] */
    ADD_X16_X16 = (int)0x91000210, /* add x16, x16, #... */
    BR_X16 = (int)0xd61f0200,
    BR_X17 = (int)0xd61f0220,
    BTI_C = (int)0xd503245f,
    ADD = (int)0x91000000, /* add xd, xn, #... */
    REGISTERS = 0x3ff,     /* xd and xn */
    REGISTER_D = 0x1f,
};

/* ADRP at address, and the low 12 bits in the next instruction, both for
 * target. False: out of reach. */
static bool write_pair(uint8_t *bytes, uint64_t address, uint64_t target,
                       uint32_t second, enum field_index low)
{
    const uint64_t page =
        (target & ~UINT64_C(0xfff)) - (address & ~UINT64_C(0xfff));

    if (!fits(&fields[FIELD_ADRP], page))
        return false;
    write_instruction(bytes,
                      encode(ADDRESS, (uint32_t)ADRP_X16, page >> 12, false));
    write_instruction(
        bytes + 4,
        encode(IMM12, second, (target & 0xfff) >> fields[low].low, false));
    return true;
}

/* ---- Loads from the GOT ---- */

/* Either instruction may occur without the other: see got.c. */
static enum got_use got_use(const struct reloc_type *reloc_type,
                            const uint8_t *field, uint64_t n_before,
                            int64_t addend)
{
    const uint32_t instruction = read_instruction(field);

    (void)n_before;
    if (addend != 0)
        return GOT_USE_OTHER;
    if (reloc_type->form == FORM_PAGE_PC) /* adrp xd, ... */
        return (instruction & 0x9f000000) == 0x90000000 ? GOT_USE_LOAD
                                                        : GOT_USE_OTHER;
    /* ldr xd, [xn, #...]; 31 is xzr there and sp in an addition. */
    return (instruction & 0xffc00000) == 0xf9400000 &&
                   (instruction & REGISTER_D) != 31
               ? GOT_USE_LOAD
               : GOT_USE_OTHER;
}

static bool relax(const struct reloc_type *reloc_type, enum got_use use,
                  uint8_t *field, uint64_t value)
{
    (void)use;
    if (reloc_type->form == FORM_PAGE_PC)
        return write_field(reloc_type, field, value);
    write_instruction(
        field,
        encode(IMM12, (uint32_t)ADD | (read_instruction(field) & REGISTERS),
               value, false));
    return true;
}

/* ---- Stubs and veneers ---- */

/*   bti  c               the address of an indirect function is its stub's
 *   adrp x16, slot
 *   ldr  x17, [x16, #low 12 bits of slot]
 *   br   x17                                                             */
enum { STUB_SIZE = 16, VENEER_SIZE = 12 };

static bool write_stub(uint8_t *stub, uint64_t address, uint64_t slot)
{
    write_instruction(stub, (uint32_t)BTI_C);
    write_instruction(stub + 12, (uint32_t)BR_X17);
    return write_pair(stub + 4, address + 4, slot, (uint32_t)LDR_X17_X16,
                      FIELD_LOW_12_64);
}

/*   adrp x16, destination
 *   add  x16, x16, #low 12 bits of destination
 *   br   x16                                                             */
static bool write_veneer(uint8_t *veneer, uint64_t address,
                         uint64_t destination)
{
    write_instruction(veneer + 8, (uint32_t)BR_X16);
    return write_pair(veneer, address, destination, (uint32_t)ADD_X16_X16,
                      FIELD_LOW_12);
}

enum { VENEER_FAR = 1 };

static const struct veneer_kind veneers[] = {
    [VENEER_FAR] = {VENEER_SIZE, 0, write_veneer},
};

static unsigned veneer(const struct branch *branch)
{
    const uint64_t distance = branch->destination - branch->place;

    return branch->type->field != FIELD_BRANCH_26 ||
                   fits(&fields[FIELD_BRANCH_26], distance)
               ? 0
               : VENEER_FAR;
}

/* ---- The machine ---- */

/* GNU_PROPERTY_AARCH64_FEATURE_1_AND. Stubs and the functions made of .init and
 * .fini begin with landing pads. Veneers branch indirectly, but the functions
 * may only have been called directly, and may have no landing pads. */
enum {
    FEATURE_1_AND = (int)0xc0000000,
    FEATURE_BTI = 1,
    FEATURE_PAC = 2,
    FEATURE_GCS = 4,
};

static const uint8_t pieces_begin[] = {
    0x5f, 0x24, 0x03, 0xd5, /* bti c */
    0xfd, 0x7b, 0xbf, 0xa9, /* stp x29, x30, [sp, #-16]! */
    0xfd, 0x03, 0x00, 0x91, /* mov x29, sp */
};
static const uint8_t pieces_end[] = {
    0xfd, 0x7b, 0xc1, 0xa8, /* ldp x29, x30, [sp], #16 */
    0xc0, 0x03, 0x5f, 0xd6, /* ret */
};
static const uint8_t trap[] = {0};                      /* udf #0 */
static const uint8_t skip[] = {0x1f, 0x20, 0x03, 0xd5}; /* nop */

const struct link_machine link_machine_aarch64 = {
    .row = &machines[MACHINE_AARCH64],
    .max_span = UINT64_C(1) << 46,       /* of 48 bits of address space */
    .relax_reach = UINT64_C(0xe0000000), /* of 4 GiB; the rest is for gaps */
    .text_fill = {trap, sizeof(trap)},
    .text_skip = {skip, sizeof(skip)},
    .pieces_begin = {pieces_begin, sizeof(pieces_begin)},
    .pieces_end = {pieces_end, sizeof(pieces_end)},
    .dynamic_absolute = STATIC_ABS64,
    .dynamic_got = DYNAMIC_GLOB_DAT,
    .dynamic_relative = DYNAMIC_RELATIVE,
    .dynamic_irelative = DYNAMIC_IRELATIVE,
    .dynamic_tls_module = DYNAMIC_TLS_DTPMOD64,
    .dynamic_tls_offset = DYNAMIC_TLS_DTPREL64,
    .dynamic_tls_tpoff = DYNAMIC_TLS_TPREL64,
    .dynamic_tls_descriptor = DYNAMIC_TLSDESC,
    .stub_size = STUB_SIZE,
    .undefined_call_size = 4,
    .feature_property = FEATURE_1_AND,
    .features = FEATURE_BTI | FEATURE_PAC | FEATURE_GCS,
    .features_no_veneers = FEATURE_BTI,
    .type = type,
    .got_use = got_use,
    .relax = relax,
    .write = write_field,
    .write_stub = write_stub,
    .veneer = veneer,
    .veneers = veneers,
    .veneer_interval = UINT64_C(127) << 20, /* of 128 MiB */
    .veneer_align = 4,
};
