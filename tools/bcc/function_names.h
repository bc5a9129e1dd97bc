/* Functions of cache files: is one there; and for bcc dump --debug-file a file
 * for debuggers from a cache file without debug information. */
#ifndef BCC_TOOL_FUNCTION_NAMES_H
#define BCC_TOOL_FUNCTION_NAMES_H

#include "buffer.h"
#include "cache_file.h"
#include "error.h"

/* An ELF file with the functions as symbols, at image addresses, and the unwind
 * table. *ret_made is initialised in either case. UNSUPPORTED (a machine of
 * another word size), CORRUPT, NO_MEMORY. */
enum status function_names_make(const struct cache_file *file, const char *name,
                                struct buffer *ret_made,
                                struct error *err) MUST_CHECK;

/* The file is an entry, and its code has this function. */
bool function_names_have(const char *path, const char *name);

#endif
