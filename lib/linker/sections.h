/* First pass: from object files to chunks. */
#ifndef BCC_LINKER_SECTIONS_H
#define BCC_LINKER_SECTIONS_H

#include "link_state.h"

/* Opens every input; fills link.objects (but not their symbols), link.chunks
 * and link.machine. CORRUPT, UNSUPPORTED, MISUSE. */
enum status sections_read(struct link *link, struct error *err) MUST_CHECK;

/* The same for one more object. */
enum status sections_read_object(struct link *link,
                                 const struct link_input *input,
                                 struct object **ret_object,
                                 struct error *err) MUST_CHECK;

#endif
