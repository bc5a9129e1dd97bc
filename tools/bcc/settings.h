/* The size limit of a cache directory, and its origin: --max-size, else the
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

/* Invalid sizes are reported, and the next source is used. */
void settings_cache_limit(const struct options *options,
                          struct cache_limit *ret_limit);

/* Path of the configuration file, which need not exist; false: unknown. */
bool settings_config_path(char *path, size_t size);

/* Print "1073741824"; without a limit "none", in JSON null. */
void settings_print_limit(const struct cache_limit *limit, bool json);

/* Print " (~/.config/bcc/config)", and end the line. */
void settings_print_origin(const struct cache_limit *limit);

/* The same as a BCCHost.cacheSizeLimit function: a launch that hits does not
 * read the file. context is the options. */
uint64_t settings_cache_limit_bytes(void *context);

#endif
