/* Recognises files that were given instead of bitcode by mistake, for
 * messages. */
#ifndef BCC_COMPILER_FOREIGN_FORMAT_H
#define BCC_COMPILER_FOREIGN_FORMAT_H

#include "span.h"

/* "C or C++ source: compile it with ...", or NULL if neither the bytes nor the
 * end of the name tell. */
const char *foreign_format(struct span bytes, const char *name);

#endif
