/* Conversions of 16-bit floating point that LLVM calls and compiler-rt has not,
 * at least not in each version, on x86-64. */
#include <emmintrin.h>
#include <stdint.h>

#include "half_narrow.h"
#include "routine.h"

/* x86_64 psABI 3.2.3: _Float16 and __bf16 travel in the low 16 bits of an SSE
 * register, as an __m128i does in all of it. (Not every compiler that builds
 * us knows the types themselves.) */
typedef __m128i half_register;

/* ---- Narrowing ---- */

static half_register narrow_extended(long double value, struct format format)
{
    const union {
        long double value;
        struct {
            uint64_t significand;
            uint16_t sign_exponent;
        } part;
    } extended = {value};

    return _mm_cvtsi32_si128((int)narrow(extended.part.significand,
                                         extended.part.sign_exponent, format));
}

half_register ROUTINE(__truncxfhf2)(long double value);
half_register ROUTINE(__truncxfhf2)(long double value)
{
    return narrow_extended(value, half_format);
}

half_register ROUTINE(__truncxfbf2)(long double value);
half_register ROUTINE(__truncxfbf2)(long double value)
{
    return narrow_extended(value, bfloat_format);
}

half_register ROUTINE(__floattihf)(__int128 value);
half_register ROUTINE(__floattihf)(__int128 value)
{
    const int64_t limit = 1 << 20; /* any more is infinity as well */

    if (value > limit)
        value = limit;
    if (value < -limit)
        value = -limit;
    return narrow_extended((int64_t)value, half_format);
}

half_register ROUTINE(__floatuntihf)(unsigned __int128 value);
half_register ROUTINE(__floatuntihf)(unsigned __int128 value)
{
    const uint64_t limit = 1 << 20;

    return narrow_extended((int64_t)(value < limit ? value : limit),
                           half_format);
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
