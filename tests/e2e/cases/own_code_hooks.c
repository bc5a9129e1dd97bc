/* Generated code calls functions, and reads variables, that no source refers
 * to: a hook at each function's entry, a thunk for each indirect call, the
 * value that guards the stack. They are the program's own here.
 *
 * FLAGS: -pg -mfentry -mretpoline -mretpoline-external-thunk
 * -fstack-protector-all -mstack-protector-guard=global -fno-pie -no-pie STATUS:
 * 3 OUTPUT: 4 entries, 2 indirect calls smashed
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define PLAIN __attribute__((no_instrument_function, no_stack_protector))

uintptr_t __stack_chk_guard = 0x12345678;
int n_entries, n_indirect;

PLAIN void __stack_chk_fail(void)
{
    puts("smashed");
    exit(3);
}

__attribute__((naked)) PLAIN void __fentry__(void)
{
    __asm__("incl n_entries(%rip)\n\tret");
}

__attribute__((naked)) PLAIN void __x86_indirect_thunk_r11(void)
{
    __asm__("incl n_indirect(%rip)\n\tjmp *%r11");
}

__attribute__((noinline)) int twice(int x)
{
    return 2 * x;
}

__attribute__((noinline)) void smash(void)
{
    *(volatile uintptr_t *)&__stack_chk_guard = 1;
}

PLAIN int main(void)
{
    int (*volatile function)(int) = twice;

    printf("%d entries, %d indirect calls\n",
           function(1) + function(0) + n_entries, n_indirect);
    smash();
    return 0;
}
