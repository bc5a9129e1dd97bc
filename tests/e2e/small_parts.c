/* Instead of lib/compiler/codegen/part_size.c: two instructions are worth a
 * part. */
#include "part_size.h"

const size_t part_size = 2;
