/* The libc functions that a code generator calls although no source names them.
 * Every script sees them, without BCC_PROCESS_SYMBOLS. */
#ifndef BCC_LOADER_SUPPORT_ROUTINES_H
#define BCC_LOADER_SUPPORT_ROUTINES_H

#include <stddef.h>
#include <stdint.h>

/* NULL: name is none of them. hash: the symbol_hash() of the name; a wrong one
 * finds nothing. Thread-safe. */
void *support_routine_find(const char *name, uint32_t hash);

/* For tests and tools: row by row, in order; NULL past the end. */
const char *support_routine_name(size_t index);

#endif
