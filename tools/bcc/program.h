/* The program of the process: the one script that bcc run runs. What libraries
 * are bound to in this executable (operators.c, loaded_objects.c) asks here. */
#ifndef BCC_TOOL_PROGRAM_H
#define BCC_TOOL_PROGRAM_H

#include <stdbool.h>

#include <bcc/bcc.h>

/* Before its prepare, as a constructor may exit. script, path: borrowed for
 * good; NULL: there is none any more. False: no memory. */
bool program_set(BCCScriptRef script, const char *path);

/* False until it is prepared. Async-signal-safe. */
bool program_image(BCCImage *ret_image);

/* As it was named; NULL: there is none. */
const char *program_path(void);

/* Address of a function; NULL: no such one, or not prepared. */
void *program_function(const char *name);

#endif
