/* Floating point to and from text: exact digits, rounding, hexadecimal,
 * extremes, and strtod() of the results.
 *
 * STATUS: 0
 * OUTPUT:
 * 0.1 0.10000000000000001 0x1.999999999999ap-4
 * 1e+308 4.9406564584124654e-324
 * 0 2 2 -0
 * 123456.789 1.234568e+05 123457
 * -0.000 +inf nan
 * 3.141592653589793239
 * round trip 1
 * float 0.100000001 16777216
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    volatile double tenth = argc / 10.0;
    char text[64];

    (void)argv;
    printf("%g %.17g %a\n", tenth, tenth, tenth);
    printf("%g %.17g\n", tenth * 1e309L > 1 ? 1e308 : 0, 4.94e-324);
    printf("%.0f %.0f %.0f %.0f\n", 0.5 * argc, 1.5 * argc, 2.5 * argc,
           -0.5 * argc);
    printf("%.3f %e %G\n", 123456.789, 123456.789, 123456.789);
    printf("%.3f %+f %f\n", -0.0 * argc, INFINITY * argc, fabs(NAN));
    printf("%.18Lf\n", 3.14159265358979323846L);
    snprintf(text, sizeof(text), "%.17g", tenth);
    printf("round trip %d\n", strtod(text, NULL) == tenth);
    printf("float %.9g %.0f\n", (double)(float)tenth, (double)16777217.0f);
    return 0;
}
