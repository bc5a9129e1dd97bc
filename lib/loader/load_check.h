/* Would the loader accept an image? No code of the image runs. The compiler
 * process calls this, so that it publishes no image that cannot be loaded. */
#ifndef BCC_LOADER_LOAD_CHECK_H
#define BCC_LOADER_LOAD_CHECK_H

#include <stdint.h>

#include "error.h"
#include "span.h"

/* Bytes; see struct load_source. */
struct load_check_image {
    const char *name; /* for messages */
    struct span bytes;
    uint64_t span;
    uint64_t text_span;
};

/* Find the errors of load_link() that do not depend on the imports, with the
 * same messages: CORRUPT, UNSUPPORTED. If there is no address space for the
 * image, as below a limit, the result is OK. */
enum status load_check(const struct load_check_image *image,
                       struct error *err) MUST_CHECK;

#endif
