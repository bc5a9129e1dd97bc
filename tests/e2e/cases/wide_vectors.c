/* Vectors of 8 to 64 bytes, passed, returned, in memory and as variable
 * arguments, whatever registers the machine has; masks of bits, components by
 * name, conversions and reductions.
 *
 * FLAGS: -Wno-psabi
 * STATUS: 0
 * OUTPUT:
 * 36 32
 * x 4 1 -16
 * 40
 * 1 3 30 1, 1
 * 1 5 57, 25
 * 4 4 8
 * 0 255 63
 * 64 5
 * 0110
 * 4
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef int v2i __attribute__((vector_size(8)));
typedef double v4d __attribute__((vector_size(32)));
typedef float v16f __attribute__((vector_size(64)));
typedef uint8_t v64u __attribute__((vector_size(64)));
typedef int64_t v8l __attribute__((vector_size(64)));
typedef float float4 __attribute__((ext_vector_type(4)));
typedef int int4 __attribute__((ext_vector_type(4)));
typedef int int3 __attribute__((ext_vector_type(3)));
typedef char char4 __attribute__((ext_vector_type(4)));
typedef _Bool bool8 __attribute__((ext_vector_type(8)));

struct holder {
    char tag;
    v4d d;
    v16f f;
};

static struct holder initialised = {
    'x', {1, 2, 3, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static v64u bytes;

static __attribute__((noinline)) v16f add(v16f a, v4d b, v2i c, v8l d)
{
    a[0] += (float)(b[3] + c[1] + (double)d[7]);
    return a * 2;
}

static __attribute__((noinline)) struct holder turn(struct holder h)
{
    h.d = __builtin_shufflevector(h.d, h.d, 3, 2, 1, 0);
    h.f = -h.f;
    return h;
}

static __attribute__((noinline)) double sum(int n, ...)
{
    va_list list;
    double total = 0;

    va_start(list, n);
    while (n--) {
        v4d v = va_arg(list, v4d);
        total += v[0] + v[3] + va_arg(list, int);
    }
    va_end(list);
    return total;
}

static __attribute__((noinline)) int count(bool8 mask)
{
    int n = 0;

    for (int i = 0; i < 8; i++)
        n += mask[i];
    return n;
}

int main(int argc, char **argv)
{
    v16f (*volatile pointer)(v16f, v4d, v2i, v8l) = add;
    v8l sevens = (v8l){} + 7;
    v16f f = pointer(initialised.f, initialised.d, (v2i){5, 6}, sevens);
    struct holder h = turn(initialised);
    float4 x = {1, 2, 3, (float)argc};
    int3 three = {7, 8, 9};
    bool8 mask = {1, 0, 1, 1, 0, (_Bool)argc, 0, 0}, other;
    int4 truncated;
    v64u copy;

    (void)argv;
    printf("%g %g\n", (double)f[0], (double)f[15]);
    printf("%c %g %g %g\n", h.tag, h.d[0], h.d[3], (double)h.f[15]);
    printf("%g\n", sum(2, initialised.d, 10, h.d, 20));
    x.xy = x.wz;
    x.s2 *= 10;
    printf("%g %g %g %g, %g\n", (double)x.x, (double)x.y, (double)x.z,
           (double)x.w, (double)x.hi.y);
    truncated = __builtin_convertvector(x * 1.9f, int4);
    printf("%d %d %d, %d\n", truncated.x, truncated.y, truncated.z,
           three.z + (int)sizeof(three));
    other = ~mask;
    printf("%d %d %d\n", count(mask), count(other), count(mask | other));
    for (int i = 0; i < 64; i++)
        bytes[i] = (uint8_t)(i * argc);
    copy = bytes > 50;
    printf("%d %d %d\n", copy[50], copy[51], __builtin_reduce_max(bytes));
    printf("%d %d\n", __builtin_reduce_add(truncated),
           __builtin_elementwise_abs((int4){-5, 1, 2, 3}).x);
    truncated = x > 2.0f ? (int4)1 : (int4)0;
    printf("%d%d%d%d\n", truncated.x, truncated.y, truncated.z, truncated.w);
    memset(&copy, 1, sizeof(copy));
    printf("%d\n",
           __builtin_reduce_add(__builtin_convertvector(
               __builtin_shufflevector(copy, copy, 0, 1, 2, 3), char4)));
    return 0;
}
