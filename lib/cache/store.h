/* A cache directory: finding an entry, and publishing one.
 *
 * An entry is `<name>.oBCC`. It is native code, so it is used only if it is a
 * regular file, reached without following a link in its last component, owned
 * by the effective user or root, not writable by group or others, in a
 * directory of which the same holds (a sticky directory such as /tmp counts
 * as private for the entry's owner: UNTRUSTED all the same, as anyone may
 * place a file of a name that does not exist yet).
 *
 * An entry is never written in place: `store_begin` makes a temporary file of
 * a unique name beside it, `store_publish` syncs it and renames it over the
 * old entry. Readers take no lock and see the old or the new file, whole. */
#ifndef BCC_CACHE_STORE_H
#define BCC_CACHE_STORE_H

#include <stdint.h>
#include <sys/stat.h>

#include "error.h"

/* Directory part and entry name checked: name is not empty and has no '/' or
 * NUL and no leading '.'; MISUSE otherwise. */

/* Open an entry for reading. NOT_FOUND, UNTRUSTED, IO. *ret_path_err names it
 * in messages as "dir/name.oBCC". */
enum status store_open(const char *dir, const char *name, int *ret_fd,
                       struct stat *ret_st, struct error *err) MUST_CHECK;

struct store_writer {
    int dir_fd;
    int fd; /* the temporary file, read-write, mode 0644 less the group and
               others' write bits, empty */
    char temporary[64];
};

/* Errors: IO (missing directory, no permission, read-only), UNTRUSTED. */
enum status store_begin(const char *dir, const char *name,
                        struct store_writer *ret_writer,
                        struct error *err) MUST_CHECK;

/* fsync, then rename to <name>.oBCC. The writer stays open (its fd is now the
 * entry) until store_end(). On failure the old entry is untouched. */
enum status store_publish(struct store_writer *writer, const char *name,
                          struct error *err) MUST_CHECK;

/* Close, and remove the temporary file if it was not published. Accepts a
 * writer that was zeroed and never begun only if its fds are -1. */
void store_end(struct store_writer *writer);

#define STORE_SUFFIX ".oBCC"

#endif
