/* Vector types and loops that vectorise: constants, shuffles, and the tails.
 *
 * STATUS: 0
 * OUTPUT:
 * dot 70.0
 * shuffle 4 3 2 1
 * saxpy 3 5 7 ... 401
 * bytes 32896
 */
#include <stdint.h>
#include <stdio.h>

typedef float vector4 __attribute__((vector_size(16)));
typedef int integer4 __attribute__((vector_size(16)));

static float x[200], y[200];
static uint8_t bytes[257];

static __attribute__((noinline)) float dot(vector4 a, vector4 b)
{
    vector4 product = a * b;

    return product[0] + product[1] + product[2] + product[3];
}

static __attribute__((noinline)) void saxpy(float a, int n)
{
    for (int i = 0; i < n; i++)
        y[i] += a * x[i];
}

int main(void)
{
    vector4 a = {1, 2, 3, 4}, b = {5, 6, 7, 8};
    integer4 reversed = __builtin_shufflevector((integer4){1, 2, 3, 4},
                                                (integer4){0}, 3, 2, 1, 0);
    unsigned sum = 0;

    printf("dot %.1f\n", (double)dot(a, b));
    printf("shuffle %d %d %d %d\n", reversed[0], reversed[1], reversed[2],
           reversed[3]);
    for (int i = 0; i < 200; i++) {
        x[i] = (float)(i + 1);
        y[i] = 1;
    }
    saxpy(2, 200);
    printf("saxpy %.0f %.0f %.0f ... %.0f\n", (double)y[0], (double)y[1],
           (double)y[2], (double)y[199]);
    for (int i = 0; i < 257; i++)
        bytes[i] = (uint8_t)i;
    for (int i = 0; i < 257; i++)
        sum += bytes[i] + (i == 256 ? 256u : 0);
    printf("bytes %u\n", sum);
    return 0;
}
