/* x86_64: System V psABI, section 4.4 "Relocation" (table 4.9), section B.2
 * "Optimize GOTPCRELX Relocations".
 *
 * Fields are plain little-endian integers, so the only encodings here are those
 * of the stub and of relaxed loads. An image may be loaded anywhere, so
 * relocations that need the absolute address in 32 bits or less, and those that
 * need a fixed offset from the thread pointer, cannot be in it. */
#include "reloc.h"

#include <elf.h>
#include <string.h>

/* Newer than the C library's <elf.h>: APX instructions. */
enum {
    R_CODE_4_GOTPCRELX = 43,
    R_CODE_4_GOTTPOFF = 44,
    R_CODE_4_GOTPC32_TLSDESC = 45,
    R_CODE_5_GOTPCRELX = 46,
    R_CODE_5_GOTTPOFF = 47,
    R_CODE_5_GOTPC32_TLSDESC = 48,
    R_CODE_6_GOTPCRELX = 49,
    R_CODE_6_GOTTPOFF = 50,
    R_CODE_6_GOTPC32_TLSDESC = 51,
    N_TYPES
};

/* psABI: R_X86_64_32 zero-extends, R_X86_64_32S sign-extends, PC-relative types
 * are signed. It does not tell for 8 and 16 bits: both are accepted. */
enum field {
    FIELD_NONE,
    FIELD_ANY_8,
    FIELD_ANY_16,
    FIELD_SIGNED_8,
    FIELD_SIGNED_16,
    FIELD_SIGNED_32,
    FIELD_UNSIGNED_32,
    FIELD_64,
};

#define LOCAL_EXEC                                                             \
    "local-exec TLS cannot be in a loadable image (compile with -fPIC)"
#define DYNAMIC "a dynamic relocation cannot be in a relocatable object"

