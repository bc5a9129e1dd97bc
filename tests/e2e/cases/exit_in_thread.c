/* A thread other than the first ends the program, while another runs.
 *
 * STATUS: 6
 * OUTPUT:
 * handler of thread 2
 * destructor of thread 2
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Thread_local int own = 1;

static void handler(void)
{
    printf("handler of thread %d\n", own);
}

__attribute__((destructor)) static void destructor(void)
{
    printf("destructor of thread %d\n", own);
}

static void *wait_for_ever(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static void *leave(void *arg)
{
    own = 2;
    exit(6);
    return arg;
}

int main(void)
{
    pthread_t threads[2];

    atexit(handler);
    pthread_create(&threads[0], NULL, wait_for_ever, NULL);
    pthread_create(&threads[1], NULL, leave, NULL);
    pthread_join(threads[1], NULL);
    return 1;
}
