/* Complex arithmetic calls __muldc3 and __divdc3 of the compiler's support
 * library, and cexp() of libm.
 *
 * STATUS: 0
 * OUTPUT:
 * product -5.0 10.0
 * quotient 2.2 0.4
 * e^(i pi) -1.000 0.000
 * abs 5.0
 */
#include <complex.h>
#include <math.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    volatile double one = argc;
    double complex a = one + 2 * I, b = 3 * one + 4 * I;
    double complex product = a * b, quotient = (11 * one + 2 * I) / (5 * one);
    double complex power = cexp(I * acos(-one));

    (void)argv;
    printf("product %.1f %.1f\n", creal(product), cimag(product));
    quotient = conj(b / a);
    printf("quotient %.1f %.1f\n", creal(quotient), cimag(quotient));
    printf("e^(i pi) %.3f %.3f\n", creal(power), fabs(cimag(power)));
    printf("abs %.1f\n", cabs(b));
    return 0;
}
