/* Code shown to debuggers and profilers: see lib/debug. A launch without them
 * compares one byte. */
#ifndef BCC_ENGINE_SHOWN_H
#define BCC_ENGINE_SHOWN_H

#include "prepare.h"

/* Show the script's loaded code to a debugger that is there, and to the tools
 * that the host asks for. found: the file from which the code was loaded, still
 * open. Failures are logged. */
void shown_begin(BCCScriptRef script, const struct found *found);

/* To be called before the code is unmapped. */
void shown_end(BCCScriptRef script);

#endif
