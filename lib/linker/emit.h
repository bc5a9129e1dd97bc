/* The ELF headers around the image's contents. */
#ifndef BCC_LINKER_EMIT_H
#define BCC_LINKER_EMIT_H

#include "link_state.h"

/* Makes result.image: zeros, as large as the finished file. NO_MEMORY. */
enum status emit_begin(struct link *link, struct error *err) MUST_CHECK;

/* Writes ELF header, program headers, section headers. */
void emit_headers(const struct link *link);

#endif
