/* Bitcode files that hold several modules. */
#ifndef BCC_COMPILER_JOIN_MODULES_H
#define BCC_COMPILER_JOIN_MODULES_H

#include "llvm_glue.h"

/* The number of modules in the bitcode; 0 if it is malformed. */
size_t join_count(struct span bitcode);

/* Number of bytes from the magic to the end of the last complete block. If the
 * bytes after it begin another block, *ret_needed is the size that the file
 * would have with that block complete; otherwise it equals the result. */
size_t join_size(struct span bitcode, uint64_t *ret_needed);

/* All of them, linked into one, which is not lazy. CORRUPT, COMPILE,
 * NO_MEMORY. */
enum status join_modules(struct glue *glue, struct span bitcode,
                         const char *name, LLVMModuleRef *ret_module,
                         struct error *err) MUST_CHECK;

/* LLVM's linker drops an inline function (linkonce) that its own module does
 * not use. A native object has it, and another module may need it: make them
 * weak, so that they are linked. */
void join_keep_linkonce(LLVMModuleRef module);

#endif
