/* Relocates an image's data for this process: adds the load address to the
 * image's own addresses and stores the addresses of imports. */
#ifndef BCC_LOADER_RELOCATE_H
#define BCC_LOADER_RELOCATE_H

#include "bind.h"
#include "error.h"
#include "image_view.h"

/* Apply all relocations of binder->view, whose segments are mapped at base, and
 * check that constructors and destructors are in the text. Calls functions of
 * the image only if it has indirect functions and nothing is missing. CORRUPT,
 * UNSUPPORTED, UNRESOLVED. */
enum status relocate(struct binder *binder, uint8_t *base,
                     struct error *err) MUST_CHECK;

#endif
