/* Recursion: calls and returns, and little else. */
#include <stdio.h>

static int ackermann(int m, int n)
{
    if (m == 0)
        return n + 1;
    if (n == 0)
        return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}

static int fibonacci(int n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

int main(void)
{
    int sum = 0;

    for (int i = 0; i < 4; i++)
        sum += ackermann(3, 9);
    printf("%d %d\n", sum, fibonacci(41));
    return 0;
}
