/* The part of an image's ELF headers that a loader needs, checked.
 *
 * The headers are not trusted. When both functions below have returned
 * STATUS_OK, each range of the view lies inside one segment, is aligned for its
 * entries, holds a whole number of them, and does not change while it is read.
 * So later passes walk it without further checks. */
#ifndef BCC_LOADER_IMAGE_VIEW_H
#define BCC_LOADER_IMAGE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "span.h"

/* lib/linker makes three; GNU ld four at most for any shared object. */
enum { IMAGE_VIEW_MAX_SEGMENTS = 16 };

/* A thread has a block for each image. No program needs more than these bounds;
 * a damaged number does. */
enum { IMAGE_VIEW_MAX_TLS_SIZE = 1 << 30, IMAGE_VIEW_MAX_TLS_ALIGN = 1 << 20 };

/* A PT_LOAD. Addresses here and below are image addresses. */
struct image_segment {
    uint64_t address;
    uint64_t memory_size; /* bytes */
    uint64_t file_offset; /* from the start of the image */
    uint64_t file_size;   /* bytes, <= memory_size */
    bool writable;
};

struct image_range {
    uint64_t address;
    uint64_t size; /* bytes, 0: the image has none */
};

/* PT_TLS. Its bytes of the file lie in one segment; memory_size 0: the image
 * has none. A block has the template's address modulo align. */
struct image_tls {
    uint64_t address;
    uint64_t file_size;   /* bytes, <= memory_size */
    uint64_t memory_size; /* bytes, <= IMAGE_VIEW_MAX_TLS_SIZE */
    uint64_t align;       /* a power of two <= IMAGE_VIEW_MAX_TLS_ALIGN */
};

struct image_view {
    const char *name; /* for messages, borrowed */
    const uint8_t *base;
    uint64_t page_size;
    /* From the program headers. segments[0] is at address 0 and the only one
     * that is executable; all are ascending and share no page. */
    struct image_segment segments[IMAGE_VIEW_MAX_SEGMENTS];
    size_t n_segments;
    struct image_range relro; /* whole pages, shared with nothing else */
    struct image_range dynamic;
    struct image_tls tls;
    uint64_t eh_frame; /* address in segments[0], 0: the image has none */
    struct image_range exidx;    /* ARM only, in segments[0] */
    struct image_range property; /* PT_GNU_PROPERTY */
    uint32_t features;           /* its row of type MACHINE_PROPERTY; 0: none */
    /* From PT_DYNAMIC, in segments that are never written to: */
    struct image_range relr;
    struct image_range relocs; /* of type machine_reloc, like the next */
    struct image_range plt_relocs;
    struct image_range strings; /* ends with a NUL */
    uint64_t symbols;           /* address of symbol 0 */
    uint64_t n_symbols;         /* at most: those that fit in the segment */
    /* The same, in any segment: */
    struct image_range init_array;
    struct image_range fini_array;
};

/* The place of an image whose headers were not read yet. Sizes are bytes; spans
 * are whole pages. */
struct image_space {
    const uint8_t *base;
    uint64_t image_size; /* in the file */
    uint64_t text_span;  /* from base; holds the file's bytes, as far as there
                            are any */
    uint64_t span;       /* address space */
    uint64_t page_size;
};

/* Read the program headers of an image of which only segment 0 is mapped.
 * CORRUPT, UNSUPPORTED. */
enum status image_view_read_headers(const char *name,
                                    const struct image_space *space,
                                    struct image_view *ret_view,
                                    struct error *err) MUST_CHECK;

/* Read PT_DYNAMIC once all segments are mapped. CORRUPT, UNSUPPORTED. */
enum status image_view_read_dynamic(struct image_view *view,
                                    struct error *err) MUST_CHECK;

/* The segment that holds all of [address, address + size), NULL if none. */
const struct image_segment *image_view_find(const struct image_view *view,
                                            uint64_t address, uint64_t size);

#endif
