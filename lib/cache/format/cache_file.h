/* A cache file opened for looking at.
 *
 * It is read once, into memory of this process, and judged there: a writer
 * that goes on changes nothing of what was checked, and one that cuts the file
 * short ends no tool by SIGBUS. Launches map the file instead, see hit.c; what
 * is loaded from there is code of the same owner. */
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

/* check_flags: CACHE_CHECK_ALL and more, of cache_read.h. */
enum status cache_file_open(const char *path, unsigned check_flags,
                            struct cache_file *ret_file,
                            struct error *err) MUST_CHECK;
void cache_file_close(struct cache_file *file);

#endif
