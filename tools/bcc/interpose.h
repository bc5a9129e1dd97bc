/* Lets shared libraries use what the program defines. */
#ifndef BCC_TOOL_INTERPOSE_H
#define BCC_TOOL_INTERPOSE_H

#include "script.h"

/* A definitions_fn. From here on what is loaded is bound to the program's
 * definitions where it is bound to these names. */
void interpose(const struct definition *definitions, size_t n);

#endif
