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
 * variables: see tls.h and thread_exit.h. */
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
    uint64_t image_offset; /* of the image in it, a multiple of the page size
                              of the machine that the image is for */
    uint64_t image_size;   /* bytes of the image in the file */
    uint64_t image_span;   /* address space of the image */
    uint64_t image_align;  /* of its load address, a power of two */
    uint64_t text_span;    /* of image_span, for its first segment */
};

struct tls_module;
struct thread_exit;

/* What knows the unwind table of an image. */
struct image_unwinder {
    void *remove; /* the function that makes it forget; NULL: nothing does */
    bool is_own;  /* it stays open as long as the image */
};

/* A loaded image; zero means none. Caller's storage. It may be moved until
 * load_start(), and not between that and load_release(). */
struct image {
    uint8_t *mapping; /* reservation */
    size_t mapping_size;
    uint8_t *head;      /* the file's first byte, mapped */
    size_t mapped_size; /* of the file, data and all; 0: each part by itself */
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
    struct thread_exit *exits; /* destructors of such, or NULL */
    /* For constructors; set by the caller before load_start(), borrowed for
     * good, as they may keep it. NULL: no arguments. */
    char **argv; /* NULL-terminated */
    int argc;
    /* Unwinders find the image without load_start() registering it: set
     * likewise. */
    bool is_known_to_unwinders;
    /* Asked for functions of unwinders before the process is: set likewise, or
     * NULL. What it finds stays there until load_release(). */
    void *(*find_unwinder)(const void *context, const char *name);
    const void *find_context;
    /* Set by load_start(): */
    struct image_unwinder unwinders[2];
    void *unwind_object[8];
    const struct image *next_known; /* to unwinders, see unwind_exidx.c */
};

/* The bytes of the file before the image. */
struct span load_prefix(const struct image *image);

/* Of the source only fd and file_size are known yet; *ret_image is zero. If
 * ret_image->head is NULL then, the file cannot be read this way, and the
 * caller reads its start. load_release() is due in any case. */
void load_open(const struct load_source *source, struct image *ret_image);

/* image: zero, or what load_open() made of it. CORRUPT (the image does not fit
 * the file, or pages), IO, NO_MEMORY. A file that may not be executed, as on a
 * file system mounted noexec, is copied to memory, as bytes are. On failure
 * nothing is mapped. */
enum status load_map(const struct load_source *source, struct image *image,
                     struct error *err) MUST_CHECK;

/* Address of an import, NULL if unknown. hash: the symbol_hash() of its name,
 * if the image is sound. import: its place among the imports that lib/linker
 * listed, as these come first in .dynsym. */
typedef void *(*load_resolve_fn)(void *context, const char *name, uint32_t hash,
                                 uint32_t import);

/* Told of each import that resolve did not know (weak ones are not told). The
 * result says who wants it: borrowed until load_link() returns; "" if that is
 * not known. */
typedef const char *(*load_missing_fn)(void *context, const char *name,
                                       uint32_t import);

struct load_binding {
    load_resolve_fn resolve;
    load_missing_fn missing; /* may be NULL */
    void *context;           /* of both */
};

/* CORRUPT, UNSUPPORTED (relocation type), UNRESOLVED (message names the first
 * few of them and how many more), IO, NO_MEMORY. On failure the image stays
 * mapped; release it. resolve is asked once for each import, save those that
 * are the loader's own affair: __tls_get_addr and __cxa_thread_atexit. For a
 * thread-local variable it gives the address in the calling thread. Code of
 * the image runs only where it has indirect functions (GNU ifunc). */
enum status load_link(const struct load_source *source, struct image *image,
                      const struct load_binding *binding,
                      struct error *err) MUST_CHECK;

void load_start(struct image *image);

/* Destructors of thread_local objects, too, are run for the calling thread. */
void load_stop(struct image *image);

/* Accepts an image that is zero or only mapped. Nobody may use the image or
 * its variables any more; but threads that have made C++ objects which are
 * thread_local may live on, and destroy them at their end. The memory of the
 * image is kept so long. */
void load_release(struct image *image);

/* Address in this process of [address, address + size) of the image, NULL if
 * that is outside its span. */
void *load_address(const struct image *image, uint64_t address, uint64_t size);

#endif
