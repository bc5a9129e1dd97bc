/* The x87 format: passed on the stack, returned on the x87 stack, and its
 * extra bits seen.
 *
 * STATUS: 0
 * OUTPUT:
 * 1.0000000000000000001 64
 * 0.333333333333333333342
 * 2432902008176640000
 */
#include <float.h>
#include <stdio.h>

static __attribute__((noinline)) long double third(long double value)
{
    return value / 3;
}

static __attribute__((noinline)) long double factorial(int n)
{
    return n < 2 ? 1 : n * factorial(n - 1);
}

int main(int argc, char **argv)
{
    long double one = argc;

    (void)argv;
    printf("%.19Lf %d\n", one + LDBL_EPSILON, LDBL_MANT_DIG);
    printf("%.21Lf\n", third(one));
    printf("%.0Lf\n", factorial(19 + argc));
    return 0;
}
