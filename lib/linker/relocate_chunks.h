/* Fifth pass: the bytes of the inputs, with their relocations applied. */
#ifndef BCC_LINKER_RELOCATE_CHUNKS_H
#define BCC_LINKER_RELOCATE_CHUNKS_H

#include "link_state.h"

/* Copies every chunk of an input to its place in the image and applies what
 * can be applied now. OUT_OF_RANGE. */
enum status relocate_chunks(struct link *link, struct error *err) MUST_CHECK;

#endif
