/* Tables for the loader: .dynsym .dynstr .hash .rela.dyn .relr.dyn .dynamic */
#ifndef BCC_LINKER_DYNAMIC_H
#define BCC_LINKER_DYNAMIC_H

#include "link_state.h"

/* Once chunks have their offsets in outputs: chooses exports, sorts dynamic
 * relocations, sets the sizes of the tables. From here no symbol and no
 * relocation is added. CORRUPT. */
enum status dynamic_size(struct link *link, struct error *err) MUST_CHECK;

/* Once addresses are known: writes the tables, and the words in data that
 * DT_RELR adds the load address to. */
enum status dynamic_write(struct link *link, struct error *err) MUST_CHECK;

#endif
