/* Thread-local variables under every model that a source can select, with
 * unusual alignments and sizes, in threads that were started before the first
 * use and after it.
 *
 * STATUS: 0
 * OUTPUT:
 * main: 67589
 * thread 1: 23145 ac 1 1 in the template, misaligned 0
 * thread 2: 34256 ad 2 2 in the template, misaligned 0
 * main: 67589 0
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MODEL(name) __thread __attribute__((tls_model(name)))
MODEL("global-dynamic") int global_dynamic = 1;
static MODEL("local-dynamic") int local_dynamic_1 = 2, local_dynamic_2;
MODEL("initial-exec") int initial_exec = 3;
static MODEL("local-exec") int local_exec = 4;
_Thread_local char by_64[3] __attribute__((aligned(64))) = "ab";
static _Thread_local char by_4096[4096] __attribute__((aligned(4096)));
static _Thread_local struct {
    int *where;
    char text[100000];
} big;
static _Thread_local const char *pointer = "in the template";
static pthread_barrier_t barrier;

static int use(int by)
{
    global_dynamic += by;
    local_dynamic_1 += by;
    local_dynamic_2 += by;
    initial_exec += by;
    local_exec += by;
    by_64[1] = (char)(by_64[1] + by);
    by_4096[4095] += (char)by;
    big.where = &local_exec;
    memset(big.text, by, sizeof(big.text));
    return global_dynamic * 10000 + local_dynamic_1 * 1000 +
           local_dynamic_2 * 100 + initial_exec * 10 + local_exec;
}

static void *thread(void *arg)
{
    int number = *(int *)arg, sum;
    uintptr_t misaligned;

    if (number == 1)
        pthread_barrier_wait(&barrier); /* main has used them */
    sum = use(number) + (*big.where == local_exec) - 1;
    misaligned = (uintptr_t)by_64 % 64 + (uintptr_t)by_4096 % 4096;
    printf("thread %d: %d %s %d %d %s, misaligned %d\n", number, sum, by_64,
           by_4096[4095], big.text[99999], pointer, (int)misaligned);
    return big.where;
}

int main(void)
{
    pthread_t early, late;
    int one = 1, two = 2;
    void *theirs;

    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&early, NULL, thread, &one);
    printf("main: %d\n", use(5));
    pthread_barrier_wait(&barrier);
    pthread_join(early, &theirs);
    pthread_create(&late, NULL, thread, &two);
    pthread_join(late, NULL);
    printf("main: %d %d\n", use(0), theirs == &local_exec);
    return 0;
}
