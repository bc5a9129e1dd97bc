/* The search table of the unwind tables: .eh_frame_hdr. */
#ifndef BCC_LINKER_EH_FRAME_HDR_H
#define BCC_LINKER_EH_FRAME_HDR_H

#include "link_state.h"

enum {
    EH_FRAME_HDR_HEAD_SIZE = 12,
    EH_FRAME_HDR_ROW_SIZE = 8,
};

/* Writes it. OUT_OF_RANGE if code is too far from it. */
enum status eh_frame_hdr_write(const struct link *link,
                               struct error *err) MUST_CHECK;

#endif
