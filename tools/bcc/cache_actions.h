/* bcc cache: the listing with which most of its commands begin. */
#ifndef BCC_TOOL_CACHE_ACTIONS_H
#define BCC_TOOL_CACHE_ACTIONS_H

#include <limits.h>

#include "commands.h"
#include "inventory.h"

/* Read a directory, or complain. */
bool cache_inventory(const char *dir, struct inventory *ret_inventory);

/* Path of an entry. */
void cache_entry_path(const char *dir, const struct inventory *inventory,
                      size_t i, char ret_path[PATH_MAX]);

#endif
