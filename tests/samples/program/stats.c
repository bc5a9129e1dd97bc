/* Figures about the words, with libm. */
#include "program.h"

#include <math.h>

static double mean_length(struct word *const *words, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)words[i]->length * words[i]->count;
    return n_occurrences ? sum / (double)n_occurrences : 0;
}

static double deviation(struct word *const *words, size_t n)
{
    double mean = mean_length(words, n), sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += pow((double)words[i]->length - mean, 2) * words[i]->count;
    return n_occurrences ? sqrt(sum / (double)n_occurrences) : 0;
}

static double entropy(struct word *const *words, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double p = (double)words[i]->count / (double)n_occurrences;

        sum -= p * log2(p);
    }
    return sum;
}

static double geometric_mean(struct word *const *words, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += log((double)words[i]->length);
    return n ? exp(sum / (double)n) : 0;
}

/* Exponent s of Zipf's law, count = c / rank^s, from first and last rank. */
static double zipf(struct word *const *words, size_t n)
{
    unsigned most = 0, least = ~0u;

    for (size_t i = 0; i < n; i++) {
        most = words[i]->count > most ? words[i]->count : most;
        least = words[i]->count < least ? words[i]->count : least;
    }
    return n > 1 ? log((double)most / least) / log((double)n) : NAN;
}

/* ORDER UNITS: a pointer to another file's pointer, in constant data. */
const struct statistic statistics[] = {
    {"mean length", mean_length, &unit_bytes},
    {"standard deviation", deviation, &unit_bytes},
    {"geometric mean", geometric_mean, &unit_bytes},
    {"entropy", entropy, &unit_bits},
    {"zipf exponent", zipf, &unit_none},
};
const size_t n_statistics = sizeof(statistics) / sizeof(statistics[0]);
