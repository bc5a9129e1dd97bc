/* The program among the objects that the dynamic linker tells of. */
#ifndef BCC_TOOL_LOADED_OBJECTS_H
#define BCC_TOOL_LOADED_OBJECTS_H

#include <bcc/bcc.h>

/* From its prepare on this script is the process's program. Before the prepare;
 * borrowed, NULL: none any more. */
void loaded_objects_take(BCCScriptRef script);

/* For bccRegisterSymbolCallback(): functions that are other ones for the
 * program than for libraries. */
void *loaded_objects_lookup(void *context, const char *symbol);

#endif
