/* Symbols of the modules that make up a program, as a linker resolves them. */
#ifndef BCC_COMPILER_SYMBOLS_H
#define BCC_COMPILER_SYMBOLS_H

#include <stdbool.h>

#include "llvm_glue.h"
#include "name_map.h"
#include "object_view.h"

/* A zeroed one is empty. It borrows the names of the modules that were added:
 * not to be used once one of them is linked. */
struct symbols {
    struct arena *arena;
    struct name_map map;
    struct error conflict; /* the first; its status is OK if there is none */
    size_t n_conflicts;
};

void symbols_init(struct symbols *symbols, struct arena *arena);
void symbols_release(struct symbols *symbols);

/* Add what the module defines and refers to; file names it in messages and is
 * borrowed, too. Contradictions are remembered. NO_MEMORY. */
enum status symbols_add(struct symbols *symbols, LLVMModuleRef module,
                        const char *file, struct error *err) MUST_CHECK;

/* A reference that is in no module. NO_MEMORY. */
enum status symbols_want(struct symbols *symbols, const char *name,
                         struct error *err) MUST_CHECK;

/* Does a module that was added define the name, or refer to it? */
bool symbols_know(const struct symbols *symbols, const char *name);

/* What a member of an archive defines, so that it can be asked for again and
 * again. Lives in the arena; names are borrowed from the module or object. */
struct definitions {
    struct definition_row *row;
    size_t n_rows;
};

/* NO_MEMORY; CORRUPT (an object). */
enum status symbols_read_module(struct symbols *symbols, LLVMModuleRef module,
                                struct definitions *ret_definitions,
                                struct error *err) MUST_CHECK;
enum status symbols_read_object(struct symbols *symbols,
                                const struct object_view *object,
                                struct definitions *ret_definitions,
                                struct error *err) MUST_CHECK;

/* The first name for which a linker would take the member, or NULL. */
const char *symbols_wanted(const struct definitions *definitions);

/* COMPILE if modules contradict each other; the message names the first
 * contradiction and says how many there are. */
enum status symbols_check(const struct symbols *symbols,
                          struct error *err) MUST_CHECK;

#endif
