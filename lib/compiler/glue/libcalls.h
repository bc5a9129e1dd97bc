/* What generated code refers to by name though no IR does. */
#ifndef BCC_COMPILER_LIBCALLS_H
#define BCC_COMPILER_LIBCALLS_H

#include <stdbool.h>

/* A function or variable that LLVM may ask for by this name. */
bool is_libcall(const char *name);

/* Global operator new and delete of C++, in the forms that a program may
 * replace for its libraries, too. */
bool is_replaceable_operator(const char *name);

#endif
