/* Complex numbers of every width: passed, returned, multiplied, divided, with
 * infinities, in structures, and to libm.
 *
 * STATUS: 0
 * OUTPUT:
 * float 1.38462 -3.92308
 * double 1.38462 -3.92308
 * long double 1.38462 -3.92308
 * structure 2.5 3.5
 * infinite 1 1
 * sqrt 1.27202 0.786151
 * exp 10.8523 -16.9014
 * pow -27.4364 19.7893
 * log 0.804719 1.10715
 * whole -7 24
 * equal 1
 */
#include <complex.h>
#include <math.h>
#include <stdio.h>

struct pair {
    float complex f;
    double complex d;
    long double complex l;
};

static volatile double opaque = 1;

#define OPERATIONS(TYPE, NAME)                                                 \
    static __attribute__((noinline)) TYPE complex NAME(TYPE complex a,         \
                                                       TYPE complex b)         \
    {                                                                          \
        return (a * b) / (a - b) + ~a;                                         \
    }
OPERATIONS(float, of_float)
OPERATIONS(double, of_double)
OPERATIONS(long double, of_long_double)

static __attribute__((noinline)) struct pair conjugate(struct pair p)
{
    p.f = conjf(p.f);
    p.d = ~p.d * I;
    p.l = p.l / 2;
    return p;
}

static void print(const char *name, long double complex z)
{
    printf("%s %.6Lg %.6Lg\n", name, creall(z), cimagl(z));
}

int main(void)
{
    double complex a = opaque + 2 * I, b = 3 - opaque * I;
    struct pair p = conjugate((struct pair){(float complex)a, b, a * b});
    double complex infinite =
        __builtin_complex((double)INFINITY, 1.0) * (a * opaque);
    _Complex int whole = 3 + 4i;

    print("float", of_float((float complex)a, (float complex)b));
    print("double", of_double(a, b));
    print("long double", of_long_double(a, b));
    print("structure", p.f + p.d + p.l);
    printf("infinite %d %d\n", isinf(creal(infinite)) != 0,
           isinf(creal(a / (opaque - 1))) != 0);
    print("sqrt", csqrt(a));
    print("exp", cexpf((float complex)b));
    print("pow", cpowl(a, b));
    print("log", clog(a));
    whole *= whole;
    printf("whole %d %d\n", __real__ whole, __imag__ whole);
    printf("equal %d\n", a == conj(~a * 1));
    return 0;
}
