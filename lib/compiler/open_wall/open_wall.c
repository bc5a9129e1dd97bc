/* A program's definition comes before libc's, and a libLLVM.so is bound to it,
 * too. A shared library keeps it to itself by its version script. */

/* Both of these are defined here, each under its own name. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include "open_wall.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>

static atomic_bool is_closed;
static _Thread_local bool is_closed_here;

void open_wall_close(void)
{
    is_closed = true;
}

void open_wall_close_here(bool closed)
{
    is_closed_here = closed;
}

#define VISIBLE __attribute__((visibility("default")))

VISIBLE int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list arguments;

    if (is_closed || is_closed_here) {
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
VISIBLE int open64(const char *path, int flags, ...)
    __attribute__((alias("open")));
