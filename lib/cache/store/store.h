/* A cache directory: finding an entry, and publishing one.
 *
 * An entry is `<name>.oBCC`. It is native code, so it is used only if it is a
 * regular file, reached without following a link in its last component, that
 * passes the rules of trust.h, in a directory that passes them, too. A sticky
 * directory such as /tmp does not pass: anyone may create a file there under a
 * name that does not exist yet.
 *
 * An entry is never written in place. `store_begin` makes a temporary file with
 * a unique name in the directory's ".bcc" (work_dir.h) and removes the files of
 * dead writers. `store_publish` syncs the file and renames it over the old
 * entry. Readers take no lock and see the old or the new file, complete.
 * flight.h keeps several processes from making the same entry at the same
 * time. */
#ifndef BCC_CACHE_STORE_H
#define BCC_CACHE_STORE_H

#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>

#include "error.h"
#include "work_dir.h"

/* In each function: name is not empty, has no '/' and no leading '.', and
 * leaves room for STORE_SUFFIX in a file name; MISUSE otherwise. */

/* Open an entry for reading. NOT_FOUND (also without the directory),
 * UNTRUSTED, IO. Messages name it as "dir/name.oBCC". */
enum status store_open(const char *dir, const char *name, int *ret_fd,
                       struct stat *ret_st, struct error *err) MUST_CHECK;

/* A directory that is kept open, so that looking for entries need not open
 * it. */
struct store_kept {
    int fd; /* -1: it could not be opened; then it is opened each time */
    dev_t device;
    ino_t inode;
};

void store_keep(const char *dir, struct store_kept *ret_kept);
void store_unkeep(struct store_kept *kept);

/* As store_open(). Each time, owner and mode of the directory are checked, and
 * that the descriptor still belongs to it: the host may have closed it and
 * opened another file under its number. If nothing is found, the directory that
 * has the path now is asked. kept may be NULL. */
enum status store_open_kept(const struct store_kept *kept, const char *dir,
                            const char *name, int *ret_fd, struct stat *ret_st,
                            struct error *err) MUST_CHECK;

/* The same for a file of any name in a directory that was checked before. */
enum status store_open_at(int dir_fd, const char *dir, const char *file_name,
                          int *ret_fd, struct stat *ret_st,
                          struct error *err) MUST_CHECK;

struct store_writer {
    int dir_fd;
    int fd; /* the temporary file, read-write, mode 0644 less the group and
               others' write bits, empty */
    struct work_dir work; /* directory of the temporary file; if closed,
                             dir_fd is */
    off_t slot;           /* locked as long as the writer lives */
    char temporary[64];
    char entry[NAME_MAX + 1]; /* the final name */
};

/* Errors: IO (missing directory, no permission, read-only), UNTRUSTED. */
enum status store_begin(const char *dir, const char *name,
                        struct store_writer *ret_writer,
                        struct error *err) MUST_CHECK;

/* The same for a file of any name, in a directory that the user named and that
 * is not checked. */
enum status store_begin_file(const char *path, struct store_writer *ret_writer,
                             struct error *err) MUST_CHECK;

/* The same for a file of any name in a directory that was checked before;
 * borrows its descriptor. */
enum status store_begin_at(int dir_fd, const char *dir, const char *file_name,
                           struct store_writer *ret_writer,
                           struct error *err) MUST_CHECK;

/* fsync, then rename to the entry's name. The writer stays open (its fd is now
 * the entry) until store_end(). On failure the old entry is untouched. */
enum status store_publish(struct store_writer *writer,
                          struct error *err) MUST_CHECK;

/* Close, and remove the temporary file if it was not published. Idempotent. */
void store_end(struct store_writer *writer);

/* Remove files of dead writers, as far as they can be told apart. Each writer
 * does this anyway. */
void store_sweep(const char *dir);

/* The directory's ".bcc", for locks. IO, UNTRUSTED. */
enum status store_open_work_dir(const char *dir, struct work_dir *ret_work,
                                struct error *err) MUST_CHECK;

#define STORE_SUFFIX ".oBCC"

/* Suffix of the index of a runtime library, after 16 hexadecimal digits. */
#define STORE_INDEX_SUFFIX ".iBCC"

#endif
