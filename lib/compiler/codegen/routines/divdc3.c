/* double _Complex x / y. */
#include <float.h>

#define DIVIDE   __divdc3
#define TYPE     double
#define COMPLEX  _Complex double
#define COPYSIGN __builtin_copysign
#define SMALLEST DBL_MIN
#define LARGEST  DBL_MAX
#define SCALE    0x1p52
#include "complex_division.h"
