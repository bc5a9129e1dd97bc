/* Has an entry been checked since the machine was started?
 *
 * The header is checksummed at each open. The rest is not: that would cost what
 * the size of the code is. But a disk may go bad while a machine is off, and a
 * file may be copied badly, so the first hit of an entry after each boot checks
 * every byte but the debug section's, which no launch reads. That it did is
 * noted in the entry's mtime: see last_use.h.
 *
 * Here it is remembered of entries whose times this process may not set, such
 * as those that a vendor installed, in a place that does not outlive the boot:
 * an empty file in /dev/shm/bcc-UID, named after device, inode, size and change
 * time of the entry. A later hit asks for that file, in a directory that is this
 * user's and that nobody else can write to: four calls. (The
 * user's $XDG_RUNTIME_DIR would do as well, but ends with the session, and need
 * not exist where it is named.)
 *
 * A marker counts only if it is this user's and was made since the boot. It
 * is a defence against damage, not against enemies: who can make files of this
 * user can also make entries. Without a place to remember in, each hit checks
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
