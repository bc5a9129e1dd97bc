/* A directory of this user for data that need not outlive the boot:
 * /dev/shm/bcc-UID. It is used only if no other user can write to it.
 * ($XDG_RUNTIME_DIR would do as well, but ends with the session, and need not
 * exist where it is named.) */
#ifndef BCC_CACHE_USER_PLACE_H
#define BCC_CACHE_USER_PLACE_H

#include <sys/stat.h>
#include <sys/types.h>

enum { USER_PLACE_SIZE = 40 };

/* The effective user at the start of this program, without the system call of
 * geteuid(). If it changed since, the directory belongs to another user, and
 * nothing is found or remembered. */
uid_t user_place_owner(void);

/* The path of the directory. */
void user_place_find(char dir[USER_PLACE_SIZE]);

/* Open the directory. -1 unless it is a directory that only this user can write
 * to. access: O_PATH or O_RDONLY. */
int user_place_open(const char *dir, int access, struct stat *ret_st);

#endif
