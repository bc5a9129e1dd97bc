/* Messages about one relocation: object, section, offset, type, symbol. */
#ifndef BCC_LINKER_RELOC_ERROR_H
#define BCC_LINKER_RELOC_ERROR_H

#include "link_state.h"

/* "libm.o: .text+0x1a4: R_X86_64_PC32 against 'sinf': " and the fact. */
enum status reloc_error(const struct link *link, const struct chunk *chunk,
                        const struct relocation *relocation, enum status status,
                        struct error *err, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#endif
