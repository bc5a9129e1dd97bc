/* Names that generated code refers to although no IR does. */
#ifndef BCC_COMPILER_LIBCALLS_H
#define BCC_COMPILER_LIBCALLS_H

#include <stdbool.h>

/* Is this a function or variable that LLVM may refer to by itself? */
bool is_libcall(const char *name);

/* Is this a global operator new or delete of C++, in a form that a program may
 * replace for its libraries, too? */
bool is_replaceable_operator(const char *name);

#endif
