/* RISC-V, RV64GC: the RISC-V ELF psABI, "Relocations".
 *
 * An instruction has 2 or 4 bytes and holds at most 20 bits of an address, so a
 * relative address takes two instructions:
 *
 *   label: auipc a0, %got_pcrel_hi(symbol)    GOT_HI20     symbol
 *          ld    a0, %pcrel_lo(label)(a0)     PCREL_LO12_I label
 *
 * AUIPC adds bits 12 to 31 of the distance to its own address; the second
 * instruction adds the 12 low bits as a signed number, hence the rounding of
 * the high part. The distance is that of the AUIPC. So the low part names the
 * AUIPC's label, and has the value of the relocation there (RELOC_PAIRED).
 *
 * The psABI lets linkers make code shorter (relaxation). This linker does not:
 * R_RISCV_RELAX has no effect, and the padding of R_RISCV_ALIGN keeps its
 * length; it is accepted if the code behind it happens to be aligned. Code made
 * for this linker says so (-mno-relax), and has no ALIGN. A difference of
 * symbols, unknown before relaxation, is two relocations at one place: one adds
 * or sets, the other subtracts (RELOC_DIFFERENCE). */
#include "passes.h"

#include <elf.h>
#include <string.h>

/* ---- Fields ---- */

enum field {
    FIELD_NONE,
    FIELD_64,
    FIELD_32,
    FIELD_SIGNED_32,
    FIELD_HIGH,    /* U-type */
    FIELD_LOW_I,   /* I-type */
    FIELD_LOW_S,   /* S-type */
    FIELD_CALL,    /* U-type, and I-type in the instruction behind it */
    FIELD_BRANCH,  /* B-type */
    FIELD_JUMP,    /* J-type */
    FIELD_CBRANCH, /* CB-type */
    FIELD_CJUMP,   /* CJ-type */
    FIELD_ADD,     /* added to the field, of any size */
    FIELD_SET,     /* of any size */
    FIELD_SET_6,   /* the 6 low bits of a byte */
    FIELD_ULEB,    /* as many bytes as the field has */
};

/* Bits [first, first + width) of value, moved to bit `place` of an
 * instruction. */
static uint32_t bits(uint64_t value, unsigned first, unsigned width,
                     unsigned place)
{
    return ((uint32_t)(value >> first) & ((UINT32_C(1) << width) - 1)) << place;
}

static uint32_t high_bits(uint64_t value)
{
    return bits(value + 0x800, 12, 20, 12);
}

static uint32_t low_bits_i(uint64_t value)
{
    return bits(value, 0, 12, 20);
}

static uint32_t low_bits_s(uint64_t value)
{
    return bits(value, 5, 7, 25) | bits(value, 0, 5, 7);
}

static uint32_t branch_bits(uint64_t value)
{
    return bits(value, 12, 1, 31) | bits(value, 5, 6, 25) |
           bits(value, 1, 4, 8) | bits(value, 11, 1, 7);
}

static uint32_t jump_bits(uint64_t value)
{
    return bits(value, 20, 1, 31) | bits(value, 1, 10, 21) |
           bits(value, 11, 1, 20) | bits(value, 12, 8, 12);
}

static uint32_t cbranch_bits(uint64_t value)
{
    return bits(value, 8, 1, 12) | bits(value, 3, 2, 10) |
           bits(value, 6, 2, 5) | bits(value, 1, 2, 3) | bits(value, 5, 1, 2);
}

static uint32_t cjump_bits(uint64_t value)
{
    return bits(value, 11, 1, 12) | bits(value, 4, 1, 11) |
           bits(value, 8, 2, 9) | bits(value, 10, 1, 8) | bits(value, 6, 1, 7) |
           bits(value, 7, 1, 6) | bits(value, 1, 3, 3) | bits(value, 5, 1, 2);
}

