/* Finding shared libraries: first in the directories that the user names, then
 * where the dynamic linker looks by default. */
#ifndef BCC_SUPPORT_LIBRARY_SEARCH_H
#define BCC_SUPPORT_LIBRARY_SEARCH_H

#include <limits.h>
#include <stddef.h>

#include "arena.h"
#include "error.h"
#include "shared_library.h"

struct library_dirs {
    const char **dir;
    size_t n_dirs;
    size_t first_system; /* from here on dlopen() finds a library by its
                            soname alone */
    unsigned machine;    /* ELF e_machine; libraries of other machines are
                            skipped */
};

/* The given directories, then the system's; the given ones are borrowed. The
 * list lives in arena. NO_MEMORY. */
enum status library_dirs_init(struct library_dirs *ret_dirs,
                              const char *const *given, size_t n_given,
                              unsigned machine, struct arena *arena,
                              struct error *err) MUST_CHECK;

/* An open library, and the name to give to dlopen(). */
struct found_library {
    struct shared_library library;
    char name[PATH_MAX];
};

/* Called for a library that was found; consumes found->library. */
typedef enum status (*library_found_fn)(void *context,
                                        const struct found_library *found,
                                        struct error *err);

/* Find -lNAME as a linker does, but for running: libNAME.so, or else
 * libNAME.so.VERSION. ":FILE" is that file. A linker script instead of a
 * library stands for the shared libraries that it names. NOT_FOUND, or what the
 * function returns. */
enum status library_search(const struct library_dirs *dirs, const char *name,
                           library_found_fn found, void *context,
                           struct error *err) MUST_CHECK;

/* Find a library by its path or, without a slash, by its soname. NOT_FOUND, or
 * what shared_library_open() returns for the path. */
enum status library_open(const struct library_dirs *dirs, const char *name,
                         struct found_library *ret_found,
                         struct error *err) MUST_CHECK;

#endif
