/* What LLVM may not do in a host. */
#ifndef BCC_COMPILER_WALLS_H
#define BCC_COMPILER_WALLS_H

#include <stdbool.h>

/* From now on, or no more, code of this library that runs in this thread opens
 * no file by name. */
void walls_close(bool closed);

#endif
