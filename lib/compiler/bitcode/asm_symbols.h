/* Symbols in assembly: those it refers to and those it defines. */
#ifndef BCC_COMPILER_ASM_SYMBOLS_H
#define BCC_COMPILER_ASM_SYMBOLS_H

#include <stdbool.h>

#include <llvm-c/Core.h>

#include "arena.h"
#include "buffer.h"
#include "error.h"
#include "span.h"

enum {
    ASM_REFERENCED = 1u << 0,
    ASM_DEFINED = 1u << 1,
    ASM_GLOBAL = 1u << 2, /* visible to other modules, if it is defined */
    ASM_WEAK = 1u << 3
};

struct asm_symbol {
    const char *name;
    unsigned uses; /* ASM_... */
};

struct asm_symbols {
    struct asm_symbol *symbol; /* in order of appearance */
    size_t n_symbols;
};

/* Undefined here, so another module must define it. */
static inline bool asm_symbol_is_wanted(const struct asm_symbol *symbol)
{
    return !(symbol->uses & (ASM_DEFINED | ASM_WEAK));
}

/* A label that no other module can see. */
static inline bool asm_symbol_is_local(const struct asm_symbol *symbol)
{
    return (symbol->uses & ASM_DEFINED) && !(symbol->uses & ASM_GLOBAL);
}

/* Symbols of the module's own assembly and of the inline assembly in those
 * functions whose bodies were read. Lives in arena. NO_MEMORY. */
enum status asm_symbols_read(LLVMModuleRef module, struct arena *arena,
                             struct asm_symbols *ret_symbols,
                             struct error *err) MUST_CHECK;

/* Symbols of one text. */
enum status asm_symbols_read_text(struct span text, struct arena *arena,
                                  struct asm_symbols *ret_symbols,
                                  struct error *err) MUST_CHECK;

/* Append the text, with a suffix after each name for which suffix_of() returns
 * one instead of NULL. */
typedef const char *(*asm_suffix_fn)(void *context, const char *name);
void asm_text_rename(struct span text, asm_suffix_fn suffix_of, void *context,
                     struct buffer *out);

/* Append suffix to a name, wherever the module's own assembly contains it and
 * where its IR declares it. NO_MEMORY. */
enum status asm_symbols_rename(LLVMModuleRef module, const char *name,
                               const char *suffix,
                               struct error *err) MUST_CHECK;

#endif
