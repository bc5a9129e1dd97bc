/* Code that is shown to debuggers and profilers: see lib/debug. A launch that
 * nobody watches compares one byte. */
#ifndef BCC_ENGINE_SHOWN_H
#define BCC_ENGINE_SHOWN_H

#include "prepare.h"

/* Show the script's loaded code to whoever asked, if anybody did. found: the
 * file it was loaded from, still open. Failures are logged. */
void shown_begin(BCCScriptRef script, const struct found *found);

/* Before the code is unmapped. */
void shown_end(BCCScriptRef script);

#endif
