/* Assembly that reads files. The compiler process opens nothing, so LLVM does
 * not find them, and its message does not help. */
#ifndef BCC_COMPILER_ASM_FILES_H
#define BCC_COMPILER_ASM_FILES_H

#include "error.h"
#include "request.h"
#include "span.h"

/* If *err is LLVM's complaint about such a file, replace it by a message that
 * names the input with the directive and says that it is refused. inputs[i]
 * holds the bytes of request->inputs[i]. */
void asm_files_explain(const struct request *request, const struct span *inputs,
                       struct error *err);

#endif
