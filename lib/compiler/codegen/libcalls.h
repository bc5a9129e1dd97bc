/* Functions that generated code calls though no IR refers to them. */
#ifndef BCC_COMPILER_LIBCALLS_H
#define BCC_COMPILER_LIBCALLS_H

#include <stdbool.h>

bool is_libcall(const char *name);

/* Global operator new and delete of C++, in the forms that a program may
 * replace for its libraries, too. */
bool is_replaceable_operator(const char *name);

#endif
