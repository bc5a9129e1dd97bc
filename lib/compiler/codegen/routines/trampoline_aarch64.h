/* The static chain is in x15; LLVM before 21 has it in x18, which is a register
 * like others outside Android. x16 and x17 are free between a call and the
 * function (AAPCS64 6.1.1). bti c: the address of a piece is called. */
#ifndef CHAIN_REGISTER
#define CHAIN_REGISTER 15
#endif

enum { PAGE = 65536, CODE_SIZE = 32 };
enum {
    CALL_WRITE = 64,
    CALL_MUNMAP = 215,
    CALL_MMAP = 222,
    CALL_MPROTECT = 226
};

static long ask_kernel(long number, long a, long b, long c, long d)
{
    register long call __asm__("x8") = number;
    register long first __asm__("x0") = a;
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    register long fifth __asm__("x4") = -1; /* mmap(): the descriptor */
    register long sixth __asm__("x5") = 0;

    __asm__ volatile("svc #0"
                     : "+r"(first)
                     : "r"(call), "r"(second), "r"(third), "r"(fourth),
                       "r"(fifth), "r"(sixth)
                     : "memory");
    return first;
}

__asm__(".pushsection .text.first_code, \"ax\", %progbits\n"
        ".balign 32\n"
        "first_code:\n"
        ".set slot, 0\n"
        ".rept " TEXT(
            FIRST_SLOTS) "\n"
                         "hint #34\n" /* bti c */
                         "adrp x17, first_slots + slot\n"
                         "ldr x" TEXT(
                             CHAIN_REGISTER) ", [x17, #:lo12:first_slots + "
                                             "slot + 16]\n"
                                             "ldr x17, [x17, "
                                             "#:lo12:first_slots + slot + 8]\n"
                                             "br x17\n"
                                             ".balign 32\n"
                                             ".set slot, slot + " TEXT(
                                                 SLOT_SIZE) "\n"
                                                            ".endr\n"
                                                            ".popsection\n");
extern const uint8_t first_code[] __attribute__((visibility("hidden")));

static uint32_t load(const void *address, uint32_t to)
{
    const uint32_t in_page = (uintptr_t)address & 0xfff;

    return 0xf9400000 | in_page / 8 << 10 | 17 << 5 | to; /* ldr to, [x17, #] */
}

static void write_piece(uint8_t *code, const struct slot *slot)
{
    const uint32_t pages =
        (uint32_t)(((uintptr_t)slot >> 12) - ((uintptr_t)(code + 4) >> 12));
    const uint32_t instructions[CODE_SIZE / 4] = {
        0xd503245f,                                              /* bti c */
        0x90000000 | (pages & 3) << 29 | (pages >> 2) << 5 | 17, /* adrp x17 */
        load(&slot->chain, CHAIN_REGISTER),
        load(&slot->function, 17),
        0xd61f0220, /* br x17 */
    };

    __builtin_memcpy(code, instructions, sizeof(instructions));
}

/* The smallest lines that any core of the system has: CTR_EL0. */
static void sync_code(const uint8_t *code, size_t size)
{
    const uintptr_t start = (uintptr_t)code, end = start + size;
    uintptr_t type, data_line, code_line;

    __asm__("mrs %0, ctr_el0" : "=r"(type));
    data_line = (uintptr_t)4 << (type >> 16 & 15);
    code_line = (uintptr_t)4 << (type & 15);
    for (uintptr_t at = start; at < end; at += data_line)
        __asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish" : : : "memory");
    for (uintptr_t at = start; at < end; at += code_line)
        __asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish\n\tisb" : : : "memory");
}
