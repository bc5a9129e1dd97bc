/* C++'s operator new and delete, for LLVM. It allocates some ten million small
 * objects for a megabyte of bitcode; with glibc's malloc, one in seven
 * instructions of a compile was spent there, most of them where a free block
 * is cut, merged and searched for. This keeps a list of free objects for each
 * size, and merges nothing:
 *
 *   region   2 MiB, aligned: one huge page where the kernel has them, so that
 *            a small compile takes one page fault instead of 500
 *   span     32 KiB of it, for objects of one size; the size is at its start
 *   object   a multiple of 16 bytes, at most 1,024; larger ones are malloc's
 *
 * What LLVM frees it soon allocates again in the same sizes, so what is kept
 * is little. Only the thread that runs LLVM uses C++ here (the others hash and
 * beat), so nothing is locked. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    GRANULE = 16,
    MAX_SMALL = 1024,
    N_SIZES = MAX_SMALL / GRANULE + 1,
    SPAN_SIZE = 32 * 1024,
    SPAN_HEAD = 64,
    REGION_BITS = 21,
    REGION_SIZE = 1 << REGION_BITS,
    ADDRESS_BITS = 47 /* that mmap gives to who asks for no more */
};

struct object {
    struct object *next;
};

struct span {
    size_t size; /* of its objects, in granules */
};

static struct object *free_objects[N_SIZES];

/* Of each size the span that is being filled, and of the last region what no
 * span has. */
static uint8_t *fresh[N_SIZES], *fresh_end[N_SIZES];
static uint8_t *region, *region_end;

/* A bit for each region that is ours. */
static uint8_t is_region[UINT64_C(1) << (ADDRESS_BITS - REGION_BITS - 3)];

static int is_ours(uintptr_t address)
{
    uintptr_t number = address >> REGION_BITS;

    return is_region[number / 8] >> number % 8 & 1;
}