/* Replace the bits of an instruction that are set in mask. */
static void patch(uint8_t *field, unsigned size, uint32_t mask, uint32_t value)
{
    uint32_t instruction = 0;

    memcpy(&instruction, field, size);
    instruction = (instruction & ~mask) | value;
    memcpy(field, &instruction, size);
}

static uint64_t read_field(const uint8_t *field, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, field, size); /* little-endian host */
    return value;
}

/* ---- Numbers of variable length (DWARF 5, 7.6) ---- */

enum { ULEB_BITS = 7, ULEB_MORE = 0x80, ULEB_MAX_BYTES = 10 };

/* Write as many bytes as the field has. */
static bool write_uleb(uint8_t *field, uint64_t value)
{
    uint8_t bytes[ULEB_MAX_BYTES];
    unsigned n = 0;
    bool is_last;

    do {
        is_last = !(field[n] & ULEB_MORE);
        bytes[n] = (uint8_t)((value & ~(uint64_t)ULEB_MORE & 0xff) |
                             (is_last ? 0 : ULEB_MORE));
        value >>= ULEB_BITS;
        n++;
    } while (!is_last && n < ULEB_MAX_BYTES);
    if (value)
        return false;
    memcpy(field, bytes, n);
    return true;
}

static uint64_t field_size(const struct reloc_type *type, const uint8_t *field,
                           uint64_t n_bytes)
{
    if (type->field != FIELD_ULEB)
        return type->size;
    for (uint64_t i = 0; i < n_bytes && i < ULEB_MAX_BYTES; i++)
        if (!(field[i] & ULEB_MORE))
            return i + 1;
    return UINT64_MAX;
}

/* ---- Writing ---- */

static bool is_even(uint64_t value)
{
    return value % 2 == 0;
}

static bool fits_high(uint64_t value)
{
    return fits_signed(value + 0x800, 32);
}

static bool fits_either(uint64_t value, unsigned n_bits)
{
    return n_bits == 64 || fits_signed(value, n_bits) ||
           fits_unsigned(value, n_bits);
}

static bool fits(const struct reloc_type *type, uint64_t value)
{
    switch ((enum field)type->field) {
    case FIELD_32:
    case FIELD_ADD:
    case FIELD_SET:
        return fits_either(value, type->size * 8u);
    case FIELD_SET_6:
        return fits_unsigned(value, 6);
    case FIELD_SIGNED_32:
        return fits_signed(value, 32);
    case FIELD_HIGH:
    case FIELD_LOW_I:
    case FIELD_LOW_S:
    case FIELD_CALL:
        return fits_high(value);
    case FIELD_BRANCH:
        return fits_signed(value, 13) && is_even(value);
    case FIELD_JUMP:
        return fits_signed(value, 21) && is_even(value);
    case FIELD_CBRANCH:
        return fits_signed(value, 9) && is_even(value);
    case FIELD_CJUMP:
        return fits_signed(value, 12) && is_even(value);
    default:
        return true;
    }
}

static void write_instruction(enum field field, uint8_t *place, uint64_t value)
{
    switch (field) {
    case FIELD_HIGH:
        patch(place, 4, 0xfffff000, high_bits(value));
        break;
    case FIELD_LOW_I:
        patch(place, 4, 0xfff00000, low_bits_i(value));
        break;
    case FIELD_LOW_S:
        patch(place, 4, 0xfe000f80, low_bits_s(value));
        break;
    case FIELD_CALL:
        patch(place, 4, 0xfffff000, high_bits(value));
        patch(place + 4, 4, 0xfff00000, low_bits_i(value));
        break;
    case FIELD_BRANCH:
        patch(place, 4, 0xfe000f80, branch_bits(value));
        break;
    case FIELD_JUMP:
        patch(place, 4, 0xfffff000, jump_bits(value));
        break;
    case FIELD_CBRANCH:
        patch(place, 2, 0x1c7c, cbranch_bits(value));
        break;
    case FIELD_CJUMP:
        patch(place, 2, 0x1ffc, cjump_bits(value));
        break;
    default:
        break;
    }
}

