#include "statistics.h"

#include <stdlib.h>
#include <string.h>

#include "bench.h"

static size_t rank(size_t n, unsigned percent)
{
    const size_t above = (n * percent + 99) / 100;

    return above ? above - 1 : 0;
}

static void *copy(const void *values, size_t n, size_t size)
{
    void *sorted = malloc(n * size);

    if (!n || !sorted)
        bench_die("no values, or no memory for them");
    return memcpy(sorted, values, n * size);
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

uint64_t percentile(const uint64_t *values, size_t n, unsigned percent)
{
    uint64_t *sorted = copy(values, n, sizeof(*values)), found;

    qsort(sorted, n, sizeof(*sorted), compare);
    found = sorted[rank(n, percent)];
    free(sorted);
    return found;
}

static int compare_real(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double percentile_real(const double *values, size_t n, unsigned percent)
{
    double *sorted = copy(values, n, sizeof(*values)), found;

    qsort(sorted, n, sizeof(*sorted), compare_real);
    found = sorted[rank(n, percent)];
    free(sorted);
    return found;
}
