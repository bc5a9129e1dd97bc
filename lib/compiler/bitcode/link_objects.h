/* The inputs that are linked whole: the script, objects, and members of
 * archives. */
#ifndef BCC_COMPILER_LINK_OBJECTS_H
#define BCC_COMPILER_LINK_OBJECTS_H

#include "arena.h"
#include "assembly.h"
#include "llvm_glue.h"
#include "native_objects.h"

struct object {
    const char *name;     /* for a member of an archive: "libx.a(m.o)" */
    LLVMModuleRef module; /* lazy; NULL once it was linked */
    struct asm_file file; /* its name is the same */
};

/* The program, in the order of linking. A zeroed one is empty. */
struct objects {
    struct object *object;
    size_t n_objects;
    struct native_objects natives; /* of the same program; in the arena */
    const char **left; /* definitions of archive members that were */
    size_t n_left;     /* not taken; sorted */
};

/* One input of the command line; they are in its order. */
struct object_input {
    const char *name;
    struct span bytes; /* a module, an ELF object or an archive, borrowed */
};

/* Makes a module from bytes; its status is passed on. */
struct object_reader {
    enum status (*read)(void *context, struct span bytes, const char *name,
                        LLVMModuleRef *ret_module, struct error *err);
    void *context;
};

struct object_inputs {
    const struct object_input *input;
    size_t n_inputs;
    const char *const
        *wanted; /* names that are needed although no module refers to them */
    size_t n_wanted;
};

/* Read the inputs, and the members of archives that are needed: by the modules
 * before them, by each other, or because they define a name in wanted. Names
 * live in arena. COMPILE (conflicting definitions), UNSUPPORTED (a needed
 * object cannot be read; nothing is bitcode), CORRUPT, NO_MEMORY. */
enum status objects_read(const struct object_reader *reader,
                         const struct object_inputs *inputs,
                         struct arena *arena, struct objects *ret_objects,
                         struct error *err) MUST_CHECK;

/* Link all modules into dest. Consumes the modules. */
enum status objects_link(struct glue *glue, LLVMModuleRef dest,
                         struct objects *objects, struct error *err) MUST_CHECK;

void objects_release(struct objects *objects);

#endif
