/* Turns the bytes of an input into an LLVM module. */
#ifndef BCC_COMPILER_READ_H
#define BCC_COMPILER_READ_H

#include <llvm-c/Core.h>

#include "error.h"
#include "llvm_glue.h"
#include "span.h"

/* Kinds of inputs. An ELF object may contain bitcode, too. */
enum module_kind { MODULE_UNKNOWN, MODULE_BITCODE, MODULE_ELF_OBJECT };
enum module_kind module_kind(struct span bytes);

/* Raw bitcode, bitcode in the Android wrapper or in an ELF object, or textual
 * IR. The module borrows bytes and is lazy: see glue_read_bitcode(). Several
 * modules in one file become one. CORRUPT, UNSUPPORTED (an ELF object without
 * bitcode). For other files the message names their kind. */
enum status module_read(struct glue *glue, struct span bytes, const char *name,
                        LLVMModuleRef *ret_module,
                        struct error *err) MUST_CHECK;

/* ---- Other files ---- */

/* "C or C++ source: compile it with ...", or NULL if neither the bytes nor the
 * end of the name show what it is. */
const char *foreign_format(struct span bytes, const char *name);

/* ---- Files of several modules ---- */

/* The number of modules in the bitcode; 0 if it is malformed. */
size_t join_count(struct span bitcode);

/* Number of bytes from the magic to the end of the last complete block. If the
 * bytes after it begin another block, *ret_needed is the size that the file
 * would have with that block complete; otherwise it equals the result. */
size_t join_size(struct span bitcode, uint64_t *ret_needed);

/* Link all modules of the bitcode into one, which is not lazy. CORRUPT,
 * COMPILE, NO_MEMORY. */
enum status join_modules(struct glue *glue, struct span bitcode,
                         const char *name, LLVMModuleRef *ret_module,
                         struct error *err) MUST_CHECK;

/* Make inline functions (linkonce) weak. LLVM's linker drops a linkonce
 * function that its own module does not use; but a native linker keeps it, and
 * other modules may need it. */
void join_keep_linkonce(LLVMModuleRef module);

/* ---- Names that begin with the byte 01 ---- */

/* The name without the byte. */
static inline const char *plain_name(const char *name)
{
    return name + (*name == '\1');
}

/* Remove the byte from all names of a module that was just read from `file`.
 * COMPILE (two definitions of one symbol), NO_MEMORY. */
enum status plain_names_make(LLVMModuleRef module, const char *file,
                             struct error *err) MUST_CHECK;

#endif
