/* Printing. */
#include "program.h"

#include <string.h>

/* ORDER UNITS */
const char *const unit_bytes = "bytes", *const unit_bits = "bits";
const char *const unit_none = "";

void report_words(struct word *const *words, const struct sort_order *order)
{
    size_t n = (size_t)options.top < n_words ? (size_t)options.top : n_words;

    printf("%s %zu of %zu words:\n", order->title, n, n_words);
    for (size_t i = 0; i < n; i++)
        printf("%6u %-*s|\n", words[i]->count, 16, words[i]->text);
}

void report_statistics(struct word *const *words)
{
    for (size_t i = 0; i < n_statistics; i++) {
        const struct statistic *s = &statistics[i];

        printf("%-20s %12.6f %s\n", s->name, s->compute(words, n_words),
               *s->unit);
    }
}

static const char *length_class(size_t length)
{
    switch (length) {
    case 0:
    case 1:
        return "letter";
    case 2:
    case 3:
        return "short";
    case 4:
    case 5:
    case 6:
        return "middle";
    case 7:
    case 8:
    case 9:
        return "long";
    default:
        return "very long";
    }
}

void report_histogram(struct word *const *words)
{
    unsigned count[32] = {0};
    char bar[41];

    for (size_t i = 0; i < n_words; i++)
        count[words[i]->length < 31 ? words[i]->length : 31]++;
    for (size_t length = 0; length < 32; length++) {
        size_t size = count[length] < 40 ? count[length] : 40;

        if (!count[length])
            continue;
        memset(bar, '#', size);
        bar[size] = '\0';
        printf("%2zu %-9s %s\n", length, length_class(length), bar);
    }
}
