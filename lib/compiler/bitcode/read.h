/* Turns the bytes of an input into an LLVM module. */
#ifndef BCC_COMPILER_READ_H
#define BCC_COMPILER_READ_H

#include "llvm_glue.h"

/* The kind of bytes. Bitcode may also be a section of an ELF object. */
enum module_kind { MODULE_UNKNOWN, MODULE_BITCODE, MODULE_ELF_OBJECT };
enum module_kind module_kind(struct span bytes);

/* Raw bitcode, bitcode in the Android wrapper or in an ELF object, or textual
 * IR. The module borrows bytes and is lazy: see glue_read_bitcode(). Several
 * modules in one file become one. CORRUPT, UNSUPPORTED (an ELF object without
 * bitcode). For other files the message names their kind. */
enum status module_read(struct glue *glue, struct span bytes, const char *name,
                        LLVMModuleRef *ret_module,
                        struct error *err) MUST_CHECK;

#endif
