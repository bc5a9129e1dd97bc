/* Recursion and bits: ways to place fifteen queens. */
#include <stdio.h>

static long place(unsigned all, unsigned columns, unsigned left, unsigned right)
{
    unsigned open = all & ~(columns | left | right);
    long ways = 0;

    if (columns == all)
        return 1;
    while (open) {
        const unsigned bit = open & -open;
        open ^= bit;
        ways +=
            place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return ways;
}

int main(void)
{
    printf("%ld\n", place((1u << 15) - 1, 0, 0, 0));
    return 0;
}
