/* A cancelled thread, and one that leaves early, run the cleanup code of their
 * functions.
 *
 * FLAGS: -fexceptions
 * STATUS: 0
 * OUTPUT:
 * cleaned 5
 * cancelled 1
 * cleaned 6
 * left 1
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

static sem_t started;

static void clean(int *number)
{
    printf("cleaned %d\n", *number);
}

static void *wait_for_ever(void *argument)
{
    int number __attribute__((cleanup(clean))) = 5;

    sem_post(&started);
    for (;;)
        pause();
    return argument;
}

static void *leave(void *argument)
{
    int number __attribute__((cleanup(clean))) = 6;

    pthread_exit(argument);
}

int main(void)
{
    pthread_t thread;
    void *result;

    sem_init(&started, 0, 0);
    if (pthread_create(&thread, NULL, wait_for_ever, NULL))
        return 1;
    sem_wait(&started);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled %d\n", result == PTHREAD_CANCELED);
    if (pthread_create(&thread, NULL, leave, &started))
        return 1;
    pthread_join(thread, &result);
    printf("left %d\n", result == &started);
    return 0;
}
