/* Names in the assembly of modules, which their IR does not show.
 *
 *   asm_names.c    every word that could be a name: cheap, finds too many
 *   asm_symbols.c  the symbols: the text is parsed as an assembler does it
 *   asm_labels.c   labels of inline assembly, kept apart when files are linked
 *   asm_files.c    messages for assembly that reads files */
#ifndef BCC_COMPILER_ASSEMBLY_H
#define BCC_COMPILER_ASSEMBLY_H

#include <stdbool.h>

#include <llvm-c/Core.h>

#include "arena.h"
#include "buffer.h"
#include "error.h"
#include "llvm_glue.h"
#include "request.h"
#include "span.h"

struct public_names; /* internalize.h */

/* ---- Words ---- */

/* May the byte be part of a name in assembly? */
static inline bool asm_is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* Collect every word of the module's own assembly, and of the inline assembly
 * in its functions, that could be a name; sorted. Names live in arena.
 * NO_MEMORY. */
enum status asm_names_collect(LLVMModuleRef module, struct arena *arena,
                              struct public_names *ret_names,
                              struct error *err) MUST_CHECK;

/* Append all assembly of the module: its own, and the inline assembly of those
 * functions whose bodies were read. */
void asm_text_append(LLVMModuleRef module, struct buffer *text);

/* ---- Symbols ---- */

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

/* Is the symbol undefined here, so that another module must define it? */
static inline bool asm_symbol_is_wanted(const struct asm_symbol *symbol)
{
    return !(symbol->uses & (ASM_DEFINED | ASM_WEAK));
}

/* Is it a label that no other module can see? */
static inline bool asm_symbol_is_local(const struct asm_symbol *symbol)
{
    return (symbol->uses & ASM_DEFINED) && !(symbol->uses & ASM_GLOBAL);
}

/* Symbols of the module's own assembly, and of the inline assembly in those
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

/* ---- Labels ---- */

/* A file, and the new names of labels in its module assembly. */
struct asm_file {
    const char *name;     /* for messages */
    const char *suffix;   /* no other file has it */
    const char **renamed; /* labels that got the suffix */
    size_t n_renamed;
};

/* Do glue_link(), then rename labels in the inline assembly of the module's
 * functions, so that they differ from labels of other files, and of other
 * copies of the same assembly. Consumes module. Errors of glue_link(),
 * NO_MEMORY. */
enum status asm_labels_link(struct glue *glue, LLVMModuleRef dest,
                            LLVMModuleRef module, const struct asm_file *file,
                            struct error *err) MUST_CHECK;

/* ---- Files ---- */

/* Assembly may read files. The compiler process opens no file, so LLVM reports
 * that it does not find it, which does not help. If *err is such a report,
 * replace it by a message that names the input with the directive and says that
 * it is refused. inputs[i] holds the bytes of request->inputs[i]. */
void asm_files_explain(const struct request *request, const struct span *inputs,
                       struct error *err);

#endif
