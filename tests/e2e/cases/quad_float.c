/* 128-bit floating point: each operation is a routine of the compiler's
 * support library. The operands are no constants, so nothing is folded.
 *
 * STATUS: 0
 * OUTPUT:
 * sum bfffc000000000000000000000000000
 * difference 40011000000000000000000000000000
 * product 3ed34000000000000000000000000000
 * quotient bffdaaaaaaaaaaaaaaaaaaaaaaaaaaab
 * negated bfff4000000000000000000000000000
 * power 3ffe0624dd2f1a9fc000000000000000
 * less 011100 0
 * equal 100101 0
 * unordered 010000 1
 * from float 3ffb99999a0000000000000000000000
 * from double 3ffb999999999999a000000000000000
 * from long double 3ffb999999999999999a000000000000
 * from half 3ffb9980000000000000000000000000
 * from int c001c000000000000000000000000000
 * from unsigned 401edcd6500000000000000000000000
 * from long c02304c533c000000000000000000000
 * from unsigned long 403efffffffffffffffe000000000000
 * from int128 c05c81c8000000000000000000000000
 * from uint128 407f0000000000000000000000000000
 * to float 0x1.99999ap-4, half 0x1.4p+0
 * to double -0x1.aaaaaaaaaaaabp-2 -0xd.555555555555555p-5
 * to int -3 3000000000
 * to long -3000000000000000 12500000000000000000
 * to int128 ffffffe8000000000000000000000000
 * to uint128 00000018000000000000000000000000
 */
#include <stdio.h>
#include <string.h>

typedef __float128 quad;
typedef unsigned __int128 uint128;

static volatile quad a = 1.25Q, b = -3.0Q, huge = 0x1.8p100Q, tiny = 0x1p-300Q;
static volatile float single = 0.1f;
static volatile double wide = 0.1;
static volatile long double extended = 0.1L;
static volatile _Float16 half = 0.1f16;
static volatile int number = -7;
static volatile unsigned count = 4000000000u;
static volatile long long_number = -70000000000;
static volatile unsigned long long_count = ~0ul;
static volatile __int128 integer = -((__int128)12345 << 80);
static volatile uint128 natural = ~(uint128)0;
static volatile int power = -3;

static void show(const char *what, quad value)
{
    unsigned long part[2];

    memcpy(part, &value, sizeof(value));
    printf("%s %016lx%016lx\n", what, part[1], part[0]);
}

static void show_integer(const char *what, uint128 value)
{
    printf("%s %016lx%016lx\n", what, (unsigned long)(value >> 64),
           (unsigned long)value);
}

static void compare(const char *what, quad x, quad y)
{
    printf("%s %d%d%d%d%d%d %d\n", what, x == y, x != y, x<y, x <= y, x> y,
           x >= y, __builtin_isunordered(x, y));
}

int main(void)
{
    volatile quad zero = a - a, nan;

    show("sum", a + b);
    show("difference", a - b);
    show("product", a * tiny);
    show("quotient", a / b);
    show("negated", -a);
    show("power", __builtin_powi(a, power));
    compare("less", b, a);
    compare("equal", a, 1.25Q);
    nan = zero / zero;
    compare("unordered", nan, a);
    show("from float", single);
    show("from double", wide);
    show("from long double", extended);
    show("from half", half);
    show("from int", number);
    show("from unsigned", count);
    show("from long", long_number);
    show("from unsigned long", long_count);
    show("from int128", integer);
    show("from uint128", natural);
    printf("to float %a, half %a\n", (float)(quad)wide, (double)(_Float16)a);
    printf("to double %a %La\n", (double)(a / b), (long double)(a / b));
    printf("to int %d %u\n", (int)b, (unsigned)(-b * 1e9Q));
    printf("to long %ld %lu\n", (long)(b * 1e15Q), (unsigned long)(a * 1e19Q));
    show_integer("to int128", (uint128)(__int128)-huge);
    show_integer("to uint128", (uint128)huge);
    return 0;
}
