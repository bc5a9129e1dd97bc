/* The static chain is in t2 (psABI, "Integer Register Convention"); t1 is free
 * at a function's start. */
enum { PAGE = 4096, CODE_SIZE = 32 };
enum {
    CALL_WRITE = 64,
    CALL_MUNMAP = 215,
    CALL_MMAP = 222,
    CALL_MPROTECT = 226,
    CALL_FLUSH = 259
};

static long ask_kernel(long number, long a, long b, long c, long d)
{
    register long call __asm__("a7") = number;
    register long first __asm__("a0") = a;
    register long second __asm__("a1") = b;
    register long third __asm__("a2") = c;
    register long fourth __asm__("a3") = d;
    register long fifth __asm__("a4") = -1; /* mmap(): the descriptor */
    register long sixth __asm__("a5") = 0;

    __asm__ volatile("ecall"
                     : "+r"(first)
                     : "r"(call), "r"(second), "r"(third), "r"(fourth),
                       "r"(fifth), "r"(sixth)
                     : "memory");
    return first;
}

__asm__(".pushsection .text.first_code, \"ax\", %progbits\n"
        ".option push\n"
        ".option norvc\n"
        ".option norelax\n"
        ".balign 32\n"
        "first_code:\n"
        ".set slot, 0\n"
        ".rept " TEXT(FIRST_SLOTS) "\n"
                                   "lla t1, first_slots + slot\n"
                                   "ld t2, 16(t1)\n"
                                   "ld t1, 8(t1)\n"
                                   "jr t1\n"
                                   ".balign 32\n"
                                   ".set slot, slot + " TEXT(
                                       SLOT_SIZE) "\n"
                                                  ".endr\n"
                                                  ".option pop\n"
                                                  ".popsection\n");
extern const uint8_t first_code[] __attribute__((visibility("hidden")));

enum { T1 = 6, T2 = 7 };

static uint32_t load(uint32_t offset, uint32_t to)
{
    return 0x3003 | to << 7 | T1 << 15 | offset << 20; /* ld to, offset(t1) */
}

static void write_piece(uint8_t *code, const struct slot *slot)
{
    const uint32_t distance = (uint32_t)((uintptr_t)slot - (uintptr_t)code);
    const uint32_t instructions[CODE_SIZE / 4] = {
        0x17 | T1 << 7 | ((distance + 0x800) & 0xfffff000), /* auipc t1 */
        0x13 | T1 << 7 | T1 << 15 | distance << 20,         /* addi t1, t1 */
        load(16, T2),
        load(8, T1),
        0x67 | T1 << 15, /* jr t1 */
    };

    __builtin_memcpy(code, instructions, sizeof(instructions));
}

static void sync_code(const uint8_t *code, size_t size)
{
    ask_kernel(CALL_FLUSH, (long)code, (long)(code + size), 0, 0);
}
