/* The only file of the loader that maps, protects or unmaps memory. It never
 * makes memory that is writable and executable at the same time. */
#ifndef BCC_LOADER_EXEC_MEMORY_H
#define BCC_LOADER_EXEC_MEMORY_H

#include <stdint.h>

#include "error.h"
#include "image_view.h"
#include "load.h"

/* Of the running kernel, bytes. */
uint64_t exec_memory_page_size(void);

/* Reserve memory for the bytes before the image and its span, and map the file
 * read+execute over it, from offset 0 to the end of the text. The caller has
 * checked that image_offset + image_span does not wrap, and that image_offset,
 * both spans and image_align fit the page size. IO, NO_MEMORY. */
enum status exec_memory_map(const struct load_source *source,
                            struct image *ret_image,
                            struct error *err) MUST_CHECK;

/* Bring the file's bytes to all segments of a checked view but the first. A
 * file that is cut short meanwhile is not noticed, as it is not for the text:
 * entries are replaced, never written to. IO, NO_MEMORY. */
enum status exec_memory_fill_data(const struct load_source *source,
                                  const struct image *image,
                                  const struct image_view *view,
                                  struct error *err) MUST_CHECK;

/* Map the text of a checked view as its properties ask for. IO, NO_MEMORY. */
enum status exec_memory_guard_text(const struct load_source *source,
                                   const struct image *image,
                                   const struct image_view *view,
                                   struct error *err) MUST_CHECK;

/* Make whole pages read-only for good. IO, NO_MEMORY. */
enum status exec_memory_protect(const struct load_source *source,
                                const struct image *image,
                                struct image_range pages,
                                struct error *err) MUST_CHECK;

/* Accepts an image that has no mapping. */
void exec_memory_unmap(const struct image *image);

#endif
