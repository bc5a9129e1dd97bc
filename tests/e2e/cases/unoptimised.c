/* Bitcode of clang -O0, with optnone on every function.
 *
 * FLAGS: -O0
 * STATUS: 0
 * OUTPUT:
 * 102334155
 * 2 3 5 7 11 13 17 19 23 29
 */
#include <stdio.h>

static unsigned long fibonacci(int n)
{
    unsigned long a = 0, b = 1;

    while (n-- > 0) {
        unsigned long next = a + b;

        a = b;
        b = next;
    }
    return a;
}

static int is_prime(int n)
{
    for (int i = 2; i * i <= n; i++) {
        if (n % i == 0)
            return 0;
    }
    return n > 1;
}

int main(void)
{
    printf("%lu\n", fibonacci(40));
    for (int i = 2; i <= 29; i++) {
        if (is_prime(i))
            printf("%d%c", i, i == 29 ? '\n' : ' ');
    }
    return 0;
}
