/* float _Complex x / y. */
#define DIVIDE   __divsc3
#define TYPE     float
#define COMPLEX  _Complex float
#define WIDE     double
#define COPYSIGN __builtin_copysignf
#include "complex_division.h"
