/* What the loader patches: .rela.dyn and .relr.dyn. */
#ifndef BCC_LINKER_DYNAMIC_RELOCS_H
#define BCC_LINKER_DYNAMIC_RELOCS_H

#include "link_state.h"

/* Once chunks have their offsets in outputs: divides link.dynamic into
 * rela_list and relr_list, sorted, and sets the sizes of the two tables.
 * CORRUPT if two relocations overlap. */
enum status dynamic_relocs_sort(struct link *link,
                                struct error *err) MUST_CHECK;

/* Once addresses are known: writes .rela.dyn and .relr.dyn, and the words in
 * data that DT_RELR adds the load address to. */
enum status dynamic_relocs_write(struct link *link,
                                 struct error *err) MUST_CHECK;

#endif
