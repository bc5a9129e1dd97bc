/* A destructor calls exit() once more: the remaining ones do not run, and its
 * status counts.
 *
 * STATUS: 11
 * OUTPUT:
 * handler
 * first
 * leaves
 */
#include <stdio.h>
#include <stdlib.h>

__attribute__((destructor(101))) static void last(void)
{
    puts("last");
}

__attribute__((destructor(102))) static void leaves(void)
{
    puts("leaves");
    exit(11);
}

__attribute__((destructor(103))) static void first(void)
{
    puts("first");
}

static void handler(void)
{
    puts("handler");
}

int main(void)
{
    atexit(handler);
    return 10;
}
