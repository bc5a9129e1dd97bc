/* abort() ends the process with SIGABRT; no handler of atexit() runs.
 *
 * STATUS: signal 6
 */
#include <stdio.h>
#include <stdlib.h>

static void handler(void)
{
    puts("handler");
    fflush(stdout);
}

int main(void)
{
    atexit(handler);
    abort();
}
