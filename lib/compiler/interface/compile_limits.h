/* From which size on a compile treats an input as large. */
#ifndef BCC_COMPILER_COMPILE_LIMITS_H
#define BCC_COMPILER_COMPILE_LIMITS_H

#include <stddef.h>

struct compile_limits {
    size_t part_size; /* instructions that are worth a part of their own */
    size_t baseline_part_size; /* the same, where they become baseline code */
    size_t library_size; /* bytes of a library that is linked by closures */
    /* Closures of more bytes in all than an eighth of the library, and than
     * this, are not linked: it is linked as a whole. Of PoCL's library, 9 MB,
     * they would be 300, and to read and link these takes as long. */
    size_t least_closures_size;
};

#endif
