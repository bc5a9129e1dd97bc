/* The exports of a script that uses the macros of bcc_script.h. */
#ifndef BCC_COMPILER_ANNOTATIONS_H
#define BCC_COMPILER_ANNOTATIONS_H

#include "llvm_glue.h"
#include "script_exports.h"

/* Add the definitions with annotations to the lists of *exports, all addresses
 * OBCC_NO_ADDRESS. *ret_has_exports is set, never cleared: the lists say what
 * is exported. name: of the module, for messages. COMPILE (an annotation of
 * ours that means nothing), NO_MEMORY. */
enum status annotations_read(LLVMModuleRef module, const char *name,
                             struct script_exports *exports,
                             bool *ret_has_exports,
                             struct error *err) MUST_CHECK;

/* Delete the annotations of a module, which would keep what they name. */
void annotations_drop(LLVMModuleRef module);

#endif
