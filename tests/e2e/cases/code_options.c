/* Options that change all code: calls noted at entry and exit, no PLT,
 * endbr64, sections for each function, padded entries, and frames.
 *
 * FLAGS: -finstrument-functions -fno-plt -fcf-protection=full
 * -ffunction-sections -fdata-sections -fpatchable-function-entry=4,2
 * -fno-omit-frame-pointer -mno-red-zone -ftrivial-auto-var-init=pattern
 * STATUS: 0
 * OUTPUT:
 * 120 1 3
 * 1 1
 */
#include <stdio.h>
#include <stdlib.h>

#define UNNOTED __attribute__((no_instrument_function))

static int entered, left, deepest;

UNNOTED void __cyg_profile_func_enter(void *function, void *caller)
{
    entered += function && caller;
    if (entered - left > deepest)
        deepest = entered - left;
}

UNNOTED void __cyg_profile_func_exit(void *function, void *caller)
{
    left += function && caller;
}

__attribute__((noinline)) static int factorial(int n)
{
    return n < 2 ? 1 : n * factorial(n - 1);
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

int main(void)
{
    int numbers[] = {3, 1, 2}, result = factorial(5);

    qsort(numbers, 3, sizeof(numbers[0]), compare);
    printf("%d %d %d\n", result, numbers[0], numbers[2]);
    printf("%d %d\n", entered > 8, entered - left);
    return deepest < 2;
}
