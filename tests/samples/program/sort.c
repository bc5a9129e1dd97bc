/* Orders of the word list; each is total, so that output is always the same. */
#include "program.h"

#include <string.h>

static int by_word(const void *a, const void *b)
{
    const struct word *const *left = a, *const *right = b;

    return strcmp((*left)->text, (*right)->text);
}

static int by_count(const void *a, const void *b)
{
    const struct word *const *left = a, *const *right = b;

    if ((*left)->count != (*right)->count)
        return (*left)->count < (*right)->count ? 1 : -1;
    return by_word(a, b);
}

static int by_length(const void *a, const void *b)
{
    const struct word *const *left = a, *const *right = b;

    if ((*left)->length != (*right)->length)
        return (*left)->length < (*right)->length ? 1 : -1;
    return by_word(a, b);
}

const struct sort_order sort_orders[] = {
    {"count", by_count, "most frequent"},
    {"word", by_word, "alphabetical"},
    {"length", by_length, "longest"},
};
const size_t n_sort_orders = sizeof(sort_orders) / sizeof(sort_orders[0]);

const struct sort_order *sort_order_find(const char *name)
{
    for (size_t i = 0; i < n_sort_orders; i++) {
        if (strcmp(sort_orders[i].name, name) == 0)
            return &sort_orders[i];
    }
    return NULL;
}
