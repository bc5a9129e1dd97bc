/* Ten thousand records, each with four pointers to be relocated, in a ring.
 *
 * STATUS: 0
 * OUTPUT:
 * records 10000, functions 10000, sum 50006000
 */
#include <stdio.h>

enum { N_RECORDS = 10000 };

struct record {
    const struct record *next;
    int (*function)(int);
    const char *text;
    const int *number;
};

static const int numbers[4] = {0, 1, 2, 3};

static int twice(int x)
{
    return 2 * x;
}

extern const struct record records[N_RECORDS];

/* clang-format off */
#define R1(i) {&records[((i) + 1) % N_RECORDS], twice, #i, &numbers[(i) % 4]},
#define R10(i)                                                                 \
    R1(i)                                                                      \
    R1(i + 1)                                                                  \
    R1(i + 2)                                                                  \
    R1(i + 3) R1(i + 4) R1(i + 5) R1(i + 6) R1(i + 7) R1(i + 8) R1(i + 9)
#define R100(i)                                                                \
    R10(i)                                                                     \
    R10(i + 10)                                                                \
    R10(i + 20)                                                                \
    R10(i + 30) R10(i + 40) R10(i + 50) R10(i + 60) R10(i + 70) R10(i + 80)    \
        R10(i + 90)
#define R1000(i)                                                               \
    R100(i)                                                                    \
    R100(i + 100)                                                              \
    R100(i + 200)                                                              \
    R100(i + 300) R100(i + 400) R100(i + 500) R100(i + 600) R100(i + 700)      \
        R100(i + 800) R100(i + 900)

const struct record records[N_RECORDS] = {
    R1000(0) R1000(1000) R1000(2000) R1000(3000) R1000(4000)
    R1000(5000) R1000(6000) R1000(7000) R1000(8000) R1000(9000)
};
/* clang-format on */

int main(void)
{
    const struct record *volatile start = records;
    const struct record *at = start;
    long n = 0, n_functions = 0, sum = 0;

    do {
        n++;
        n_functions += at->function == twice;
        sum += at->function((int)n) / 2 + *at->number - (int)((n - 1) % 4) +
               (at->text[0] == '0');
        at = at->next;
    } while (at != start);
    printf("records %ld, functions %ld, sum %ld\n", n, n_functions, sum);
    return 0;
}
