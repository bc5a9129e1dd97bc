/* Addresses of labels in a static table, as interpreters use them.
 *
 * STATUS: 0
 * OUTPUT:
 * 5040
 */
#include <stdio.h>

enum { MULTIPLY, DECREMENT, LOOP, STOP };

static __attribute__((noinline)) long run(const unsigned char *code, long n)
{
    static const void *const label[] = {&&multiply, &&decrement, &&loop,
                                        &&stop};
    const unsigned char *pc = code;
    long value = 1;

    goto *label[*pc++];
multiply:
    value *= n;
    goto *label[*pc++];
decrement:
    n--;
    goto *label[*pc++];
loop:
    if (n)
        pc = code;
    goto *label[*pc++];
stop:
    return value;
}

int main(void)
{
    static const unsigned char factorial[] = {MULTIPLY, DECREMENT, LOOP, STOP};

    printf("%ld\n", run(factorial, 7));
    return 0;
}
