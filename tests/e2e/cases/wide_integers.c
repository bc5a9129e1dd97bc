/* Integers of other widths than the machine's: _BitInt up to 256 bits and
 * 128-bit ones, calculated, passed, returned, stored and as variable
 * arguments.
 *
 * FLAGS: -std=c2x -Wno-pre-c2x-compat
 * STATUS: 0
 * OUTPUT:
 * power 0000000180ea14e5 92bc647d081ee78b a6d7c3465fc3bb29 eff2fd359a19f381
 * product 423c51d5964c5a20 06ea21001c6ef0bb d43301db8faf8c95 6031d6771b100000
 * shifted 603a853964af191f 4207b9fae714be88 bc36a91afa12c7f7 0bfa4885bc3bb29e
 * mixed 00000000000000ff ffffffffffffffff ffffffffffffffff ffffffffffffffe2
 * small 2, odd -37037036703, large -35
 * quotient -13617 rest -67
 * compared 1 1, bits 1
 * variable 1004189374 bc6a7ef9db23012d
 * overflow 1, double 1.2676506002282294e+30, back 366503875925
 * float -1 1
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

typedef unsigned _BitInt(256) u256;
typedef signed _BitInt(100) s100;
typedef unsigned _BitInt(7) u7;
typedef unsigned __int128 u128;

struct mixed {
    u7 small;
    _BitInt(37) odd;
    s100 large;
    u256 huge;
};

static struct mixed initialised = {100, -12345678901, -5, (u256)1 << 200};
static volatile unsigned opaque = 1;

static void print(const char *name, u256 x)
{
    printf("%s %016llx %016llx %016llx %016llx\n", name,
           (unsigned long long)(x >> 192), (unsigned long long)(x >> 128),
           (unsigned long long)(x >> 64), (unsigned long long)x);
}

static __attribute__((noinline)) u256 power(u256 base, unsigned n)
{
    u256 result = opaque;

    for (; n; n >>= 1, base *= base)
        if (n & 1)
            result *= base;
    return result;
}

static __attribute__((noinline)) struct mixed change(struct mixed m, u7 by)
{
    m.small += by;
    m.odd *= 3;
    m.large -= by;
    m.huge -= by;
    return m;
}

static __attribute__((noinline)) u128 sum(int n, ...)
{
    va_list list;
    u128 total = 0;

    va_start(list, n);
    while (n--) {
        total += va_arg(list, u128);
        total += (u128)va_arg(list, double);
    }
    va_end(list);
    return total;
}

int main(void)
{
    u256 p = power(7, 80), q = power(10, 20);
    struct mixed m = change(initialised, 30);
    u128 wide = ((u128)opaque << 100) + 12345, s;
    s100 a = -(s100)(opaque << 20), b = 77;
    u128 big;
    int overflow;

    print("power", p);
    print("product", p * q);
    print("shifted", (p << (opaque * 30)) ^ (p >> (opaque * 60)));
    print("mixed", m.huge);
    printf("small %d, odd %lld, large %lld\n", (int)m.small, (long long)m.odd,
           (long long)m.large);
    printf("quotient %lld rest %lld\n", (long long)(a / b), (long long)(a % b));
    printf("compared %d %d, bits %d\n", p > q, a < b, p == p * opaque);
    s = sum(2, wide, 1.0, wide / 1000, 2.5);
    printf("variable %llx %llx\n", (unsigned long long)(s >> 64),
           (unsigned long long)s);
    overflow = __builtin_mul_overflow(wide, wide, &big);
    printf("overflow %d, double %.17g, back %lld\n", overflow, (double)wide,
           (long long)((double)(wide >> 60) / 3));
    printf("float %d %d\n", (int)(_BitInt(20)) - 1.5f,
           (float)(_BitInt(20))70000 == 70000.f);
    return 0;
}
