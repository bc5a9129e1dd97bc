/* Functions that generated code calls though no IR refers to them. */
#ifndef BCC_COMPILER_LIBCALLS_H
#define BCC_COMPILER_LIBCALLS_H

#include <stdbool.h>

bool is_libcall(const char *name);

#endif
