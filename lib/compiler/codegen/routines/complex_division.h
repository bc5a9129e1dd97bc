/* Division of complex numbers, as C compilers call it for x / y; included by a
 * file for each type, which defines what differs:
 *
 *   DIVIDE      name of the routine
 *   TYPE        of the parts; COMPLEX: of the whole
 *   COPYSIGN    built-in function
 *   SMALLEST    normal number of TYPE; LARGEST: number
 *   SCALE       1 / epsilon, a power of two
 *   WIDE        instead of these three: a type that holds products of TYPE
 *
 * compiler-rt has these routines, too. They are here because a program must
 * print the same under bcc as elsewhere. The C standard leaves the last bits
 * open; on systems whose compilers use libgcc they follow from the algorithm
 * below, and compiler-rt's differ in four of five quotients. (Also,
 * compiler-rt's routine for long double calls libm.) A test compares them with
 * libgcc's.
 *
 *     (a + b i) / (c + d i)
 *
 * R. L. Smith's method (CACM 5, 1962) divides through by the larger of c and
 * d, so that no square overflows,
 *
 *     |d| > |c|:  r = c / d,  t = c r + d,  ((a r + b) + (b r - a) i) / t
 *
 * and for |c| >= |d| the same with a and b, c and d exchanged and the
 * imaginary part negated. M. Baudin and R. L. Smith, "A Robust Complex
 * Division in Scilab" (2012): where r is lost to underflow, a r is computed
 * as c (a / d), and operands at the ends of the range are scaled first.
 *
 * A result that is NaN in both parts may be an infinity or a zero: ISO C,
 * annex G.5.1. */
#include "routine.h"

#define IS_NAN(value)    ((value) != (value))
#define IS_FINITE(value) ((value) - (value) == 0)
#define IS_INF(value)    (!IS_FINITE(value) && !IS_NAN(value))
#define UNIT(value)      COPYSIGN(IS_INF(value) ? 1 : 0, value)
#define FABS(value)      ((value) < 0 ? -(value) : (value))

COMPLEX ROUTINE(DIVIDE)(TYPE a, TYPE b, TYPE c, TYPE d);
COMPLEX ROUTINE(DIVIDE)(TYPE a, TYPE b, TYPE c, TYPE d)
{
    const TYPE infinity = (TYPE)__builtin_inff();
    COMPLEX value;
    TYPE x, y;

#ifdef WIDE
    const WIDE p = a, q = b, u = c, v = d, t = u * u + v * v;

    x = (TYPE)((p * u + q * v) / t);
    y = (TYPE)((q * u - p * v) / t);
#else
    const TYPE low = 1 / SCALE, high = LARGEST / 2 * low;
    const int swap = !(FABS(c) < FABS(d));
    const TYPE larger = swap ? FABS(c) : FABS(d);

    if (larger >= LARGEST / 2) {
        a /= 2, b /= 2, c /= 2, d /= 2;
    } else if (larger < low ||
               (larger < high && ((FABS(a) < SMALLEST && FABS(b) < high) ||
                                  (FABS(b) < SMALLEST && FABS(a) < high)))) {
        a *= SCALE, b *= SCALE, c *= SCALE, d *= SCALE;
    }

    const TYPE p = swap ? b : a, q = swap ? a : b;
    const TYPE u = swap ? d : c, v = swap ? c : d;
    const TYPE r = u / v, t = u * r + v;

    if (FABS(r) > SMALLEST) {
        x = (p * r + q) / t;
        y = (swap ? p - q * r : q * r - p) / t;
    } else {
        x = (u * (p / v) + q) / t;
        y = (swap ? p - u * (q / v) : u * (q / v) - p) / t;
    }
#endif
    if (!IS_NAN(x) || !IS_NAN(y)) {
        /* The usual case. */
    } else if (c == 0 && d == 0 && (!IS_NAN(a) || !IS_NAN(b))) {
        x = COPYSIGN(infinity, c) * a;
        y = COPYSIGN(infinity, c) * b;
    } else if ((IS_INF(a) || IS_INF(b)) && IS_FINITE(c) && IS_FINITE(d)) {
        a = UNIT(a);
        b = UNIT(b);
        x = infinity * (a * c + b * d);
        y = infinity * (b * c - a * d);
    } else if ((IS_INF(c) || IS_INF(d)) && IS_FINITE(a) && IS_FINITE(b)) {
        c = UNIT(c);
        d = UNIT(d);
        x = 0 * (a * c + b * d);
        y = 0 * (b * c - a * d);
    }
    __real__ value = x;
    __imag__ value = y;
    return value;
}
