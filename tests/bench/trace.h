/* Counts the system calls of a side. */
#ifndef BCC_BENCH_TRACE_H
#define BCC_BENCH_TRACE_H

#include "bench.h"

/* In a child of this process, with ptrace(): those of the enter and of the
 * leave phase, of the process itself or, for side->is_process, of all that it
 * starts. Both are left alone where tracing is not permitted. */
void trace_count(const struct bench_side *side, long *ret_enter,
                 long *ret_leave);

#endif
