/* The other 16-bit floating-point format. libgcc 12 has no routines for it.
 *
 * FLAGS: --rtlib=compiler-rt -Wno-unused-command-line-argument
 * STATUS: 0
 * OUTPUT:
 * float 3f80 1
 * double 4049 3.14062
 * quad c02e -2.71875
 * half 3eab 0.333984
 * sum 4084 4.125
 * product 4049 3.14062
 */
#include <stdio.h>
#include <string.h>

static volatile float single = 1.00390625f;
static volatile double wide = 3.14159265358979;
static volatile __float128 quad = -2.718281828Q;
static volatile _Float16 half = 0.333251953125f16;

static void show(const char *what, __bf16 value)
{
    unsigned short bits;

    memcpy(&bits, &value, sizeof(bits));
    printf("%s %04x %g\n", what, bits, (double)(float)value);
}

int main(void)
{
    __bf16 a = (__bf16)single, b = (__bf16)wide;

    show("float", a);
    show("double", b);
    show("quad", (__bf16)quad);
    show("half", (__bf16)(float)half);
    show("sum", a + b);
    show("product", a * b);
    return 0;
}
