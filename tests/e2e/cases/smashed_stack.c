/* The stack protector detects a buffer overrun, and libc ends the program.
 *
 * FLAGS: -fstack-protector-all
 * STATUS: signal 6
 */
#include <string.h>

static __attribute__((noinline)) void overrun(volatile unsigned *size)
{
    char buffer[16];

    memset(buffer, 'x', *size);
    __asm__ volatile("" : : "r"(buffer) : "memory");
}

int main(void)
{
    volatile unsigned size = 64;

    overrun(&size);
    return 0;
}
