/* Opens shared libraries in the order of a native program. */
#ifndef BCC_ENGINE_LIBRARY_ORDER_H
#define BCC_ENGINE_LIBRARY_ORDER_H

#include <stdbool.h>

#include "cache_read.h"

/* Could shared libraries of the entry be bound differently than in a native
 * program if they are opened one after another? */
bool library_order_matters(const struct cache_view *view);

/* Open all of them at once. Returns a handle, to be closed after theirs. NULL:
 * this machine does not support it, or a library cannot be opened; open them
 * one after another then. unique: an address that no other object has until the
 * handle is closed. mode: RTLD_GLOBAL or RTLD_LOCAL. */
void *library_order_open(const struct cache_view *view, const void *unique,
                         int mode);

#endif
