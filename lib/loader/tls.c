/* A thread finds its block of an image by two numbers of the image.
 *
 *   GOT of an image           struct tls_module        of each thread
 *   module | offset           slot, serial             tls_own.vector
 *      \_____________________ template ...                |
 *                                             slot:  serial | address
 *
 * Slots are reused when an image is gone; serials never are. If the serial of a
 * block is not the image's, the image's block does not exist yet, and the slow
 * path makes it from the template.
 *
 * Access rules: only its own thread reads and replaces tls_own.vector. The
 * entries of a vector are written under the lock, either by its thread, for an
 * image in use, or by the thread that frees an image, which is then no longer
 * in use. The two never write the same entry. So a thread reads its own entries
 * without the lock while other threads free images that it does not use. All
 * vectors are in one list, so that a thread that frees an image finds them.
 *
 * Besides struct image, the loader's only state is this, a pthread key (the C
 * library uses it to tell that a thread ends), and the state of thread_exit.c.
 * None of it exists before the first image with thread-local variables.
 *
 * In the child of a fork() the lock may be held by a thread that no longer
 * exists. After fork() of a process with threads only async-signal-safe
 * functions are allowed, and a first access to a thread-local variable is not
 * one.
 *
 * References: "ELF Handling For Thread-Local Storage" (Drepper), 3.4.2 and
 * 4.1.1. */
#include "tls.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "load_machine.h"
#include "tls_descriptor.h"

struct tls_module {
    uint64_t serial; /* never 0 */
    uint32_t slot;
    const uint8_t *template; /* in the image, relocated */
    size_t file_size;        /* bytes of the template */
    size_t memory_size;      /* bytes of a block, the rest is zero */
    size_t align;            /* a power of two */
    size_t skew;             /* a block's address modulo align */
    struct tls_module *next; /* used, or free */
};

struct tls_block {
    uint64_t serial; /* 0: no block */
    uint8_t *address;
    void *memory; /* as it was allocated */
};

/* The blocks of one thread. */
struct tls_vector {
    struct tls_vector *next;
    struct tls_vector **link; /* the pointer to this vector */
    uint32_t n_blocks;
    struct tls_block blocks[];
};

#if MACHINE_HAS_TLS_DESCRIPTOR
/* ORDER TLS VECTOR */
_Static_assert(offsetof(struct tls_vector, n_blocks) == TLS_VECTOR_N_BLOCKS &&
                   offsetof(struct tls_vector, blocks) +
                           offsetof(struct tls_block, address) ==
                       TLS_VECTOR_ADDRESS &&
                   sizeof(struct tls_block) == 8 * TLS_VECTOR_BLOCK_WORDS,
               "as in tls_descriptor_MACHINE.S");
#endif

static struct {
    pthread_mutex_t lock;
    struct tls_vector *vectors;
    struct tls_module *used_modules;
    struct tls_module *free_modules; /* each keeps its slot */
    uint32_t n_slots;
    uint64_t last_serial;
    bool has_key;
    pthread_key_t key; /* any value: the thread has had a vector */
} all = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    /* Not zero: all of this is on a page of zeros, which in most processes only
     * forget_threads() would touch. */
    .last_serial = 1,
};

/* initial-exec: found from the thread pointer without a call, so libobcc.so
 * itself needs no __tls_get_addr, and does not depend on ld.so. */
__thread struct tls_own {
    struct tls_vector *vector; /* NULL: no block yet */
    unsigned n_exit_calls;     /* of on_thread_exit() */
} tls_own __attribute__((tls_model("initial-exec")));

/* ---- Threads ---- */

/* Call with the lock held. */
static void unlink_vector(struct tls_vector *vector)
{
    *vector->link = vector->next;
    if (vector->next)
        vector->next->link = vector->link;
}

static void link_vector(struct tls_vector *vector)
{
    vector->next = all.vectors;
    vector->link = &all.vectors;
    if (vector->next)
        vector->next->link = &vector->next;
    all.vectors = vector;
}

static void free_own_vector(void)
{
    struct tls_vector *vector = tls_own.vector;

    if (!vector)
        return;
    tls_own.vector = NULL;
    unlink_vector(vector);
    for (uint32_t i = 0; i < vector->n_blocks; i++)
        free(vector->blocks[i].memory);
    free(vector);
}

/* The C library calls the destructors of all keys in rounds, as long as one of
 * them sets a value. Other destructors may use thread-local variables, too, and
 * should see them unchanged: so the blocks are kept until the last round but
 * one. Blocks that are used after that are made again, and freed in the last
 * round. (C++ destructors of thread_local objects run before all rounds.) */
