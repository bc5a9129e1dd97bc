/* Percentiles, by the nearest rank. */
#ifndef BCC_BENCH_STATISTICS_H
#define BCC_BENCH_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* The smallest value that percent of all are not above. The order of values is
 * left alone. n > 0. */
uint64_t percentile(const uint64_t *values, size_t n, unsigned percent);
double percentile_real(const double *values, size_t n, unsigned percent);

#endif
