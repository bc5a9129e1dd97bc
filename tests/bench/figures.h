/* What the benchmarks share: a clock, and samples in order. */
#ifndef BCC_BENCH_FIGURES_H
#define BCC_BENCH_FIGURES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t figures_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline int figures_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static inline void figures_sort(uint64_t *samples, size_t n)
{
    qsort(samples, n, sizeof(*samples), figures_compare);
}

#endif
