/* Thread-local variables of images: one block of memory per thread and image,
 * made at the first access by the thread. */
#ifndef BCC_LOADER_TLS_H
#define BCC_LOADER_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "image_view.h"

/* The words of the GOT for a variable (ELF TLS ABI, "General Dynamic"). module
 * is the address of a struct tls_module, or the small number by which the C
 * library knows one of its modules. */
struct tls_index {
    uintptr_t module;
    uintptr_t offset; /* in the module's block */
};

struct tls_variable {
    const char *name;        /* borrowed from the image, for messages */
    struct tls_index index;  /* the same in all threads */
    bool has_fixed_distance; /* distance is the same in all threads, too */
    uintptr_t distance;      /* from the thread pointer, modulo 2^64 */
};

/* Module numbers of the C library are lower: it numbers the libraries that have
 * thread-local variables from 1, and nothing is ever mapped there. */
#define TLS_LOWEST_MODULE_ADDRESS ((uintptr_t)1 << 16)

struct tls_module;

/* Make the module of an image with a PT_TLS; its address is the module word.
 * NO_MEMORY, IO (the process has no pthread key left). */
enum status tls_create(const struct image_view *view,
                       struct tls_module **ret_module,
                       struct error *err) MUST_CHECK;

/* Make the calling thread's block, once the image is relocated, so that no
 * access in this thread can run out of memory. name is for the message.
 * NO_MEMORY. */
enum status tls_prepare(struct tls_module *module, const char *name,
                        struct error *err) MUST_CHECK;

/* The block of the calling thread; NULL: it has not used any variable yet. */
void *tls_own_block(const struct tls_module *module);

/* Free the blocks of all threads. Accepts NULL. */
void tls_free(struct tls_module *module);

/* Images import this as __tls_get_addr. Thread-safe. The first access of a
 * thread to an image is not async-signal-safe (as in libc), later ones are. If
 * there is no memory for a block, a trap ends the thread, because compiled code
 * cannot get an error. */
void *tls_get_addr(const struct tls_index *index);

#endif
