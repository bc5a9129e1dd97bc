/* 32-bit ARM: "ELF for the Arm Architecture" (AAELF32), section 5.6
 * "Relocation"; instructions of ARMv7-A, both ARM (A32) and Thumb-2 (T32) code.
 *
 * Addends are in the patched fields (AAELF32, 5.6.1), so each field is read as
 * well as written. An address of Thumb code has bit 0 set: the T of (S + A) |
 * T. A and P are even wherever there is code, so a value has that bit, too, and
 * tells whether a branch has to change the mode. A call can do so: it is BL or
 * BLX. Other branches need a veneer for that, and every branch needs one for a
 * destination out of reach.
 *
 *   field of        reach      changes mode
 *   BL              32 MiB     as BLX
 *   B, BL<c>        32 MiB     no
 *   BL  (Thumb)     16 MiB     as BLX
 *   B.W (Thumb)     16 MiB     no
 *   B<c>.W (Thumb)   1 MiB     no
 *   B, B<c>, CBZ (Thumb, 16 bits): inside a function, without veneers
 *
 * An image may be loaded anywhere, and its code is not patched at load, so
 * addresses in instructions (MOVW/MOVT) must be relative. Platform: Linux,
 * where R_ARM_TARGET1 is R_ARM_ABS32 and R_ARM_TARGET2 is R_ARM_GOT_PREL. */
#include "passes.h"

#include <elf.h>
#include <string.h>

/* Newer than the C library's <elf.h>, or named otherwise there. */
enum {
    R_THM_JUMP11 = 102,
    R_THM_JUMP8 = 103,
    R_THM_ALU_ABS_G0_NC = 132,
    R_THM_ALU_ABS_G1_NC = 133,
    R_THM_ALU_ABS_G2_NC = 134,
    R_THM_ALU_ABS_G3 = 135,
    R_THM_BF16 = 136,
    R_THM_BF12 = 137,
    R_THM_BF18 = 138,
    N_TYPES = 161
};

enum field {
    FIELD_NONE,
    FIELD_WORD,
    FIELD_ANY_16, /* signed or unsigned */
    FIELD_ANY_8,
    FIELD_PREL31, /* bit 31 is not part of it */
    /* A32 */
    FIELD_CALL,
    FIELD_JUMP24,
    FIELD_MOVW,
    FIELD_MOVT,
    FIELD_ALU_G0, /* ADD, SUB: a part of the value's magnitude */
    FIELD_ALU_G1,
    FIELD_ALU_G2,
    FIELD_ALU_G0_NC, /* the rest is for another instruction */
    FIELD_ALU_G1_NC,
    FIELD_LDR_G0, /* the rest of the magnitude */
    FIELD_LDR_G1,
    FIELD_LDR_G2,
    FIELD_LDRS_G0,
    FIELD_LDRS_G1,
    FIELD_LDRS_G2,
    /* T32 */
    FIELD_THM_CALL,
    FIELD_THM_JUMP24,
    FIELD_THM_JUMP19,
    FIELD_THM_JUMP11,
    FIELD_THM_JUMP8,
    FIELD_THM_JUMP6,
    FIELD_THM_MOVW,
    FIELD_THM_MOVT,
    FIELD_THM_ADR,
    FIELD_THM_LDR,
    FIELD_THM_PC8,
};

#define LOCAL_EXEC                                                             \
    "local-exec TLS cannot be in a loadable image (compile with -fPIC)"
#define TLS_DESCRIPTOR "TLS descriptors are not handled on this machine"
#define DYNAMIC        "a dynamic relocation cannot be in a relocatable object"
#define STATIC_BASE                                                            \
    "offsets from a static base (-fropi, -frwpi) are not of a loadable image"
#define ABSOLUTE_CODE                                                          \
    "code would have to be changed at load time (compile with -fPIC)"
#define OLD_CODE        "code for processors before ARMv7"
#define OBSOLETE        "obsolete since the first edition of AAELF32"
#define OTHER_SYSTEM    "has a meaning on other platforms than Linux"
#define COPROCESSOR     "offsets of coprocessor loads are not handled"
#define NEAR_GOT        "offsets of 12 bits are too short (compile with -fPIC)"
#define MICROCONTROLLER "branch futures are of processors without Linux"

