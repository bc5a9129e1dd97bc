/* Which users could have written a file? The rules for files and directories
 * whose content runs as code: owned by the effective user or by root, and not
 * writable by group or others. The rules are applied to descriptors, so the
 * checked file is the opened file, and no other process can replace it in
 * between.
 *
 * Not checked:
 *   - Parent directories. A user who may write to them can lead libbcc
 *     elsewhere, but only to files that pass these rules.
 *   - The number of links. Another name gives nobody the right to write to a
 *     file, and packages often share equal files by links.
 *   - ACLs: their mask shows as the group's bits. */
#ifndef BCC_CACHE_TRUST_H
#define BCC_CACHE_TRUST_H

#include <sys/stat.h>

#include "error.h"

/* UNTRUSTED. Messages name the file as "dir/name", or "dir" if name is "". */
enum status trust_check(const struct stat *st, const char *dir,
                        const char *name, struct error *err) MUST_CHECK;

/* The same for an open file; also IO. */
enum status trust_check_fd(int fd, const char *dir, const char *name,
                           struct error *err) MUST_CHECK;

#endif
