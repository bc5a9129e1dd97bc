/* A cache file opened for looking at: mapped read-only, every byte checked. */
#ifndef BCC_TOOL_CACHE_FILE_H
#define BCC_TOOL_CACHE_FILE_H

#include <stdint.h>

#include "cache_read.h"
#include "error.h"
#include "file.h"

struct cache_file {
    struct file_mapping mapping;
    struct cache_layout layout;
    struct cache_view view;
};

/* check_flags: CACHE_CHECK_..., of cache_read.h. */
enum status cache_file_open(const char *path, unsigned check_flags,
                            struct cache_file *ret_file,
                            struct error *err) MUST_CHECK;
void cache_file_close(struct cache_file *file);

#endif
