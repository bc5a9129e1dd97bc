#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    bool is_armed;
    enum call call;
    int os_errno;
    unsigned nth, n_seen;
} fault;

void faults_arm(enum call call, int os_errno, unsigned nth)
{
    fault.call = call;
    fault.os_errno = os_errno;
    fault.nth = nth;
    fault.n_seen = 0;
    fault.is_armed = true;
}

bool faults_disarm(void)
{
    fault.is_armed = false;
    return fault.n_seen >= fault.nth;
}

static bool fails(enum call call)
{
    if (!fault.is_armed || call != fault.call || ++fault.n_seen != fault.nth)
        return false;
    errno = fault.os_errno;
    return true;
}

/* ---- Wrappers ---- */

/* WRAP(TYPE, NAME, FAILURE, (PARAMETERS), (ARGUMENTS)) */
#define WRAP(type, name, failure, parameters, arguments)                       \
    type __real_##name parameters;                                             \
    type __wrap_##name parameters;                                             \
    type __wrap_##name parameters                                              \
    {                                                                          \
        return fails(CALL_##name) ? (failure) : __real_##name arguments;       \
    }

WRAP(int, access, -1, (const char *path, int mode), (path, mode))
WRAP(int, stat, -1, (const char *path, struct stat *st), (path, st))
WRAP(int, lstat, -1, (const char *path, struct stat *st), (path, st))
WRAP(int, faccessat, -1, (int fd, const char *path, int mode, int flags),
     (fd, path, mode, flags))
WRAP(int, futimens, -1, (int fd, const struct timespec times[2]), (fd, times))
WRAP(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
WRAP(int, fstat, -1, (int fd, struct stat *st), (fd, st))
WRAP(ssize_t, read, -1, (int fd, void *data, size_t size), (fd, data, size))
WRAP(ssize_t, pread, -1, (int fd, void *data, size_t size, off_t offset),
     (fd, data, size, offset))
WRAP(ssize_t, write, -1, (int fd, const void *data, size_t size),
     (fd, data, size))
WRAP(off_t, lseek, -1, (int fd, off_t offset, int whence), (fd, offset, whence))
WRAP(int, mkdirat, -1, (int fd, const char *path, mode_t mode),
     (fd, path, mode))
WRAP(int, renameat, -1, (int from, const char *old, int to, const char *new),
     (from, old, to, new))
WRAP(int, unlinkat, -1, (int fd, const char *path, int flags),
     (fd, path, flags))
WRAP(int, fsync, -1, (int fd), (fd))
WRAP(int, memfd_create, -1, (const char *name, unsigned flags), (name, flags))
WRAP(ssize_t, getrandom, -1, (void *data, size_t size, unsigned flags),
     (data, size, flags))
WRAP(void *, mmap, MAP_FAILED,
     (void *at, size_t size, int prot, int flags, int fd, off_t offset),
     (at, size, prot, flags, fd, offset))
WRAP(int, mprotect, -1, (void *at, size_t size, int prot), (at, size, prot))
WRAP(int, posix_spawn, fault.os_errno,
     (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attributes, char *const *argv,
      char *const *environment),
     (pid, path, actions, attributes, argv, environment))
WRAP(int, waitid, -1, (idtype_t type, id_t id, siginfo_t *info, int options),
     (type, id, info, options))
WRAP(void *, malloc, NULL, (size_t size), (size))
WRAP(void *, calloc, NULL, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, NULL, (void *old, size_t size), (old, size))
WRAP(char *, strdup, NULL, (const char *text), (text))
WRAP(char *, strndup, NULL, (const char *text, size_t size), (text, size))
WRAP(DIR *, fdopendir, NULL, (int fd), (fd))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return fails(CALL_open) ? -1 : __real_open(path, flags, mode);
}

int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return fails(CALL_openat) ? -1 : __real_openat(fd, path, flags, mode);
}

/* The argument is an int or a pointer: a long holds either. */
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    va_list args;
    long argument;

    va_start(args, command);
    argument = va_arg(args, long);
    va_end(args);
    return fails(CALL_fcntl) ? -1 : __real_fcntl(fd, command, argument);
}

int __wrap_asprintf(char **ret_text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **ret_text, const char *format, ...)
{
    va_list args;
    int size;

    if (fails(CALL_asprintf))
        return -1;
    va_start(args, format);
    size = vasprintf(ret_text, format, args);
    va_end(args);
    return size;
}
