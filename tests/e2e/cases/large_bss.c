/* 192 MiB of zeroed memory cost nothing until they are touched, and each page
 * is zero when it is.
 *
 * STATUS: 0
 * OUTPUT:
 * zero 1
 * sum 1225
 * small 42
 */
#include <stdio.h>
#include <string.h>

static unsigned char huge[192u << 20];
static int small_value = 42;
static long aligned_value __attribute__((aligned(65536)));

int main(void)
{
    size_t step = sizeof(huge) / 50;
    unsigned sum = 0;
    int zero = aligned_value == 0;

    for (size_t i = 0; i < sizeof(huge); i += step)
        zero &= huge[i] == 0;
    printf("zero %d\n", zero && ((unsigned long)&aligned_value & 65535) == 0);
    for (unsigned i = 0; i < 50; i++)
        huge[i * step] = (unsigned char)i;
    for (size_t i = 0; i < sizeof(huge); i += step)
        sum += huge[i];
    printf("sum %u\n", sum);
    printf("small %d\n", small_value);
    return 0;
}