static void on_thread_exit(void *value)
{
    pthread_mutex_lock(&all.lock);
    if (++tls_own.n_exit_calls >= PTHREAD_DESTRUCTOR_ITERATIONS - 1)
        free_own_vector();
    else if (all.has_key)
        (void)pthread_setspecific(all.key, value);
    pthread_mutex_unlock(&all.lock);
}

/* If libobcc.so is unloaded, no thread may call on_thread_exit() any more. At
 * exit this does no harm. Vectors that other threads still have are lost, but
 * blocks are not: those belong to images. */
__attribute__((destructor)) static void forget_threads(void)
{
    /* Without a key no thread has a vector. */
    if (!all.has_key)
        return;
    pthread_mutex_lock(&all.lock);
    pthread_key_delete(all.key);
    all.has_key = false;
    if (!all.used_modules)
        free_own_vector();
    pthread_mutex_unlock(&all.lock);
}

/* ---- Blocks ---- */

/* Make room for the slot in this thread's vector; with the lock held. The old
 * vector is valid until the new one is in its place, because a signal handler
 * may read variables at any moment. */
static bool reserve_slot(uint32_t slot)
{
    struct tls_vector *old = tls_own.vector;
    struct tls_vector *vector;
    uint32_t n_blocks = 4;

    if (old && slot < old->n_blocks)
        return true;
    while (n_blocks <= slot)
        n_blocks *= 2;
    vector = calloc(1, sizeof(*vector) + n_blocks * sizeof(vector->blocks[0]));
    if (!vector)
        return false;
    vector->n_blocks = n_blocks;
    if (old) {
        memcpy(vector->blocks, old->blocks,
               old->n_blocks * sizeof(old->blocks[0]));
        unlink_vector(old);
    }
    link_vector(vector);
    atomic_signal_fence(memory_order_release);
    tls_own.vector = vector;
    atomic_signal_fence(memory_order_release);
    free(old);
    /* If the key takes no value, the blocks last until the image is freed. */
    if (!old && all.has_key)
        (void)pthread_setspecific(all.key, &tls_own);
    return true;
}

/* By calloc() and not aligned_alloc(): untouched pages of a large block cost
 * nothing. */
static bool make_block(const struct tls_module *module,
                       struct tls_block *ret_block)
{
    const size_t room = module->align + module->skew;
    uint8_t *memory = calloc(1, module->memory_size + room);
    uintptr_t start = (uintptr_t)memory;

    if (!memory)
        return false;
    start = ((start + module->align - 1) & ~(module->align - 1)) + module->skew;
    *ret_block = (struct tls_block){
        .serial = module->serial,
        .address = memory + (start - (uintptr_t)memory),
        .memory = memory,
    };
    if (module->file_size)
        memcpy(ret_block->address, module->template, module->file_size);
    return true;
}

static bool add_block(const struct tls_module *module)
{
    struct tls_block block;
    bool reserved;

    if (!make_block(module, &block))
        return false;
    pthread_mutex_lock(&all.lock);
    reserved = reserve_slot(module->slot);
    if (reserved)
        tls_own.vector->blocks[module->slot] = block;
    pthread_mutex_unlock(&all.lock);
    if (!reserved)
        free(block.memory);
    return reserved;
}

static inline const struct tls_block *
find_block(const struct tls_module *module)
{
    const struct tls_vector *vector = tls_own.vector;
    const struct tls_block *block;

    if (!vector || module->slot >= vector->n_blocks)
        return NULL;
    block = &vector->blocks[module->slot];
    return block->serial == module->serial ? block : NULL;
}

static __attribute__((noinline)) void *
get_addr_slowly(const struct tls_index *index)
{
    const struct tls_module *module = (const void *)index->module;

    if (index->module < TLS_LOWEST_MODULE_ADDRESS)
        return tls_host_get_addr(index);
    if (!add_block(module))
        __builtin_trap();
    return find_block(module)->address + index->offset + MACHINE_DTV_OFFSET;
}

void *tls_get_addr(const struct tls_index *index)
{
    if (index->module >= TLS_LOWEST_MODULE_ADDRESS) {
        const struct tls_block *block = find_block((const void *)index->module);

        if (block)
            return block->address + index->offset + MACHINE_DTV_OFFSET;
    }
    return get_addr_slowly(index);
}

