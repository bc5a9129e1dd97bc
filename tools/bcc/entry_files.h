/* Parts of a cache entry as files: bcc compile, bcc dump. */
#ifndef BCC_TOOL_ENTRY_FILES_H
#define BCC_TOOL_ENTRY_FILES_H

#include "buffer.h"
#include "cache_file.h"
#include "error.h"
#include "span.h"

/* Write the file; "-": standard output. A file that exists is replaced, not
 * changed: processes may have it mapped. */
enum status part_write(struct span part, const char *path,
                       struct error *err) MUST_CHECK;

/* For bcc dump --debug-file, from a cache file without debug information: an
 * ELF file with the functions as symbols, at image addresses, and the unwind
 * table. *ret_made is initialised in either case. UNSUPPORTED (a machine of
 * another word size), CORRUPT, NO_MEMORY. */
enum status function_names_make(const struct cache_file *file, const char *name,
                                struct buffer *ret_made,
                                struct error *err) MUST_CHECK;

/* The file is an entry, and its code has this function. */
bool function_names_have(const char *path, const char *name);

#endif
