/* What to say when symbols are undefined: each, who wants it, what may help. */
#ifndef BCC_TOOL_UNDEFINED_H
#define BCC_TOOL_UNDEFINED_H

#include <bcc/bcc.h>

#include "options.h"

/* After a prepare that failed; the error message, where no symbol was missing.
 * path: of the program. */
void complain_failed(BCCScriptRef script, const struct options *options,
                     const char *path);

#endif
