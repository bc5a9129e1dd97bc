/* Addresses and file offsets for all that the image holds. */
#ifndef BCC_LINKER_LAYOUT_H
#define BCC_LINKER_LAYOUT_H

#include "link_state.h"

enum {
    /* Text, RELRO, data; TLS, DYNAMIC, GNU_RELRO, GNU_EH_FRAME, GNU_STACK */
    LAYOUT_USUAL_PROGRAM_HEADERS = 8,
    /* Two segments of large sections. */
    LAYOUT_MAX_PROGRAM_HEADERS = 10
};

/* Sizes are final. Sets addresses and offsets of outputs, segments, span,
 * align, file_end. OUT_OF_RANGE, UNSUPPORTED. */
enum status layout_place(struct link *link, struct error *err) MUST_CHECK;

#endif
