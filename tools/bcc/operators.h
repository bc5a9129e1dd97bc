/* operator new and delete of C++ programs that define their own. */
#ifndef BCC_TOOL_OPERATORS_H
#define BCC_TOOL_OPERATORS_H

#include <bcc/bcc.h>

/* From now on libraries use the operators of this script, once it is prepared.
 * Before its prepare; borrowed for good. */
void operators_take(BCCScriptRef script);

#endif