static int add_region(void)
{
    size_t size = 2 * (size_t)REGION_SIZE;
    uint8_t *start = mmap(NULL, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uintptr_t number;
    size_t before;

    if (start == MAP_FAILED || (uintptr_t)start >> ADDRESS_BITS)
        return 0;
    before = -(uintptr_t)start & (REGION_SIZE - 1);
    if (before)
        munmap(start, before);
    munmap(start + before + REGION_SIZE, REGION_SIZE - before);
    region = start + before;
    region_end = region + REGION_SIZE;
    madvise(region, REGION_SIZE, MADV_HUGEPAGE);
    number = (uintptr_t)region >> REGION_BITS;
    is_region[number / 8] |= (uint8_t)(1u << number % 8);
    return 1;
}

static int add_span(size_t size)
{
    if (region == region_end && !add_region())
        return 0;
    ((struct span *)region)->size = size;
    fresh[size] = region + SPAN_HEAD;
    fresh_end[size] = region + SPAN_SIZE;
    region += SPAN_SIZE;
    return 1;
}

static void *allocate_fresh(size_t size)
{
    size_t n_bytes = size * GRANULE;
    void *object;

    if ((size_t)(fresh_end[size] - fresh[size]) < n_bytes && !add_span(size))
        return NULL;
    object = fresh[size];
    fresh[size] += n_bytes;
    return object;
}

static void *allocate(size_t n_bytes)
{
    size_t size = (n_bytes + GRANULE - 1) / GRANULE;
    struct object *object;

    if (n_bytes > MAX_SMALL)
        return malloc(n_bytes);
    size += size == 0;
    object = free_objects[size];
    if (!object)
        return allocate_fresh(size);
    free_objects[size] = object->next;
    return object;
}

static void *allocate_aligned(size_t n_bytes, size_t alignment)
{
    if (alignment <= GRANULE)
        return allocate(n_bytes);
    return aligned_alloc(alignment,
                         (n_bytes + alignment - 1) & ~(alignment - 1));
}

/* ---- What C++ calls ---- */

/* Weak: a libLLVM.so brings a C++ library of its own, and uses nothing here. */
typedef void (*new_handler_fn)(void);
new_handler_fn get_new_handler(void) __asm__("_ZSt15get_new_handlerv")
    __attribute__((weak));

/* The handler of this process ends it. */
static void *or_handler(void *object)
{
    if (!object && get_new_handler && get_new_handler())
        get_new_handler()();
    return object;
}

/* Before there is a handler nobody could do anything about it. */
static void *or_end(void *object)
{
    if (!object && !or_handler(object))
        abort();
    return object;
}

void *operator_new(size_t n_bytes) __asm__("_Znwm");
void *operator_new(size_t n_bytes)
{
    return or_end(allocate(n_bytes));
}

void *operator_new_aligned(size_t n_bytes,
                           size_t alignment) __asm__("_ZnwmSt11align_val_t");
void *operator_new_aligned(size_t n_bytes, size_t alignment)
{
    return or_end(allocate_aligned(n_bytes, alignment));
}

void *operator_new_nothrow(size_t n_bytes,
                           const void *tag) __asm__("_ZnwmRKSt9nothrow_t");
void *operator_new_nothrow(size_t n_bytes, const void *tag)
{
    (void)tag;
    return or_handler(allocate(n_bytes));
}

void *operator_new_aligned_nothrow(
    size_t n_bytes, size_t alignment,
    const void *tag) __asm__("_ZnwmSt11align_val_tRKSt9nothrow_t");
void *operator_new_aligned_nothrow(size_t n_bytes, size_t alignment,
                                   const void *tag)
{
    (void)tag;
    return or_handler(allocate_aligned(n_bytes, alignment));
}

/* delete[] and those that are told a size or an alignment come here, too:
 * what is in further registers does not matter. */
void operator_delete(void *object) __asm__("_ZdlPv");
void operator_delete(void *object)
{
    uintptr_t address = (uintptr_t)object;
    struct object *freed = object;
    size_t size;

    if (!object)
        return;
    if (!is_ours(address)) {
        free(object);
        return;
    }
    size = ((const struct span *)(address & ~(uintptr_t)(SPAN_SIZE - 1)))->size;
    freed->next = free_objects[size];
    free_objects[size] = freed;
}

#define ALIAS(name, mangled, like, parameters)                                 \
    void *name parameters __asm__(mangled) __attribute__((alias(like)));
#define ALIAS_DELETE(name, mangled)                                            \
    void name(void *object) __asm__(mangled) __attribute__((alias("_ZdlPv")));

ALIAS(operator_new_array, "_Znam", "_Znwm", (size_t n_bytes))
ALIAS(operator_new_array_aligned, "_ZnamSt11align_val_t",
      "_ZnwmSt11align_val_t", (size_t n_bytes, size_t alignment))
ALIAS(operator_new_array_nothrow, "_ZnamRKSt9nothrow_t", "_ZnwmRKSt9nothrow_t",
      (size_t n_bytes, const void *tag))
ALIAS(operator_new_array_aligned_nothrow, "_ZnamSt11align_val_tRKSt9nothrow_t",
      "_ZnwmSt11align_val_tRKSt9nothrow_t",
      (size_t n_bytes, size_t alignment, const void *tag))
ALIAS_DELETE(operator_delete_sized, "_ZdlPvm")
ALIAS_DELETE(operator_delete_aligned, "_ZdlPvSt11align_val_t")
ALIAS_DELETE(operator_delete_sized_aligned, "_ZdlPvmSt11align_val_t")
ALIAS_DELETE(operator_delete_nothrow, "_ZdlPvRKSt9nothrow_t")
ALIAS_DELETE(operator_delete_aligned_nothrow,
             "_ZdlPvSt11align_val_tRKSt9nothrow_t")
ALIAS_DELETE(operator_delete_array, "_ZdaPv")
ALIAS_DELETE(operator_delete_array_sized, "_ZdaPvm")
ALIAS_DELETE(operator_delete_array_aligned, "_ZdaPvSt11align_val_t")
ALIAS_DELETE(operator_delete_array_sized_aligned, "_ZdaPvmSt11align_val_t")
ALIAS_DELETE(operator_delete_array_nothrow, "_ZdaPvRKSt9nothrow_t")
ALIAS_DELETE(operator_delete_array_aligned_nothrow,
             "_ZdaPvSt11align_val_tRKSt9nothrow_t")
