/* Symbols that the linker makes: where the image and its sections begin and
 * end. */
#ifndef BCC_LINKER_BOUNDARY_H
#define BCC_LINKER_BOUNDARY_H

#include "link_state.h"

/* Gives a meaning to undefined symbols that have one for a linker, and zero
 * to hidden weak ones. After this, what is undefined is an import or an
 * error. */
enum status boundary_define(struct link *link, struct error *err) MUST_CHECK;

/* Sets their values, once addresses are known. */
void boundary_set_addresses(struct link *link);

#endif
