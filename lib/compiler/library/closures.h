/* The pieces of a large runtime library that scripts need. */
#ifndef BCC_COMPILER_CLOSURES_H
#define BCC_COMPILER_CLOSURES_H

#include <llvm-c/Core.h>

#include "error.h"
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
    struct arena *arena;  /* for what is added to the index */
    struct glue glue;     /* the library's own */
    LLVMModuleRef module; /* the library, if it had to be read */
    const char **declared;
    size_t n_declared; /* names that it needs from others */
};

/* The caller sets name, bytes, read, context, least_limit, index and arena.
 * index->is_whole says that the library must be linked as a whole. Errors:
 * those of read(). */
enum status closures_open(struct closures *closures,
                          struct error *err) MUST_CHECK;
void closures_release(struct closures *closures); /* also for a zeroed struct */

/* Cut the missing closures of these names, which are sorted and unique; the
 * library need not define all of them. To be called once at most.
 * *ret_too_large: together they are so large that the library must be linked as
 * a whole; then not all are cut. CORRUPT, COMPILE, NO_MEMORY. */
enum status closures_cut(struct closures *closures, const char *const *names,
                         size_t n_names, bool *ret_too_large,
                         struct error *err) MUST_CHECK;

/* Bitcode with the definition of name and everything it needs from the library,
 * if it was cut; else false. */
bool closures_find(const struct closures *closures, const char *name,
                   struct span *ret_bitcode);

/* ---- Static definitions ---- */

/* Static definitions of a library while they are in closures: they have unique
 * names and are visible, so that closures share them. */

/* The first byte of such a name. */
enum { STATIC_MARK = '\2' };

/* Rename all static definitions of the library. NO_MEMORY. */
enum status static_names_show(LLVMModuleRef library,
                              struct error *err) MUST_CHECK;

/* After its closures were linked into dest: make them static again, under their
 * old names. NO_MEMORY. */
enum status static_names_hide(LLVMModuleRef dest, struct error *err) MUST_CHECK;

#endif
