/* Variable-length arrays, alloca(), frames of more than a page (which probe
 * the stack) and recursion 100,000 deep.
 *
 * FLAGS: -fstack-protector-all -fstack-clash-protection
 * STATUS: 0
 * OUTPUT:
 * triangle 5050
 * text xxxxx
 * frame 39999
 * depth 100000
 */
#include <alloca.h>
#include <stdio.h>
#include <string.h>

static __attribute__((noinline)) int triangle(int n)
{
    int row[n], sum = 0;

    for (int i = 0; i < n; i++)
        row[i] = i + 1;
    for (int i = 0; i < n; i++)
        sum += row[i];
    return sum;
}

static __attribute__((noinline)) void text(int n)
{
    char *p = alloca((size_t)n + 1);

    memset(p, 'x', (size_t)n);
    p[n] = '\0';
    printf("text %s\n", p);
}

static __attribute__((noinline)) int frame(int n)
{
    volatile int large[40000];

    for (int i = 0; i < n; i++)
        large[i] = i;
    return large[n - 1];
}

static __attribute__((noinline)) int depth(int n, volatile int *last)
{
    int here = *last + 1;

    *last = here;
    if (n > 1)
        depth(n - 1, last);
    return *last;
}

int main(void)
{
    volatile int last = 0;

    printf("triangle %d\n", triangle(100));
    text(5);
    printf("frame %d\n", frame(40000));
    printf("depth %d\n", depth(100000, &last));
    return 0;
}
