/* Lets shared libraries use what the program defines. */
#ifndef BCC_TOOL_INTERPOSE_H
#define BCC_TOOL_INTERPOSE_H

#include <stddef.h>

#include <bcc/bcc.h>

/* As BCCHost.interpose. From here on what is loaded is bound to the program's
 * definitions where it is bound to these names. */
void interpose(void *context, const BCCDefinition *definitions, size_t n);

#endif
