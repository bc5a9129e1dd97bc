/* Who else could have written this? The rules for files and directories whose
 * content is run as code: owned by the effective user or by root, and not
 * writable by group or others. They are applied to descriptors: what was
 * opened is what was checked, and nobody can put something else in its place
 * in between.
 *
 * Not looked at:
 *   - Directories above. Whoever may write there can lead us elsewhere, but
 *     only to files that pass these rules, which are ours or root's.
 *   - The number of links. Another name of a file gives nobody a right to
 *     write to it; packages that share equal files by links are common.
 *   - ACLs: their mask shows as the group's bits. */
#ifndef BCC_CACHE_TRUST_H
#define BCC_CACHE_TRUST_H

#include <sys/stat.h>

#include "error.h"

/* UNTRUSTED. Messages name the file as "dir/name", or "dir" if name is "". */
enum status trust_check(const struct stat *st, const char *dir,
                        const char *name, struct error *err) MUST_CHECK;

/* The same of what is open; also IO. */
enum status trust_check_fd(int fd, const char *dir, const char *name,
                           struct error *err) MUST_CHECK;

#endif
