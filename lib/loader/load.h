/* An ELF image in a file or in memory becomes running code (map, bind,
 * relocate, protect, initialise), and is removed again.
 *
 * The image was made by lib/linker (see link_image.h for its segments), but it
 * is not trusted: every address, size and index is checked against the mapping
 * before it is used. So a damaged image can be refused, and the loader itself
 * never reads or writes outside the mapping.
 *
 *   load_open()    maps a file, for the caller to read the bytes before the
 *                  image.
 *   load_map()     reserves memory for these bytes and for the image's span,
 *                  with the file read+execute up to the end of the text.
 *   load_link()    fills in data, binds imports, relocates data and protects
 *                  RELRO.
 *   load_start()   registers the unwind table and runs constructors.
 *   load_stop()    runs destructors and deregisters the unwind table.
 *   load_release() unmaps.
 *
 * No memory is writable and executable at the same time. There may be any
 * number of instances, in any thread. Only one thread at a time uses one
 * instance, but any number may run its code. The loader allocates no memory,
 * takes no lock and has no global state, except for images with thread-local
 * variables: see tls.h. */
#ifndef BCC_LOADER_LOAD_H
#define BCC_LOADER_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "span.h"

/* The place of an image: an open file, or bytes in memory with the content of
 * such a file. */
struct load_source {
    bool is_copied;        /* code of a file, too, goes to anonymous memory */
    int fd;                /* borrowed during load_map() and load_link() */
    const uint8_t *bytes;  /* if fd is -1: the file's content, borrowed
                              likewise */
    const char *name;      /* for messages, borrowed likewise */
    uint64_t file_size;    /* bytes of the file */
    uint64_t image_offset; /* of the image in the file; a multiple of its
                              machine's page size */
    uint64_t image_size;   /* bytes of the image in the file */
    uint64_t image_span;   /* address space of the image */
    uint64_t image_align;  /* of its load address, a power of two */
    uint64_t text_span;    /* of image_span, for the first segment */
};

struct tls_module;
struct thread_exit;

/* An unwinder that knows the unwind table of an image. */
struct image_unwinder {
    void *remove; /* the function that deregisters the table; NULL: there is
                     none */
    bool is_own;  /* it stays open as long as the image */
};

/* A loaded image, in the caller's storage; zero: none. It must not be moved
 * between load_start() and load_release(). */
struct image {
    uint8_t *mapping; /* reservation */
    size_t mapping_size;
    uint8_t *head;      /* the file's first byte, mapped */
    size_t mapped_size; /* bytes of the file from head, data included; 0: each
                           part has a mapping */
    uint8_t *base;      /* image address 0 */
    uint64_t span;
    uint64_t text_span;
    uint64_t image_size;
    /* Found by load_link(), image addresses: */
    uint64_t init_array, init_array_size; /* bytes */
    uint64_t fini_array, fini_array_size;
    uint64_t eh_frame;          /* 0: none */
    uint64_t exidx, exidx_size; /* bytes; 0: none */
    bool started;
    bool registers_at_exit;    /* imports __cxa_atexit: finalize on stop */
    struct tls_module *tls;    /* thread-local variables, or NULL */
    struct thread_exit *exits; /* their destructors, or NULL */
    /* For constructors. The caller sets it before load_start(); it is borrowed
     * for good, as constructors may keep it. NULL: no arguments. */
    char **argv; /* NULL-terminated */
    int argc;
    /* Set before load_start(), too. Unwinders find the image by themselves, and
     * load_start() does not register it. */
    bool is_known_to_unwinders;
    /* Set before load_start(), too, or NULL: finds functions of unwinders
     * before the process is searched. They must stay loaded until
     * load_release(). */
    void *(*find_unwinder)(const void *context, const char *name);
    const void *find_context;
    /* Set by load_start(): */
    struct image_unwinder unwinders[2];
    void *unwind_object[8];
    const struct image *next_known; /* to unwinders, see unwind_exidx.c */
};

/* The bytes of the file before the image. */
struct span load_prefix(const struct image *image);

/* Of the source only fd and file_size are used; *ret_image is zero. If
 * ret_image->head is NULL afterwards, the file could not be mapped this way,
 * and the caller reads its start. Call load_release() in any case. */
void load_open(const struct load_source *source, struct image *ret_image);

/* image: zero, or from load_open(). CORRUPT (the image does not fit the file,
 * or pages), IO, NO_MEMORY. A file that may not be executed, as on a file
 * system mounted noexec, is copied to memory, like bytes. On failure nothing is
 * mapped. */
enum status load_map(const struct load_source *source, struct image *image,
                     struct error *err) MUST_CHECK;

/* The address of an import, or NULL. hash: the symbol_hash() of its name, if
 * the image is sound. import: its number among the imports that lib/linker
 * listed, which come first in .dynsym. */
typedef void *(*load_resolve_fn)(void *context, const char *name, uint32_t hash,
                                 uint32_t import);

/* Called for each import that resolve did not find, except weak ones. Returns
 * the user of the import: borrowed until load_link() returns; "" if unknown. */
typedef const char *(*load_missing_fn)(void *context, const char *name,
                                       uint32_t import);

struct load_binding {
    load_resolve_fn resolve;
    load_missing_fn missing; /* may be NULL */
    void *context;           /* of both */
};

/* CORRUPT, UNSUPPORTED (relocation type), UNRESOLVED (the message names the
 * first missing imports and the number of others), IO, NO_MEMORY. On failure
 * the image stays mapped; release it. resolve is called once for each import,
 * except for those that the loader supplies: __tls_get_addr and
 * __cxa_thread_atexit. For a thread-local variable it returns the address in
 * the calling thread. Code of the image runs only if it has indirect functions
 * (GNU ifunc). */
enum status load_link(const struct load_source *source, struct image *image,
                      const struct load_binding *binding,
                      struct error *err) MUST_CHECK;

void load_start(struct image *image);

/* Also runs the calling thread's destructors of thread_local objects. */
void load_stop(struct image *image);

/* Also for an image that is zero or only mapped. The image and its variables
 * must not be used any more. But other threads that have thread_local C++
 * objects of the image may still run: they destroy these objects at their end,
 * and the image's memory is kept until then. */
void load_release(struct image *image);

/* The address in this process of [address, address + size) of the image. NULL:
 * outside its span. */
void *load_address(const struct image *image, uint64_t address, uint64_t size);

#endif
