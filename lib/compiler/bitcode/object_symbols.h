/* Symbols of the modules that make up a program, as a linker resolves them. */
#ifndef BCC_COMPILER_OBJECT_SYMBOLS_H
#define BCC_COMPILER_OBJECT_SYMBOLS_H

#include <stdbool.h>

#include "llvm_glue.h"
#include "name_map.h"
#include "object_view.h"

/* A zeroed one is empty. It borrows the names of the modules that were added:
 * not to be used once one of them is linked. */
struct object_symbols {
    struct arena *arena;
    struct name_map map;
    struct error conflict; /* the first; its status is OK if there is none */
    size_t n_conflicts;
};

void object_symbols_init(struct object_symbols *symbols, struct arena *arena);
void object_symbols_release(struct object_symbols *symbols);

/* Add what the module defines and refers to; file names it in messages and is
 * borrowed, too. Contradictions are remembered. NO_MEMORY. */
enum status object_symbols_add(struct object_symbols *symbols,
                               LLVMModuleRef module, const char *file,
                               struct error *err) MUST_CHECK;

/* A reference that is in no module. NO_MEMORY. */
enum status object_symbols_want(struct object_symbols *symbols,
                                const char *name, struct error *err) MUST_CHECK;

/* Does a module that was added define the name, or refer to it? */
bool object_symbols_know(const struct object_symbols *symbols,
                         const char *name);

/* What a member of an archive defines, so that it can be asked for again and
 * again. Lives in the arena; names are borrowed from the module or object. */
struct definitions {
    struct definition_row *row;
    size_t n_rows;
};

/* NO_MEMORY; CORRUPT (an object). */
enum status object_symbols_read_module(struct object_symbols *symbols,
                                       LLVMModuleRef module,
                                       struct definitions *ret_definitions,
                                       struct error *err) MUST_CHECK;
enum status object_symbols_read_object(struct object_symbols *symbols,
                                       const struct object_view *object,
                                       struct definitions *ret_definitions,
                                       struct error *err) MUST_CHECK;

/* The first name for which a linker would take the member, or NULL. */
const char *object_symbols_wanted(const struct definitions *definitions);

/* One of the names that it defines, of definitions->n_rows. */
const char *object_symbols_name(const struct definitions *definitions,
                                size_t index);

/* COMPILE if modules contradict each other; the message names the first
 * contradiction and says how many there are. */
enum status object_symbols_check(const struct object_symbols *symbols,
                                 struct error *err) MUST_CHECK;

#endif
