/* Thread-local variables of images: one block of memory per thread and image,
 * made at the first access by the thread. */
#ifndef BCC_LOADER_TLS_H
#define BCC_LOADER_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "image_view.h"
#include "load.h"

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

/* ---- Variables that images import from the process and its libraries ---- */

/* Find the module of the variable that is at address for the calling thread.
 * (Its name is left NULL.) False: it is in no library of the C library's
 * loader, or that cannot tell the address in other threads. */
bool tls_host_find(const void *address, struct tls_variable *ret_variable);

/* For index.module below TLS_LOWEST_MODULE_ADDRESS. Module 0 belongs to no
 * library, and the offset is the address: so a missing weak variable is at
 * 0. */
void *tls_host_get_addr(const struct tls_index *index);

/* ---- Destructors at the end of a thread ---- */

/* The destructors of one image that are yet to run. */
struct thread_exit;

/* The function that an image gets for an import of this name, or NULL. */
void *thread_exit_find(const char *name);

/* For the image at base, if it imports such a function. NO_MEMORY. */
enum status thread_exit_create(const void *base, struct thread_exit **ret_exits,
                               struct error *err) MUST_CHECK;

/* Run the destructors of the calling thread, newest first. Accepts NULL. */
void thread_exit_run(struct thread_exit *exits);

/* Free image->exits and all memory of the image: at once, or after the last
 * destructor that another thread has yet to run. */
void thread_exit_release(const struct image *image);

#endif
