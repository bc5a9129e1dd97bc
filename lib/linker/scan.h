/* Third pass: what the relocations need of the image. */
#ifndef BCC_LINKER_SCAN_H
#define BCC_LINKER_SCAN_H

#include "link_state.h"

/* Looks at each relocation once. Asks got.h for slots and stubs, records
 * dynamic relocations of data, marks the chunks that these patch, and refuses
 * what cannot be in an image. UNRESOLVED, UNSUPPORTED, CORRUPT. */
enum status scan_relocations(struct link *link, struct error *err) MUST_CHECK;

#endif
