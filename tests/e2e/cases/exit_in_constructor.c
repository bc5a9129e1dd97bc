/* A constructor ends a process: main() does not run, exit handlers and
 * destructors do. (A child is ended, its parent goes on.)
 *
 * STATUS: 0
 * OUTPUT:
 * first
 * second
 * handler
 * destructor
 * third
 * main, after 8
 * handler
 * destructor
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int status;

static void handler(void)
{
    puts("handler");
}

__attribute__((constructor(101))) static void first(void)
{
    puts("first");
    atexit(handler);
}

__attribute__((constructor(102))) static void second(void)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        puts("second");
        exit(8);
    }
    waitpid(child, &status, 0);
}

__attribute__((constructor(103))) static void third(void)
{
    puts("third");
}

__attribute__((destructor)) static void destructor(void)
{
    puts("destructor");
}

int main(void)
{
    printf("main, after %d\n", WEXITSTATUS(status));
    return 0;
}
