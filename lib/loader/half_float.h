/* Conversions of 16-bit floating point, as LLVM calls them where the CPU has
 * no instruction for them. */
#ifndef BCC_LOADER_HALF_FLOAT_H
#define BCC_LOADER_HALF_FLOAT_H

#include <emmintrin.h>

/* x86_64 psABI 3.2.3: _Float16 and __bf16 travel in the low 16 bits of an SSE
 * register, as an __m128i does in all of it. (Not every compiler that builds
 * us knows the types themselves.) */
typedef __m128i half_register;

half_register half_from_float(float value);
half_register half_from_double(double value);
half_register half_from_long_double(long double value);
half_register half_from_int128(__int128 value);
half_register half_from_uint128(unsigned __int128 value);

float half_to_float(half_register half);
double half_to_double(half_register half);
long double half_to_long_double(half_register half);
__int128 half_to_int128(half_register half);
unsigned __int128 half_to_uint128(half_register half);

half_register bfloat_from_float(float value);
half_register bfloat_from_double(double value);
half_register bfloat_from_long_double(long double value);

#endif