static bool write_field(const struct reloc_type *type, uint8_t *place,
                        uint64_t value)
{
    const enum field field = (enum field)type->field;

    if (field == FIELD_ADD)
        value += read_field(place, type->size);
    if (!fits(type, value))
        return false;
    switch (field) {
    case FIELD_NONE:
        break;
    case FIELD_64:
    case FIELD_32:
    case FIELD_SIGNED_32:
    case FIELD_ADD:
    case FIELD_SET:
        memcpy(place, &value, type->size); /* little-endian host */
        break;
    case FIELD_SET_6:
        patch(place, 1, 0x3f, (uint32_t)value);
        break;
    case FIELD_ULEB:
        return write_uleb(place, value);
    default:
        write_instruction(field, place, value);
        break;
    }
    return true;
}

/* ---- Types ---- */

#define LOCAL_EXEC                                                             \
    "local-exec TLS cannot be in a loadable image (compile with -fPIC)"
#define DYNAMIC "a dynamic relocation cannot be in a relocatable object"
#define VENDOR  "extensions of vendors are not handled"

#define ROW(number, name, subject, form, size, field)                          \
    [number] = {"R_RISCV_" #name, RELOC_##subject, FORM_##form, size,          \
                FIELD_##field,    RELAX_NEVER,     0,           NULL}
#define REFUSED(number, name, size, why)                                       \
    [number] = {"R_RISCV_" #name, RELOC_REFUSED, FORM_PLAIN, size,             \
                FIELD_NONE,       RELAX_NEVER,   0,          why}

enum {
    TYPE_64 = 2, /* also a dynamic relocation */
    TYPE_RELATIVE = 3,
    TYPE_TLS_DTPMOD64 = 7,
    TYPE_TLS_DTPREL64 = 9,
    TYPE_TLS_TPREL64 = 11,
    TYPE_TLSDESC = 12,
    TYPE_IRELATIVE = 58,
    N_TYPES = 192
};

static const struct reloc_type types[N_TYPES] = {
    ROW(0, NONE, NONE, PLAIN, 0, NONE),
    ROW(1, 32, ADDRESS, PLAIN, 4, 32),
    ROW(TYPE_64, 64, ADDRESS, PLAIN, 8, 64),
    REFUSED(TYPE_RELATIVE, RELATIVE, 8, DYNAMIC),
    REFUSED(4, COPY, 0, DYNAMIC),
    REFUSED(5, JUMP_SLOT, 8, DYNAMIC),
    REFUSED(6, TLS_DTPMOD32, 4, DYNAMIC),
    REFUSED(TYPE_TLS_DTPMOD64, TLS_DTPMOD64, 8, DYNAMIC),
    ROW(8, TLS_DTPREL32, TLS_OFFSET, PLAIN, 4, SIGNED_32),
    ROW(TYPE_TLS_DTPREL64, TLS_DTPREL64, TLS_OFFSET, PLAIN, 8, 64),
    REFUSED(10, TLS_TPREL32, 4, DYNAMIC),
    REFUSED(TYPE_TLS_TPREL64, TLS_TPREL64, 8, DYNAMIC),
    REFUSED(TYPE_TLSDESC, TLSDESC, 16, DYNAMIC),
    ROW(16, BRANCH, CALL, PC, 4, BRANCH),
    ROW(17, JAL, CALL, PC, 4, JUMP),
    ROW(18, CALL, CALL, PC, 8, CALL),
    ROW(19, CALL_PLT, CALL, PC, 8, CALL),
    ROW(20, GOT_HI20, GOT_SLOT, PC, 4, HIGH),
    ROW(21, TLS_GOT_HI20, TLS_TPOFF, PC, 4, HIGH),
    ROW(22, TLS_GD_HI20, TLS_PAIR, PC, 4, HIGH),
    ROW(23, PCREL_HI20, SYMBOL, PC, 4, HIGH),
    ROW(24, PCREL_LO12_I, PAIRED, PLAIN, 4, LOW_I),
    ROW(25, PCREL_LO12_S, PAIRED, PLAIN, 4, LOW_S),
    ROW(26, HI20, NUMBER, PLAIN, 4, HIGH),
    ROW(27, LO12_I, NUMBER, PLAIN, 4, LOW_I),
    ROW(28, LO12_S, NUMBER, PLAIN, 4, LOW_S),
    REFUSED(29, TPREL_HI20, 4, LOCAL_EXEC),
    REFUSED(30, TPREL_LO12_I, 4, LOCAL_EXEC),
    REFUSED(31, TPREL_LO12_S, 4, LOCAL_EXEC),
    REFUSED(32, TPREL_ADD, 4, LOCAL_EXEC),
    ROW(33, ADD8, DIFFERENCE, PLAIN, 1, ADD),
    ROW(34, ADD16, DIFFERENCE, PLAIN, 2, ADD),
    ROW(35, ADD32, DIFFERENCE, PLAIN, 4, ADD),
    ROW(36, ADD64, DIFFERENCE, PLAIN, 8, ADD),
    ROW(37, SUB8, SUBTRAHEND, PLAIN, 1, NONE),
    ROW(38, SUB16, SUBTRAHEND, PLAIN, 2, NONE),
    ROW(39, SUB32, SUBTRAHEND, PLAIN, 4, NONE),
    ROW(40, SUB64, SUBTRAHEND, PLAIN, 8, NONE),
    ROW(41, GOT32_PCREL, GOT_SLOT, PC, 4, SIGNED_32),
    ROW(43, ALIGN, ALIGNED, PLAIN, 0, NONE),
    ROW(44, RVC_BRANCH, CALL, PC, 2, CBRANCH),
    ROW(45, RVC_JUMP, CALL, PC, 2, CJUMP),
    ROW(51, RELAX, NONE, PLAIN, 0, NONE),
    ROW(52, SUB6, SUBTRAHEND, PLAIN, 1, NONE),
    ROW(53, SET6, DIFFERENCE, PLAIN, 1, SET_6),
    ROW(54, SET8, DIFFERENCE, PLAIN, 1, SET),
    ROW(55, SET16, DIFFERENCE, PLAIN, 2, SET),
    ROW(56, SET32, DIFFERENCE, PLAIN, 4, SET),
    ROW(57, 32_PCREL, SYMBOL, PC, 4, SIGNED_32),
    REFUSED(TYPE_IRELATIVE, IRELATIVE, 8, DYNAMIC),
    ROW(59, PLT32, CALL, PC, 4, SIGNED_32),
    ROW(60, SET_ULEB128, DIFFERENCE, PLAIN, 1, ULEB),
    ROW(61, SUB_ULEB128, SUBTRAHEND, PLAIN, 1, NONE),
    ROW(62, TLSDESC_HI20, TLS_DESCRIPTOR, PC, 4, HIGH),
    ROW(63, TLSDESC_LOAD_LO12, PAIRED, PLAIN, 4, LOW_I),
    ROW(64, TLSDESC_ADD_LO12, PAIRED, PLAIN, 4, LOW_I),
    ROW(65, TLSDESC_CALL, NONE, PLAIN, 0, NONE),
    REFUSED(191, VENDOR, 0, VENDOR),
};

static const struct reloc_type *type(uint32_t number)
{
    return number < N_TYPES && types[number].name ? &types[number] : NULL;
}

static bool is_high(const struct reloc_type *reloc_type)
{
    return reloc_type->field == FIELD_HIGH && reloc_type->form == FORM_PC;
}

/* ---- Stubs ---- */

/*   auipc t3, slot
 *   ld    t3, (t3)
 *   jr    t3                                                             */
enum {
    STUB_SIZE = 12,
    AUIPC_T3 = 0x00000e17,
    LD_T3_T3 = (int)0x000e3e03,
    JR_T3 = (int)0x000e0067,
};

static bool write_stub(uint8_t *stub, uint64_t address, uint64_t slot)
{
    const uint64_t distance = slot - address;
    const uint32_t instructions[] = {
        (uint32_t)AUIPC_T3 | high_bits(distance),
        (uint32_t)LD_T3_T3 | low_bits_i(distance),
        (uint32_t)JR_T3,
    };

    if (!fits_high(distance))
        return false;
    memcpy(stub, instructions, sizeof(instructions));
    return true;
}

/* ---- Calling conventions ---- */

/* ELF header, e_flags. */
enum {
    FLAG_RVC = 1, /* code with compressed instructions */
    FLAGS_FLOAT = 6,
    FLAG_RVE = 8,
    FLAG_TSO = 16, /* code for the stronger memory order */
};

static enum status check_object(struct link *link,
                                const struct object_view *view,
                                struct error *err)
{
    static const char *const floats[] = {"soft", "single", "double", "quad"};
    const uint32_t flags = view->flags;

    if (flags & ~(uint32_t)(FLAG_RVC | FLAGS_FLOAT | FLAG_TSO))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: ELF flags 0x%x: not code for RV64G%s", view->name,
                         flags, flags & FLAG_RVE ? ", but RVE" : "");
    if (link->row_object && (flags ^ link->elf_flags) & FLAGS_FLOAT)
        return error_set(err, STATUS_MISUSE,
                         "%s: passes floating point as the %s-float ABI, but "
                         "%s as the %s-float ABI",
                         view->name, floats[(flags & FLAGS_FLOAT) / 2],
                         link->row_object,
                         floats[(link->elf_flags & FLAGS_FLOAT) / 2]);
    if (!link->row_object)
        link->row_object = view->name;
    link->elf_flags |= flags;
    return STATUS_OK;
}

