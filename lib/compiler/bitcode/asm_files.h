/* Assembly that reads files: LLVM finds none (the compiler process opens
 * nothing), and says so in words that do not help. */
#ifndef BCC_COMPILER_ASM_FILES_H
#define BCC_COMPILER_ASM_FILES_H

#include "error.h"
#include "request.h"
#include "span.h"

/* If *err is LLVM's complaint about such a file, say instead which input has
 * the directive, and that it is refused. inputs[i] holds the bytes of
 * request->inputs[i]. */
void asm_files_explain(const struct request *request, const struct span *inputs,
                       struct error *err);

#endif
