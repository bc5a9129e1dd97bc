/* Conversions of 16-bit floating point that LLVM calls and libgcc has not, on
 * 32-bit ARM and RISC-V.
 *
 * Half and bfloat travel in the low 16 bits of what a float travels in: s0 or
 * r0 on ARM (AAPCS32 6.1), fa0 on RISC-V (psABI, "Hardware Floating-point
 * Calling Convention"; NaN boxing is the caller's, who does not believe it).
 * Not every compiler that builds us knows the types, so the routines have
 * floats in their place. */
#include <stdint.h>

#include "half_narrow.h"
#include "routine.h"

static float as_register(uint32_t bits)
{
    const union {
        uint32_t bits;
        float value;
    } word = {.bits = bits};

    return word.value;
}

/* Doubles below the least one with a leading bit are zero in both formats. */
static uint32_t narrow_double(uint64_t bits, struct format format)
{
    enum { DOUBLE_BIAS = 1023, DOUBLE_MAX = 0x7ff };
    const uint16_t sign = (uint16_t)(bits >> 48 & 0x8000);
    const unsigned exponent = (unsigned)(bits >> 52) & DOUBLE_MAX;
    const uint64_t significand = UINT64_C(1) << 63 | bits << 12 >> 1;

    if (exponent == 0)
        return sign;
    if (exponent == DOUBLE_MAX)
        return narrow(significand, sign | EXTENDED_MAX, format);
    return narrow(significand,
                  (uint16_t)(sign | (exponent - DOUBLE_BIAS + EXTENDED_BIAS)),
                  format);
}

static uint32_t narrow_value(double value, struct format format)
{
    const union {
        double value;
        uint64_t bits;
    } wide = {value};

    return narrow_double(wide.bits, format);
}

float ROUTINE(__truncsfbf2)(float value);
float ROUTINE(__truncsfbf2)(float value)
{
    return as_register(narrow_value(value, bfloat_format));
}

float ROUTINE(__truncdfbf2)(double value);
float ROUTINE(__truncdfbf2)(double value)
{
    return as_register(narrow_value(value, bfloat_format));
}

float ROUTINE(__truncdfhf2)(double value);
float ROUTINE(__truncdfhf2)(double value)
{
    return as_register(narrow_value(value, half_format));
}

#ifdef __arm__

/* Run-time ABI for the Arm architecture, 4.1.2: in integer registers. */
uint32_t ROUTINE(__aeabi_d2h)(uint64_t bits);
uint32_t ROUTINE(__aeabi_d2h)(uint64_t bits)
{
    return narrow_double(bits, half_format);
}

#else

float ROUTINE(__truncsfhf2)(float value);
float ROUTINE(__truncsfhf2)(float value)
{
    return as_register(narrow_value(value, half_format));
}

/* Binary128, in two integer registers: what lies below the 64 bits of the
 * significand only matters as not being zero. */
float ROUTINE(__trunctfhf2)(unsigned __int128 bits);
float ROUTINE(__trunctfhf2)(unsigned __int128 bits)
{
    const uint16_t sign_exponent = (uint16_t)(bits >> 112);
    const uint64_t rest = bits << 79 != 0;
    const uint64_t significand =
        UINT64_C(1) << 63 | (uint64_t)(bits << 16 >> 65) | rest;

    if ((sign_exponent & EXTENDED_MAX) == 0)
        return as_register(sign_exponent & 0x8000u);
    return as_register(narrow(significand, sign_exponent, half_format));
}

float ROUTINE(__extendhfsf2)(float half);
float ROUTINE(__extendhfsf2)(float half)
{
    const union {
        float value;
        uint32_t bits;
    } word = {half};
    const uint32_t exponent = word.bits >> 10 & 0x1f;
    const uint32_t fraction = word.bits & 0x3ff;
    const uint32_t sign = (word.bits & 0x8000) << 16;

    if (exponent == 0) { /* zero and subnormals: a multiple of 2^-24 */
        const float value = (float)fraction * 0x1p-24f;

        return sign ? -value : value;
    }
    if (exponent == 0x1f) /* the quiet bit for a NaN, nothing for infinity */
        return as_register(sign | 0x7f800000 | fraction << 13 |
                           (fraction ? 1u << 22 : 0));
    return as_register(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

#endif
