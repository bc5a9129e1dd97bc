/* The parts of a large module, each compiled by a process of its own. */
#ifndef BCC_TOOLS_PARTS_H
#define BCC_TOOLS_PARTS_H

#include "compile.h"

/* A make_parts_fn: runs as many processes at once as this process has CPUs.
 * Also NO_MEMORY, IO. */
enum status parts_make(size_t n_parts, part_fn make, void *context,
                       struct buffer *ret_out, struct error *err) MUST_CHECK;

#endif
