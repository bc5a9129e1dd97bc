/* Registers an image's unwind table, so that exceptions and backtraces can pass
 * through its code. */
#ifndef BCC_LOADER_UNWIND_TABLE_H
#define BCC_LOADER_UNWIND_TABLE_H

#include "load.h"

/* Show the image's unwind table to the unwinders that are there, if it has one.
 * From here on *image may not be moved: the unwinder keeps a record in it. */
void unwind_table_register(struct image *image);

/* Accepts an image that is not registered. */
void unwind_table_deregister(struct image *image);

#endif
