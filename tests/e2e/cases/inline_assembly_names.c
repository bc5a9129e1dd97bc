/* Inline assembly names a function that no C code refers to.
 *
 * STATUS: 0
 * OUTPUT:
 * result 42
 */
#include <stdio.h>

int only_for_assembly(void)
{
    return 42;
}

int main(void)
{
    int result;

    __asm__ volatile("call only_for_assembly"
                     : "=a"(result)
                     :
                     : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
                       "memory", "cc");
    printf("result %d\n", result);
    return 0;
}
