/* What to say when symbols are undefined: each, who wants it, what may help. */
#ifndef BCC_TOOL_UNDEFINED_H
#define BCC_TOOL_UNDEFINED_H

#include <bcc/bcc.h>

#include "options.h"

/* After a prepare that failed with BCC_UNRESOLVED_SYMBOL. path: of the
 * program, for messages. */
void complain_undefined(BCCScriptRef script, const struct options *options,
                        const char *path);

#endif
