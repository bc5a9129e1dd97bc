/* Handlers that register more handlers, one that gets the status, and text that
 * is still in a buffer when the program ends.
 *
 * STATUS: 3
 * OUTPUT:
 * main
 * handler
 * given while ending, status 3, argument text
 * , then the destructor, all in a buffer
 */
#include <stdio.h>
#include <stdlib.h>

static void last(void)
{
    printf("given while ending, ");
}

static void handler(void)
{
    puts("handler");
    atexit(last);
}

static void with_status(int status, void *argument)
{
    printf("status %d, argument %s\n", status, (const char *)argument);
}

__attribute__((destructor)) static void destructor(void)
{
    printf(", then the destructor, all in a buffer\n");
}

int main(void)
{
    static char buffer[256]; /* is read after main() */

    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
    on_exit(with_status, (void *)"text");
    atexit(handler);
    puts("main");
    return 3;
}
