/* Thread-local variables: initialised, zeroed, and one for each thread.
 *
 * STATUS: 0
 * OUTPUT:
 * thread 1: 7 -> 8, 0 -> 1
 * thread 2: 7 -> 9, 0 -> 2
 * main: 7, 0
 */
#include <pthread.h>
#include <stdio.h>

static _Thread_local int initialised = 7;
static _Thread_local long zeroed;

static void *work(void *argument)
{
    int number = *(int *)argument, before = initialised;
    long zero_before = zeroed;

    initialised += number;
    zeroed += number;
    printf("thread %d: %d -> %d, %ld -> %ld\n", number, before, initialised,
           zero_before, zeroed);
    return NULL;
}

int main(void)
{
    for (int number = 1; number <= 2; number++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, work, &number) ||
            pthread_join(thread, NULL))
            return 1;
    }
    printf("main: %d, %ld\n", initialised, zeroed);
    return 0;
}
