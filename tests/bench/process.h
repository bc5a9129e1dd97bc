/* Running other programs: to make something, or as a side. */
#ifndef BCC_BENCH_PROCESS_H
#define BCC_BENCH_PROCESS_H

#include "bench.h"

enum { PROCESS_TEXT_SIZE = 4096 };

struct process_result {
    char out[PROCESS_TEXT_SIZE]; /* what it printed, cut to fit */
    char err[PROCESS_TEXT_SIZE];
    uint64_t wall_ns; /* from before the start until it was waited for */
    uint64_t cpu_ns;  /* its own, and of what it waited for */
    uint64_t faults;
};

/* From here on, processes whose parents have ended become children of this one,
 * with the CPU time of what they waited for. */
void process_adopt_orphans(void);

/* Wait until this process has no children. */
void process_wait_all(void);

/* CPU time of all children that were waited for. */
uint64_t process_children_ns(void);

/* Refused if it does not exit with 0. Standard input is /dev/null. */
bool process_run(const char *const *argv, struct process_result *ret_result);

#endif
