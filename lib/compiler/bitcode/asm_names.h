/* Names in a module's assembly, which its IR does not show. */
#ifndef BCC_COMPILER_ASM_NAMES_H
#define BCC_COMPILER_ASM_NAMES_H

#include <stdbool.h>

#include <llvm-c/Core.h>

#include "arena.h"
#include "buffer.h"
#include "error.h"
#include "internalize.h"

/* Can the byte be a part of a name for an assembler? */
static inline bool asm_is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* Every word of the module's own assembly and of the inline assembly in its
 * functions that could be a name; sorted. Names live in arena. NO_MEMORY. */
enum status asm_names_collect(LLVMModuleRef module, struct arena *arena,
                              struct public_names *ret_names,
                              struct error *err) MUST_CHECK;

/* Append all assembly of the module: its own, and the inline assembly of those
 * functions whose bodies were read. */
void asm_text_append(LLVMModuleRef module, struct buffer *text);

#endif
