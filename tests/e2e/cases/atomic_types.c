/* Atomic objects of every size that the machine has instructions for, 16 bytes
 * included, of integers, floats, pointers and structures.
 *
 * FLAGS: -mcx16
 * STATUS: 0
 * OUTPUT:
 * 20000 19999
 * 20000 -20000
 * 20000 60000
 * 10000 20000 20000 1
 * 1
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

enum { N_THREADS = 4, N_ROUNDS = 5000 };

struct pair {
    long count;
    void *pointer;
};
struct small {
    short a, b;
};

static _Atomic struct pair pair __attribute__((aligned(16)));
static _Atomic struct small small;
static _Atomic unsigned __int128 wide;
static _Atomic float real;
static int *_Atomic pointer;
static _Atomic _Bool once;
static atomic_flag flag = ATOMIC_FLAG_INIT;
static int items[N_THREADS * N_ROUNDS + 1], guarded, winners;

static void *work(void *arg)
{
    for (int i = 0; i < N_ROUNDS; i++) {
        struct pair old = atomic_load(&pair), new;
        struct small s = small, t;

        do {
            new = (struct pair){old.count + 1, &items[old.count]};
        } while (!atomic_compare_exchange_weak(&pair, &old, new));
        do {
            t = (struct small){(short)(s.a + 1), (short)(s.b - 1)};
        } while (!atomic_compare_exchange_strong(&small, &s, t));
        wide += ((unsigned __int128)1 << 64) + 3;
        real += 0.5f;
        pointer++;
        while (atomic_flag_test_and_set(&flag))
            continue;
        guarded++;
        atomic_flag_clear(&flag);
    }
    if (!atomic_exchange(&once, 1))
        winners++;
    return arg;
}

int main(void)
{
    pthread_t threads[N_THREADS];
    struct pair p;

    pointer = items;
    for (int i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    p = pair;
    printf("%ld %td\n", p.count, (int *)p.pointer - items);
    printf("%d %d\n", atomic_load(&small).a, atomic_load(&small).b);
    printf("%llu %llu\n", (unsigned long long)(wide >> 64),
           (unsigned long long)wide);
    printf("%g %td %d %d\n", (double)real, pointer - items, guarded, winners);
    wide ^= wide;
    atomic_thread_fence(memory_order_seq_cst);
    printf("%d\n",
           atomic_fetch_or_explicit(&wide, 5, memory_order_relaxed) == 0);
    return 0;
}
