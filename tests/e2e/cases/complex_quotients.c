/* Complex numbers of all sizes: products and quotients to the last bit, as
 * the routines of the compiler's support library have it.
 *
 * STATUS: 0
 * OUTPUT:
 * float product 0x1.83d70cp+2 -0x1.fae148p+2
 * float quotient 0x1.a41a44p-4 -0x1.b13b14p-1
 * double product 0x1.83d70a3d70a3ep+2 -0x1.fae147ae147aep+2
 * double quotient 0x1.a41a41a41a418p-4 -0x1.b13b13b13b13bp-1
 * the other way 0x1.2121212121213p-3 0x1.2a2a2a2a2a2a2p+0
 * long double product 0xc.1eb851eb851eb86p-1 -0xf.d70a3d70a3d70a4p-1
 * long double quotient 0xd.20d20d20d20d20ep-7 -0xd.89d89d89d89d89ep-4
 * quad quotient 0x1.a41a41a41a41ap-4 -0x1.b13b13b13b13cp-1
 * quad product 0x1.83d70a3d70a3ep+2 -0x1.fae147ae147aep+2
 * infinite inf -inf
 * by zero inf -inf
 * into infinity 0x0p+0 -0x0p+0
 * ends of the range 0x0p+0 -0x1p+0
 * beyond 0x0p+0 0x1p+0
 */
#include <complex.h>
#include <stdio.h>

static volatile float f[4] = {1.1f, -2.7f, 3.3f, 0.9f};
static volatile double d[4] = {1.1, -2.7, 3.3, 0.9};
static volatile long double e[4] = {1.1L, -2.7L, 3.3L, 0.9L};
static volatile double infinity = 1e308, zero;

static void show(const char *what, double complex value)
{
    printf("%s %a %a\n", what, creal(value), cimag(value));
}

int main(void)
{
    float complex fx = __builtin_complex(f[0], f[1]),
                  fy = __builtin_complex(f[2], f[3]);
    double complex dx = __builtin_complex(d[0], d[1]),
                   dy = __builtin_complex(d[2], d[3]);
    long double complex ex = __builtin_complex(e[0], e[1]),
                        ey = __builtin_complex(e[2], e[3]);
    long double complex eq = ex / ey, ep = ex * ey;
    double complex inf = __builtin_complex(infinity * 10, 1.0);
    __float128 product = 1;

    show("float product", fx * fy);
    show("float quotient", fx / fy);
    show("double product", dx * dy);
    show("double quotient", dx / dy);
    show("the other way", dy / dx);
    printf("long double product %La %La\n", creall(ep), cimagl(ep));
    printf("long double quotient %La %La\n", creall(eq), cimagl(eq));
    {
        _Complex __float128 qx, qy, q;

        __real__ qx = d[0] * product;
        __imag__ qx = d[1];
        __real__ qy = d[2];
        __imag__ qy = d[3];
        q = qx / qy;
        show("quad quotient",
             __builtin_complex((double)__real__ q, (double)__imag__ q));
        q = qx * qy;
        show("quad product",
             __builtin_complex((double)__real__ q, (double)__imag__ q));
    }
    show("infinite", inf * dx);
    show("by zero", dx / __builtin_complex(zero, zero));
    show("into infinity", dx / inf);
    show("ends of the range",
         __builtin_complex(1e300, 1e-300) / __builtin_complex(1e-300, 1e300));
    show("beyond", __builtin_complex(infinity, infinity) /
                       __builtin_complex(infinity, -infinity));
    return 0;
}
