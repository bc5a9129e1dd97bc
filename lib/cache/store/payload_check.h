/* Was an entry checked since the last boot?
 *
 * Each open checks the checksum of the header only, because checking the rest
 * takes time that grows with the code. But a disk may go bad while a machine is
 * off, and a file may be copied badly. So the first hit of an entry after each
 * boot checks every byte except the debug section, which no launch reads. The
 * entry's mtime records this check: see last_use.h.
 *
 * Some entries have times that this process may not set, such as those that a
 * vendor installed. For these the record is a marker in a place that does not
 * outlive the boot: an empty file in /dev/shm/bcc-UID, named after device,
 * inode, size and change time of the entry. A later hit looks for the marker,
 * in a directory that belongs to this user and that no other user can write to:
 * four system calls. ($XDG_RUNTIME_DIR would do as well, but it ends with the
 * session, and it may name a directory that does not exist.)
 *
 * A marker counts only if it belongs to this user and was made since the boot.
 * It protects against damage, not against attackers: whoever can make files of
 * this user can also make entries. Without a place for markers, each hit checks
 * everything. */
#ifndef BCC_ENGINE_PAYLOAD_CHECK_H
#define BCC_ENGINE_PAYLOAD_CHECK_H

#include <stdbool.h>
#include <sys/stat.h>

/* st: of the open entry. Thread-safe, like the other. */
bool payload_is_checked(const struct stat *st);

/* What a launch may read of that file was just found to be right. A failure to
 * remember is no matter. */
void payload_remember(const struct stat *st);

#endif
