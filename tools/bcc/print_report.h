/* What a prepare did: --report, --report=json, --verbose. */
#ifndef BCC_TOOL_PRINT_REPORT_H
#define BCC_TOOL_PRINT_REPORT_H

#include <bcc/bcc.h>

#include "options.h"

/* As the options say, on standard error; nothing if they ask for nothing.
 * off_reason: why there is no cache, where the library does not know it; or
 * NULL. */
void print_report(BCCScriptRef script, const struct options *options,
                  const char *off_reason);

#endif
