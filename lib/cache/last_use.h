/* When was an entry used last?
 *
 * Its mtime says so. Nothing else reads an entry's mtime: what it was made
 * from is in the file, and its bytes never change. atime would be free, but
 * most systems are mounted so that it is not kept. A launch that hits has the
 * mtime from the fstat() that it does anyway, and sets it only if it is older
 * than an hour: one write an hour for each entry, however often it is used. */
#ifndef BCC_CACHE_LAST_USE_H
#define BCC_CACHE_LAST_USE_H

#include <stdbool.h>
#include <sys/stat.h>

enum {
    /* Seconds. Also how long an entry counts as in use, see prune.h. */
    LAST_USE_GRAIN_S = 3600
};

/* Note that the entry behind fd, in directory dir, is used now; st is its
 * stat. True if the file's times were changed, and *st then is what they are.
 * Nothing is written to a file of another owner, nor in a directory that this
 * process may not write. A failure is no matter. */
bool last_use_record(const char *dir, int fd, struct stat *st);

#endif
