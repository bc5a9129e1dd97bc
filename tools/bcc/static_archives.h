/* -lNAME where a directory has libNAME.a, and no libNAME.so. */
#ifndef BCC_TOOL_STATIC_ARCHIVES_H
#define BCC_TOOL_STATIC_ARCHIVES_H

#include <stdbool.h>

#include "options.h"

/* Move the -l options that stand for an archive from options->shared to
 * options->archives. As for a linker, the first directory of -L that has either
 * kind of library decides, and in it the shared one. False after a complaint:
 * no memory. */
bool static_archives_find(struct options *options);

#endif
