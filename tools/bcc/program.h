/* The program of the process: the one script that bcc run runs. As a native one
 * it comes first in the dynamic linker's search:
 *
 *   program.c         which it is, and its end
 *   loaded_objects.c  it is among the objects that the dynamic linker tells of
 *   operators.c       libraries use its operators new and delete
 *   interpose.c       libraries use whatever else it defines
 */
#ifndef BCC_TOOL_PROGRAM_H
#define BCC_TOOL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

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

/* Before the program is prepared. True: unwinders find its image here, so the
 * library need not tell them. */
bool loaded_objects_init(void);

/* For bccRegisterSymbolCallback(): functions that are other ones for the
 * program than for libraries. */
void *loaded_objects_lookup(void *context, const char *symbol);

/* As BCCHost.interpose. From here on what is loaded is bound to the program's
 * definitions where it is bound to these names. */
void interpose(void *context, const BCCDefinition *definitions, size_t n);

#endif
