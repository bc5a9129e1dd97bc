/* _Float16, rounded at each step, in structures, vectors and variable
 * arguments; __bf16, which libgcc 12 cannot round, is read and passed.
 *
 * STATUS: 0
 * OUTPUT:
 * 6 -4 32752 3
 * 1.5 12
 * 0.333251953 0.333984375 1.00195312
 * 1.50097656
 * -3.88867188 1.33300781
 * 1 333
 * 1
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef _Float16 half8 __attribute__((vector_size(16)));

struct halves {
    _Float16 x, y, z;
    __bf16 b;
};

static volatile float opaque = 1;
static struct halves table[2] = {{1.5f16, -2, 65504, (__bf16)3.0f}};

static __attribute__((noinline)) struct halves twice(struct halves h)
{
    h.x += h.x;
    h.y *= 2;
    h.z /= 2;
    h.x += (_Float16)(float)h.b;
    return h;
}

static __attribute__((noinline)) half8 scale(half8 v, _Float16 by)
{
    return v * by + (half8){1, 2, 3, 4, 5, 6, 7, 8};
}

static __attribute__((noinline)) _Float16 sum(int n, ...)
{
    va_list list;
    _Float16 total = 0;

    va_start(list, n);
    while (n--)
        total += (_Float16)va_arg(list, double);
    va_end(list);
    return total;
}

int main(void)
{
    struct halves h = twice(table[0]);
    half8 v = scale((half8){1, 2, 3, 4, 5, 6, 7, 8}, (_Float16)(opaque / 2));
    _Float16 third = (_Float16)opaque / 3;
    _Complex _Float16 z = third + 2.0f16i;
    unsigned short bits = (unsigned short)(opaque * 0x3eab);
    __bf16 b;

    memcpy(&b, &bits, sizeof(b));
    printf("%g %g %g %g\n", (double)h.x, (double)h.y, (double)h.z, (double)h.b);
    printf("%g %g\n", (double)v[0], (double)v[7]);
    printf("%.9g %.9g %.9g\n", (double)third, (double)b, (double)b * 3);
    printf("%.9g\n", (double)sum(3, 1.0, 0.5, 0.001));
    z *= z;
    printf("%.9g %.9g\n", (double)__real__ z, (double)__imag__ z);
    printf("%d %d\n", third < (_Float16)0.3334f, (int)(third * 1000));
    printf("%d\n", (int)__builtin_isinf(
                       (float)((_Float16)60000 * (_Float16)opaque * 2)));
    return 0;
}