void *tls_own_block(const struct tls_module *module)
{
    const struct tls_block *block = find_block(module);

    return block ? block->address : NULL;
}

/* ---- Descriptors ---- */

#if MACHINE_HAS_TLS_DESCRIPTOR

/* This bit of a slot number means: the number is a module of the C library. */
#define HOST_MODULE (UINT32_C(1) << 31)

static const struct tls_module *find_module(uint32_t slot)
{
    const struct tls_module *module;

    pthread_mutex_lock(&all.lock);
    module = all.used_modules;
    while (module->slot != slot)
        module = module->next;
    pthread_mutex_unlock(&all.lock);
    return module;
}

void *tls_descriptor_find(uint64_t argument)
{
    const uint32_t slot = (uint32_t)(argument >> 32);
    const uintptr_t offset = (uintptr_t)(int32_t)argument - MACHINE_DTV_OFFSET;
    struct tls_index index = {slot & ~HOST_MODULE, offset};

    if (!(slot & HOST_MODULE))
        index.module = (uintptr_t)find_module(slot);
    return tls_get_addr(&index);
}

uint32_t tls_descriptor_slot(uintptr_t module)
{
    return module >= TLS_LOWEST_MODULE_ADDRESS
               ? ((const struct tls_module *)module)->slot
               : (uint32_t)module | HOST_MODULE;
}

#endif

/* ---- Images ---- */

/* Call with the lock held. */
static enum status make_key(const char *name, struct error *err)
{
    int os_errno;

    if (all.has_key)
        return STATUS_OK;
    os_errno = pthread_key_create(&all.key, on_thread_exit);
    if (os_errno)
        return error_set_os(err, os_errno,
                            "%s: pthread key for thread-local variables", name);
    all.has_key = true;
    return STATUS_OK;
}

static enum status take_module(const char *name, struct tls_module **ret_module,
                               struct error *err)
{
    struct tls_module *module = all.free_modules;
    enum status status = make_key(name, err);

    if (status)
        return status;
    if (module) {
        all.free_modules = module->next;
    } else {
        module = malloc(sizeof(*module));
        if (!module)
            return error_no_memory(err);
        module->slot = all.n_slots++;
    }
    module->serial = ++all.last_serial;
    module->next = all.used_modules;
    all.used_modules = module;
    *ret_module = module;
    return STATUS_OK;
}

enum status tls_create(const struct image_view *view,
                       struct tls_module **ret_module, struct error *err)
{
    const struct image_tls *tls = &view->tls;
    struct tls_module *module;
    enum status status;

    pthread_mutex_lock(&all.lock);
    status = take_module(view->name, &module, err);
    pthread_mutex_unlock(&all.lock);
    if (status)
        return status;
    module->template = view->base + tls->address;
    module->file_size = (size_t)tls->file_size;
    module->memory_size = (size_t)tls->memory_size;
    module->align = (size_t)tls->align;
    module->skew = (size_t)(tls->address & (tls->align - 1));
    *ret_module = module;
    return STATUS_OK;
}

enum status tls_prepare(struct tls_module *module, const char *name,
                        struct error *err)
{
    if (find_block(module) || add_block(module))
        return STATUS_OK;
    return error_set(err, STATUS_NO_MEMORY,
                     "%s: no memory for %zu bytes of thread-local variables",
                     name, module->memory_size);
}

/* Call with the lock held. */
static void free_blocks(const struct tls_module *module)
{
    struct tls_vector *vector = all.vectors;

    for (; vector; vector = vector->next) {
        struct tls_block *block;

        if (module->slot >= vector->n_blocks)
            continue;
        block = &vector->blocks[module->slot];
        if (block->serial != module->serial)
            continue;
        free(block->memory);
        *block = (struct tls_block){.serial = 0};
    }
}

/* Call with the lock held. */
static void unlink_module(const struct tls_module *module)
{
    struct tls_module **link = &all.used_modules;

    while (*link != module)
        link = &(*link)->next;
    *link = module->next;
}

void tls_free(struct tls_module *module)
{
    if (!module)
        return;
    pthread_mutex_lock(&all.lock);
    free_blocks(module);
    unlink_module(module);
    module->next = all.free_modules;
    all.free_modules = module;
    /* If no module is left, slots are counted from 0 again. */
    while (!all.used_modules && all.free_modules) {
        module = all.free_modules;
        all.free_modules = module->next;
        free(module);
        all.n_slots = 0;
    }
    pthread_mutex_unlock(&all.lock);
}