#define ROW(type, subject, form, size, field)                                  \
    [R_X86_64_##                                                               \
        type] = {"R_X86_64_" #type, RELOC_##subject, FORM_##form, size,        \
                 FIELD_##field,     RELAX_NEVER,     0,           NULL}
#define CALL(type, form, size, field)                                          \
    [R_X86_64_##type] = {"R_X86_64_" #type, RELOC_CALL,  FORM_##form, size,    \
                         FIELD_##field,     RELAX_NEVER, -4,          NULL}
#define RELAXABLE(index, type)                                                 \
    [index] = {"R_X86_64_" type, RELOC_GOT_SLOT, FORM_PC, 4,                   \
               FIELD_SIGNED_32,  RELAX_ALONE,    0,       NULL}
#define APX(index, type, subject)                                              \
    [index] = {"R_X86_64_" type, RELOC_##subject, FORM_PC, 4,                  \
               FIELD_SIGNED_32,  RELAX_NEVER,     0,       NULL}
#define REFUSED(type, size, why)                                               \
    [R_X86_64_##type] = {"R_X86_64_" #type, RELOC_REFUSED, FORM_PLAIN, size,   \
                         FIELD_NONE,        RELAX_NEVER,   0,          why}

static const struct reloc_type types[N_TYPES] = {
    ROW(NONE, NONE, PLAIN, 0, NONE),
    ROW(64, ADDRESS, PLAIN, 8, 64),
    ROW(PC32, SYMBOL, PC, 4, SIGNED_32),
    ROW(GOT32, GOT_SLOT, GOT, 4, SIGNED_32),
    CALL(PLT32, PC, 4, SIGNED_32),
    REFUSED(COPY, 0, DYNAMIC),
    REFUSED(GLOB_DAT, 8, DYNAMIC),
    REFUSED(JUMP_SLOT, 8, DYNAMIC),
    REFUSED(RELATIVE, 8, DYNAMIC),
    ROW(GOTPCREL, GOT_SLOT, PC, 4, SIGNED_32),
    ROW(32, ADDRESS, PLAIN, 4, UNSIGNED_32),
    ROW(32S, ADDRESS, PLAIN, 4, SIGNED_32),
    ROW(16, ADDRESS, PLAIN, 2, ANY_16),
    ROW(PC16, SYMBOL, PC, 2, SIGNED_16),
    ROW(8, ADDRESS, PLAIN, 1, ANY_8),
    ROW(PC8, SYMBOL, PC, 1, SIGNED_8),
    REFUSED(DTPMOD64, 8, DYNAMIC),
    ROW(DTPOFF64, TLS_OFFSET, PLAIN, 8, 64),
    REFUSED(TPOFF64, 8, LOCAL_EXEC),
    ROW(TLSGD, TLS_PAIR, PC, 4, SIGNED_32),
    ROW(TLSLD, TLS_MODULE, PC, 4, SIGNED_32),
    ROW(DTPOFF32, TLS_OFFSET, PLAIN, 4, SIGNED_32),
    ROW(GOTTPOFF, TLS_TPOFF, PC, 4, SIGNED_32),
    REFUSED(TPOFF32, 4, LOCAL_EXEC),
    ROW(PC64, SYMBOL, PC, 8, 64),
    ROW(GOTOFF64, SYMBOL, GOT, 8, 64),
    ROW(GOTPC32, GOT_BASE, PC, 4, SIGNED_32),
    ROW(GOT64, GOT_SLOT, GOT, 8, 64),
    ROW(GOTPCREL64, GOT_SLOT, PC, 8, 64),
    ROW(GOTPC64, GOT_BASE, PC, 8, 64),
    ROW(GOTPLT64, GOT_SLOT, GOT, 8, 64),
    CALL(PLTOFF64, GOT, 8, 64),
    ROW(SIZE32, SIZE, PLAIN, 4, UNSIGNED_32),
    ROW(SIZE64, SIZE, PLAIN, 8, 64),
    ROW(GOTPC32_TLSDESC, TLS_DESCRIPTOR, PC, 4, SIGNED_32),
    ROW(TLSDESC_CALL, NONE, PLAIN, 0, NONE),
    REFUSED(TLSDESC, 16, DYNAMIC),
    REFUSED(IRELATIVE, 8, DYNAMIC),
    REFUSED(RELATIVE64, 8, DYNAMIC),
    RELAXABLE(R_X86_64_GOTPCRELX, "GOTPCRELX"),
    RELAXABLE(R_X86_64_REX_GOTPCRELX, "REX_GOTPCRELX"),
    RELAXABLE(R_CODE_4_GOTPCRELX, "CODE_4_GOTPCRELX"),
    APX(R_CODE_4_GOTTPOFF, "CODE_4_GOTTPOFF", TLS_TPOFF),
    APX(R_CODE_4_GOTPC32_TLSDESC, "CODE_4_GOTPC32_TLSDESC", TLS_DESCRIPTOR),
    APX(R_CODE_5_GOTPCRELX, "CODE_5_GOTPCRELX", GOT_SLOT),
    APX(R_CODE_5_GOTTPOFF, "CODE_5_GOTTPOFF", TLS_TPOFF),
    APX(R_CODE_5_GOTPC32_TLSDESC, "CODE_5_GOTPC32_TLSDESC", TLS_DESCRIPTOR),
    APX(R_CODE_6_GOTPCRELX, "CODE_6_GOTPCRELX", GOT_SLOT),
    APX(R_CODE_6_GOTTPOFF, "CODE_6_GOTTPOFF", TLS_TPOFF),
    APX(R_CODE_6_GOTPC32_TLSDESC, "CODE_6_GOTPC32_TLSDESC", TLS_DESCRIPTOR),
};

static const struct reloc_type *type(uint32_t number)
{
    return number < N_TYPES && types[number].name ? &types[number] : NULL;
}

/* ---- Fields ---- */

static bool fits(enum field field, uint64_t value)
{
    switch (field) {
    case FIELD_ANY_8:
        return fits_signed(value, 8) || fits_unsigned(value, 8);
    case FIELD_ANY_16:
        return fits_signed(value, 16) || fits_unsigned(value, 16);
    case FIELD_SIGNED_8:
        return fits_signed(value, 8);
    case FIELD_SIGNED_16:
        return fits_signed(value, 16);
    case FIELD_SIGNED_32:
        return fits_signed(value, 32);
    case FIELD_UNSIGNED_32:
        return fits_unsigned(value, 32);
    case FIELD_NONE:
    case FIELD_64:
        break;
    }
    return true;
}

static bool write_field(const struct reloc_type *reloc_type, uint8_t *field,
                        uint64_t value)
{
    if (!fits((enum field)reloc_type->field, value))
        return false;
    if (reloc_type->field != FIELD_NONE)
        memcpy(field, &value, reloc_type->size); /* little-endian host */
    return true;
}

/* ---- Loads from the GOT ---- */

/* Opcode and ModRM byte are right before the 4 bytes of the field. Prefixes do
 * not matter here; the relocation type tells their number. */
static enum got_use got_use(const struct reloc_type *reloc_type,
                            const uint8_t *field, uint64_t n_before,
                            int64_t addend)
{
    /* With another addend the field is not at the end of the instruction (an
     * immediate follows), or does not refer to the start of a slot. */
    if (n_before < 2 || addend != -4 || reloc_type->size != 4)
        return GOT_USE_OTHER;
    if (field[-2] == 0x8b && (field[-1] & 0xc7) == 0x05)
        return GOT_USE_LOAD; /* 8b /r   mov  disp32(%rip),%reg */
    if (field[-2] == 0xff && field[-1] == 0x15)
        return GOT_USE_CALL; /* ff 15   call *disp32(%rip) */
    if (field[-2] == 0xff && field[-1] == 0x25)
        return GOT_USE_JUMP; /* ff 25   jmp  *disp32(%rip) */
    return GOT_USE_OTHER;
}

static bool relax(const struct reloc_type *reloc_type, enum got_use use,
                  uint8_t *field, uint64_t value)
{
    /* The field of a relaxed jump moves one byte towards the opcode, and the
     * instruction ends one byte sooner. */
    const uint64_t disp = use == GOT_USE_JUMP ? value + 1 : value;

    (void)reloc_type;
    if (!fits_signed(disp, 32))
        return false;
    switch (use) {
    case GOT_USE_LOAD: /* 8d /r      lea  disp32(%rip),%reg */
        field[-2] = 0x8d;
        memcpy(field, &disp, 4);
        break;
    case GOT_USE_CALL: /* 67 e8      addr32 call disp32 */
        field[-2] = 0x67;
        field[-1] = 0xe8;
        memcpy(field, &disp, 4);
        break;
    case GOT_USE_JUMP: /* e9 .. 90   jmp  disp32; nop */
        field[-2] = 0xe9;
        memcpy(field - 1, &disp, 4);
        field[3] = 0x90;
        break;
    case GOT_USE_OTHER:
        return false;
    }
    return true;
}

/* ---- Stubs ---- */

/*   ff 25 disp32   jmp *disp32(%rip)
 *   cc cc          int3; int3                                            */
enum { STUB_SIZE = 8, STUB_JUMP_SIZE = 6 };

static bool write_stub(uint8_t *stub, uint64_t address, uint64_t slot)
{
    const uint64_t disp = slot - (address + STUB_JUMP_SIZE);

    if (!fits_signed(disp, 32))
        return false;
    stub[0] = 0xff;
    stub[1] = 0x25;
    memcpy(stub + 2, &disp, 4);
    stub[6] = 0xcc;
    stub[7] = 0xcc;
    return true;
}

/* At entry of a function the stack is 8 bytes off its alignment; functions that
 * the pieces call need it aligned. */
static const uint8_t pieces_begin[] = {
    0x48, 0x83, 0xec, 0x08, /* sub $8, %rsp */
};
static const uint8_t pieces_end[] = {
    0x48, 0x83, 0xc4, 0x08, /* add $8, %rsp */
    0xc3,                   /* ret */
};

/* GNU_PROPERTY_X86_FEATURE_1_AND: shadow stacks are kept. Indirect branch
 * tracking is not, since stubs have no landing pads. */
enum { FEATURE_1_AND = (int)0xc0000002, FEATURE_SHSTK = 2 };

static const uint8_t skip[] = {0x90}; /* nop */
static const uint8_t trap[] = {0xcc}; /* int3 */

const struct link_machine link_machine_x86_64 = {
    .row = &machines[MACHINE_X86_64],
    .max_span = UINT64_C(1) << 46,       /* half of a process's address space */
    .relax_reach = UINT64_C(0x70000000), /* of 2 GiB; the rest is for gaps */
    .text_fill = {trap, sizeof(trap)},
    .text_skip = {skip, sizeof(skip)},
    .pieces_begin = {pieces_begin, sizeof(pieces_begin)},
    .pieces_end = {pieces_end, sizeof(pieces_end)},
    .dynamic_absolute = R_X86_64_64,
    .dynamic_got = R_X86_64_GLOB_DAT,
    .dynamic_relative = R_X86_64_RELATIVE,
    .dynamic_irelative = R_X86_64_IRELATIVE,
    .dynamic_tls_module = R_X86_64_DTPMOD64,
    .dynamic_tls_offset = R_X86_64_DTPOFF64,
    .dynamic_tls_tpoff = R_X86_64_TPOFF64,
    .dynamic_tls_descriptor = R_X86_64_TLSDESC,
    .stub_size = STUB_SIZE,
    .feature_property = FEATURE_1_AND,
    .features = FEATURE_SHSTK,
    .type = type,
    .got_use = got_use,
    .relax = relax,
    .write = write_field,
    .write_stub = write_stub,
};
