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
#include <sys/stat.h>
#include <sys/syscall.h>
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

WRAP(int, fstatat, -1, (int fd, const char *path, struct stat *st, int flags),
     (fd, path, st, flags))
WRAP(int, lstat, -1, (const char *path, struct stat *st), (path, st))
WRAP(int, faccessat, -1, (int fd, const char *path, int mode, int flags),
     (fd, path, mode, flags))
WRAP(int, futimens, -1, (int fd, const struct timespec times[2]), (fd, times))
WRAP(int, fstat, -1, (int fd, struct stat *st), (fd, st))
WRAP(ssize_t, read, -1, (int fd, void *data, size_t size), (fd, data, size))
WRAP(ssize_t, pread, -1, (int fd, void *data, size_t size, off_t offset),
     (fd, data, size, offset))
WRAP(ssize_t, write, -1, (int fd, const void *data, size_t size),
     (fd, data, size))
WRAP(off_t, lseek, -1, (int fd, off_t offset, int whence), (fd, offset, whence))
WRAP(int, mkdirat, -1, (int fd, const char *path, mode_t mode),
     (fd, path, mode))
WRAP(int, unlinkat, -1, (int fd, const char *path, int flags),
     (fd, path, flags))
WRAP(int, fsync, -1, (int fd), (fd))
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

/* Calls by number have 6 arguments at most. */
static bool fails_by_number(long number)
{
    switch (number) {
    case SYS_memfd_create:
        return fails(CALL_memfd_create);
    case SYS_getrandom:
        return fails(CALL_getrandom);
    case SYS_renameat2:
        return fails(CALL_renameat2);
    case SYS_pidfd_open:
        return fails(CALL_pidfd_open);
    default:
        return false;
    }
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    long argument[6];
    va_list list;

    va_start(list, number);
    for (size_t i = 0; i < 6; i++)
        argument[i] = va_arg(list, long);
    va_end(list);
    if (fails_by_number(number))
        return -1;
    return __real_syscall(number, argument[0], argument[1], argument[2],
                          argument[3], argument[4], argument[5]);
}
