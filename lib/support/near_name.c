#include "near_name.h"

enum { MAX_NAME = 40 };

unsigned near_name_distance(const char *a, size_t a_size, const char *b,
                            size_t b_size)
{
    unsigned row[MAX_NAME + 1];

    if (a_size > MAX_NAME || b_size > MAX_NAME)
        return MAX_NAME;
    for (size_t j = 0; j <= b_size; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_size; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_size; j++) {
            const unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            const unsigned less = row[j] < row[j - 1] ? row[j] : row[j - 1];

            diagonal = row[j];
            row[j] = less + 1 < change ? less + 1 : change;
        }
    }
    return row[b_size];
}