#define WHOLE(name, number, subject, form, size, field, bias, why)             \
    [number] = {"R_ARM_" name, RELOC_##subject, FORM_##form, size,             \
                FIELD_##field, RELAX_NEVER,     bias,        why}
#define ROW(type, subject, form, size, field)                                  \
    WHOLE(#type, R_ARM_##type, subject, form, size, field, 0, NULL)
#define CALL(name, number, field, bias)                                        \
    WHOLE(name, number, CALL, PC, 4, field, bias, NULL)
#define SHORT(name, number, field)                                             \
    WHOLE(name, number, CALL, PC, 2, field, -4, NULL)
#define REFUSED(name, number, size, why)                                       \
    WHOLE(name, number, REFUSED, PLAIN, size, NONE, 0, why)

/* Numbers: AAELF32, table "Relocation codes". */
static const struct reloc_type types[N_TYPES] = {
    ROW(NONE, NONE, PLAIN, 0, NONE),
    CALL("PC24", R_ARM_PC24, JUMP24, -8),
    ROW(ABS32, ADDRESS, PLAIN, 4, WORD),
    ROW(REL32, SYMBOL, PC, 4, WORD),
    WHOLE("LDR_PC_G0", 4, DATA, PC, 4, LDR_G0, 0, NULL),
    ROW(ABS16, ADDRESS, PLAIN, 2, ANY_16),
    REFUSED("ABS12", R_ARM_ABS12, 4, ABSOLUTE_CODE),
    REFUSED("THM_ABS5", R_ARM_THM_ABS5, 2, ABSOLUTE_CODE),
    ROW(ABS8, ADDRESS, PLAIN, 1, ANY_8),
    REFUSED("SBREL32", R_ARM_SBREL32, 4, STATIC_BASE),
    CALL("THM_CALL", 10, THM_CALL, -4),
    ROW(THM_PC8, DATA, PC_ALIGNED, 2, THM_PC8),
    REFUSED("BREL_ADJ", 12, 4, OTHER_SYSTEM),
    REFUSED("TLS_DESC", R_ARM_TLS_DESC, 8, DYNAMIC),
    REFUSED("THM_SWI8", 14, 2, OBSOLETE),
    REFUSED("XPC25", R_ARM_XPC25, 4, OBSOLETE),
    REFUSED("THM_XPC22", R_ARM_THM_XPC22, 4, OBSOLETE),
    REFUSED("TLS_DTPMOD32", R_ARM_TLS_DTPMOD32, 4, DYNAMIC),
    REFUSED("TLS_DTPOFF32", R_ARM_TLS_DTPOFF32, 4, DYNAMIC),
    REFUSED("TLS_TPOFF32", R_ARM_TLS_TPOFF32, 4, DYNAMIC),
    REFUSED("COPY", R_ARM_COPY, 0, DYNAMIC),
    REFUSED("GLOB_DAT", R_ARM_GLOB_DAT, 4, DYNAMIC),
    REFUSED("JUMP_SLOT", R_ARM_JUMP_SLOT, 4, DYNAMIC),
    REFUSED("RELATIVE", R_ARM_RELATIVE, 4, DYNAMIC),
    WHOLE("GOTOFF32", 24, SYMBOL, GOT, 4, WORD, 0, NULL),
    WHOLE("BASE_PREL", 25, GOT_BASE, PC, 4, WORD, 0, NULL),
    WHOLE("GOT_BREL", 26, GOT_SLOT, GOT, 4, WORD, 0, NULL),
    CALL("PLT32", R_ARM_PLT32, JUMP24, -8),
    CALL("CALL", R_ARM_CALL, CALL, -8),
    CALL("JUMP24", R_ARM_JUMP24, JUMP24, -8),
    CALL("THM_JUMP24", R_ARM_THM_JUMP24, THM_JUMP24, -4),
    REFUSED("BASE_ABS", R_ARM_BASE_ABS, 4, ABSOLUTE_CODE),
    REFUSED("ALU_PCREL_7_0", 32, 4, OBSOLETE),
    REFUSED("ALU_PCREL_15_8", 33, 4, OBSOLETE),
    REFUSED("ALU_PCREL_23_15", 34, 4, OBSOLETE),
    REFUSED("LDR_SBREL_11_0_NC", 35, 4, STATIC_BASE),
    REFUSED("ALU_SBREL_19_12_NC", 36, 4, STATIC_BASE),
    REFUSED("ALU_SBREL_27_20_CK", 37, 4, STATIC_BASE),
    ROW(TARGET1, ADDRESS, PLAIN, 4, WORD),
    REFUSED("SBREL31", R_ARM_SBREL31, 4, STATIC_BASE),
    REFUSED("V4BX", R_ARM_V4BX, 4, OLD_CODE),
    ROW(TARGET2, GOT_SLOT, PC, 4, WORD),
    ROW(PREL31, SYMBOL, PC, 4, PREL31),
    ROW(MOVW_ABS_NC, NUMBER, PLAIN, 4, MOVW),
    ROW(MOVT_ABS, NUMBER, PLAIN, 4, MOVT),
    ROW(MOVW_PREL_NC, SYMBOL, PC, 4, MOVW),
    ROW(MOVT_PREL, SYMBOL, PC, 4, MOVT),
    ROW(THM_MOVW_ABS_NC, NUMBER, PLAIN, 4, THM_MOVW),
    ROW(THM_MOVT_ABS, NUMBER, PLAIN, 4, THM_MOVT),
    ROW(THM_MOVW_PREL_NC, SYMBOL, PC, 4, THM_MOVW),
    ROW(THM_MOVT_PREL, SYMBOL, PC, 4, THM_MOVT),
    CALL("THM_JUMP19", R_ARM_THM_JUMP19, THM_JUMP19, -4),
    SHORT("THM_JUMP6", R_ARM_THM_JUMP6, THM_JUMP6),
    WHOLE("THM_ALU_PREL_11_0", 53, SYMBOL, PC_ALIGNED, 4, THM_ADR, 0, NULL),
    ROW(THM_PC12, DATA, PC_ALIGNED, 4, THM_LDR),
    ROW(ABS32_NOI, ADDRESS, PLAIN, 4, WORD),
    ROW(REL32_NOI, DATA, PC, 4, WORD),
    ROW(ALU_PC_G0_NC, SYMBOL, PC, 4, ALU_G0_NC),
    ROW(ALU_PC_G0, SYMBOL, PC, 4, ALU_G0),
    ROW(ALU_PC_G1_NC, SYMBOL, PC, 4, ALU_G1_NC),
    ROW(ALU_PC_G1, SYMBOL, PC, 4, ALU_G1),
    ROW(ALU_PC_G2, SYMBOL, PC, 4, ALU_G2),
    ROW(LDR_PC_G1, DATA, PC, 4, LDR_G1),
    ROW(LDR_PC_G2, DATA, PC, 4, LDR_G2),
    ROW(LDRS_PC_G0, DATA, PC, 4, LDRS_G0),
    ROW(LDRS_PC_G1, DATA, PC, 4, LDRS_G1),
    ROW(LDRS_PC_G2, DATA, PC, 4, LDRS_G2),
    REFUSED("LDC_PC_G0", R_ARM_LDC_PC_G0, 4, COPROCESSOR),
    REFUSED("LDC_PC_G1", R_ARM_LDC_PC_G1, 4, COPROCESSOR),
    REFUSED("LDC_PC_G2", R_ARM_LDC_PC_G2, 4, COPROCESSOR),
    REFUSED("ALU_SB_G0_NC", R_ARM_ALU_SB_G0_NC, 4, STATIC_BASE),
    REFUSED("ALU_SB_G0", R_ARM_ALU_SB_G0, 4, STATIC_BASE),
    REFUSED("ALU_SB_G1_NC", R_ARM_ALU_SB_G1_NC, 4, STATIC_BASE),
    REFUSED("ALU_SB_G1", R_ARM_ALU_SB_G1, 4, STATIC_BASE),
    REFUSED("ALU_SB_G2", R_ARM_ALU_SB_G2, 4, STATIC_BASE),
    REFUSED("LDR_SB_G0", R_ARM_LDR_SB_G0, 4, STATIC_BASE),
    REFUSED("LDR_SB_G1", R_ARM_LDR_SB_G1, 4, STATIC_BASE),
    REFUSED("LDR_SB_G2", R_ARM_LDR_SB_G2, 4, STATIC_BASE),
    REFUSED("LDRS_SB_G0", R_ARM_LDRS_SB_G0, 4, STATIC_BASE),
    REFUSED("LDRS_SB_G1", R_ARM_LDRS_SB_G1, 4, STATIC_BASE),
    REFUSED("LDRS_SB_G2", R_ARM_LDRS_SB_G2, 4, STATIC_BASE),
    REFUSED("LDC_SB_G0", R_ARM_LDC_SB_G0, 4, STATIC_BASE),
    REFUSED("LDC_SB_G1", R_ARM_LDC_SB_G1, 4, STATIC_BASE),
    REFUSED("LDC_SB_G2", R_ARM_LDC_SB_G2, 4, STATIC_BASE),
    REFUSED("MOVW_BREL_NC", R_ARM_MOVW_BREL_NC, 4, STATIC_BASE),
    REFUSED("MOVT_BREL", R_ARM_MOVT_BREL, 4, STATIC_BASE),
    REFUSED("MOVW_BREL", R_ARM_MOVW_BREL, 4, STATIC_BASE),
    REFUSED("THM_MOVW_BREL_NC", R_ARM_THM_MOVW_BREL_NC, 4, STATIC_BASE),
    REFUSED("THM_MOVT_BREL", R_ARM_THM_MOVT_BREL, 4, STATIC_BASE),
    REFUSED("THM_MOVW_BREL", R_ARM_THM_MOVW_BREL, 4, STATIC_BASE),
    REFUSED("TLS_GOTDESC", R_ARM_TLS_GOTDESC, 4, TLS_DESCRIPTOR),
    REFUSED("TLS_CALL", R_ARM_TLS_CALL, 4, TLS_DESCRIPTOR),
    REFUSED("TLS_DESCSEQ", R_ARM_TLS_DESCSEQ, 4, TLS_DESCRIPTOR),
    REFUSED("THM_TLS_CALL", R_ARM_THM_TLS_CALL, 4, TLS_DESCRIPTOR),
    REFUSED("PLT32_ABS", R_ARM_PLT32_ABS, 4, ABSOLUTE_CODE),
    REFUSED("GOT_ABS", R_ARM_GOT_ABS, 4, ABSOLUTE_CODE),
    ROW(GOT_PREL, GOT_SLOT, PC, 4, WORD),
    REFUSED("GOT_BREL12", R_ARM_GOT_BREL12, 4, NEAR_GOT),
    REFUSED("GOTOFF12", R_ARM_GOTOFF12, 4, NEAR_GOT),
    REFUSED("GOTRELAX", R_ARM_GOTRELAX, 0, OBSOLETE),
    REFUSED("GNU_VTENTRY", R_ARM_GNU_VTENTRY, 0, OBSOLETE),
    REFUSED("GNU_VTINHERIT", R_ARM_GNU_VTINHERIT, 0, OBSOLETE),
    SHORT("THM_JUMP11", R_THM_JUMP11, THM_JUMP11),
    SHORT("THM_JUMP8", R_THM_JUMP8, THM_JUMP8),
    ROW(TLS_GD32, TLS_PAIR, PC, 4, WORD),
    ROW(TLS_LDM32, TLS_MODULE, PC, 4, WORD),
    ROW(TLS_LDO32, TLS_OFFSET, PLAIN, 4, WORD),
    ROW(TLS_IE32, TLS_TPOFF, PC, 4, WORD),
    REFUSED("TLS_LE32", R_ARM_TLS_LE32, 4, LOCAL_EXEC),
    REFUSED("TLS_LDO12", R_ARM_TLS_LDO12, 4, NEAR_GOT),
    REFUSED("TLS_LE12", R_ARM_TLS_LE12, 4, LOCAL_EXEC),
    REFUSED("TLS_IE12GP", R_ARM_TLS_IE12GP, 4, NEAR_GOT),
    REFUSED("ME_TOO", R_ARM_ME_TOO, 0, OBSOLETE),
    REFUSED("THM_TLS_DESCSEQ16", R_ARM_THM_TLS_DESCSEQ16, 2, TLS_DESCRIPTOR),
    REFUSED("THM_TLS_DESCSEQ32", R_ARM_THM_TLS_DESCSEQ32, 4, TLS_DESCRIPTOR),
    REFUSED("THM_GOT_BREL12", R_ARM_THM_GOT_BREL12, 4, NEAR_GOT),
    REFUSED("THM_ALU_ABS_G0_NC", R_THM_ALU_ABS_G0_NC, 2, ABSOLUTE_CODE),
    REFUSED("THM_ALU_ABS_G1_NC", R_THM_ALU_ABS_G1_NC, 2, ABSOLUTE_CODE),
    REFUSED("THM_ALU_ABS_G2_NC", R_THM_ALU_ABS_G2_NC, 2, ABSOLUTE_CODE),
    REFUSED("THM_ALU_ABS_G3", R_THM_ALU_ABS_G3, 2, ABSOLUTE_CODE),
    REFUSED("THM_BF16", R_THM_BF16, 4, MICROCONTROLLER),
    REFUSED("THM_BF12", R_THM_BF12, 4, MICROCONTROLLER),
    REFUSED("THM_BF18", R_THM_BF18, 4, MICROCONTROLLER),
    REFUSED("IRELATIVE", R_ARM_IRELATIVE, 4, DYNAMIC),
};

static const struct reloc_type *type(uint32_t number)
{
    return number < N_TYPES && types[number].name ? &types[number] : NULL;
}

/* ---- Bytes ---- */

static uint32_t read16(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t read32(const uint8_t *bytes)
{
    return read16(bytes) | read16(bytes + 2) << 16;
}

static void write16(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static void write32(uint8_t *bytes, uint32_t value)
{
    write16(bytes, value);
    write16(bytes + 2, value >> 16);
}

static int64_t sign_extend(uint32_t value, unsigned bits)
{
    const int64_t sign = INT64_C(1) << (bits - 1);

    return (int64_t)(value & ((UINT64_C(1) << bits) - 1)) - 2 * (value & sign);
}

/* A T32 instruction of 32 bits: the first halfword is the upper half. */
static uint32_t read_thumb(const uint8_t *field)
{
    return read16(field) << 16 | read16(field + 2);
}

static void write_thumb(uint8_t *field, uint32_t instruction)
{
    write16(field, instruction >> 16);
    write16(field + 2, instruction);
}

/* ---- A32 ---- */

static const uint32_t BL = 0xeb000000;
static const uint32_t BLX = 0xfa000000; /* bit 24: bit 1 of the distance */

enum {
    ADD_BIT = 1 << 23,
    SUB_BIT = 1 << 22, /* of an ADD or SUB with an immediate */
};

static bool is_blx(uint32_t instruction)
{
    return instruction >> 25 == BLX >> 25;
}

static int64_t branch_addend(uint32_t instruction)
{
    const int64_t distance = sign_extend(instruction << 2, 26);

    return is_blx(instruction) ? distance + (instruction >> 23 & 2) : distance;
}

static bool write_branch(uint8_t *field, uint64_t value)
{
    const uint32_t instruction = read32(field);

    if (!fits_signed(value, 26) || value & 3)
        return false;
    write32(field,
            (instruction & 0xff000000) | (uint32_t)(value >> 2 & 0xffffff));
    return true;
}

static bool write_call(uint8_t *field, uint64_t value)
{
    if (is_blx(read32(field)))
        write32(field, BL);
    if (!(value & 1))
        return write_branch(field, value);
    if (!fits_signed(value, 26) || read32(field) >> 24 != BL >> 24)
        return false;
    write32(field, BLX | (uint32_t)(value & 2) << 23 |
                       (uint32_t)(value >> 2 & 0xffffff));
    return true;
}

/* MOVW, MOVT: cond 0011 0x00 imm4 Rd imm12. */
static int64_t move_addend(uint32_t instruction)
{
    return sign_extend((instruction >> 4 & 0xf000) | (instruction & 0xfff), 16);
}

static uint32_t with_move(uint32_t instruction, uint32_t half)
{
    return (instruction & 0xfff0f000) | (half & 0xf000) << 4 | (half & 0xfff);
}

static uint64_t magnitude(uint64_t value)
{
    return value >> 63 ? 0 - value : value;
}

/* AAELF32, "Group relocations": an instruction of group n takes 8 bits of the
 * rest that the groups before it left, from its highest bit on, at an even
 * position. The result is shifted left by *ret_shift. */
static uint64_t group_part(uint64_t *residual, unsigned *ret_shift)
{
    unsigned shift = 0;
    uint64_t part;

    while (*residual >> shift > 0xff)
        shift += 2;
    part = *residual >> shift;
    *residual -= part << shift;
    *ret_shift = shift;
    return part;
}

/* cond 0010 opcode S Rn Rd rotate imm8: imm8 rotated right by 2 * rotate. */
static bool write_alu(uint8_t *field, uint64_t value, unsigned group,
                      bool checked)
{
    const uint32_t kind = value >> 63 ? SUB_BIT : ADD_BIT;
    uint64_t residual = magnitude(value);
    uint64_t part = 0;
    unsigned shift = 0;

    if (residual > UINT32_MAX)
        return false;
    for (unsigned i = 0; i <= group; i++)
        part = group_part(&residual, &shift);
    if (checked && residual)
        return false;
    write32(field, (read32(field) & 0xff3ff000) | kind |
                       (32 - shift) / 2 % 16 << 8 | (uint32_t)part);
    return true;
}

static int64_t alu_addend(uint32_t instruction)
{
    const unsigned rotation = (instruction >> 8 & 15) * 2;
    const uint64_t twice = (instruction & 0xff) * UINT64_C(0x100000001);
    const int64_t value = (uint32_t)(twice >> rotation);

    return instruction & ADD_BIT ? value : -value;
}

/* Distance of a load or store; bit 23 says that it is added. */
static uint64_t load_residual(uint64_t value, unsigned group)
{
    uint64_t residual = magnitude(value);
    unsigned shift;

    for (unsigned i = 0; i < group; i++)
        group_part(&residual, &shift);
    return residual;
}

static uint32_t load_sign(uint64_t value)
{
    return value >> 63 ? 0 : ADD_BIT;
}

static int64_t signed_by(uint32_t instruction, uint32_t value)
{
    return instruction & ADD_BIT ? (int64_t)value : -(int64_t)value;
}

static bool write_ldr(uint8_t *field, uint64_t value, unsigned group)
{
    const uint64_t residual = load_residual(value, group);

    if (!fits_unsigned(residual, 12))
        return false;
    write32(field, (read32(field) & 0xff7ff000) | load_sign(value) |
                       (uint32_t)residual);
    return true;
}

static bool write_ldrs(uint8_t *field, uint64_t value, unsigned group)
{
    const uint64_t residual = load_residual(value, group);

    if (!fits_unsigned(residual, 8))
        return false;
    write32(field, (read32(field) & 0xff7ff0f0) | load_sign(value) |
                       (uint32_t)(residual & 0xf0) << 4 |
                       (uint32_t)(residual & 0xf));
    return true;
}

/* ---- T32 ---- */

enum {
    THM_BL_BIT = 1 << 12, /* BL if set, BLX if clear */
    THM_SUB = 0x00a00000, /* ADR that subtracts; else it adds */
    THM_ADR_KIND = 0x00f00000,
};

/* B.W, BL, BLX: 11110 S imm10 1x J1 x J2 imm11, I = NOT (J XOR S). */
static int64_t thumb_branch_addend(uint32_t instruction)
{
    const uint32_t s = instruction >> 26 & 1;
    const uint32_t i1 = (instruction >> 13 & 1) ^ s ^ 1;
    const uint32_t i2 = (instruction >> 11 & 1) ^ s ^ 1;

    return sign_extend(s << 24 | i1 << 23 | i2 << 22 |
                           (instruction >> 4 & 0x3ff000) |
                           (instruction & 0x7ff) << 1,
                       25);
}

static uint32_t with_thumb_branch(uint32_t instruction, uint64_t value)
{
    const uint32_t distance = (uint32_t)value;
    const uint32_t s = distance >> 24 & 1;
    const uint32_t j1 = (distance >> 23 & 1) ^ s ^ 1;
    const uint32_t j2 = (distance >> 22 & 1) ^ s ^ 1;

    return (instruction & 0xf800d000) | s << 26 | (distance & 0x3ff000) << 4 |
           j1 << 13 | j2 << 11 | (distance >> 1 & 0x7ff);
}

/* A branch whose destination is Thumb code, as bit 0 says. */
static bool write_thumb_jump24(uint8_t *field, uint64_t value)
{
    if (!(value & 1) || !fits_signed(value, 25))
        return false;
    write_thumb(field, with_thumb_branch(read_thumb(field), value));
    return true;
}

/* BLX counts from a multiple of 4, so its distance is a multiple of 4. */
static uint64_t thumb_call_distance(uint64_t value)
{
    return value & 1 ? value : (value + 3) & ~UINT64_C(3);
}

static bool write_thumb_call(uint8_t *field, uint64_t value)
{
    const uint32_t others = read_thumb(field) & ~(uint32_t)THM_BL_BIT;
    const uint64_t distance = thumb_call_distance(value);

    if (!fits_signed(distance, 25))
        return false;
    write_thumb(field, with_thumb_branch(others | (value & 1 ? THM_BL_BIT : 0),
                                         distance));
    return true;
}

/* B<c>.W: 11110 S cond imm6 10 J1 0 J2 imm11, of which S:J2:J1:imm6:imm11:0
 * is the distance. */
static int64_t thumb_jump19_addend(uint32_t instruction)
{
    return sign_extend(
        (instruction >> 6 & 0x100000) | (instruction << 8 & 0x80000) |
            (instruction << 5 & 0x40000) | (instruction >> 4 & 0x3f000) |
            (instruction & 0x7ff) << 1,
        21);
}

static bool write_thumb_jump19(uint8_t *field, uint64_t value)
{
    const uint32_t distance = (uint32_t)value;

    if (!(value & 1) || !fits_signed(value, 21))
        return false;
    write_thumb(field,
                (read_thumb(field) & 0xfbc0d000) | (distance & 0x100000) << 6 |
                    (distance & 0x80000) >> 8 | (distance & 0x40000) >> 5 |
                    (distance & 0x3f000) << 4 | (distance >> 1 & 0x7ff));
    return true;
}

/* B, B<c> of 16 bits: the distance / 2 in the low bits. */
static bool write_thumb_short(uint8_t *field, uint64_t value, unsigned bits)
{
    const uint32_t mask = (1u << (bits - 1)) - 1;

    if (!(value & 1) || !fits_signed(value, bits))
        return false;
    write16(field, (read16(field) & ~mask) | ((uint32_t)(value >> 1) & mask));
    return true;
}

/* CBZ, CBNZ: 1011 x0i1 imm5 Rn, forward only. The addend contains the bias of
 * -4, modulo the range of the field. */
static bool write_thumb_jump6(uint8_t *field, uint64_t value)
{
    const uint32_t distance = (uint32_t)value;

    if (!(value & 1) || !fits_unsigned(value, 7))
        return false;
    write16(field, (read16(field) & 0xfd07) | (distance & 0x40) << 3 |
                       (distance & 0x3e) << 2);
    return true;
}

static int64_t thumb_jump6_addend(uint32_t instruction)
{
    const uint32_t distance =
        (instruction >> 3 & 0x40) | (instruction >> 2 & 0x3e);

    return (int64_t)((distance + 4) & 0x7f) - 4;
}

/* LDR (literal) of 16 bits: 4 * imm8, forward only; addends as above. */
static bool write_thumb_pc8(uint8_t *field, uint64_t value)
{
    if (!fits_unsigned(value, 10) || value & 3)
        return false;
    write16(field, (read16(field) & 0xff00) | (uint32_t)(value >> 2));
    return true;
}

static int64_t thumb_pc8_addend(uint32_t instruction)
{
    return (int64_t)((((instruction & 0xff) << 2) + 4) & 0x3ff) - 4;
}

/* MOVW, MOVT: 11110 i 10x100 imm4 0 imm3 Rd imm8, imm4:i:imm3:imm8. */
static int64_t thumb_move_addend(uint32_t instruction)
{
    return sign_extend((instruction >> 4 & 0xf000) |
                           (instruction >> 15 & 0x800) |
                           (instruction >> 4 & 0x700) | (instruction & 0xff),
                       16);
}

static uint32_t with_thumb_move(uint32_t instruction, uint32_t half)
{
    return (instruction & 0xfbf08f00) | (half & 0xf000) << 4 |
           (half & 0x800) << 15 | (half & 0x700) << 4 | (half & 0xff);
}

/* ADR: 11110 i 10xxxx 1111 0 imm3 Rd imm8, i:imm3:imm8. */
static int64_t thumb_adr_addend(uint32_t instruction)
{
    const int64_t value = (instruction >> 15 & 0x800) |
                          (instruction >> 4 & 0x700) | (instruction & 0xff);

    return instruction & THM_ADR_KIND ? -value : value;
}

static bool write_thumb_adr(uint8_t *field, uint64_t value)
{
    const uint32_t distance = (uint32_t)magnitude(value);

    if (!fits_unsigned(magnitude(value), 12))
        return false;
    write_thumb(field, (read_thumb(field) & 0xfb0f8f00) |
                           (value >> 63 ? THM_SUB : 0) |
                           (distance & 0x800) << 15 | (distance & 0x700) << 4 |
                           (distance & 0xff));
    return true;
}

/* LDR (literal): imm12, and bit 23 says that it is added. */
static bool write_thumb_ldr(uint8_t *field, uint64_t value)
{
    if (!fits_unsigned(magnitude(value), 12))
        return false;
    write_thumb(field, (read_thumb(field) & 0xff7ff000) | load_sign(value) |
                           (uint32_t)magnitude(value));
    return true;
}

/* ---- Fields ---- */

static int64_t arm_addend(enum field field, uint32_t instruction)
{
    switch (field) {
    case FIELD_CALL:
    case FIELD_JUMP24:
        return branch_addend(instruction);
    case FIELD_MOVW:
    case FIELD_MOVT:
        return move_addend(instruction);
    case FIELD_ALU_G0:
    case FIELD_ALU_G1:
    case FIELD_ALU_G2:
    case FIELD_ALU_G0_NC:
    case FIELD_ALU_G1_NC:
        return alu_addend(instruction);
    case FIELD_LDR_G0:
    case FIELD_LDR_G1:
    case FIELD_LDR_G2:
        return signed_by(instruction, instruction & 0xfff);
    case FIELD_LDRS_G0:
    case FIELD_LDRS_G1:
    case FIELD_LDRS_G2:
        return signed_by(instruction,
                         (instruction >> 4 & 0xf0) | (instruction & 0xf));
    case FIELD_PREL31:
        return sign_extend(instruction, 31);
    default:
        return sign_extend(instruction, 32);
    }
}

static int64_t thumb_addend(enum field field, uint32_t instruction)
{
    switch (field) {
    case FIELD_THM_JUMP19:
        return thumb_jump19_addend(instruction);
    case FIELD_THM_MOVW:
    case FIELD_THM_MOVT:
        return thumb_move_addend(instruction);
    case FIELD_THM_ADR:
        return thumb_adr_addend(instruction);
    case FIELD_THM_LDR:
        return signed_by(instruction, instruction & 0xfff);
    default: /* FIELD_THM_CALL, FIELD_THM_JUMP24 */
        return thumb_branch_addend(instruction);
    }
}

static int64_t addend(const struct reloc_type *reloc_type, const uint8_t *bytes)
{
    const enum field field = (enum field)reloc_type->field;

    switch (field) {
    case FIELD_NONE:
        return 0;
    case FIELD_ANY_8:
        return sign_extend(bytes[0], 8);
    case FIELD_ANY_16:
        return sign_extend(read16(bytes), 16);
    case FIELD_THM_JUMP11:
        return sign_extend(read16(bytes) << 1, 12);
    case FIELD_THM_JUMP8:
        return sign_extend(read16(bytes) << 1, 9);
    case FIELD_THM_JUMP6:
        return thumb_jump6_addend(read16(bytes));
    case FIELD_THM_PC8:
        return thumb_pc8_addend(read16(bytes));
    default:
        return field >= FIELD_THM_CALL ? thumb_addend(field, read_thumb(bytes))
                                       : arm_addend(field, read32(bytes));
    }
}

static bool write_data(enum field field, uint8_t *bytes, uint64_t value)
{
    switch (field) {
    case FIELD_ANY_8:
        if (!fits_signed(value, 8) && !fits_unsigned(value, 8))
            return false;
        bytes[0] = (uint8_t)value;
        return true;
    case FIELD_ANY_16:
        if (!fits_signed(value, 16) && !fits_unsigned(value, 16))
            return false;
        write16(bytes, (uint32_t)value);
        return true;
    case FIELD_PREL31:
        if (!fits_signed(value, 31))
            return false;
        write32(bytes,
                (read32(bytes) & 0x80000000) | ((uint32_t)value & 0x7fffffff));
        return true;
    case FIELD_WORD:
        write32(bytes, (uint32_t)value);
        return true;
    default: /* FIELD_NONE */
        return true;
    }
}

static bool write_arm(enum field field, uint8_t *bytes, uint64_t value)
{
    switch (field) {
    case FIELD_CALL:
        return write_call(bytes, value);
    case FIELD_JUMP24: /* of the old R_ARM_PC24, also BLX */
        return is_blx(read32(bytes)) ? write_call(bytes, value)
                                     : write_branch(bytes, value);
    case FIELD_MOVW:
        write32(bytes, with_move(read32(bytes), (uint32_t)value));
        return true;
    case FIELD_MOVT:
        write32(bytes, with_move(read32(bytes), (uint32_t)(value >> 16)));
        return true;
    case FIELD_ALU_G0:
    case FIELD_ALU_G1:
    case FIELD_ALU_G2:
        return write_alu(bytes, value, field - FIELD_ALU_G0, true);
    case FIELD_ALU_G0_NC:
    case FIELD_ALU_G1_NC:
        return write_alu(bytes, value, field - FIELD_ALU_G0_NC, false);
    case FIELD_LDR_G0:
    case FIELD_LDR_G1:
    case FIELD_LDR_G2:
        return write_ldr(bytes, value, field - FIELD_LDR_G0);
    case FIELD_LDRS_G0:
    case FIELD_LDRS_G1:
    case FIELD_LDRS_G2:
        return write_ldrs(bytes, value, field - FIELD_LDRS_G0);
    default:
        return write_data(field, bytes, value);
    }
}

static bool write_field(const struct reloc_type *reloc_type, uint8_t *bytes,
                        uint64_t value)
{
    const enum field field = (enum field)reloc_type->field;

    switch (field) {
    case FIELD_THM_CALL:
        return write_thumb_call(bytes, value);
    case FIELD_THM_JUMP24:
        return write_thumb_jump24(bytes, value);
    case FIELD_THM_JUMP19:
        return write_thumb_jump19(bytes, value);
    case FIELD_THM_JUMP11:
        return write_thumb_short(bytes, value, 12);
    case FIELD_THM_JUMP8:
        return write_thumb_short(bytes, value, 9);
    case FIELD_THM_JUMP6:
        return write_thumb_jump6(bytes, value);
    case FIELD_THM_MOVW:
        write_thumb(bytes, with_thumb_move(read_thumb(bytes), (uint32_t)value));
        return true;
    case FIELD_THM_MOVT:
        write_thumb(
            bytes, with_thumb_move(read_thumb(bytes), (uint32_t)(value >> 16)));
        return true;
    case FIELD_THM_ADR:
        return write_thumb_adr(bytes, value);
    case FIELD_THM_LDR:
        return write_thumb_ldr(bytes, value);
    case FIELD_THM_PC8:
        return write_thumb_pc8(bytes, value);
    default:
        return write_arm(field, bytes, value);
    }
}

/* ---- Branches ---- */

/* The mode of the code at the branch's destination, as the branch is written
 * now. */
static uint64_t branch_mode(const struct reloc_type *reloc_type,
                            const uint8_t *bytes)
{
    switch ((enum field)reloc_type->field) {
    case FIELD_CALL:
    case FIELD_JUMP24:
        return is_blx(read32(bytes));
    case FIELD_THM_CALL:
        return (read_thumb(bytes) & THM_BL_BIT) != 0;
    default:
        return reloc_type->field >= FIELD_THM_CALL;
    }
}

enum { NO_VENEER, ARM_VENEER, THUMB_VENEER };

static unsigned veneer(const struct branch *branch)
{
    const uint64_t value = branch->destination +
                           (uint64_t)(int64_t)branch->type->branch_bias -
                           branch->place;
    const bool thumb = branch->destination & 1;

    switch ((enum field)branch->type->field) {
    case FIELD_CALL:
        return fits_signed(value, 26) ? NO_VENEER : ARM_VENEER;
    case FIELD_JUMP24:
        return !thumb && fits_signed(value, 26) ? NO_VENEER : ARM_VENEER;
    case FIELD_THM_CALL:
        return fits_signed(thumb_call_distance(value), 25) ? NO_VENEER
                                                           : THUMB_VENEER;
    case FIELD_THM_JUMP24:
        return thumb && fits_signed(value, 25) ? NO_VENEER : THUMB_VENEER;
    case FIELD_THM_JUMP19:
        return thumb && fits_signed(value, 21) ? NO_VENEER : THUMB_VENEER;
    default: /* branches of 16 bits do not reach any pool */
        return NO_VENEER;
    }
}

/* movw ip, #...; movt ip, #...: the word `value`. */
static void write_arm_word(uint8_t *code, uint64_t value)
{
    write32(code, with_move(0xe300c000, (uint32_t)value));
    write32(code + 4, with_move(0xe340c000, (uint32_t)(value >> 16)));
}

enum { ARM_VENEER_SIZE = 16, THUMB_VENEER_SIZE = 12, STUB_SIZE = 12 };

/*   e300cxxx e340cxxx   movw, movt ip, #destination - (. + 8)
 *   e08cc00f            add ip, ip, pc
 *   e12fff1c            bx ip                                            */
static bool write_arm_veneer(uint8_t *code, uint64_t address,
                             uint64_t destination)
{
    write_arm_word(code, destination - (address + 8 + 8));
    write32(code + 8, 0xe08cc00f);
    write32(code + 12, 0xe12fff1c);
    return true;
}

/*   f240 0cxx f2c0 0cxx   movw, movt ip, #destination - (. + 4)
 *   44fc                  add ip, pc
 *   4760                  bx ip                                          */
static bool write_thumb_veneer(uint8_t *code, uint64_t address,
                               uint64_t destination)
{
    const uint32_t value = (uint32_t)(destination - (address + 8 + 4));

    write_thumb(code, with_thumb_move(0xf2400c00, value));
    write_thumb(code + 4, with_thumb_move(0xf2c00c00, value >> 16));
    write16(code + 8, 0x44fc);
    write16(code + 10, 0x4760);
    return true;
}

static const struct veneer_kind veneers[] = {
    [ARM_VENEER] = {ARM_VENEER_SIZE, 0, write_arm_veneer},
    [THUMB_VENEER] = {THUMB_VENEER_SIZE, 1, write_thumb_veneer},
};

/*   e300cxxx e340cxxx   movw, movt ip, #slot - (. + 8)
 *   e79ff00c            ldr pc, [pc, ip]                                 */
static bool write_stub(uint8_t *stub, uint64_t address, uint64_t slot)
{
    write_arm_word(stub, slot - (address + 8 + 8));
    write32(stub + 8, 0xe79ff00c);
    return true;
}

/* ---- Pieces of .init and .fini ---- */

static const uint8_t pieces_begin[] = {
    0x08, 0x40, 0x2d, 0xe9, /* push {r3, lr} */
};
static const uint8_t pieces_end[] = {
    0x08, 0x80, 0xbd, 0xe8, /* pop {r3, pc} */
};
static const uint8_t skip[] = {
    0x00, 0xf0, 0x20, 0xe3, /* nop */
};

/* udf #0xfdee in A32; in T32 udf #0xfe, and a jump to the next udf. */
static const uint8_t trap[] = {0xfe, 0xde, 0xff, 0xe7};

/* Both rows of this machine; arm_attributes.c finds the row of an object. */
const struct link_machine link_machine_arm = {
    .row = &machines[MACHINE_ARM_HARD_FLOAT],
    .max_span = UINT64_C(1) << 31, /* of a process's 3 GiB */
    .text_fill = {trap, sizeof(trap)},
    .text_skip = {skip, sizeof(skip)},
    .pieces_begin = {pieces_begin, sizeof(pieces_begin)},
    .pieces_end = {pieces_end, sizeof(pieces_end)},
    .dynamic_absolute = R_ARM_ABS32,
    .dynamic_got = R_ARM_GLOB_DAT,
    .dynamic_relative = R_ARM_RELATIVE,
    .dynamic_irelative = R_ARM_IRELATIVE,
    .dynamic_tls_module = R_ARM_TLS_DTPMOD32,
    .dynamic_tls_offset = R_ARM_TLS_DTPOFF32,
    .dynamic_tls_tpoff = R_ARM_TLS_TPOFF32,
    .dynamic_tls_descriptor = R_ARM_TLS_DESC,
    .stub_size = STUB_SIZE,
    .undefined_call_size = 4,
    .check_object = arm_attributes_check,
    .type = type,
    .addend = addend,
    .write = write_field,
    .write_stub = write_stub,
    .branch_mode = branch_mode,
    .veneer = veneer,
    .veneers = veneers,
    .veneer_interval = UINT64_C(768) << 10, /* of 1 MiB: THM_JUMP19 */
    .veneer_align = 4,
    .interworks = true,
};
