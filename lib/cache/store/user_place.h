/* A directory of this user's for what need not outlive the boot:
 * /dev/shm/bcc-UID. It is used only if nobody else can write to it. (The user's
 * $XDG_RUNTIME_DIR would do as well, but ends with the session, and need not
 * exist where it is named.) */
#ifndef BCC_CACHE_USER_PLACE_H
#define BCC_CACHE_USER_PLACE_H

#include <sys/stat.h>
#include <sys/types.h>

enum { USER_PLACE_SIZE = 40 };

/* geteuid() without its system call: of the start of this program. Should it
 * have changed since, the directory is not this user's, and nothing is found
 * or remembered. */
uid_t user_place_owner(void);

/* Its path. */
void user_place_find(char dir[USER_PLACE_SIZE]);

/* -1 unless dir is a directory that is this user's alone. access: O_PATH or
 * O_RDONLY. */
int user_place_open(const char *dir, int access, struct stat *ret_st);

#endif
