/* quick_exit() runs its own handlers, newest first, and nothing else.
 *
 * STATUS: 9
 * OUTPUT:
 * second
 * first
 */
#include <stdio.h>
#include <stdlib.h>

static void first(void)
{
    puts("first");
    fflush(stdout);
}

static void second(void)
{
    puts("second");
}

static void never(void)
{
    puts("never");
    fflush(stdout);
}

__attribute__((destructor)) static void destructor(void)
{
    never();
}

int main(void)
{
    atexit(never);
    at_quick_exit(first);
    at_quick_exit(second);
    quick_exit(9);
}
