/* The parts of a large module, each compiled by a process of its own. */
#ifndef BCC_COMPILER_PARTS_H
#define BCC_COMPILER_PARTS_H

#include <stddef.h>

#include "buffer.h"
#include "error.h"

/* Appends what becomes of one part. Runs in a process that is a copy of the
 * caller's and ends with the call: it may change and spoil anything. */
typedef enum status (*part_fn)(void *context, size_t part, struct buffer *out,
                               struct error *err);

/* Calls make for each part, in as many processes at once as there are CPUs to
 * this one, and fills ret_out, which are n_parts initialised buffers of the
 * caller. Fails with the error of a part that failed; if LLVM gave up or its
 * process died, with COMPILE. NO_MEMORY, IO. */
enum status parts_make(size_t n_parts, part_fn make, void *context,
                       struct buffer *ret_out, struct error *err) MUST_CHECK;

#endif
