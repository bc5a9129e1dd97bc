/* Labels in inline assembly belong to their file. */
#ifndef BCC_COMPILER_ASM_LABELS_H
#define BCC_COMPILER_ASM_LABELS_H

#include "llvm_glue.h"

/* A file, and the new names of labels in its module assembly. */
struct asm_file {
    const char *name;     /* for messages */
    const char *suffix;   /* no other file has it */
    const char **renamed; /* labels that got the suffix */
    size_t n_renamed;
};

/* glue_link(), then rename labels in the inline assembly of the module's
 * functions, so that they differ from those of other files, and of other copies
 * of that assembly. Consumes module. Errors of glue_link(), NO_MEMORY. */
enum status asm_labels_link(struct glue *glue, LLVMModuleRef dest,
                            LLVMModuleRef module, const struct asm_file *file,
                            struct error *err) MUST_CHECK;

#endif
