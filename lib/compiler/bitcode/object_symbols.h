/* Symbols of the modules and objects of a program, resolved as by a linker. */
#ifndef BCC_COMPILER_OBJECT_SYMBOLS_H
#define BCC_COMPILER_OBJECT_SYMBOLS_H

#include <stdbool.h>

#include "llvm_glue.h"
#include "name_map.h"
#include "object_view.h"

/* A zeroed struct is empty. Borrows the names of the added modules, so it is
 * invalid once one of them is linked. */
struct object_symbols {
    struct arena *arena;
    struct name_map map;
    struct error
        conflict; /* the first conflict; its status is OK if there is none */
    size_t n_conflicts;
};

void object_symbols_init(struct object_symbols *symbols, struct arena *arena);
void object_symbols_release(struct object_symbols *symbols);

/* Add the definitions and references of a module; file names it in messages and
 * is borrowed, too. Conflicts are remembered. NO_MEMORY. */
enum status object_symbols_add(struct object_symbols *symbols,
                               LLVMModuleRef module, const char *file,
                               struct error *err) MUST_CHECK;

/* Add those of an ELF object without bitcode. NO_MEMORY, CORRUPT. */
enum status object_symbols_add_object(struct object_symbols *symbols,
                                      const struct object_view *object,
                                      struct error *err) MUST_CHECK;

/* Add a reference to a name that is in no module. NO_MEMORY. */
enum status object_symbols_want(struct object_symbols *symbols,
                                const char *name, struct error *err) MUST_CHECK;

/* Does an added module define the name, or refer to it? */
bool object_symbols_know(const struct object_symbols *symbols,
                         const char *name);

/* The file whose definition the program uses, or NULL. */
const char *object_symbols_definer(const struct object_symbols *symbols,
                                   const char *name);

/* The definitions of an archive's member, to be tested repeatedly. Lives in the
 * arena; names are borrowed from the module or object. */
struct definitions {
    struct definition_row *row;
    size_t n_rows;
};

/* NO_MEMORY; CORRUPT (objects only). */
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

/* A name that the member defines; index < definitions->n_rows. */
const char *object_symbols_name(const struct definitions *definitions,
                                size_t index);

/* COMPILE if modules conflict; the message names the first conflict and the
 * number of conflicts. */
enum status object_symbols_check(const struct object_symbols *symbols,
                                 struct error *err) MUST_CHECK;

#endif
