/* A gigabyte of zeros with a variable at its end; only touched pages take
 * memory.
 *
 * STATUS: 0
 * OUTPUT:
 * 1 0 0 4 3
 * 4 6 0
 */
#include <stdio.h>

#define SIZE (1ul << 30)

char zeros[SIZE];
static long after[4] = {1, 2, 3, 4};
static char aligned[1 << 20] __attribute__((aligned(1 << 21)));

int main(int argc, char **argv)
{
    char *volatile middle = &zeros[SIZE / 2];

    (void)argv;
    zeros[0] = (char)argc;
    zeros[SIZE - 1] = 3;
    middle[-1] = 4;
    aligned[5] = 6;
    printf("%d %d %d %d %d\n", zeros[0], zeros[1], middle[0], middle[-1],
           middle[SIZE / 2 - 1]);
    printf("%ld %d %d\n", after[3], aligned[5],
           (int)((unsigned long)aligned % (1 << 21)));
    return 0;
}
