/* When was an entry used last, and was it checked since the machine was
 * started?
 *
 * The header is checksummed at each open. The rest is not, because that takes
 * time in proportion to the size of the code. But a disk may go bad while a
 * machine is off, and a file may be copied badly, so the first hit of an entry
 * after each boot checks every byte but the debug section's, which no launch
 * reads.
 *
 * The entry's mtime says both. Nothing else reads an entry's mtime: what it was
 * made from is in the file, and its bytes never change. A hit gets the mtime
 * from the fstat() that it calls anyway. (atime would be free, but most systems
 * are mounted so that it is not kept.)
 *
 * The seconds are the last use. They are set if they are older than an hour:
 * one write an hour for each entry, however often it is used.
 *
 * The nanoseconds are a mark, written when every byte was compared with its
 * checksum: a digest of the seconds, the file's identity, and the time of the
 * machine's start. A write to the file sets other nanoseconds; a copy is
 * another file; after the next start, another digest is expected. If a file was
 * changed and its mtime set back, its change time differs from the mark's.
 *
 * Some entries have times that this process may not set, such as those that a
 * vendor installed. For these a marker is made in a place that is lost at the
 * next boot (user_place.h): an empty file, named after device, inode, size and
 * change time of the entry. A later hit looks for that file: four system calls.
 * A marker counts only if this user owns it and it was made since the boot.
 * Without a place for markers, each hit checks everything.
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

/* Was every byte that a launch may read checked since the machine was started?
 * st: of the open entry. Makes no system call if the mtime has the mark. */
bool entry_is_checked(const struct stat *st);

/* Is the recorded use more than an hour ago, or in the future? */
bool entry_use_is_due(const struct stat *st);

/* Record that the entry behind fd is used now and that it was checked: by this
 * use (was_checked), or before, as entry_is_checked() says. st: its stat; dir:
 * its directory, or NULL if its times must not be set, as in layers. True: the
 * times were set, and *st has them. Nothing is written to a file of another
 * owner, nor in a directory that this process may not write. A file system may
 * keep too few digits for the mark. A failure only affects the next hit. */
bool entry_note_use(const char *dir, int fd, struct stat *st, bool was_checked);

#endif
