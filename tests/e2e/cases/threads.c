/* Threads that share atomics, a mutex and errno of their own.
 *
 * STATUS: 0
 * OUTPUT:
 * atomic 40000
 * locked 40000
 * errno kept 1
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { N_THREADS = 4, N_ROUNDS = 10000 };

static atomic_int atomic_count;
static int locked_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *argument)
{
    (void)argument;
    for (int i = 0; i < N_ROUNDS; i++) {
        atomic_fetch_add(&atomic_count, 1);
        pthread_mutex_lock(&lock);
        locked_count++;
        pthread_mutex_unlock(&lock);
    }
    close(-1); /* EBADF, here only */
    return NULL;
}

int main(void)
{
    pthread_t thread[N_THREADS];

    errno = 0;
    for (int i = 0; i < N_THREADS; i++) {
        if (pthread_create(&thread[i], NULL, work, NULL))
            return 1;
    }
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(thread[i], NULL);
    printf("atomic %d\nlocked %d\n", atomic_load(&atomic_count), locked_count);
    printf("errno kept %d\n", errno == 0);
    return 0;
}
