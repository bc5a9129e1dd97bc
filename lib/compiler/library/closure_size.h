/* Which runtime libraries are linked by closures, and by how many of them. */
#ifndef BCC_COMPILER_CLOSURE_SIZE_H
#define BCC_COMPILER_CLOSURE_SIZE_H

#include <stddef.h>

/* Bytes of the library. */
extern const size_t closure_library_size;

/* Closures of more bytes in all than an eighth of the library, and than this,
 * are not linked: it is linked as a whole. Of PoCL's library, 9 MB, they would
 * be 300, and to read and link these takes as long. */
extern const size_t closure_least_limit;

#endif
