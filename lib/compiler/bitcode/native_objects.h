/* Inputs that are compiled already: ELF objects without bitcode. They are
 * linked to the code made from the bitcode. */
#ifndef BCC_COMPILER_NATIVE_OBJECTS_H
#define BCC_COMPILER_NATIVE_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

#include <llvm-c/Core.h>

#include "arena.h"
#include "error.h"
#include "machine.h"
#include "object_view.h"

struct public_names; /* internalize.h */

/* A growing list, in the order of linking; a zeroed one is empty. It lives in
 * an arena and borrows the inputs' bytes. */
struct native_objects {
    struct object_view *object;
    size_t n_objects;
    size_t n_first; /* that many of them come before any bitcode */
    size_t n_places;
    const char **chosen; /* names that the program takes from an */
    size_t n_chosen;     /* object; sorted */
};

/* Append an object. NO_MEMORY; UNSUPPORTED: there is no code in it. */
enum status native_objects_add(struct native_objects *natives,
                               const struct object_view *object,
                               struct arena *arena,
                               struct error *err) MUST_CHECK;

/* UNSUPPORTED: an object is for another machine. */
enum status native_objects_check(const struct native_objects *natives,
                                 const struct machine *machine,
                                 struct error *err) MUST_CHECK;

/* Fill in the chosen names: those for which is_chosen() is true. NO_MEMORY. */
typedef bool (*native_choose_fn)(const void *context,
                                 const struct native_objects *natives,
                                 const char *name);
enum status native_objects_choose(struct native_objects *natives,
                                  native_choose_fn is_chosen,
                                  const void *context, struct arena *arena,
                                  struct error *err) MUST_CHECK;

/* Is `file` the name of one of the objects? Pointers are compared. */
bool native_objects_own(const struct native_objects *natives, const char *file);

/* All names that the objects define or refer to; sorted. NO_MEMORY. */
enum status native_objects_names(const struct native_objects *natives,
                                 struct arena *arena,
                                 struct public_names *ret_names,
                                 struct error *err) MUST_CHECK;

/* Make the module use the chosen definitions instead of its own. */
void native_objects_override(const struct native_objects *natives,
                             LLVMModuleRef module);

/* The first object that refers to the name and does not define it, or NULL. */
const char *native_objects_user(const struct native_objects *natives,
                                const char *name);

/* Does an object define the name? */
bool native_objects_define(const struct native_objects *natives,
                           const char *name);

/* Calls visit for each name that an object refers to and no object defines,
 * with the object's name, until visit returns false. */
typedef bool (*native_undefined_fn)(void *context, const char *name,
                                    const char *object);
void native_objects_undefined(const struct native_objects *natives,
                              native_undefined_fn visit, void *context);

/* Calls visit for each function and variable that an object defines for others,
 * until visit returns false. */
typedef bool (*native_visit_fn)(void *context, const char *name,
                                bool is_function);
void native_objects_definitions(const struct native_objects *natives,
                                native_visit_fn visit, void *context);

#endif