/* ---- The machine ---- */

static const uint8_t pieces_begin[] = {
    0x13, 0x01, 0x01, 0xff, /* addi sp, sp, -16 */
    0x23, 0x34, 0x11, 0x00, /* sd   ra, 8(sp) */
};
static const uint8_t pieces_end[] = {
    0x83, 0x30, 0x81, 0x00, /* ld   ra, 8(sp) */
    0x13, 0x01, 0x01, 0x01, /* addi sp, sp, 16 */
    0x67, 0x80, 0x00, 0x00, /* ret */
};
static const uint8_t fill[] = {0};
static const uint8_t skip[] = {0x01, 0x00}; /* c.nop */

/* GNU_PROPERTY_RISCV_FEATURE_1_AND: stubs have no landing pads. */
enum { FEATURE_1_AND = (int)0xc0000000, FEATURE_CFI_SS = 2 };

const struct link_machine link_machine_riscv64 = {
    .row = &machines[MACHINE_RISCV64],
    .max_span = UINT64_C(1) << 37,     /* half of 39 bits of address space */
    .text_fill = {fill, sizeof(fill)}, /* unimp */
    .text_skip = {skip, sizeof(skip)},
    .pieces_begin = {pieces_begin, sizeof(pieces_begin)},
    .pieces_end = {pieces_end, sizeof(pieces_end)},
    .dynamic_absolute = TYPE_64,
    .dynamic_got = TYPE_64,
    .dynamic_relative = TYPE_RELATIVE,
    .dynamic_irelative = TYPE_IRELATIVE,
    .dynamic_tls_module = TYPE_TLS_DTPMOD64,
    .dynamic_tls_offset = TYPE_TLS_DTPREL64,
    .dynamic_tls_tpoff = TYPE_TLS_TPREL64,
    .dynamic_tls_descriptor = TYPE_TLSDESC,
    .tls_bias = 0x800,
    .stub_size = STUB_SIZE,
    .undefined_call_size = 8,
    .feature_property = FEATURE_1_AND,
    .features = FEATURE_CFI_SS,
    .check_object = check_object,
    .type = type,
    .field_size = field_size,
    .is_high = is_high,
    .write = write_field,
    .write_stub = write_stub,
};
