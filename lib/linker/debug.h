/* Debug information: an ELF file of its own beside the image. */
#ifndef BCC_LINKER_DEBUG_H
#define BCC_LINKER_DEBUG_H

#include "link_state.h"

/* Fills link.result.debug if any input has debug information. The image is
 * finished. CORRUPT, UNSUPPORTED, OUT_OF_RANGE. */
enum status debug_write(struct link *link, struct error *err) MUST_CHECK;

#endif
