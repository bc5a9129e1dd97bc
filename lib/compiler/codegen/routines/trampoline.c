/* Addresses for functions that need more than an address: a nested function of
 * Fortran, Ada or Pascal reads variables of the function around it, to which
 * its static chain leads (in r10, psABI 3.2.3). A pointer to it is the address
 * of a trampoline, code that loads the chain and jumps. Compilers write this
 * code into the frame of the function around it, and the stack must be
 * executable then.
 *
 * Here the code is made beforehand, and never writable when it may run. Each
 * piece reads a slot of its own:
 *
 *     movq slot.chain(%rip), %r10       slot: storage | function | chain
 *     jmp  *slot.function(%rip)
 *
 * A slot belongs to the storage in the frame, by its address, for good. So a
 * trampoline lives as long as on a stack: until another is made in the same
 * place, be that in another call, in a recursion's next or by another thread.
 * There are as many slots as different addresses were used; programs use the
 * same ones repeatedly.
 *
 * Slots are in blocks, and found by a hash of the address. The first block is
 * part of the image; each further one is mapped when needed, and twice as
 * large. A storage address is only written into a free slot and never changed,
 * so a lookup needs no lock and is safe in a signal handler.
 *
 * System calls are made directly, because the script may have no libc. */
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "routine.h"

#define FIRST_SLOTS 256
#define TEXT(x)     TEXT_(x)
#define TEXT_(x)    #x

enum {
    PAGE = 4096,
    CODE_SIZE = 16, /* bytes of a piece of code */
    SLOT_SIZE = 24,
    MAX_TRIES = 16 /* slots of a block that an address may be in */
};

struct slot {
    uintptr_t storage; /* address, 0: free */
    const void *function;
    const void *chain;
};

_Static_assert(sizeof(struct slot) == SLOT_SIZE, "the code knows it");

struct block {
    struct block *next;
    uint8_t *code; /* of slot 0; mapped, but of the first block */
    struct slot *slots;
    size_t n_slots;     /* a power of two */
    size_t mapped_size; /* from code; the block itself is there, too */
};

/* ---- The first block ---- */

static struct slot first_slots[FIRST_SLOTS] __attribute__((used));

__attribute__((naked, used, aligned(16))) static void first_code(void)
{
    __asm__(".set slot, 0\n"
            ".rept " TEXT(
                FIRST_SLOTS) "\n\t"
                             "movq first_slots + slot + 16(%rip), %r10\n\t"
                             "jmpq *first_slots + slot + 8(%rip)\n\t"
                             ".balign 16, 0xcc\n\t"
                             ".set slot, slot + 24\n"
                             ".endr\n");
}

static struct block first = {
    .code = (uint8_t *)first_code,
    .slots = first_slots,
    .n_slots = FIRST_SLOTS,
};

/* ---- More of them ---- */

static long ask_kernel(long number, long a, long b, long c, long d)
{
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = -1; /* mmap(): the descriptor */
    register long sixth __asm__("r9") = 0;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth),
                       "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
}

/* The caller is compiled code that cannot be told. */
__attribute__((noreturn)) static void give_up(void)
{
    static const char text[] =
        "bcc: no executable memory for the address of a nested function\n";

    ask_kernel(SYS_write, 2, (long)text, sizeof(text) - 1, 0);
    __builtin_trap();
}

static uint8_t *write_access(uint8_t *at, unsigned opcode, unsigned size,
                             const void *target)
{
    const uint32_t distance =
        (uint32_t)((uintptr_t)target - (uintptr_t)(at + size + 4));

    __builtin_memcpy(at, &opcode, size);
    __builtin_memcpy(at + size, &distance, 4);
    return at + size + 4;
}

static void write_code(const struct block *block)
{
    for (size_t i = 0; i < block->n_slots; i++) {
        const struct slot *slot = &block->slots[i];
        uint8_t *at = block->code + i * CODE_SIZE;

        at = write_access(at, 0x158b4c, 3, &slot->chain);  /* movq, %r10 */
        at = write_access(at, 0x25ff, 2, &slot->function); /* jmpq * */
        while (at < block->code + (i + 1) * CODE_SIZE)
            *at++ = 0xcc; /* int3 */
    }
}

/* n_slots is a multiple of what fills a page with code. */
static struct block *map_block(size_t n_slots)
{
    const size_t code_size = n_slots * CODE_SIZE;
    const size_t size = code_size + sizeof(struct block) + n_slots * SLOT_SIZE;
    const size_t mapped_size = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
    const long address =
        ask_kernel(SYS_mmap, 0, (long)mapped_size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS);
    uint8_t *code = (uint8_t *)address;
    struct block *block = (struct block *)(void *)(code + code_size);

    if (address < 0 && address > -PAGE)
        give_up();
    *block = (struct block){
        .code = code,
        .slots = (struct slot *)(void *)(block + 1),
        .n_slots = n_slots,
        .mapped_size = mapped_size,
    };
    write_code(block);
    if (ask_kernel(SYS_mprotect, address, (long)code_size,
                   PROT_READ | PROT_EXEC, 0))
        give_up();
    return block;
}

static void unmap_block(struct block *block)
{
    ask_kernel(SYS_munmap, (long)block->code, (long)block->mapped_size, 0, 0);
}

/* Another thread may be faster. */
static struct block *next_block(struct block *block)
{
    struct block *next = __atomic_load_n(&block->next, __ATOMIC_ACQUIRE);
    struct block *known = NULL;

    if (next)
        return next;
    next = map_block(2 * block->n_slots);
    if (__atomic_compare_exchange_n(&block->next, &known, next, 0,
                                    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return next;
    unmap_block(next);
    return known;
}

/* After all other destructors: the image is about to go. */
__attribute__((destructor(101), used)) static void unmap_blocks(void)
{
    struct block *block = first.next;

    first.next = NULL;
    while (block) {
        struct block *next = block->next;

        unmap_block(block);
        block = next;
    }
}

/* ---- Slots ---- */

static int takes(struct slot *slot, uintptr_t storage)
{
    uintptr_t known = __atomic_load_n(&slot->storage, __ATOMIC_RELAXED);

    if (known == 0 &&
        __atomic_compare_exchange_n(&slot->storage, &known, storage, 0,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return 1;
    return known == storage;
}

/* The place of the slot in the block, n_slots if it is in none of this. */
static size_t find_slot(const struct block *block, uintptr_t storage)
{
    /* Fibonacci hashing; storage is mostly aligned to 8 or 16. */
    const uint64_t hash = (storage >> 3) * UINT64_C(0x9e3779b97f4a7c15);

    for (size_t i = 0; i < MAX_TRIES; i++) {
        const size_t place = ((size_t)(hash >> 32) + i) & (block->n_slots - 1);

        if (takes(&block->slots[place], storage))
            return place;
    }
    return block->n_slots;
}

/* In the place of llvm.init.trampoline. The first word of storage becomes the
 * address of the code, for llvm.adjust.trampoline to find. */
void ROUTINE(__bcc_init_trampoline)(void *storage, const void *function,
                                    const void *chain);

void ROUTINE(__bcc_init_trampoline)(void *storage, const void *function,
                                    const void *chain)
{
    struct block *block = &first;
    size_t place = find_slot(block, (uintptr_t)storage);
    const uint8_t *code;

    while (place == block->n_slots) {
        block = next_block(block);
        place = find_slot(block, (uintptr_t)storage);
    }
    block->slots[place].function = function;
    block->slots[place].chain = chain;
    code = block->code + place * CODE_SIZE;
    __builtin_memcpy(storage, &code, sizeof(code));
}
