/* From which size on a module is divided. */
#ifndef BCC_COMPILER_PART_SIZE_H
#define BCC_COMPILER_PART_SIZE_H

#include <stddef.h>

/* Instructions that are worth a part of their own. */
extern const size_t part_size;

#endif
