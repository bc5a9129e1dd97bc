/* Files that perf reads names from. */
#ifndef BCC_DEBUG_PERF_MAP_H
#define BCC_DEBUG_PERF_MAP_H

#include "buffer.h"
#include "show_code.h"

/* Add the functions of a symbol file to /tmp/perf-PID.map, which perf report
 * reads for code in anonymous memory. Failures are not reported: the process
 * works without. */
void perf_map_add(const struct code_to_show *code, const struct buffer *file);

/* Add them, with their code, to jit-PID.dump in $JITDUMPDIR, else in /tmp, for
 * perf inject --jit. */
void perf_jitdump_add(const struct code_to_show *code,
                      const struct buffer *file);

#endif
