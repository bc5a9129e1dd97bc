/* Addresses for functions that need more than an address: a nested function of
 * Fortran, Ada or Pascal reads variables of the function around it, to which
 * its static chain leads (in r10, psABI 3.2.3). A pointer to it is the address
 * of a trampoline, code that loads the chain and jumps. Compilers write this
 * code into the frame of the function around it, and the stack must be
 * executable then.
 *
 * Here the code is made beforehand, and never writable when it may run. Each
 * piece reads a slot of its own (trampoline_MACHINE.h):
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

#include "routine.h"

#define FIRST_SLOTS 256
#define SLOT_SIZE   32 /* no slot lies in two pages */
#define TEXT(x)     TEXT_(x)
#define TEXT_(x)    #x

enum { MAX_TRIES = 16 /* slots of a block that an address may be in */ };

struct slot {
    uintptr_t storage; /* address, 0: free */
    const void *function;
    const void *chain;
    uintptr_t unused;
};

_Static_assert(sizeof(struct slot) == SLOT_SIZE, "the code knows it");

struct block {
    struct block *next;
    uint8_t *code; /* of slot 0; mapped, but of the first block */
    struct slot *slots;
    size_t n_slots;     /* a power of two */
    size_t mapped_size; /* from code; the block itself is there, too */
};

static struct slot first_slots[FIRST_SLOTS]
    __attribute__((used, aligned(SLOT_SIZE)));

/* Each defines
 *
 *   PAGE          the largest page size that systems use
 *   CODE_SIZE     bytes of a piece of code
 *   CALL_*        numbers of system calls
 *   ask_kernel()  makes one
 *   first_code()  the pieces of the first block
 *   write_piece() the code for a slot that is less than 2 GiB behind it
 *   sync_code()   lets the processor see what was written */
#if defined(__x86_64__)
#include "trampoline_x86_64.h"
#elif defined(__aarch64__)
#include "trampoline_aarch64.h"
#elif defined(__riscv)
#include "trampoline_riscv64.h"
#else
#error "no trampolines for this machine"
#endif

static struct block first = {
    .code = (uint8_t *)first_code,
    .slots = first_slots,
    .n_slots = FIRST_SLOTS,
};

/* ---- More of them ---- */

/* As Linux numbers them on these machines. */
enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4 };
enum { MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20 };

/* The caller is compiled code that cannot be told. */
__attribute__((noreturn)) static void give_up(void)
{
    static const char text[] =
        "bcc: no executable memory for the address of a nested function\n";

    ask_kernel(CALL_WRITE, 2, (long)text, sizeof(text) - 1, 0);
    __builtin_trap();
}

static size_t whole_pages(size_t size)
{
    return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

static struct block *map_block(size_t n_slots)
{
    const size_t code_size = whole_pages(n_slots * CODE_SIZE);
    const size_t slots_size = n_slots * SLOT_SIZE;
    const size_t mapped_size =
        code_size + whole_pages(slots_size + sizeof(struct block));
    const long address =
        ask_kernel(CALL_MMAP, 0, (long)mapped_size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS);
    uint8_t *code = (uint8_t *)address;
    struct slot *slots = (struct slot *)(void *)(code + code_size);
    struct block *block = (struct block *)(void *)(slots + n_slots);

    if (address < 0 && address > -PAGE)
        give_up();
    *block = (struct block){
        .code = code,
        .slots = slots,
        .n_slots = n_slots,
        .mapped_size = mapped_size,
    };
    for (size_t i = 0; i < n_slots; i++)
        write_piece(code + i * CODE_SIZE, &slots[i]);
    sync_code(code, code_size);
    if (ask_kernel(CALL_MPROTECT, address, (long)code_size,
                   PROT_READ | PROT_EXEC, 0))
        give_up();
    return block;
}

static void unmap_block(struct block *block)
{
    ask_kernel(CALL_MUNMAP, (long)block->code, (long)block->mapped_size, 0, 0);
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
