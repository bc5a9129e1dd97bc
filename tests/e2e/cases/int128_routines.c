/* Arithmetic of 128-bit integers with everything else.
 *
 * STATUS: 0
 * OUTPUT:
 * product b8d159e26af37c479000000000000000
 * quotient fffffb582537da790004178749e8fba8
 * remainder fffffffffffffffffffffffffffffc18
 * unsigned quotient 0015d2d18a2fe8d0015d2d18a2fe8d00
 * unsigned remainder 00000000000000000000000000000055
 * left 0000000000001f480000000000000000
 * right 00000000000000000aaaaaaaaaaaaaaa
 * arithmetic right fffffffffffffffffffdb97530eca864
 * negated 00123456789abcdef000000000000000
 * bits 64 0 1 0
 * bswap 55555555555555555555555555555555
 * bits 37 1 0 60
 * bswap 000000000000001021436587a9cbedff
 * to float -0x1.234568p+116, double -0x1.23456789abcdfp+116
 * to long double -0x9.1a2b3c4d5e6f78p+113, half 0x1.f48p+9
 * unsigned to float 0x1.555556p+126, double 0x1.5555555555555p+126
 * to long double 0xa.aaaaaaaaaaaaaabp+123, half 0x1.f48p+9
 * from float ffffffe8000000000000000000000000
 * from double 000048d159e26af37800000000000000
 * from long double 0123456789abcdef0000000000000000
 * from half ffffffffffffffffffffffffffff0020
 * unsigned from float 00000018000000000000000000000000
 * unsigned from double 000048d159e26af37800000000000000
 * unsigned from long double 0123456789abcdef0000000000000000
 * multiplied, overflow 1
 * no overflow b8d159e26af37c479000000000000000
 * overflow 00000000000000000000000000000001
 */
#include <stdio.h>

typedef __int128 int128;
typedef unsigned __int128 uint128;

static volatile int128 large = -((int128)0x123456789abcdef << 60), small = 1001;
static volatile uint128 natural = ~(uint128)0 / 3;
static volatile int shift = 67;
static volatile float single = -0x1.8p100f;
static volatile double wide = 0x1.23456789abcdep110;
static volatile long double extended = 0x1.23456789abcdefp120L;
static volatile _Float16 half = -65504.0f16;

static void show(const char *what, uint128 value)
{
    printf("%s %016lx%016lx\n", what, (unsigned long)(value >> 64),
           (unsigned long)value);
}

static void bits(unsigned __int128 value)
{
    const unsigned long high = (unsigned long)(value >> 64);
    const unsigned long low = (unsigned long)value;

    printf("bits %d %d %d %d\n",
           __builtin_popcountl(high) + __builtin_popcountl(low),
           __builtin_parityl(high ^ low),
           high ? __builtin_clzl(high) : 64 + __builtin_clzl(low),
           low ? __builtin_ctzl(low) : 64 + __builtin_ctzl(high));
    show("bswap",
         (uint128)__builtin_bswap64(low) << 64 | __builtin_bswap64(high));
}

int main(void)
{
    int128 result;
    uint128 unsigned_result;
    int overflow;

    show("product", (uint128)(large * small));
    show("quotient", (uint128)(large / small));
    show("remainder", (uint128)(large % small));
    show("unsigned quotient", natural / (uint128)small);
    show("unsigned remainder", natural % (uint128)small);
    show("left", (uint128)small << shift);
    show("right", natural >> shift);
    show("arithmetic right", (uint128)(large >> shift));
    show("negated", (uint128)-large);
    bits(natural);
    bits((uint128)large);
    printf("to float %a, double %a\n", (float)large, (double)large);
    printf("to long double %La, half %a\n", (long double)large,
           (double)(_Float16)small);
    printf("unsigned to float %a, double %a\n", (float)natural,
           (double)natural);
    printf("to long double %La, half %a\n", (long double)natural,
           (double)(_Float16)(uint128)small);
    show("from float", (uint128)(int128)single);
    show("from double", (uint128)(int128)wide);
    show("from long double", (uint128)(int128)extended);
    show("from half", (uint128)(int128)half);
    show("unsigned from float", (uint128)-single);
    show("unsigned from double", (uint128)wide);
    show("unsigned from long double", (uint128)extended);
    overflow = __builtin_mul_overflow(large, small << shift, &result);
    printf("multiplied, overflow %d\n", overflow);
    overflow = __builtin_mul_overflow(large, small, &result);
    show(overflow ? "overflow" : "no overflow", (uint128)result);
    overflow =
        __builtin_add_overflow(natural, natural * 2 + 2, &unsigned_result);
    show(overflow ? "overflow" : "no overflow", unsigned_result);
    return 0;
}
