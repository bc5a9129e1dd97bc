/* The only file of the loader that maps, protects or unmaps memory. It never
 * makes memory that is writable and executable at the same time. */
#ifndef BCC_LOADER_EXEC_MEMORY_H
#define BCC_LOADER_EXEC_MEMORY_H

#include <stdint.h>

#include "error.h"
#include "image_view.h"
#include "load.h"

/* The page size of the running kernel, bytes. */
uint64_t exec_memory_page_size(void);

/* Map a whole file read+execute, of which only the size is known yet. If that
 * is impossible, *ret_image stays zero: exec_memory_map() has other ways. */
void exec_memory_open(const struct load_source *source,
                      struct image *ret_image);

/* Make the file read+execute in memory, from offset 0 to the end of the text,
 * with room for the span. The image is zero or an open file, which is kept if
 * it fits. The caller has checked that image_offset + image_span does not wrap,
 * and that image_offset, both spans and image_align fit the page size. IO,
 * NO_MEMORY. */
enum status exec_memory_map(const struct load_source *source,
                            struct image *image, struct error *err) MUST_CHECK;

/* Bring the file's bytes to all segments of a checked view but the first. A
 * file that is truncated meanwhile is not noticed, in data or in text: entries
 * are replaced, never written to. IO, NO_MEMORY. */
enum status exec_memory_fill_data(const struct load_source *source,
                                  const struct image *image,
                                  const struct image_view *view,
                                  struct error *err) MUST_CHECK;

/* Change the access of a checked view's text as its properties demand. IO,
 * NO_MEMORY. */
enum status exec_memory_guard_text(const struct load_source *source,
                                   const struct image *image,
                                   const struct image_view *view,
                                   struct error *err) MUST_CHECK;

/* Make whole pages read-only. IO, NO_MEMORY. */
enum status exec_memory_protect(const struct load_source *source,
                                const struct image *image,
                                struct image_range pages,
                                struct error *err) MUST_CHECK;

/* Also for an image without a mapping. */
void exec_memory_unmap(const struct image *image);

#endif
