/* The program of the process: the one script that bcc run runs. Like a native
 * program it must come first in the dynamic linker's search:
 *
 *   program.c         the program, and its end
 *   loaded_objects.c  it is among the objects that the dynamic linker lists
 *   operators.c       libraries use its operators new and delete
 *   interpose.c       libraries use all else that it defines */
#ifndef BCC_TOOL_PROGRAM_H
#define BCC_TOOL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include <bcc/bcc.h>

#include "machine.h"
#include "options.h"

/* To be called before the program's prepare, as a constructor may exit. script,
 * path: borrowed until the process ends; NULL: there is no program any more.
 * False: no memory. */
bool program_set(BCCScriptRef script, const char *path);

/* False until it is prepared. Async-signal-safe. */
bool program_image(BCCImage *ret_image);

/* The name that the user gave; NULL: there is no program. */
const char *program_path(void);

/* Address of a function; NULL: no such function, or not prepared. */
void *program_function(const char *name);

/* To be called before the program is prepared. True: unwinders find its image
 * through this file, so the library need not register it. */
bool loaded_objects_init(void);

/* For bccRegisterSymbolCallback(): functions of which the program must get
 * another version than libraries. */
void *loaded_objects_lookup(void *context, const char *symbol);

/* For BCCHost.interpose: bind all loaded libraries to the program's definitions
 * of these names. */
void interpose(void *context, const BCCDefinition *definitions, size_t n);

/* ---- Programs of other machines ---- */

/* The machine of --target, if it is not this one; else NULL. */
const struct machine *foreign_machine(const struct options *options);

/* Compile the program for that machine, and run it there: returns only if
 * something fails, an exit status after a complaint. */
int run_foreign(const struct options *options, const struct machine *machine);

#endif
