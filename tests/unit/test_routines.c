/* The routines in lib/compiler/codegen/routines agree with libgcc's, so that a
 * program prints the same with either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROUTINE_PREFIX ours
#include "half_float.c" /* for its types */

/* ---- 16-bit floating point ---- */

extern double libgcc_extend_double(half_register half) __asm__("__extendhfdf2");
extern half_register
libgcc_truncate_extended(long double value) __asm__("__truncxfhf2");

static half_register half_of(uint32_t bits)
{
    return _mm_cvtsi32_si128((int)bits);
}

static uint16_t bits_of(half_register half)
{
    return (uint16_t)_mm_cvtsi128_si32(half);
}

/* All NaNs are the same here: LLVM promises nothing of their other bits, and
 * valgrind does not keep them. */
static bool same(half_register a, half_register b)
{
    return bits_of(a) == bits_of(b) ||
           ((bits_of(a) & 0x7fff) > 0x7c00 && (bits_of(b) & 0x7fff) > 0x7c00);
}

static void widens_every_half_as_libgcc_does(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        double ours = ours__extendhfdf2(half_of(bits));
        double theirs = libgcc_extend_double(half_of(bits));

        if (memcmp(&ours, &theirs, sizeof(ours)) != 0)
            fail_msg("half 0x%x", bits);
    }
}

static void narrows_what_it_widened_to_the_same(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        const half_register half = half_of(bits);

        if (!same(ours__truncxfhf2(ours__extendhfxf2(half)), half))
            fail_msg("half 0x%x", bits);
    }
}

static void expect_same(long double value)
{
    const half_register ours = ours__truncxfhf2(value);
    const half_register theirs = libgcc_truncate_extended(value);

    if (!same(ours, theirs))
        fail_msg("%La: 0x%x, libgcc 0x%x", value, bits_of(ours),
                 bits_of(theirs));
}

/* At each half, halfway to the next, and the doubles next to these. */
static void rounds_to_nearest_even_as_libgcc_does(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits <= 0x7c00; bits++) {
        double here = ours__extendhfdf2(half_of(bits));
        double next =
            bits < 0x7bff ? ours__extendhfdf2(half_of(bits + 1)) : here + 0x1p5;
        double points[] = {here, here / 2 + next / 2};

        for (int i = 0; i < 2; i++) {
            uint64_t pattern;

            memcpy(&pattern, &points[i], sizeof(pattern));
            for (int near = -1; near <= 1; near++) {
                const uint64_t changed = pattern + (uint64_t)near;
                double value;

                if (pattern == 0 && near < 0)
                    continue;
                memcpy(&value, &changed, sizeof(value));
                expect_same(value);
                expect_same(-value);
            }
        }
    }
}

/* A stride that is no power of two passes every exponent with ever other
 * fractions, infinities and NaNs included. */
static void narrows_numbers_of_every_size_as_libgcc_does(void **state)
{
    (void)state;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 9973) {
        const uint32_t pattern = (uint32_t)bits;
        float value;

        memcpy(&value, &pattern, sizeof(value));
        expect_same(value);
    }
}

