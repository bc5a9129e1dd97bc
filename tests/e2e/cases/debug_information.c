/* A program with debug information of all kinds, not optimised: every variable
 * is described at its place.
 *
 * FLAGS: -g -O0
 * STATUS: 5
 * OUTPUT:
 * sum 55 of 10
 * bits 5 -3
 * thread-local 8
 * at exit
 */
#include <stdio.h>
#include <stdlib.h>

#define TIMES(a, b) ((a) * (b))

struct bits {
    unsigned low : 3;
    signed high : 5;
    union {
        int number;
        char text[4];
    } either;
};

enum colour { RED, GREEN = 5 };
typedef int (*operation)(int, int);

static _Thread_local int counter = 7;

static inline int add(int a, int b)
{
    return a + b;
}

static int fold(operation step, int n)
{
    static int calls;
    int items[n], sum = 0;

    for (int i = 0; i < n; i++)
        items[i] = TIMES(i + 1, 1);
    for (int i = 0; i < n; i++) {
        const int item = items[i];
        sum = step(sum, item);
    }
    calls++;
    return calls == 1 ? sum : -sum;
}

static void farewell(void)
{
    puts("at exit");
}

int main(void)
{
    volatile struct bits bits = {.low = 13, .high = -3};

    atexit(farewell);
    printf("sum %d of %d\n", fold(add, 10), 10);
    printf("bits %u %d\n", bits.low, bits.high);
    printf("thread-local %d\n", ++counter);
    return GREEN;
}
