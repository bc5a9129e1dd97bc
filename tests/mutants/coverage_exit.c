/* Linked into every program of the build that measures coverage.
 *
 * gcov's counters are written when a program exits. The compiler process ends
 * with _exit(), in a sandbox that opens no file, and with few variables of the
 * environment. So _exit() writes the counters here, the sandbox stays open, and
 * the directory for the counters is found in the parent's environment. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
__attribute__((weak)) unsigned __real_cage_close(int publish_dir_fd);
unsigned __wrap_cage_close(int publish_dir_fd);

_Noreturn void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

unsigned __wrap_cage_close(int publish_dir_fd)
{
    if (strncmp(program_invocation_short_name, "bccc", 4) == 0 ||
        !__real_cage_close)
        return 1;
    return __real_cage_close(publish_dir_fd);
}

/* bcc has the linker wrap this function, and without counters nothing in bcc
 * calls it. */
__attribute__((weak)) int __real__dl_find_object(void *address, void *result);
__attribute__((weak)) int __wrap__dl_find_object(void *address, void *result);

int __wrap__dl_find_object(void *address, void *result)
{
    return __real__dl_find_object ? __real__dl_find_object(address, result)
                                  : -1;
}

__attribute__((constructor(101))) static void find_prefix(void)
{
    static const char name[] = "GCOV_PREFIX=";
    static char text[1 << 16];
    ssize_t size = 0;
    char path[64];
    int fd;

    if (getenv("GCOV_PREFIX"))
        return;
    snprintf(path, sizeof(path), "/proc/%ld/environ", (long)getppid());
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        size = read(fd, text, sizeof(text) - 1);
        close(fd);
    }
    for (char *at = text; size > 0 && at < text + size; at += strlen(at) + 1)
        if (strncmp(at, name, sizeof(name) - 1) == 0)
            setenv("GCOV_PREFIX", at + sizeof(name) - 1, 1);
}
