/* The symbols of a shared library, read from its file without running it, and
 * functions of a loaded library: shared_library_bind().
 *
 * Only the library's own definitions count, as for a linker. dlsym() on a
 * handle would also find definitions of the libraries that it needs. Section
 * headers give the places of the tables (ELF gABI, chapters 4 and 5; versions:
 * "Symbol Versioning" of the LSB). Files of both word sizes are read, as the
 * library may be another machine's. */
#ifndef BCC_SUPPORT_SHARED_LIBRARY_H
#define BCC_SUPPORT_SHARED_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf_class.h"
#include "error.h"
#include "file.h"
#include "machine.h"
#include "span.h"

struct shared_library {
    struct file_mapping file;
    const struct machine *machine;
    const struct elf_class *elf;
    const char *soname;   /* "" if it has none; borrows file, as all below */
    struct span symbols;  /* the dynamic symbol table */
    struct span strings;  /* its names, ended by a NUL */
    struct span versions; /* a number for each symbol, or empty */
    struct span version_definitions;
    struct span version_strings;
    struct shared_relocs {
        struct span table;
        uint32_t type; /* SHT_RELA or SHT_REL */
    } relocs[2];       /* of data and of calls */
};

/* IO, CORRUPT, UNSUPPORTED (not a shared library of a known machine). */
enum status shared_library_open(const char *path,
                                struct shared_library *ret_library,
                                struct error *err) MUST_CHECK;
void shared_library_close(struct shared_library *library);

struct shared_definition {
    const char *name;
    unsigned version; /* for shared_library_version() */
    bool is_default;  /* the version that an unversioned reference means */
    bool is_thread_local;
};

/* The next definition that other files may use; *position begins as 0. False:
 * there are no more. */
bool shared_library_next(const struct shared_library *library,
                         uint32_t *position,
                         struct shared_definition *ret_definition);

/* The name of the next symbol to which the dynamic linker binds the library.
 * The symbol may be its own: then an earlier definition is used instead. A name
 * may occur several times. *position begins as 0. NULL: there are no more. */
const char *shared_library_next_use(const struct shared_library *library,
                                    uint32_t *position);

/* Name of a version, "" if it has none. */
const char *shared_library_version(const struct shared_library *library,
                                   unsigned version);

/* ---- Binding ---- */

/* Look up functions of a library that few programs need. The library is loaded
 * at the first call, so other programs neither need it nor pay for loading it.
 *
 * ret_functions is a struct of function pointers, filled like an array, in the
 * order of names: each name ends in NUL, and an empty one ends the list. The
 * library stays loaded, once in a process. user names in messages what needs
 * it: "signatures". Thread-safe. UNSUPPORTED: there is no such library, or it
 * lacks one of these functions. */
enum status shared_library_bind(const char *soname, const char *user,
                                const char *names, void **ret_functions,
                                struct error *err) MUST_CHECK;

#endif
