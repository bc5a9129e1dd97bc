/* Names that stay visible outside the code; all others are hidden. */
#ifndef BCC_COMPILER_INTERNALIZE_H
#define BCC_COMPILER_INTERNALIZE_H

#include <llvm-c/Core.h>

#include "link_objects.h"
#include "request.h"
#include "script_exports.h"

/* Names that must not change; sorted, no duplicates. Lives in the result's
 * arena. */
struct public_names {
    const char **name;
    size_t n_names;
};

/* Add the externally visible definitions of the script, and of the objects
 * linked with it, to the export lists of *exports, in module order. For scripts
 * that do not list their exports. NO_MEMORY. */
enum status exports_from_definitions(const struct objects *script,
                                     const struct request *request,
                                     struct script_exports *exports,
                                     struct error *err) MUST_CHECK;

/* Collect the names to keep from the request and the export lists.
 * NO_MEMORY. */
enum status public_names_collect(const struct request *request,
                                 bool has_metadata,
                                 struct script_exports *exports,
                                 struct public_names *ret_names,
                                 struct error *err) MUST_CHECK;

bool public_names_contain(const struct public_names *names, const char *name);

/* Values of string attributes of the module's functions and of calls in them,
 * and of module flags: they may be names of symbols, which IR does not show.
 * Sorted; names live in arena. NO_MEMORY. */
enum status attribute_names_collect(LLVMModuleRef module, struct arena *arena,
                                    struct public_names *ret_names,
                                    struct error *err) MUST_CHECK;

/* Make the definitions of these names external and hidden, likewise those that
 * assembly, attributes or native objects may use (assembly.h,
 * attribute_names.c, native_objects.h), and all others internal. */
struct visible_names {
    struct public_names published;
    struct public_names in_asm;
    struct public_names in_attributes;
    struct public_names in_natives;
};
void internalize(LLVMModuleRef module, const struct visible_names *names);

#endif
