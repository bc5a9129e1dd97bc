/* A loop that the compiler makes of scalable vectors. */
#include <stdio.h>

static int values[100];

__attribute__((noinline)) static int sum(const int *at, int n)
{
    int total = 0;

    for (int i = 0; i < n; i++)
        total += at[i];
    return total;
}

int main(void)
{
    for (int i = 0; i < 100; i++)
        ((volatile int *)values)[i] = i;
    printf("sum %d\n", sum(values, 100));
    return 0;
}
