/* Calls of the operating system and of the allocator that fail on request. The
 * library is linked as an archive, and its calls go through wrappers (ld
 * --wrap); calls inside the C library do not. */
#ifndef BCC_FAULT_FAULTS_H
#define BCC_FAULT_FAULTS_H

#include <stdbool.h>

/* ORDER CALLS: a name, what it returns when it fails, and plausible errors.
 * posix_spawn returns its error. */
#define CALL_MAP(X)                                                            \
    X(open, EACCES, EMFILE, EINTR)                                             \
    X(openat, EACCES, ENOSPC, EINTR)                                           \
    X(faccessat, EACCES, EROFS, EIO)                                           \
    X(fstatat, EACCES, ENOENT, ELOOP)                                          \
    X(lstat, EACCES, ENOMEM, ELOOP)                                            \
    X(fstat, EIO, ENOMEM, EOVERFLOW)                                           \
    X(read, EIO, EISDIR, EINTR)                                                \
    X(pread, EIO, ENOMEM, EINTR)                                               \
    X(write, ENOSPC, EIO, EINTR)                                               \
    X(lseek, EINVAL, ESPIPE, EOVERFLOW)                                        \
    X(fcntl, EMFILE, ENOLCK, EINVAL)                                           \
    X(mkdirat, EROFS, ENOSPC, EEXIST)                                          \
    X(futimens, EPERM, EROFS, EIO)                                             \
    X(unlinkat, EIO, ENOENT, EROFS)                                            \
    X(fsync, EIO, ENOSPC, EINTR)                                               \
    X(memfd_create, EMFILE, ENOMEM, ENOSYS)                                    \
    X(getrandom, ENOSYS, EIO, EINTR)                                           \
    X(renameat2, EEXIST, EINVAL, EIO)                                          \
    X(pidfd_open, EMFILE, ENOSYS, ENOMEM)                                      \
    X(mmap, ENOMEM, EACCES, ENODEV)                                            \
    X(mprotect, ENOMEM, EACCES, EINVAL)                                        \
    X(posix_spawn, ENOMEM, EAGAIN, EACCES)                                     \
    X(waitid, ECHILD, EINTR, EINVAL)                                           \
    X(malloc, ENOMEM, 0, 0)                                                    \
    X(calloc, ENOMEM, 0, 0)                                                    \
    X(realloc, ENOMEM, 0, 0)                                                   \
    X(strdup, ENOMEM, 0, 0)                                                    \
    X(strndup, ENOMEM, 0, 0)                                                   \
    X(asprintf, ENOMEM, 0, 0)                                                  \
    X(fdopendir, ENOMEM, 0, 0)

enum call {
#define X(name, ...) CALL_##name,
    CALL_MAP(X)
#undef X
        N_CALLS
};

/* From now on the nth such call fails, once. */
void faults_arm(enum call call, int os_errno, unsigned nth);

/* No more. True if there was an nth call. */
bool faults_disarm(void);

#endif
