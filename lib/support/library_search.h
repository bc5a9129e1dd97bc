/* Finding shared libraries: first in the directories that the user names, then
 * where the dynamic linker looks by default. Libraries of another machine are
 * in a sysroot, a copy of that machine's file system: the environment's
 * BCC_SYSROOT; without it where Debian puts the libraries of its cross
 * compilers (/usr/aarch64-linux-gnu/lib) and of foreign packages
 * (/usr/lib/aarch64-linux-gnu). */
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
    const struct machine *machine; /* libraries of other machines are skipped */
    const char *sysroot; /* before paths in linker scripts; "" for none */
};

/* The given directories, borrowed, then the machine's. The list lives in arena.
 * NO_MEMORY. */
enum status library_dirs_init(struct library_dirs *ret_dirs,
                              const char *const *given, size_t n_given,
                              const struct machine *machine,
                              struct arena *arena,
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

/* Find -lNAME as a linker does, but to run it: libNAME.so, or else
 * libNAME.so.VERSION. ":FILE" names a file. A linker script in place of a
 * library stands for the shared libraries that it names. NOT_FOUND, or the
 * result of the function. */
enum status library_search(const struct library_dirs *dirs, const char *name,
                           library_found_fn found, void *context,
                           struct error *err) MUST_CHECK;

/* Find a library by its path or, without a slash, by its soname. NOT_FOUND, or
 * what shared_library_open() returns for the path. */
enum status library_open(const struct library_dirs *dirs, const char *name,
                         struct found_library *ret_found,
                         struct error *err) MUST_CHECK;

#endif
