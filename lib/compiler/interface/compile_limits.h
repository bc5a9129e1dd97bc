/* The sizes from which a compile treats an input as large. */
#ifndef BCC_COMPILER_COMPILE_LIMITS_H
#define BCC_COMPILER_COMPILE_LIMITS_H

#include <stddef.h>

struct compile_limits {
    size_t part_size; /* instructions that justify a part of their own */
    size_t baseline_part_size; /* the same, where they become baseline code */
    size_t library_size; /* bytes from which a library is linked by closures */
    /* If the needed closures have more bytes than this, and than an eighth of
     * the library, the library is linked as a whole. For PoCL's library, 9 MB,
     * that is 300 closures, and to read and link these takes as long. */
    size_t least_closures_size;
};

#endif
