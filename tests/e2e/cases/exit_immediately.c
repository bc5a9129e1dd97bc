/* _exit() runs no handler and flushes nothing.
 *
 * STATUS: 5
 * OUTPUT:
 * written
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void handler(void)
{
    write(1, "handler\n", 8);
}

int main(void)
{
    atexit(handler);
    printf("lost in a buffer\n");
    if (write(1, "written\n", 8) != 8)
        return 1;
    _exit(5);
}
