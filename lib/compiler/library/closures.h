/* What scripts want of a large runtime library, cut out of it. */
#ifndef BCC_COMPILER_CLOSURES_H
#define BCC_COMPILER_CLOSURES_H

#include "index_file.h"
#include "llvm_glue.h"

/* Reads a library into glue, for the target of the compile. */
typedef enum status (*closures_read_fn)(void *context, struct glue *glue,
                                        struct span bytes, const char *name,
                                        LLVMModuleRef *ret_module,
                                        struct error *err);

struct closures {
    const char *name; /* of the library */
    struct span bytes;
    closures_read_fn read;
    void *context;
    size_t least_limit; /* compile_limits.least_closures_size */
    struct library_index *index;
    struct arena *arena;  /* of what is added to the index */
    struct glue glue;     /* the library's own */
    LLVMModuleRef module; /* the library, if it had to be read */
    const char **declared;
    size_t n_declared; /* names that it wants of others */
};

/* name, bytes, read, context, least_limit, index and arena are set.
 * index->is_whole says that the library is to be linked as a whole. What read()
 * says. */
enum status closures_open(struct closures *closures,
                          struct error *err) MUST_CHECK;
void closures_release(struct closures *closures); /* accepts a zeroed one */

/* Cut what is not there yet of these names, sorted and each once, some of which
 * the library may not define; at most once. *ret_too_large: they come to so
 * much that the library is to be linked as a whole; not all are cut then.
 * CORRUPT, COMPILE, NO_MEMORY. */
enum status closures_cut(struct closures *closures, const char *const *names,
                         size_t n_names, bool *ret_too_large,
                         struct error *err) MUST_CHECK;

/* Bitcode with the definition of name and all it needs of the library, once it
 * was cut; or false. */
bool closures_find(const struct closures *closures, const char *name,
                   struct span *ret_bitcode);

#endif
