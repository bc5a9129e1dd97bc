/* The first touch of a page is a fault: half a microsecond on most machines, 15
 * to 25 in a virtual one that shadows page tables (PVM, 2026). LLVM's code is
 * so scattered that the smallest module takes 600 faults to compile; a worker
 * that reduces a large module to its part takes one for nearly each page of its
 * parent, 5,000 for a megabyte of bitcode. If asked for a whole mapping, the
 * same kernel takes 0.1 us for a page of a file in memory, 1 us to clear a
 * page, and 5 us to copy one.
 *
 * /proc/self/maps lists the mappings, a line each:
 *
 *   00405000-028be000 r-xp 00005000 fe:00 5319498       /usr/libexec/bcc/bccc
 *
 * Without /proc, or on kernels before 5.14, pages come by faults. */
#include "bccc.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    LINES_SIZE = 4096, /* read() returns whole lines, of one page at most */
    /* Limit of copies per worker, as not all of them may be needed. */
    MAX_WRITABLE = 256 * 1024 * 1024
};

/* Linux's constant, which older headers lack. */
enum { POPULATE_READ = 22, POPULATE_WRITE = 23 };

static void populate(const char *line, size_t *n_writable)
{
    char *at;
    uintptr_t start = strtoul(line, &at, 16);
    uintptr_t end = *at == '-' ? strtoul(at + 1, &at, 16) : 0;
    bool is_private = strlen(at) > 4 && at[4] == 'p';
    int advice = POPULATE_READ;

    if (end <= start || !is_private || at[1] != 'r')
        return;
    if (at[2] == 'w') {
        if (end - start > MAX_WRITABLE - *n_writable)
            return;
        *n_writable += end - start;
        advice = POPULATE_WRITE;
    }
    madvise((void *)start, end - start, advice);
}

/* Kept open, because a worker may open no file. It lists the mappings of the
 * process that opened it, of which a worker is a copy. */
static int maps_fd = -1;

void populate_pages(void)
{
    char lines[LINES_SIZE + 1];
    size_t n_writable = 0;
    off_t offset = 0;
    ssize_t got;

    if (maps_fd < 0)
        maps_fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (maps_fd < 0)
        return;
    /* pread(), because workers share the descriptor's position. */
    while ((got = pread(maps_fd, lines, LINES_SIZE, offset)) > 0) {
        const char *line = lines;

        offset += got;
        lines[got] = '\0';
        for (; line && *line; line = strchr(line, '\n')) {
            line += *line == '\n';
            populate(line, &n_writable);
        }
    }
}
