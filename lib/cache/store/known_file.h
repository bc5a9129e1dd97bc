/* The content of a file, identified by its stamp: the SHA-1 of files that were
 * read before.
 *
 * The tools name an entry after the content of its inputs, and a launch must
 * not read a large file for that. So the cache directory has a subdirectory
 * ".known" of symbolic links. A link is named after the file's device and inode
 * (and the SHA-1 of the entry's name, if the file is an archive). Its target is
 * text: the SHA-1 of the content, and size, mtime and ctime of the file then. A
 * link is made complete and never changed, it takes no block on most file
 * systems, and it is read with one system call. It does not contain the path of
 * the file, so it is found under each spelling of the path and after the file
 * was moved.
 *
 * A link whose times differ from the file's counts as missing. The caller makes
 * a link only if a later change of the file would change its times: see
 * dependency_stamp_is_sound().
 *
 * known_file_hint() does not check the owner of the link. That suffices to name
 * an entry, because the entry is then compared with the file in another way.
 * known_file_find() applies the rules of trust.h to the link, so that its
 * answer may stand for reading the file. */
#ifndef BCC_CACHE_KNOWN_FILE_H
#define BCC_CACHE_KNOWN_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "file.h"
#include "sha1_digest.h"

#define KNOWN_FILE_DIR ".known"

/* After this time a link is removed when the directory is pruned: it cannot be
 * known whether its file still exists. The next launch reads the file again. */
enum { KNOWN_FILE_MAX_AGE_S = 7 * 24 * 3600 };

struct known_file {
    struct file_stamp stamp;
    const char *entry; /* in an archive, whose stamp this is; or NULL */
};

/* dir: the cache directory. False: not known; *ret_sha1 is untouched. */
bool known_file_hint(const char *dir, const struct known_file *file,
                     uint8_t ret_sha1[SHA1_SIZE]);
bool known_file_find(const char *dir, const struct known_file *file,
                     uint8_t ret_sha1[SHA1_SIZE]);

/* Remember the SHA-1 of the content, for which the stamp may stand. A failure
 * only costs the next launch time. */
void known_file_note(const char *dir, const struct known_file *file,
                     const uint8_t sha1[SHA1_SIZE]);

/* Remove the links of a cache directory that are at least so old; 0: all. */
void known_file_sweep(int dir_fd, int64_t age_s);

#endif
