/* __float128 _Complex x / y. */
#ifdef __clang__
typedef _Complex __float128 complex_quad;
#else
typedef _Complex _Float128 complex_quad;
#endif

#define DIVIDE   __divtc3
#define TYPE     __float128
#define COMPLEX  complex_quad
#define COPYSIGN __builtin_copysignf128
#define SMALLEST 0x1p-16382Q
#define LARGEST  0x1.ffffffffffffffffffffffffffffp16383Q
#define SCALE    0x1p112Q
#include "complex_division.h"
