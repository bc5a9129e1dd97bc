/* 16-bit floating point: converted by routines where the CPU has none.
 *
 * STATUS: 0
 * OUTPUT:
 * product 3.375000 3
 * overflow inf
 * small 0.000000059605
 * long double 1.099609 2.250000
 * integers 123.000000 -7 2
 */
#include <stdio.h>

static volatile _Float16 a = 1.5f16, b = 2.25f16;
static volatile double large = 1e300, small = 6e-8;
static volatile long double extended = 1.1L;
static volatile __int128 wide = 123;

int main(void)
{
    _Float16 product = a * b;
    long double back = b;

    printf("product %f %d\n", (double)product, (int)product);
    printf("overflow %f\n", (double)(_Float16)large);
    printf("small %.12f\n", (double)(_Float16)small);
    printf("long double %f %Lf\n", (double)(_Float16)extended, back);
    printf("integers %f %d %d\n", (double)(_Float16)wide,
           (int)(__int128)(_Float16)-7.5f, (int)(unsigned __int128)b);
    return 0;
}
