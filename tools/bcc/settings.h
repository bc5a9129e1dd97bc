/* How large a cache directory may be, and who said so: --max-size, else the
 * environment's BCC_CACHE_SIZE, else a line "cache-size = 512M" of
 * $XDG_CONFIG_HOME/bcc/config (~/.config/bcc/config), else 1 GiB. */
#ifndef BCC_TOOL_SETTINGS_H
#define BCC_TOOL_SETTINGS_H

#include <limits.h>
#include <stdint.h>

#include "options.h"

struct cache_limit {
    uint64_t bytes;        /* PRUNE_NO_LIMIT: none */
    char origin[PATH_MAX]; /* "--max-size", ..., "default" */
};

/* Complains about what is no size, and goes on to the next. */
void settings_cache_limit(const struct options *options,
                          struct cache_limit *ret_limit);

/* "1073741824", or for no limit "none", in JSON null. */
void settings_print_limit(const struct cache_limit *limit, bool json);

/* " (~/.config/bcc/config)", and the end of the line. */
void settings_print_origin(const struct cache_limit *limit);

/* The same as BCCHost.cacheSizeLimit: a launch that hits does not
 * read the file. context is the options. */
uint64_t settings_cache_limit_bytes(void *context);

#endif
