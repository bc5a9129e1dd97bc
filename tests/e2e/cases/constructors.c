/* Constructors run before main(), by priority; destructors after it and after
 * the handlers of atexit().
 *
 * STATUS: 4
 * OUTPUT:
 * constructor 101
 * constructor 102
 * constructor
 * main 3
 * handler
 * destructor
 * destructor 102
 * destructor 101
 */
#include <stdio.h>
#include <stdlib.h>

static int n_ran;

__attribute__((constructor)) static void last(void)
{
    puts("constructor");
    n_ran++;
}

__attribute__((constructor(102))) static void second(void)
{
    puts("constructor 102");
    n_ran++;
}

__attribute__((constructor(101))) static void first(void)
{
    puts("constructor 101");
    n_ran++;
}

__attribute__((destructor)) static void undo_last(void)
{
    puts("destructor");
}

__attribute__((destructor(102))) static void undo_second(void)
{
    puts("destructor 102");
}

__attribute__((destructor(101))) static void undo_first(void)
{
    puts("destructor 101");
}

static void handler(void)
{
    puts("handler");
}

int main(void)
{
    atexit(handler);
    printf("main %d\n", n_ran);
    return n_ran + 1;
}
