/* bcc cache ACTION: what each takes, and the listing that most begin with. */
#ifndef BCC_TOOL_CACHE_ACTIONS_H
#define BCC_TOOL_CACHE_ACTIONS_H

#include <limits.h>

#include "inventory.h"
#include "options.h"

/* Each returns an exit status. dir: the cache directory. */
int cache_explain(const struct options *options, const char *dir);
int cache_gc(const struct options *options, const char *dir);
int cache_verify(const struct options *options, const char *dir);

/* Read a directory, or complain. */
bool cache_inventory(const char *dir, struct inventory *ret_inventory);

/* Path of an entry. */
void cache_entry_path(const char *dir, const struct inventory *inventory,
                      size_t i, char ret_path[PATH_MAX]);

#endif
