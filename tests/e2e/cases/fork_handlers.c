/* Handlers of fork() are registered through a function that libc keeps in its
 * static part.
 *
 * STATUS: 0
 * OUTPUT:
 * second prepare
 * first prepare
 * first child
 * second child
 * child ends
 * first parent
 * second parent
 * parent saw 7
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define HANDLER(name, text)                                                    \
    static void name(void)                                                     \
    {                                                                          \
        puts(text);                                                            \
        fflush(stdout);                                                        \
    }
HANDLER(first_prepare, "first prepare")
HANDLER(second_prepare, "second prepare")
HANDLER(first_child, "first child")
HANDLER(second_child, "second child")

/* The child's lines come first. */
static int status;

static void first_parent(void)
{
    wait(&status);
    puts("first parent");
}

static void second_parent(void)
{
    puts("second parent");
}

int main(void)
{
    if (pthread_atfork(first_prepare, first_parent, first_child) ||
        pthread_atfork(second_prepare, second_parent, second_child))
        return 1;
    if (fork() == 0) {
        puts("child ends");
        fflush(stdout);
        _exit(7);
    }
    printf("parent saw %d\n", WEXITSTATUS(status));
    return 0;
}
