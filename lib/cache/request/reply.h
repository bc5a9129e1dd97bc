/* The reply of the compiler process, in the memfd REQUEST_REPLY_FD: one record
 * of fixed size, written with one pwrite after all other work. If the reply is
 * missing or incomplete, the process died.
 *
 * Both ends come from the same build and run on the same machine, so the struct
 * is sent as it is. */
#ifndef BCC_CACHE_REPLY_H
#define BCC_CACHE_REPLY_H

#include <stdint.h>

#include "error.h"

enum { REPLY_MAGIC = 0x31594c50 }; /* "PLY1" */

/* ORDER REPLY STAGES: also the names in reports. */
enum reply_stage {
    REPLY_READ,
    REPLY_LINK_BITCODE,
    REPLY_OPTIMISE,
    REPLY_EMIT,
    REPLY_LINK_IMAGE,
    REPLY_WRITE,
    REPLY_N_STAGES
};

struct reply {
    uint32_t magic; /* REPLY_MAGIC */
    int32_t status; /* enum status */
    int32_t os_errno;
    uint32_t reserved;
    uint64_t stage_ns[REPLY_N_STAGES];
    char message[ERROR_MESSAGE_SIZE]; /* "" on success */
};

#endif
