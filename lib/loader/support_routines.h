/* The functions of libc that a code generator calls although no source names
 * them. A script sees them without asking for anything of the process. */
#ifndef BCC_LOADER_SUPPORT_ROUTINES_H
#define BCC_LOADER_SUPPORT_ROUTINES_H

#include <stddef.h>

/* NULL if name is none of them. Thread-safe. */
void *support_routine_find(const char *name);

/* For tests and tools: row by row, in order; NULL past the end. */
const char *support_routine_name(size_t index);

#endif
