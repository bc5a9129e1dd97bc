/* Generated code calls functions that no source refers to: a hook at each
 * function's entry, a thunk for each indirect call. Here the program defines
 * them.
 *
 * FLAGS: -pg -mfentry -mretpoline -mretpoline-external-thunk
 * STATUS: 0
 * OUTPUT:
 * 6: 2 entries, 2 indirect calls
 */
#include <stdio.h>

int n_entries, n_indirect;

__attribute__((naked, no_instrument_function)) void __fentry__(void)
{
    __asm__("incl n_entries(%rip)\n\tret");
}

__attribute__((naked, no_instrument_function)) void
__x86_indirect_thunk_r11(void)
{
    __asm__("incl n_indirect(%rip)\n\tjmp *%r11");
}

__attribute__((noinline)) int twice(int x)
{
    return 2 * x;
}

__attribute__((no_instrument_function)) int main(void)
{
    int (*volatile function)(int) = twice;
    int sum = function(1);

    sum += function(2);
    printf("%d: %d entries, %d indirect calls\n", sum, n_entries, n_indirect);
    return 0;
}
