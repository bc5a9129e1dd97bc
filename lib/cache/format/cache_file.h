/* A cache file opened for inspection by tools.
 *
 * The file is read once into memory and checked there. So a writer that is
 * still active cannot change what was checked, and truncation cannot kill a
 * tool by SIGBUS. Launches map the file instead (load_entry.c); they load code
 * of the same owner. */
#ifndef BCC_CACHE_FILE_H
#define BCC_CACHE_FILE_H

#include <stdint.h>

#include "cache_read.h"
#include "error.h"
#include "span.h"

struct cache_file {
    struct span bytes; /* owned; sections that were not checked are zero */
    struct cache_layout layout;
    struct cache_view view;
};

/* check_flags: CACHE_CHECK_ALL and others of cache_read.h. */
enum status cache_file_open(const char *path, unsigned check_flags,
                            struct cache_file *ret_file,
                            struct error *err) MUST_CHECK;
void cache_file_close(struct cache_file *file);

#endif
