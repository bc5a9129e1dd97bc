/* What link_result tells about the image's symbols. */
#ifndef BCC_LINKER_TABLES_H
#define BCC_LINKER_TABLES_H

#include "link_state.h"

/* Fills functions, objects and imports of the result. NO_MEMORY. */
enum status tables_fill(struct link *link, struct error *err) MUST_CHECK;

#endif
