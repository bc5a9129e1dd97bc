/* The program defines the value that guards the stack, and the function that is
 * called when it was overwritten.
 *
 * FLAGS: -fstack-protector-all -mstack-protector-guard=global -fno-pie -no-pie
 * STATUS: 3
 * OUTPUT:
 * smashed
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

uintptr_t __stack_chk_guard = 0x12345678;

__attribute__((no_stack_protector)) void __stack_chk_fail(void)
{
    puts("smashed");
    exit(3);
}

__attribute__((noinline)) void smash(void)
{
    *(volatile uintptr_t *)&__stack_chk_guard = 1;
}

__attribute__((no_stack_protector)) int main(void)
{
    smash();
    return 0;
}
