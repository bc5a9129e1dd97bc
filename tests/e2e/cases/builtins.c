/* Builtins that do more than the function of that name: bits, overflow,
 * addresses, memory, classes of numbers, assumptions and non-local jumps.
 *
 * STATUS: 0
 * OUTPUT:
 * 24 36 37 4 0 23
 * f0000000 f0000000 f00 f
 * f0 1
 * 11 1 224
 * 110
 * Kopied inline 0 32 1
 * 1 1
 * 01234
 * -1 3 15.625 2.5
 * 0 -1 1 1
 * 7.25 2 2
 * 40 3 1
 * 1 1
 * struct shown {
 *   int i : 5 = -3
 *   const char * s = "text"
 *   struct (unnamed) inner = {
 *     double d = 2.500000
 *   }
 * }
 * 0 1 long
 * main 1 1
 */
#include <float.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static volatile unsigned opaque = 0x00f0;
static volatile double real = 2.5;
static void *jump_buffer[5];

static void bits(void)
{
    unsigned long long wide = (unsigned long long)opaque << 32;
    unsigned carry;

    printf("%d %d %d %d %d %d\n", __builtin_clz(opaque), __builtin_ctzll(wide),
           __builtin_ffsll((long long)wide), __builtin_popcountll(wide),
           __builtin_parity(opaque), __builtin_clrsb((int)opaque));
    printf("%x %llx %x %x\n", __builtin_bswap32(opaque),
           (unsigned long long)__builtin_bswap64(wide),
           __builtin_bitreverse16((uint16_t)opaque),
           __builtin_rotateleft32(opaque, 28));
    printf("%x ", __builtin_addc(~0u, opaque, 1, &carry));
    printf("%u\n", carry);
}

static void overflow(void)
{
    int i;
    unsigned char c;
    long long ll;
    __int128 wide;

    printf("%d", __builtin_add_overflow(INT_MAX, (int)opaque, &i));
    printf("%d ", __builtin_mul_overflow(opaque, 2, &c));
    printf("%d %d\n", i == INT_MIN + 0xef, c);
    printf("%d", __builtin_sub_overflow(LLONG_MIN, (long long)opaque, &ll));
    printf("%d", __builtin_mul_overflow((__int128)1 << 100,
                                        (__int128)opaque << 30, &wide));
    printf("%d\n", __builtin_smull_overflow(LONG_MAX, 1, (long *)&ll));
}

static void memory(void)
{
    char text[32], *grown;

    __builtin_memcpy_inline(text, "copied inline", 14);
    __builtin_memset_inline(text, 'K', 1);
    grown = __builtin_alloca_with_align(opaque, 512);
    memset(grown, 'x', opaque);
    __builtin_prefetch(grown, 1, 3);
    printf("%s %d %zu %zu\n", text, (int)((uintptr_t)grown % 64),
           __builtin_object_size(text, 0),
           __builtin_dynamic_object_size(grown, 0) == opaque ||
                   __builtin_dynamic_object_size(grown, 0) == ~(size_t)0
               ? (size_t)1
               : (size_t)0);
    printf("%d %d\n", __builtin_memcmp("abc", "abd", 3) < 0,
           __builtin_is_aligned(__builtin_align_up(text, 16), 16));
}

static int classify(double d)
{
    return __builtin_fpclassify(0, 1, 2, 3, 4, d);
}

static void numbers(void)
{
    printf("%d%d%d%d%d\n", classify(__builtin_nan("")), classify(real / 0),
           classify(real), classify(DBL_MIN / real), classify(real * 0));
    printf("%g %g %g %g\n", __builtin_copysign(1.0, -real),
           __builtin_elementwise_max(real, 3.0), __builtin_powi(real, 3),
           __builtin_canonicalize(real));
    printf("%d %d %d %d\n", __builtin_isnan(real),
           __builtin_isinf_sign(-1 / (real - 2.5)), __builtin_signbit(-real),
           __builtin_isunordered(real, __builtin_nan("1")));
    printf("%g %g %d\n", __builtin_fma(real, real, 1),
           __builtin_roundeven(real), (int)__builtin_rint(real));
}

__attribute__((noinline)) static int promises(int x)
{
    __builtin_assume(x > 3);
    if (__builtin_expect_with_probability(x == 4, 1, 0.9))
        return 40;
    switch (x % 3) {
    case 0:
        return 1;
    case 1:
        return 2;
    case 2:
        return 3;
    }
    __builtin_unreachable();
}

__attribute__((noinline)) static void leave(void)
{
    __builtin_longjmp(jump_buffer, 1);
}

__attribute__((noinline)) static int addresses(void)
{
    char local;

    return (char *)__builtin_frame_address(0) > &local - 4096 &&
           __builtin_extract_return_addr(__builtin_return_address(0)) != NULL;
}

__attribute__((noinline)) static int jumps(void)
{
    if (__builtin_setjmp(jump_buffer))
        return 1;
    leave();
    return 0;
}

struct shown {
    int i : 5;
    const char *s;
    struct {
        double d;
    } inner;
};

int main(void)
{
    struct shown shown = {-3, "text", {real}};

    bits();
    overflow();
    memory();
    numbers();
    printf("%d %d %d\n", promises(4), promises(5), promises(6));
    printf("%d %d\n", addresses(), jumps());
    __builtin_dump_struct(&shown, &printf);
    printf("%d %d %s\n", __builtin_constant_p(opaque),
           __builtin_types_compatible_p(int, signed),
           __builtin_choose_expr(sizeof(long) == 8, "long", 5));
    printf("%s %d %d\n", __builtin_FUNCTION(), __builtin_LINE() > 0,
           (int)(__builtin_readcyclecounter() != 0));
    return 0;
}
