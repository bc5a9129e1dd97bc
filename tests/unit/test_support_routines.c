/* The table of support routines is in order and leads to the right functions;
 * the 16-bit floating point conversions of our own agree with libgcc's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "half_float.h"
#include "support_routines.h"

/* ---- The table ---- */

static void is_sorted_by_name(void **state)
{
    (void)state;
    for (size_t i = 1; support_routine_name(i); i++)
        if (strcmp(support_routine_name(i - 1), support_routine_name(i)) >= 0)
            fail_msg("%s is before %s", support_routine_name(i - 1),
                     support_routine_name(i));
}

static void finds_every_row(void **state)
{
    size_t n = 0;

    (void)state;
    while (support_routine_name(n))
        assert_non_null(support_routine_find(support_routine_name(n++)));
    assert_true(n > 40);
}

static void finds_nothing_else(void **state)
{
    static const char *const names[] = {
        "",
        "_",
        "__",
        "__divti",
        "__divti33",
        "malloc",
        "memcpyx",
        "zzz",
        "__stack_chk_fail_with_a_name_longer_than_a_row"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_null(support_routine_find(names[i]));
}

static void leads_to_functions_of_that_name(void **state)
{
    typedef __int128 divide(__int128, __int128);
    typedef double power(double, int);
    typedef double to_double(__int128);
    typedef void *copy(void *, const void *, size_t);
    divide *div = (divide *)support_routine_find("__divti3");
    divide *mod = (divide *)support_routine_find("__modti3");
    power *powi = (power *)support_routine_find("__powidf2");
    to_double *convert = (to_double *)support_routine_find("__floattidf");
    copy *copy_memory = (copy *)support_routine_find("memcpy");
    const __int128 large = -((__int128)100 << 70);
    char text[4] = "";

    (void)state;
    assert_true(div(large, 7) == large / 7);
    assert_true(mod(large, 7) == large % 7);
    assert_true(powi(1.5, 3) == 3.375);
    assert_true(convert((__int128)3 << 100) == 0x3p100);
    assert_ptr_equal(copy_memory(text, "abc", 4), text);
    assert_string_equal(text, "abc");
    assert_ptr_equal(support_routine_find("__truncdfhf2"),
                     (void *)half_from_double);
}

/* ---- 16-bit floating point ---- */

/* Of libgcc. */
extern float libgcc_extend_float(half_register half) __asm__("__extendhfsf2");
extern double libgcc_extend_double(half_register half) __asm__("__extendhfdf2");
extern half_register libgcc_truncate_float(float value) __asm__("__truncsfhf2");
extern half_register
libgcc_truncate_double(double value) __asm__("__truncdfhf2");
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

static float float_of(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static double double_of(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void widens_every_half_as_libgcc_does(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        float ours = half_to_float(half_of(bits));
        float theirs = libgcc_extend_float(half_of(bits));
        double our_double = half_to_double(half_of(bits));
        double their_double = libgcc_extend_double(half_of(bits));

        if (memcmp(&ours, &theirs, sizeof(ours)) != 0 ||
            memcmp(&our_double, &their_double, sizeof(our_double)) != 0)
            fail_msg("half 0x%x", bits);
    }
}

static void narrows_what_it_widened_to_the_same(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        const half_register half = half_of(bits);

        if (!same(half_from_float(half_to_float(half)), half))
            fail_msg("half 0x%x", bits);
    }
}

static void expect_same_double(double value)
{
    if (!same(half_from_double(value), libgcc_truncate_double(value)) ||
        !same(half_from_long_double(value), libgcc_truncate_extended(value)))
        fail_msg("%a: 0x%x, libgcc 0x%x", value,
                 bits_of(half_from_double(value)),
                 bits_of(libgcc_truncate_double(value)));
}

/* At each half, halfway to the next, and the doubles next to these. */
static void rounds_to_nearest_even_as_libgcc_does(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits <= 0x7c00; bits++) {
        double here = half_to_double(half_of(bits));
        double next =
            bits < 0x7bff ? half_to_double(half_of(bits + 1)) : here + 0x1p5;
        double points[] = {here, here / 2 + next / 2};

        for (int i = 0; i < 2; i++) {
            uint64_t pattern;

            memcpy(&pattern, &points[i], sizeof(pattern));
            for (int near = -1; near <= 1; near++) {
                if (pattern == 0 && near < 0)
                    continue;
                expect_same_double(double_of(pattern + (uint64_t)near));
                expect_same_double(-double_of(pattern + (uint64_t)near));
            }
        }
    }
}

/* A stride that is no power of two passes every exponent with ever other
 * fractions, infinities and NaNs included. */
static void narrows_floats_of_every_size_as_libgcc_does(void **state)
{
    (void)state;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 9973) {
        float value = float_of((uint32_t)bits);

        if (!same(half_from_float(value), libgcc_truncate_float(value)))
            fail_msg("float 0x%x", (uint32_t)bits);
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
        float value = float_of(cases[i].from);

        assert_int_equal(bits_of(bfloat_from_float(value)), cases[i].to);
        assert_int_equal(bits_of(bfloat_from_double(value)), cases[i].to);
        assert_int_equal(bits_of(bfloat_from_long_double(value)), cases[i].to);
    }
}

static void converts_128_bit_integers(void **state)
{
    (void)state;
    assert_int_equal(bits_of(half_from_int128(1)), 0x3c00);
    assert_int_equal(bits_of(half_from_int128(-2)), 0xc000);
    assert_int_equal(bits_of(half_from_int128(65504)), 0x7bff);
    assert_int_equal(bits_of(half_from_int128(65519)), 0x7bff);
    assert_int_equal(bits_of(half_from_int128(65520)), 0x7c00);
    assert_int_equal(bits_of(half_from_int128(-((__int128)1 << 100))), 0xfc00);
    assert_int_equal(bits_of(half_from_uint128(~(unsigned __int128)0)), 0x7c00);
    assert_int_equal(bits_of(half_from_uint128(2049)), 0x6800);
    assert_true(half_to_int128(half_of(0xfbff)) == -65504);
    assert_true(half_to_int128(half_of(0xbfff)) == -1);
    assert_true(half_to_uint128(half_of(0x7bff)) == 65504);
    assert_true(half_to_uint128(half_of(0x0001)) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_sorted_by_name),
        cmocka_unit_test(finds_every_row),
        cmocka_unit_test(finds_nothing_else),
        cmocka_unit_test(leads_to_functions_of_that_name),
        cmocka_unit_test(widens_every_half_as_libgcc_does),
        cmocka_unit_test(narrows_what_it_widened_to_the_same),
        cmocka_unit_test(rounds_to_nearest_even_as_libgcc_does),
        cmocka_unit_test(narrows_floats_of_every_size_as_libgcc_does),
        cmocka_unit_test(narrows_to_bfloat),
        cmocka_unit_test(converts_128_bit_integers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
