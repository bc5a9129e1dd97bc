/* What a script says about itself in named metadata. */
#ifndef BCC_COMPILER_METADATA_H
#define BCC_COMPILER_METADATA_H

#include <llvm-c/Core.h>

#include "compile.h"

/* Fill the export, foreach, pragma and object slot lists of *result from the
 * script's module, all addresses OBCC_NO_ADDRESS; see metadata.c. name is for
 * messages. *ret_has_exports: the script carries #rs_ metadata, so its lists
 * say what it exports. COMPILE (a number that is none), NO_MEMORY. */
enum status metadata_read(LLVMModuleRef script, const char *name,
                          struct compile_result *result, bool *ret_has_exports,
                          struct error *err) MUST_CHECK;

#endif
