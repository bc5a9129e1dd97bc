/* Between resolving the inputs and giving common symbols memory: archives. */
#ifndef BCC_LINKER_PULL_H
#define BCC_LINKER_PULL_H

#include "link_state.h"

/* Adds the members of params->archives that define what is undefined, as
 * objects read and resolved. CORRUPT, UNSUPPORTED (an archive without index,
 * or a thin one), MISUSE (a member for another machine). */
enum status pull_members(struct link *link, struct error *err) MUST_CHECK;

#endif
