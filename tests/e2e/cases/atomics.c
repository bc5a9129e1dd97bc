/* Atomic operations of every width under contention.
 *
 * STATUS: 0
 * OUTPUT:
 * 40000 80000 0 25536 40000 40000
 * exchange 5 6 1 0
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { N_THREADS = 4, N_ROUNDS = 10000 };

static _Atomic int number;
static _Atomic long sum;
static _Atomic char flag;
static _Atomic unsigned short down;
static _Atomic double real;
static int plain;

static void *work(void *argument)
{
    for (int i = 0; i < N_ROUNDS; i++) {
        double old = real;

        number++;
        sum += 2;
        flag ^= 1;
        down--;
        while (!atomic_compare_exchange_weak(&real, &old, old + 1))
            continue;
        __atomic_fetch_add(&plain, 1, __ATOMIC_RELAXED);
    }
    return argument;
}

int main(void)
{
    pthread_t thread[N_THREADS];
    _Atomic long value = 5;
    long expected = 5, was;
    int swapped;

    for (int i = 0; i < N_THREADS; i++)
        if (pthread_create(&thread[i], NULL, work, NULL))
            return 1;
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(thread[i], NULL);
    printf("%d %ld %d %d %g %d\n", number, sum, flag, down, real, plain);
    was = atomic_exchange(&value, 6);
    swapped = atomic_compare_exchange_strong(&value, &expected, 7);
    printf("exchange %ld %ld %d %d\n", was, expected, !swapped,
           atomic_is_lock_free(&value) ? 0 : 1);
    return 0;
}
