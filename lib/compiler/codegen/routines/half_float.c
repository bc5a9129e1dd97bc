/* Conversions of 16-bit floating point that LLVM calls and that some versions
 * of compiler-rt lack.
 *
 * A value of any source format is first converted to x87 extended, which is
 * exact and has accessible parts: a 64-bit significand with the leading bit
 * explicit, a 15-bit exponent and the sign. Rounding is to nearest, ties to
 * even, as in LLVM's own constant folding. */
#include <emmintrin.h>
#include <stdint.h>

#include "routine.h"

/* x86_64 psABI 3.2.3: _Float16 and __bf16 travel in the low 16 bits of an SSE
 * register, as an __m128i does in all of it. (Not every compiler that builds
 * us knows the types themselves.) */
typedef __m128i half_register;

struct format {
    int exponent_bits;
    int fraction_bits; /* without the leading bit */
};

static const struct format half_format = {5, 10};
static const struct format bfloat_format = {8, 7};

enum { EXTENDED_BIAS = 16383, EXTENDED_MAX = 0x7fff };

/* ---- Narrowing ---- */

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

static half_register narrow(long double value, struct format format)
{
    const union {
        long double value;
        struct {
            uint64_t significand;
            uint16_t sign_exponent;
        } part;
    } extended = {value};
    const uint64_t significand = extended.part.significand;
    const uint16_t sign_exponent = extended.part.sign_exponent;
    const int bias = (1 << (format.exponent_bits - 1)) - 1;
    const uint32_t infinity = ((1u << format.exponent_bits) - 1)
                              << format.fraction_bits;
    const int shift = 63 - format.fraction_bits;
    const int exponent = (sign_exponent & EXTENDED_MAX) - EXTENDED_BIAS + bias;
    uint32_t bits;

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

half_register ROUTINE(__truncxfhf2)(long double value);
half_register ROUTINE(__truncxfhf2)(long double value)
{
    return narrow(value, half_format);
}

half_register ROUTINE(__truncxfbf2)(long double value);
half_register ROUTINE(__truncxfbf2)(long double value)
{
    return narrow(value, bfloat_format);
}

half_register ROUTINE(__floattihf)(__int128 value);
half_register ROUTINE(__floattihf)(__int128 value)
{
    const int64_t limit = 1 << 20; /* any more is infinity as well */

    if (value > limit)
        value = limit;
    if (value < -limit)
        value = -limit;
    return narrow((int64_t)value, half_format);
}

half_register ROUTINE(__floatuntihf)(unsigned __int128 value);
half_register ROUTINE(__floatuntihf)(unsigned __int128 value)
{
    const uint64_t limit = 1 << 20;

    return narrow((int64_t)(value < limit ? value : limit), half_format);
}

/* ---- Widening ---- */

static float widen(half_register half)
{
    const uint32_t bits = (uint32_t)_mm_cvtsi128_si32(half);
    const uint32_t exponent = bits >> 10 & 0x1f;
    const uint32_t fraction = bits & 0x3ff;
    union {
        uint32_t bits;
        float value;
    } wide = {.bits = (bits & 0x8000) << 16};
    float value;

    if (exponent == 0) { /* zero and subnormals: a multiple of 2^-24 */
        value = (float)fraction * 0x1p-24f;
        return wide.bits ? -value : value;
    }
    if (exponent == 0x1f) /* the quiet bit for a NaN, nothing for infinity */
        wide.bits |= 0x7f800000 | fraction << 13 | (fraction ? 1u << 22 : 0);
    else
        wide.bits |= (exponent + 127 - 15) << 23 | fraction << 13;
    return wide.value;
}

double ROUTINE(__extendhfdf2)(half_register half);
double ROUTINE(__extendhfdf2)(half_register half)
{
    return widen(half);
}

long double ROUTINE(__extendhfxf2)(half_register half);
long double ROUTINE(__extendhfxf2)(half_register half)
{
    return widen(half);
}

/* All finite values of a half are less than 2^16. What does not fit is
 * undefined in C and in LLVM. */
__int128 ROUTINE(__fixhfti)(half_register half);
__int128 ROUTINE(__fixhfti)(half_register half)
{
    return _mm_cvttss_si64(_mm_set_ss(widen(half)));
}

unsigned __int128 ROUTINE(__fixunshfti)(half_register half);
unsigned __int128 ROUTINE(__fixunshfti)(half_register half)
{
    return (unsigned __int128)_mm_cvttss_si64(_mm_set_ss(widen(half)));
}
