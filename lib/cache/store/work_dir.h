/* The working directory of writers in a cache directory: its subdirectory
 * ".bcc", mode 0700. Readers never use it.
 *
 *   lock     empty, never removed; byte ranges of it are locked, see below
 *   *.tmp    temporary files
 *
 * Locks are open file description locks (F_OFD_SETLK). They end with their
 * holder, however it ends; they work between threads and between processes; and
 * they leave nothing behind that could block others later. A locked range needs
 * no bytes, so one file is enough for all locks of the directory: a lock is a
 * slot, found by a hash. Slots are below 2 GiB, because some file systems allow
 * no larger file position. Two locks that share a slot cost some time, but do
 * no harm.
 *
 * On NFS these locks reach the server, unlike flock() on some systems. If a
 * file system has no locks, the work is done without them: each miss compiles,
 * and temporary files of dead writers stay. */
#ifndef BCC_CACHE_WORK_DIR_H
#define BCC_CACHE_WORK_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

#define WORK_DIR_NAME ".bcc"

struct work_dir {
    int fd;      /* of the subdirectory; -1: closed */
    int lock_fd; /* of the lock file; -1: no locks here */
};

/* Create it if it does not exist. IO, UNTRUSTED. `dir` is for messages. */
enum status work_dir_open(int dir_fd, const char *dir,
                          struct work_dir *ret_work,
                          struct error *err) MUST_CHECK;
void work_dir_close(struct work_dir *work);

/* Remove temporary files whose writers are dead. Few names are read, so that no
 * launch notices it. */
void work_dir_sweep(const struct work_dir *work);

/* Remove the names in a directory that fn selects, among the first max_names.
 * Names that cannot be removed or listed stay. */
typedef bool (*sweep_fn)(const void *context, const char *name);
void work_sweep(int dir_fd, size_t max_names, sweep_fn fn, const void *context);

/* ---- Slots ---- */

enum {
    WORK_SLOT_SIZE = 32,
    /* Within a slot a temporary file locks one byte, a flight the bytes before
     * it (flight.h). */
    WORK_SLOT_FILE = 16
};

/* First byte of the slot of a hash. */
off_t work_slot(uint64_t hash);

/* Lock or unlock bytes of the lock file, without waiting. */
bool work_lock(int lock_fd, off_t start, off_t size);
void work_unlock(int lock_fd, off_t start, off_t size);

/* How many of these bytes another holder has locked, in its first range; 0:
 * none. -1: there are no locks here. */
off_t work_locked(int lock_fd, off_t start, off_t size);

#endif
