/* libm is found without an option, in all precisions.
 *
 * STATUS: 0
 * OUTPUT:
 * sin 0.841470984808
 * cosf 0.540302
 * pow 1024.000000000000
 * log10 3.000000000000
 * tgamma 24.000000000000
 * erf 0.842700792950
 * fmod 1.500000000000
 * hypot 5.000000000000
 * cbrt -3.000000000000
 * frexp 0.640625 4
 * lgamma 12.801827480081
 * remquo -1.000 3
 * expl 2.718281828459
 * nan inf -inf 1 0
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    volatile double one = argc; /* so that nothing is folded */
    int exponent, quotient;
    double part;

    (void)argv;
    printf("sin %.12f\n", sin(one));
    printf("cosf %.6f\n", (double)cosf((float)one));
    printf("pow %.12f\n", pow(2 * one, 10));
    printf("log10 %.12f\n", log10(1000 * one));
    printf("tgamma %.12f\n", tgamma(5 * one));
    printf("erf %.12f\n", erf(one));
    printf("fmod %.12f\n", fmod(6.5 * one, 2.5));
    printf("hypot %.12f\n", hypot(3 * one, 4));
    printf("cbrt %.12f\n", cbrt(-27 * one));
    part = frexp(10.25 * one, &exponent);
    printf("frexp %f %d\n", part, exponent);
    printf("lgamma %.12f\n", lgamma(10 * one));
    part = remquo(8 * one, 3, &quotient);
    printf("remquo %.3f %d\n", part, quotient);
    printf("expl %.12Lf\n", expl((long double)one));
    printf("%.0f %.0f %.0f %d %d\n", fabs(sqrt(-one)), 1 / (one - 1),
           -1 / (one - 1), isnan(sqrt(-one)) != 0, isfinite(1 / (one - 1)));
    return 0;
}
