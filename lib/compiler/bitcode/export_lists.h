/* The lists of names that a script exports, and where a script has them: in the
 * named metadata of llvm-rs-cc, or in the annotations of bcc_script.h. A script
 * without either exports its definitions: exports_from_definitions(). */
#ifndef BCC_COMPILER_EXPORT_LISTS_H
#define BCC_COMPILER_EXPORT_LISTS_H

#include "link_objects.h"
#include "llvm_glue.h"
#include "script_exports.h"

/* Fill the export, foreach, pragma and object slot lists of *exports from the
 * script and the objects linked with it, all addresses OBCC_NO_ADDRESS; see
 * metadata.c. *ret_has_exports: there is #rs_ metadata, so these lists define
 * the exports. COMPILE (a malformed number), NO_MEMORY. */
enum status metadata_read(const struct objects *script,
                          struct script_exports *exports, bool *ret_has_exports,
                          struct error *err) MUST_CHECK;

/* Add the definitions with annotations to the lists of *exports, all addresses
 * OBCC_NO_ADDRESS. *ret_has_exports is set if there are any, and never cleared:
 * then the lists define the exports. name: of the module, for messages. COMPILE
 * (an unknown annotation that begins with "bcc."), NO_MEMORY. */
enum status annotations_read(LLVMModuleRef module, const char *name,
                             struct script_exports *exports,
                             bool *ret_has_exports,
                             struct error *err) MUST_CHECK;

/* Delete the annotations of a module, which would keep the annotated
 * definitions. */
void annotations_drop(LLVMModuleRef module);

#endif
