/* exit() far below main() runs the handlers, newest first, and flushes stdout's
 * buffer.
 *
 * STATUS: 23
 * OUTPUT:
 * working
 * second handler
 * first handler
 */
#include <stdio.h>
#include <stdlib.h>

static void first(void)
{
    printf("first handler\n");
}

static void second(void)
{
    printf("second handler\n");
}

static __attribute__((noinline)) void work(int depth)
{
    if (depth == 0) {
        printf("working\n");
        exit(23);
    }
    work(depth - 1);
    printf("not reached\n");
}

int main(void)
{
    atexit(first);
    atexit(second);
    work(10);
    return 0;
}
