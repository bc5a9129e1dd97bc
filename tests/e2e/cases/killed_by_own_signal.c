/* A program that kills itself with SIGTERM dies of SIGTERM.
 *
 * STATUS: signal 15
 * OUTPUT:
 * before
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    puts("before");
    fflush(stdout);
    kill(getpid(), SIGTERM);
    for (;;)
        pause();
}
