/* LLVM is linked into this library, so its calls of libc are bound here first:
 *
 *   open          refused while bitcode is compiled, as in the compiler
 *                 process: a directive of assembly can name any file (.incbin)
 *   write         nothing is written to standard output and error, where LLVM
 *                 warns of unknown features
 *   __cxa_atexit  LLVM's and the C++ library's objects stay when the process
 *                 ends, because another thread may be compiling then
 *
 * The rest of the process has libc's own: these are hidden. */

/* Both of these are defined here, each under its own name. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include "walls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local bool is_closed;

void walls_close(bool closed)
{
    is_closed = closed;
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list arguments;

    if (is_closed) {
        errno = EACCES;
        return -1;
    }
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return openat(AT_FDCWD, path, flags, mode);
}

/* The function that 32-bit programs call. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));

ssize_t write(int fd, const void *bytes, size_t size)
{
    return fd == STDOUT_FILENO || fd == STDERR_FILENO
               ? (ssize_t)size
               : syscall(SYS_write, fd, bytes, size);
}

int __cxa_atexit(void (*function)(void *), void *argument, void *object);
int __cxa_atexit(void (*function)(void *), void *argument, void *object)
{
    (void)function;
    (void)argument;
    (void)object;
    return 0;
}
