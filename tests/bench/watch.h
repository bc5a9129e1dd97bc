/* The CPU time that others use while rounds run. */
#ifndef BCC_BENCH_WATCH_H
#define BCC_BENCH_WATCH_H

#include <stdbool.h>
#include <sys/types.h>

/* CPUs that others kept busy, or that the host of a virtual machine took: on
 * average, and in the worst second. */
struct watch_load {
    double mean, worst;
};

/* The process is one of ours, though it is not waited for before the end. */
void watch_add(pid_t pid);
void watch_remove_all(void);

void watch_begin(void);
void watch_tick(void); /* once a round */
void watch_end(void);

/* Between the last begin and end. */
struct watch_load watch_load(void);

/* Too much of it to compare times: on average or for a while. */
bool watch_is_busy(struct watch_load load);

#endif
