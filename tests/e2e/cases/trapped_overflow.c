/* A sanitizer without a runtime stops the program by an illegal instruction.
 *
 * FLAGS: -fsanitize=undefined -fsanitize-trap=undefined
 * STATUS: signal 4
 * OUTPUT:
 * before
 */
#include <limits.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    volatile int number = INT_MAX;

    (void)argv;
    puts("before");
    fflush(stdout);
    number += argc;
    puts("after");
    return 0;
}
