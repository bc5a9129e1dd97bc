/* What the compiler process tells back, in the memfd REQUEST_REPLY_FD: a
 * fixed-size record written with one pwrite when all else is done. A reply
 * that is not there, or not complete, means that the process died.
 *
 * Both ends come from one build, on one machine: the struct is sent as it is.
 */
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
