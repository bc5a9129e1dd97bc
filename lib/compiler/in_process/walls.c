/* LLVM is linked into this library, so its calls of libc are bound here first:
 *
 *   open          refused while bitcode is compiled, as in the compiler
 *                 process (open_wall.h)
 *   write         nothing is written to standard output and error, where LLVM
 *                 warns of unknown features
 *   __cxa_atexit  LLVM's and the C++ library's objects stay when the process
 *                 ends, because another thread may be compiling then
 *
 * The rest of the process has libc's own: these are hidden. */

#include <sys/syscall.h>
#include <unistd.h>

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
