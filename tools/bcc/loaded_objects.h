/* The program among the objects that the dynamic linker tells of. */
#ifndef BCC_TOOL_LOADED_OBJECTS_H
#define BCC_TOOL_LOADED_OBJECTS_H

#include <stdbool.h>

/* Before the program is prepared. True: unwinders find its image here, so the
 * library need not tell them. */
bool loaded_objects_init(void);

/* For bccRegisterSymbolCallback(): functions that are other ones for the
 * program than for libraries. */
void *loaded_objects_lookup(void *context, const char *symbol);

#endif
