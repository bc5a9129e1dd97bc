/* Messages for undefined symbols: each symbol, its user, and advice. */
#ifndef BCC_TOOL_UNDEFINED_H
#define BCC_TOOL_UNDEFINED_H

#include <bcc/bcc.h>

#include "options.h"

/* After a failed prepare: print the missing symbols, or the error message if
 * there are none. path: of the program. */
void complain_failed(BCCScriptRef script, const struct options *options,
                     const char *path);

/* Print the symbols that neither the code of an entry defines, nor its shared
 * libraries, nor libc. entry: the cache file. Returns their number. */
size_t undefined_complain(const struct options *options, const char *path,
                          const char *entry);

/* Before a compile for `run`: ask for undefined symbols before the code is
 * made; complain_failed() then lists them. Does nothing if the environment may
 * supply symbols (LD_PRELOAD). Call undefined_forget() after the prepare and
 * the complaints about it. */
void undefined_ask(void);
void undefined_forget(void);

#endif
