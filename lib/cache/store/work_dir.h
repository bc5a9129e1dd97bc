/* What writers need in a cache directory, and readers never see: its
 * subdirectory ".bcc", mode 0700.
 *
 *   lock     empty, never removed; byte ranges of it are locked, see below
 *   *.tmp    files under way
 *
 * Locks are those of an open file description (F_OFD_SETLK): they end with
 * their holder, however it ends, hold between threads as well as processes,
 * and leave nothing behind that could block anyone later. Since a range needs
 * no bytes, one file is enough for every lock of the directory: a lock is a
 * slot, found by a hash. Slots lie below 2 GiB, as not every file system lets
 * a file position be set beyond that. Two that meet in one slot lose some
 * time, and nothing else.
 *
 * On NFS these locks travel to the server, which flock() does not do
 * everywhere. Where a file system has no locks at all, the work is done without
 * them: each miss compiles, and nobody cleans up. */
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

/* Make it if it is not there. IO, UNTRUSTED. `dir` is for messages. */
enum status work_dir_open(int dir_fd, const char *dir,
                          struct work_dir *ret_work,
                          struct error *err) MUST_CHECK;
void work_dir_close(struct work_dir *work);

/* Remove files under way whose writers have died. It looks at so few names
 * that no launch notices. */
void work_dir_sweep(const struct work_dir *work);

/* Remove the names of a directory that fn picks, among the first max_names.
 * What cannot be removed, or listed, stays. */
typedef bool (*sweep_fn)(const void *context, const char *name);
void work_sweep(int dir_fd, size_t max_names, sweep_fn fn, const void *context);

/* ---- Slots ---- */

enum {
    WORK_SLOT_SIZE = 32,
    /* Within a slot: a file under way locks one byte, a flight those before
     * it (flight.h). */
    WORK_SLOT_FILE = 16
};

/* First byte of the slot of a hash. */
off_t work_slot(uint64_t hash);

/* Lock or unlock bytes of the lock file, waiting for nobody. */
bool work_lock(int lock_fd, off_t start, off_t size);
void work_unlock(int lock_fd, off_t start, off_t size);

/* How many of these bytes another holds, in the first range it locked: 0 if
 * none. -1: there are no locks here. */
off_t work_locked(int lock_fd, off_t start, off_t size);

#endif
