/* Pointers to nested functions, as front ends of Fortran and Ada make them: to
 * libc's qsort(), more at once than one block holds (recursion, threads), and
 * new ones in the same place. No memory is writable and executable for them.
 *
 * (Intrinsics have names of functions in C. Where a nested function is called
 * directly LLVM needs to know of its chain, so pointers are volatile.)
 *
 * FLAGS: -Wno-everything -pthread -Wl,--no-warn-execstack
 * STATUS: 0
 * OUTPUT:
 * 1 2 3 4 5
 * 5 4 3 2 1
 * the same place: 10 20
 * wrong in recursion: 0
 * wrong in threads: 0
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef long function(void);

void init_trampoline(void *storage, void *function,
                     void *chain) __asm__("llvm.init.trampoline");
void *adjust_trampoline(void *storage) __asm__("llvm.adjust.trampoline");

/* Nested functions, whose chain is in r10. */
__attribute__((naked)) static int compare(const void *a, const void *b)
{
    __asm__("movl (%rdi), %eax\n\t"
            "subl (%rsi), %eax\n\t"
            "imull (%r10), %eax\n\t"
            "ret\n");
}

__attribute__((naked)) static long get(void)
{
    __asm__("movq (%r10), %rax\n\t"
            "ret\n");
}

__attribute__((noinline)) static void sort(int sign)
{
    char storage[32] __attribute__((aligned(16)));
    int numbers[5] = {4, 1, 3, 5, 2};
    int (*volatile pointer)(const void *, const void *);

    init_trampoline(storage, (void *)compare, &sign);
    pointer = (int (*)(const void *, const void *))adjust_trampoline(storage);
    qsort(numbers, 5, sizeof(numbers[0]), pointer);
    for (int i = 0; i < 5; i++)
        printf("%d%c", numbers[i], i == 4 ? '\n' : ' ');
}

static void make_anew(void)
{
    volatile long first = 10, second = 20;
    char storage[32] __attribute__((aligned(16)));
    function *volatile pointer;

    init_trampoline(storage, (void *)get, (void *)&first);
    pointer = (function *)adjust_trampoline(storage);
    printf("the same place: %ld", pointer());
    init_trampoline(storage, (void *)get, (void *)&second);
    pointer = (function *)adjust_trampoline(storage);
    printf(" %ld\n", pointer());
}

/* Each call has a trampoline that lives as long as the call. */
__attribute__((noinline)) static long descend(long depth, function *outer)
{
    char storage[32] __attribute__((aligned(16)));
    volatile long value = depth;
    function *volatile own;
    long n_wrong = 0;

    init_trampoline(storage, (void *)get, (void *)&value);
    own = (function *)adjust_trampoline(storage);
    if (depth)
        n_wrong += descend(depth - 1, own);
    n_wrong += own() != depth;
    if (outer)
        n_wrong += outer() != depth + 1;
    return n_wrong;
}

static void *descend_often(void *result)
{
    long n_wrong = 0;

    for (int i = 0; i < 20; i++)
        n_wrong += descend(2000 + i * 37, NULL);
    *(long *)result = n_wrong;
    return NULL;
}

int main(void)
{
    enum { N_THREADS = 8 };
    pthread_t threads[N_THREADS];
    long results[N_THREADS], n_wrong = 0;

    sort(1);
    sort(-1);
    make_anew();
    printf("wrong in recursion: %ld\n", descend(20000, NULL));
    for (int i = 0; i < N_THREADS; i++)
        if (pthread_create(&threads[i], NULL, descend_often, &results[i]))
            return 1;
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
        n_wrong += results[i];
    }
    printf("wrong in threads: %ld\n", n_wrong);
    return 0;
}
