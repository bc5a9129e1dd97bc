/* Variables and functions aligned to more than a page keep their alignment.
 *
 * STATUS: 0
 * OUTPUT:
 * page 0, 64 KiB 0, constant 0, 2 MiB 0, function 0
 * values 0 1 r 0 14
 */
#include <stdint.h>
#include <stdio.h>

_Alignas(4096) char page[4096];
_Alignas(65536) static char wide[10] = {1};
_Alignas(8192) const char constant[] = "r";
_Alignas(2097152) char huge[16];

__attribute__((aligned(4096), noinline)) int twice(int x)
{
    return 2 * x;
}

static int rest(const void *volatile address, uintptr_t align)
{
    return (int)((uintptr_t)address % align);
}

int main(void)
{
    printf("page %d, 64 KiB %d, constant %d, 2 MiB %d, function %d\n",
           rest(page, 4096), rest(wide, 65536), rest(constant, 8192),
           rest(huge, 2097152), rest((const void *)twice, 4096));
    printf("values %d %d %c %d %d\n", page[4095], wide[0], constant[0],
           huge[15], twice(7));
    return 0;
}
