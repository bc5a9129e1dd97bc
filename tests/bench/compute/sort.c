/* Calls through the C library and back: qsort(3), then a sort of our own. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 1 << 20 };

static uint32_t numbers[N];

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void fill(uint32_t state)
{
    for (int i = 0; i < N; i++)
        numbers[i] = state = state * 1664525u + 1013904223u;
}

static void sort(uint32_t *low, uint32_t *high)
{
    while (high - low > 1) {
        const uint32_t pivot = low[(high - low) / 2];
        uint32_t *i = low, *j = high - 1;
        while (i <= j) {
            while (*i < pivot)
                i++;
            while (*j > pivot)
                j--;
            if (i <= j) {
                const uint32_t t = *i;
                *i++ = *j;
                *j-- = t;
            }
        }
        sort(low, j + 1);
        low = i;
    }
}

int main(void)
{
    uint32_t sum = 0;

    for (uint32_t round = 0; round < 4; round++) {
        fill(round);
        qsort(numbers, N, sizeof(*numbers), compare);
        sum ^= numbers[N / 3];
        fill(round + 100);
        sort(numbers, numbers + N);
        sum ^= numbers[N / 2];
    }
    printf("%08x\n", sum);
    return 0;
}
