/* libgcc has most of these, in six times the code, as it computes exception
 * flags and rounding modes for formats of any size; and it has the bfloat ones
 * only since gcc 13. Here a value of any source format is first made an x87
 * extended, which is exact and whose parts lie open: a 64-bit significand
 * with the leading bit explicit, a 15-bit exponent and the sign. Rounding is
 * to nearest, ties to even, as in LLVM's own constant folding. */
#include "half_float.h"

#include <stdint.h>
#include <string.h>

struct format {
    int exponent_bits;
    int fraction_bits; /* without the leading bit */
};

static const struct format half_format = {5, 10};
static const struct format bfloat_format = {8, 7};

enum { EXTENDED_BIAS = 16383, EXTENDED_MAX = 0x7fff };

/* Significand >> shift, rounded; shift is at least 1. */
static uint32_t round_shift(uint64_t significand, int shift)
{
    uint64_t kept = 0, rest = significand;

    if (shift > 64) /* less than half of the last place */
        return 0;
    if (shift < 64) {
        kept = significand >> shift;
        rest = significand << (64 - shift);
    }
    if (rest > UINT64_C(1) << 63 || (rest == UINT64_C(1) << 63 && (kept & 1)))
        kept++;
    return (uint32_t)kept;
}

/* Not inlined eight times over. */
__attribute__((noinline)) static half_register narrow(long double value,
                                                      struct format format)
{
    const int bias = (1 << (format.exponent_bits - 1)) - 1;
    const uint32_t infinity = ((1u << format.exponent_bits) - 1)
                              << format.fraction_bits;
    const int shift = 63 - format.fraction_bits;
    uint64_t significand;
    uint16_t sign_exponent;
    uint32_t bits;
    int exponent;

    memcpy(&significand, &value, 8);
    memcpy(&sign_exponent, (const char *)&value + 8, 2);
    exponent = (sign_exponent & EXTENDED_MAX) - EXTENDED_BIAS + bias;
    if ((sign_exponent & EXTENDED_MAX) == EXTENDED_MAX) {
        bits = infinity;
        if (significand << 1) /* NaN: its first fraction bits, and quiet */
            bits |= ((uint32_t)(significand >> shift) & (infinity ^ 0x7fff)) |
                    1u << (format.fraction_bits - 1);
    } else if (exponent >= (1 << format.exponent_bits) - 1) {
        bits = infinity;
    } else if (exponent >= 1) {
        /* The leading bit adds one to the exponent, and so does a carry. */
        bits = ((uint32_t)(exponent - 1) << format.fraction_bits) +
               round_shift(significand, shift);
    } else {
        bits = round_shift(significand, shift + 1 - exponent);
    }
    return _mm_cvtsi32_si128((int)(bits | (sign_exponent & 0x8000u)));
}

half_register half_from_float(float value)
{
    return narrow(value, half_format);
}

half_register half_from_double(double value)
{
    return narrow(value, half_format);
}

half_register half_from_long_double(long double value)
{
    return narrow(value, half_format);
}

half_register bfloat_from_float(float value)
{
    return narrow(value, bfloat_format);
}

half_register bfloat_from_double(double value)
{
    return narrow(value, bfloat_format);
}

half_register bfloat_from_long_double(long double value)
{
    return narrow(value, bfloat_format);
}

/* ---- Widening ---- */

float half_to_float(half_register half)
{
    const uint32_t bits = (uint32_t)_mm_cvtsi128_si32(half);
    const uint32_t exponent = bits >> 10 & 0x1f;
    const uint32_t fraction = bits & 0x3ff;
    uint32_t wide = (bits & 0x8000) << 16;
    float value;

    if (exponent == 0) { /* zero and subnormals: a multiple of 2^-24 */
        value = (float)fraction * 0x1p-24f;
        return wide ? -value : value;
    }
    if (exponent == 0x1f) /* the quiet bit for a NaN, nothing for infinity */
        wide |= 0x7f800000 | fraction << 13 | (fraction ? 1u << 22 : 0);
    else
        wide |= (exponent + 127 - 15) << 23 | fraction << 13;
    memcpy(&value, &wide, sizeof(value));
    return value;
}

double half_to_double(half_register half)
{
    return half_to_float(half);
}

long double half_to_long_double(half_register half)
{
    return half_to_float(half);
}

/* ---- 128-bit integers ---- */

/* All finite values of a half are less than 2^16. What does not fit is
 * undefined in C and in LLVM. */
__int128 half_to_int128(half_register half)
{
    return _mm_cvttss_si64(_mm_set_ss(half_to_float(half)));
}

unsigned __int128 half_to_uint128(half_register half)
{
    return (unsigned __int128)half_to_int128(half);
}

half_register half_from_int128(__int128 value)
{
    const int64_t limit = 1 << 20; /* any more is infinity as well */

    if (value > limit)
        value = limit;
    if (value < -limit)
        value = -limit;
    return narrow((int64_t)value, half_format);
}

half_register half_from_uint128(unsigned __int128 value)
{
    const uint64_t limit = 1 << 20;

    return narrow((int64_t)(value < limit ? value : limit), half_format);
}
