/* Variables beyond the reach of 32-bit displacements. Natively this needs the
 * medium code model.
 *
 * FLAGS: -mcmodel=medium
 * STATUS: 0
 * OUTPUT:
 * zeros 1
 * ends 1 2 3 4
 * between them 5, pointed at 6
 * far apart 1
 * aligned 0
 */
#include <stdint.h>
#include <stdio.h>

#define GIB ((size_t)1 << 30)

static unsigned char first[3 * GIB];
static int near_zero, near_value = 5;
unsigned char second[2 * GIB];
static _Alignas(1 << 21) unsigned char aligned[GIB];
static unsigned char *const inside = &first[2 * GIB + 12345];

int main(int argc, char **argv)
{
    volatile unsigned char *from = argc ? first : second;
    volatile unsigned char *to = argc ? second : first;

    (void)argv;
    printf("zeros %d\n", !from[0] && !from[3 * GIB - 1] && !to[GIB] &&
                             !near_zero && !*inside);
    from[0] = 1;
    from[3 * GIB - (size_t)argc] = 2;
    to[0] = 3;
    to[2 * GIB - (size_t)argc] = 4;
    printf("ends %d %d %d %d\n", first[0], first[3 * GIB - 1], second[0],
           second[2 * GIB - 1]);
    *inside = (unsigned char)(near_value + argc);
    printf("between them %d, pointed at %d\n", near_value,
           first[2 * GIB + 12345]);
    printf("far apart %d\n", (uintptr_t)to - (uintptr_t)from >= 2 * GIB);
    aligned[GIB - (size_t)argc] = 1;
    printf("aligned %d\n", (int)((uintptr_t)aligned % (1 << 21)));
    return 0;
}
