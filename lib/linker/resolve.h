/* Second pass: which definition each name means. */
#ifndef BCC_LINKER_RESOLVE_H
#define BCC_LINKER_RESOLVE_H

#include "link_state.h"

/* Fills objects' symbols and link.globals. MISUSE for two strong definitions,
 * CORRUPT. */
enum status resolve_symbols(struct link *link, struct error *err) MUST_CHECK;

/* The same for one more object. */
enum status resolve_object(struct link *link, struct object *object,
                           struct error *err) MUST_CHECK;

/* Gives common symbols memory, once all objects are there. */
enum status resolve_commons(struct link *link, struct error *err) MUST_CHECK;

#endif
