/* When was an entry used last, and was it checked since the machine was
 * started?
 *
 * The header is checksummed at each open. The rest is not: that would cost what
 * the size of the code is. But a disk may go bad while a machine is off, and a
 * file may be copied badly, so the first hit of an entry after each boot checks
 * every byte but the debug section's, which no launch reads.
 *
 * The entry's mtime says both. Nothing else reads an entry's mtime: what it was
 * made from is in the file, and its bytes never change. A launch that hits has
 * it from the fstat() that it does anyway. (atime would be free, but most
 * systems are mounted so that it is not kept.)
 *
 * The seconds are the last use. They are set if they are older than an hour:
 * one write an hour for each entry, however often it is used.
 *
 * The nanoseconds are a mark: a digest of the seconds, of which file it is and
 * of when the machine was started, put there when every byte was compared with
 * its checksum. A write to the file sets other nanoseconds; a copy is another
 * file; after the next start, another digest is expected. A changed file whose
 * mtime was set back has a change time that is not the mark's.
 *
 * Some entries have times that this process may not set, such as those that a
 * vendor installed. For these a marker is made in a place that does not outlive
 * the boot: an empty file in /dev/shm/bcc-UID, named after device, inode, size
 * and change time of the entry. A later hit looks for that file, in a directory
 * that is this user's and that nobody else can write to: four calls. (The
 * user's $XDG_RUNTIME_DIR would do as well, but ends with the session, and need
 * not exist where it is named.) A marker counts only if it is this user's and
 * was made since the boot. Without a place for markers, each hit checks
 * everything.
 *
 * Both defend against damage, not against enemies: whoever can set the times of
 * an entry, or make files of this user, can also write entries. */
#ifndef BCC_CACHE_ENTRY_USE_H
#define BCC_CACHE_ENTRY_USE_H

#include <stdbool.h>
#include <sys/stat.h>

enum {
    /* Seconds. Also how long an entry counts as in use, see prune.h. */
    ENTRY_USE_GRAIN_S = 3600
};

/* st: of the open entry. Was all that a launch may read of it found whole since
 * the machine was started? No system call if the mtime has the mark. */
bool entry_is_checked(const struct stat *st);

/* The directory of this user's markers, made if it is not there; a file in it
 * whose name begins with '.' is no marker. -1: there is no place for one. */
int entry_use_open_place(void);

/* Is the noted use more than an hour ago, or in the future? */
bool entry_use_is_due(const struct stat *st);

/* Note that the entry behind fd, of which st is the stat, is used now and was
 * found whole: by this use (was_checked), or entry_is_checked() says so. dir:
 * the entry's directory; NULL if the entry's times are not to be set, as in
 * layers. True if they were set, and *st then has them. Nothing is written to a
 * file of another owner, nor in a directory that this process may not write;
 * and a file system may keep too few digits for the mark. A failure changes
 * only what the next hit does. */
bool entry_note_use(const char *dir, int fd, struct stat *st, bool was_checked);

#endif
