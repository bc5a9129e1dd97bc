/* Messages for undefined symbols: each symbol, its user, and advice. */
#ifndef BCC_TOOL_UNDEFINED_H
#define BCC_TOOL_UNDEFINED_H

#include <bcc/bcc.h>

#include "options.h"

/* After a failed prepare: print the missing symbols, or the error message if
 * there are none. path: of the program. */
void complain_failed(BCCScriptRef script, const struct options *options,
                     const char *path);

#endif
