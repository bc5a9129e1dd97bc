/* The last use of an entry, and whether it was checked since the last boot.
 *
 * The entry's mtime records both. Nothing else reads the mtime of an entry: its
 * inputs are recorded in the file, and its bytes never change. A hit gets the
 * mtime from the fstat() that it does anyway. (atime would cost nothing, but
 * most systems are mounted so that it is not updated.)
 *
 * The seconds are the last use. They are set if they are older than an hour, so
 * each entry is written at most once an hour.
 *
 * The nanoseconds are a mark: a digest of the seconds, the file's identity and
 * the boot time. It is set after every byte was compared with its checksum. A
 * write to the file sets other nanoseconds; a copy is a different file; another
 * boot gives another digest. The change time must be that of the mark, so it
 * exposes anyone who changes the file and resets its mtime. The mark protects
 * against damage, not against attackers: a user who can set the times of an
 * entry can also write entries. */
#ifndef BCC_CACHE_LAST_USE_H
#define BCC_CACHE_LAST_USE_H

#include <stdbool.h>
#include <sys/stat.h>

enum {
    /* Seconds. Also how long an entry counts as in use, see prune.h. */
    LAST_USE_GRAIN_S = 3600
};

/* Was the file of this stat found whole since the machine was started? */
bool last_use_is_checked(const struct stat *st);

/* Is it more than an hour ago, or in the future, that the use was noted? */
bool last_use_is_due(const struct stat *st);

/* Note that the entry behind fd, in directory dir, is used now; st is its
 * stat. is_checked: and that it was found whole since the machine was started.
 * True if the file's times were changed, and *st then is what they are: they
 * are if is_checked is not noted yet, and when the hour is over. Nothing is
 * written to a file of another owner, nor in a directory that this process may
 * not write; and a file system may keep too few digits for the mark. */
bool last_use_record(const char *dir, int fd, struct stat *st, bool is_checked);

#endif