static void narrows_to_bfloat(void **state)
{
    static const struct {
        uint32_t from;
        uint16_t to;
    } cases[] = {
        {0x00000000, 0x0000}, {0x80000000, 0x8000},
        {0x3f800000, 0x3f80}, {0x3f808000, 0x3f80}, /* a tie, to even */
        {0x3f818000, 0x3f82},                       /* a tie, to even */
        {0x3f808001, 0x3f81}, {0x3f807fff, 0x3f80},
        {0x7f7fffff, 0x7f80}, /* rounds to infinity */
        {0x7f7f7fff, 0x7f7f}, {0x7f800000, 0x7f80},
        {0xff800000, 0xff80}, {0x7fc00000, 0x7fc0},
        {0x7f800001, 0x7fc0}, /* becomes quiet */
        {0x00010000, 0x0001}, /* subnormals of both */
        {0x00008000, 0x0000}, {0x00018000, 0x0002},
        {0x007fffff, 0x0080}, {0x00000001, 0x0000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        float value;

        memcpy(&value, &cases[i].from, sizeof(value));
        assert_int_equal(bits_of(ours__truncxfbf2(value)), cases[i].to);
    }
}

static void converts_128_bit_integers(void **state)
{
    const __int128 large = (__int128)1 << 100;

    (void)state;
    assert_int_equal(bits_of(ours__floattihf(1)), 0x3c00);
    assert_int_equal(bits_of(ours__floattihf(-2)), 0xc000);
    assert_int_equal(bits_of(ours__floattihf(65504)), 0x7bff);
    assert_int_equal(bits_of(ours__floattihf(65519)), 0x7bff);
    assert_int_equal(bits_of(ours__floattihf(65520)), 0x7c00);
    assert_int_equal(bits_of(ours__floattihf(-large)), 0xfc00);
    assert_int_equal(bits_of(ours__floatuntihf(~(unsigned __int128)0)), 0x7c00);
    assert_int_equal(bits_of(ours__floatuntihf(2049)), 0x6800);
    assert_true(ours__fixhfti(half_of(0xfbff)) == -65504);
    assert_true(ours__fixhfti(half_of(0xbfff)) == -1);
    assert_true(ours__fixunshfti(half_of(0x7bff)) == 65504);
    assert_true(ours__fixunshfti(half_of(0x0001)) == 0);
}

/* ---- Complex division ---- */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Four operands, mostly of
 * sizes near each other, sometimes of any size, zero or infinite. NaNs are all
 * the same: compilers choose their sign. */
#define DIVIDES_AS_LIBGCC_DOES(routine, type, complex, n_doublings)            \
    extern complex routine(type a, type b, type c, type d);                    \
    extern complex ours##routine(type a, type b, type c, type d);              \
                                                                               \
    static type pick##routine(uint64_t *random)                                \
    {                                                                          \
        const type infinity = (type)__builtin_inff();                          \
        const type special[] = {0, (type)-0.0, infinity, -infinity};           \
        const uint64_t choice = next_random(random);                           \
        type value = (type)(int64_t)next_random(random);                       \
        int exponent = (int)(next_random(random) % 40) - 80;                   \
                                                                               \
        if (choice % 32 == 0)                                                  \
            return special[choice / 32 % 4];                                   \
        if (choice % 8 == 1)                                                   \
            exponent = (int)(next_random(random) % (2 * (n_doublings))) -      \
                       (n_doublings);                                          \
        for (; exponent >= 16; exponent -= 16)                                 \
            value *= 0x1p16f;                                                  \
        for (; exponent <= -16; exponent += 16)                                \
            value *= 0x1p-16f;                                                 \
        return value;                                                          \
    }                                                                          \
                                                                               \
    static bool same##routine(type a, type b)                                  \
    {                                                                          \
        return a == b ? (a != 0 || 1 / a == 1 / b) : a != a && b != b;         \
    }                                                                          \
                                                                               \
    static void divides_as_libgcc_does##routine(void **state)                  \
    {                                                                          \
        uint64_t random = UINT64_C(88172645463325252);                         \
                                                                               \
        (void)state;                                                           \
        for (int n = 0; n < 20000; n++) {                                      \
            const type a = pick##routine(&random), b = pick##routine(&random); \
            const type c = pick##routine(&random), d = pick##routine(&random); \
            const complex x = ours##routine(a, b, c, d);                       \
            const complex y = routine(a, b, c, d);                             \
                                                                               \
            if (!same##routine(__real__ x, __real__ y) ||                      \
                !same##routine(__imag__ x, __imag__ y))                        \
                fail_msg("quotient %d: (%g + %g i) / (%g + %g i)", n,          \
                         (double)a, (double)b, (double)c, (double)d);          \
        }                                                                      \
    }

#ifdef __clang__
typedef _Complex __float128 complex_quad;
#else
typedef _Complex _Float128 complex_quad;
#endif

DIVIDES_AS_LIBGCC_DOES(__divsc3, float, _Complex float, 200)
DIVIDES_AS_LIBGCC_DOES(__divdc3, double, _Complex double, 1100)
DIVIDES_AS_LIBGCC_DOES(__divxc3, long double, _Complex long double, 16500)
DIVIDES_AS_LIBGCC_DOES(__divtc3, __float128, complex_quad, 16500)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widens_every_half_as_libgcc_does),
        cmocka_unit_test(narrows_what_it_widened_to_the_same),
        cmocka_unit_test(rounds_to_nearest_even_as_libgcc_does),
        cmocka_unit_test(narrows_numbers_of_every_size_as_libgcc_does),
        cmocka_unit_test(narrows_to_bfloat),
        cmocka_unit_test(converts_128_bit_integers),
        cmocka_unit_test(divides_as_libgcc_does__divsc3),
        cmocka_unit_test(divides_as_libgcc_does__divdc3),
        cmocka_unit_test(divides_as_libgcc_does__divxc3),
        cmocka_unit_test(divides_as_libgcc_does__divtc3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
