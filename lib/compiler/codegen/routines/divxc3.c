/* long double _Complex x / y. */
#include <float.h>

#define DIVIDE   __divxc3
#define TYPE     long double
#define COMPLEX  _Complex long double
#define COPYSIGN __builtin_copysignl
#define SMALLEST LDBL_MIN
#define LARGEST  LDBL_MAX
#define SCALE    0x1p63L
#include "complex_division.h"
