/* Narrowing to 16-bit floating point, rounded to nearest, ties to even, as in
 * LLVM's own constant folding. The source is an x87 extended, which holds any
 * value of a smaller format, and whose parts lie open: a 64-bit significand
 * with the leading bit explicit, a 15-bit exponent and the sign. */
#ifndef BCC_COMPILER_HALF_NARROW_H
#define BCC_COMPILER_HALF_NARROW_H

#include <stdint.h>

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

static uint32_t narrow(uint64_t significand, uint16_t sign_exponent,
                       struct format format)
{
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
    return bits | (sign_exponent & 0x8000u);
}

#endif
