/* Calls that must be tail calls, ten million deep, use the stack of one call;
 * through pointers as well.
 *
 * STATUS: 0
 * OUTPUT:
 * 1 0
 * 6000003
 */
#include <stdio.h>

#define TAIL __attribute__((musttail)) return

typedef long step_fn(const unsigned char *code, long a, long b, void *more);

static step_fn add, subtract, jump, halt;
static step_fn *const steps[] = {add, subtract, jump, halt};

static long add(const unsigned char *code, long a, long b, void *more)
{
    TAIL steps[code[1]](code + 1, a + b, b, more);
}

static long subtract(const unsigned char *code, long a, long b, void *more)
{
    TAIL steps[code[1]](code + 1, a - 1, b, more);
}

static long jump(const unsigned char *code, long a, long b, void *more)
{
    long *left = more;

    code -= --*left ? 2 : 0;
    TAIL steps[code[*left ? 0 : 1]](code + !*left, a, b, more);
}

static long halt(const unsigned char *code, long a, long b, void *more)
{
    (void)code;
    (void)more;
    return a + b;
}

static int odd(unsigned n);

static int even(unsigned n)
{
    if (n == 0)
        return 1;
    TAIL odd(n - 1);
}

static int odd(unsigned n)
{
    if (n == 0)
        return 0;
    TAIL even(n - 1);
}

int main(void)
{
    static const unsigned char program[] = {0, 1, 2, 3};
    volatile unsigned deep = 10000000;
    long left = 3000000;

    printf("%d %d\n", even(deep), odd(deep));
    printf("%ld\n", steps[program[0]](program, 0, 3, &left));
    return 0;
}
