/* The named metadata in which a script describes itself. */
#ifndef BCC_COMPILER_METADATA_H
#define BCC_COMPILER_METADATA_H

#include "link_objects.h"
#include "script_exports.h"

/* Fill the export, foreach, pragma and object slot lists of *exports from the
 * script and the objects linked with it, all addresses OBCC_NO_ADDRESS; see
 * metadata.c. *ret_has_exports: there is #rs_ metadata, so these lists define
 * the exports. COMPILE (a number that is malformed), NO_MEMORY. */
enum status metadata_read(const struct objects *script,
                          struct script_exports *exports, bool *ret_has_exports,
                          struct error *err) MUST_CHECK;

#endif
