#include "payload_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"

static const char place[] = "/dev/shm/bcc-"; /* and the user's number */

enum {
    /* tmpfs counts 20 bytes for each name of a directory, other file systems
     * no less. At some 16,000 markers, or 16 MB of the kernel's memory, all
     * are forgotten. */
    MAX_DIRECTORY_SIZE = 20 * 16384,
    MARKER_SIZE = 4 * 17 + 1,
    PLACE_SIZE = sizeof(place) + 20
};

/* geteuid() without its system call: of the start of this program. Should it
 * have changed since, the directory is not this user's, and nothing is found
 * or remembered. */
static uid_t user_id(void)
{
    return (uid_t)getauxval(AT_EUID);
}

/* In text; by hand, as every launch does it. Returns the end. */
static char *append(char *at, uint64_t number, unsigned base)
{
    char digits[20];
    size_t n = 0;

    do {
        digits[n++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    while (n > 0)
        *at++ = digits[--n];
    return at;
}

/* The directory of the markers. */
static void find_place(char dir[PLACE_SIZE])
{
    memcpy(dir, place, sizeof(place));
    *append(dir + strlen(place), user_id(), 10) = '\0';
}

static void name_marker(const struct stat *st, char name[MARKER_SIZE])
{
    char *at = append(name, st->st_dev, 16);

    *at++ = '-';
    at = append(at, st->st_ino, 16);
    *at++ = '-';
    at = append(at, (uint64_t)st->st_size, 16);
    *at++ = '-';
    at = append(at, clock_ns(st->st_ctim), 16);
    *at = '\0';
}

/* /dev/shm should be empty after a start anyway. A clock that was set forward
 * since makes a marker look old at worst. */
static bool is_of_this_boot(struct timespec time)
{
    struct timespec up;

    clock_gettime(CLOCK_BOOTTIME, &up);
    return clock_ns(time) + clock_ns(up) >= clock_realtime_ns();
}

/* The directory; -1 unless it is ours alone. access: O_PATH or O_RDONLY. */
static int open_place(const char *dir, int access, struct stat *ret_st)
{
    int fd = open(dir, access | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (fstat(fd, ret_st) == 0 && ret_st->st_uid == user_id() &&
        !(ret_st->st_mode & (S_IWGRP | S_IWOTH)))
        return fd;
    file_close(fd);
    return -1;
}

bool payload_is_checked(const struct stat *st)
{
    char dir[PLACE_SIZE], name[MARKER_SIZE];
    int saved = errno, dir_fd;
    struct stat place_st, marker;
    bool exists;

    find_place(dir);
    dir_fd = open_place(dir, O_PATH, &place_st);
    if (dir_fd >= 0)
        name_marker(st, name);
    exists =
        dir_fd >= 0 && fstatat(dir_fd, name, &marker, AT_SYMLINK_NOFOLLOW) == 0;
    file_close(dir_fd);
    errno = saved;
    return exists && S_ISREG(marker.st_mode) && marker.st_uid == user_id() &&
           is_of_this_boot(marker.st_ctim);
}

/* ---- Remembering ---- */

static void forget_all(int dir_fd)
{
    int copy = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;

    if (!stream) {
        file_close(copy);
        return;
    }
    while ((entry = readdir(stream)))
        if (entry->d_name[0] != '.')
            unlinkat(dir_fd, entry->d_name, 0);
    closedir(stream);
}

void payload_remember(const struct stat *st)
{
    char dir[PLACE_SIZE], name[MARKER_SIZE];
    int saved = errno, dir_fd, fd;
    struct stat place_st;

    find_place(dir);
    mkdir(dir, 0700);
    dir_fd = open_place(dir, O_RDONLY, &place_st);
    if (dir_fd >= 0) {
        if (place_st.st_size > MAX_DIRECTORY_SIZE)
            forget_all(dir_fd);
        name_marker(st, name);
        fd = openat(dir_fd, name,
                    O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                    0600);
        if (fd >= 0)
            futimens(fd, NULL); /* one of an earlier boot is of this one now */
        file_close(fd);
        file_close(dir_fd);
    }
    errno = saved;
}
