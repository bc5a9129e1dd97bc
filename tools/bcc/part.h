/* A part of an entry, as a file. */
#ifndef BCC_TOOL_PART_H
#define BCC_TOOL_PART_H

#include "error.h"
#include "span.h"

/* Write the file; "-": standard output. A file that exists is replaced, not
 * changed: processes may have it mapped. */
enum status part_write(struct span part, const char *path,
                       struct error *err) MUST_CHECK;

#endif
