/* Reductions: which functions a host calls, and whether they fit. */
#ifndef BCC_COMPILER_REDUCTIONS_H
#define BCC_COMPILER_REDUCTIONS_H

#include <llvm-c/Core.h>

#include "buffer.h"
#include "script_exports.h"

/* Append the text of a reduction, given that of its accumulating kernel:
 *
 *   text = "refused: " reason
 *        | "reduce" SIZE ACCUMULATOR INITIALIZER COMBINER OUTCONVERTER
 *
 * with spaces between; "-": there is no such function. */
void reduction_describe(LLVMModuleRef module,
                        const struct script_reduction *reduction,
                        const char *kernel, struct buffer *text);

#endif
