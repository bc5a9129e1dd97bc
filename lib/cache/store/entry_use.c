#include "entry_use.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "checksum.h"
#include "clock.h"
#include "file.h"
#include "user_place.h"
#include "work_dir.h"

/* ---- The mark ---- */

/* Time of the machine's start: real time minus time since the start. The error
 * is the moment between reading the two clocks; it changes only when the clock
 * is set. Whole seconds suffice, as two starts are further apart. */
static uint64_t boot_time_s(void)
{
    struct timespec up;

    clock_gettime(CLOCK_BOOTTIME, &up);
    return (clock_realtime_ns() - clock_ns(up)) / 1000000000u;
}

/* The nanoseconds of a mark, for an mtime with these seconds. */
static long mark_of(const struct stat *st, time_t seconds)
{
    const uint64_t facts[] = {
        (uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
        (uint64_t)seconds,    boot_time_s(),
    };
    const struct span bytes = {(const uint8_t *)facts, sizeof(facts)};

    return (long)(checksum_xxh3(bytes) % 1000000000u);
}

static bool is_marked(const struct stat *st)
{
    const time_t since = st->st_ctim.tv_sec - st->st_mtim.tv_sec;

    /* The kernel's time of change may lag behind the clock by a tick. */
    return since >= -1 && since <= 1 &&
           st->st_mtim.tv_nsec == mark_of(st, st->st_mtim.tv_sec);
}

bool entry_use_is_due(const struct stat *st)
{
    struct timespec now;
    int64_t age_s;

    /* Read from memory that the kernel shares: no system call. */
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    age_s = now.tv_sec - st->st_mtim.tv_sec;
    /* A use in the future would never become old: some clock was wrong. */
    return age_s <= -ENTRY_USE_GRAIN_S || age_s >= ENTRY_USE_GRAIN_S;
}

/* True if the file's times were set; then *st has them. */
static bool set_times(const char *dir, int fd, struct stat *st)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
    const int saved = errno;
    bool written;

    clock_gettime(CLOCK_REALTIME_COARSE, &times[1]);
    times[1].tv_nsec = mark_of(st, times[1].tv_sec);
    written = st->st_uid == geteuid() &&
              faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) == 0 &&
              futimens(fd, times) == 0 && fstat(fd, st) == 0;
    errno = saved;
    return written;
}

/* ---- The marker ---- */

enum {
    /* tmpfs counts 20 bytes for each name of a directory, other file systems no
     * less. At some 16,000 markers, or 16 MB of the kernel's memory, all are
     * removed. */
    MAX_DIRECTORY_SIZE = 20 * 16384,
    MARKER_SIZE = 4 * 17 + 1
};

static void name_marker(const struct stat *st, char name[MARKER_SIZE])
{
    snprintf(name, MARKER_SIZE, "%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64,
             (uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
             clock_ns(st->st_ctim));
}

/* Was it made since the machine was started? /dev/shm should be empty after a
 * start anyway. If a clock was set forward since, a marker only looks too
 * old. */
static bool is_of_this_boot(struct timespec time)
{
    struct timespec up;

    clock_gettime(CLOCK_BOOTTIME, &up);
    return clock_ns(time) + clock_ns(up) >= clock_realtime_ns();
}

static bool has_marker(const struct stat *st)
{
    char dir[USER_PLACE_SIZE], name[MARKER_SIZE];
    int saved = errno, dir_fd;
    struct stat place_st, marker;
    bool exists;

    user_place_find(dir);
    dir_fd = user_place_open(dir, O_PATH, &place_st);
    if (dir_fd >= 0)
        name_marker(st, name);
    exists =
        dir_fd >= 0 && fstatat(dir_fd, name, &marker, AT_SYMLINK_NOFOLLOW) == 0;
    file_close(dir_fd);
    errno = saved;
    return exists && S_ISREG(marker.st_mode) &&
           marker.st_uid == user_place_owner() &&
           is_of_this_boot(marker.st_ctim);
}

static bool is_marker(const void *context, const char *name)
{
    (void)context;
    return name[0] != '.';
}

static void make_marker(const struct stat *st)
{
    char dir[USER_PLACE_SIZE], name[MARKER_SIZE];
    int saved = errno, dir_fd, fd;
    struct stat place_st;

    user_place_find(dir);
    mkdirat(AT_FDCWD, dir, 0700);
    dir_fd = user_place_open(dir, O_RDONLY, &place_st);
    if (dir_fd >= 0) {
        if (place_st.st_size > MAX_DIRECTORY_SIZE)
            work_sweep(dir_fd, SIZE_MAX, is_marker, NULL);
        name_marker(st, name);
        fd = openat(dir_fd, name,
                    O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                    0600);
        if (fd >= 0)
            futimens(fd, NULL); /* a directory of an earlier boot becomes one of
                                   this boot */
        file_close(fd);
        file_close(dir_fd);
    }
    errno = saved;
}

/* ---- Both ---- */

bool entry_is_checked(const struct stat *st)
{
    return is_marked(st) || has_marker(st);
}

bool entry_note_use(const char *dir, int fd, struct stat *st, bool was_checked)
{
    const bool written =
        dir && (entry_use_is_due(st) || (was_checked && !is_marked(st))) &&
        set_times(dir, fd, st);

    /* Needed even if the times were just set: the marker is named after the
     * change time. */
    if ((written || was_checked) && !is_marked(st))
        make_marker(st);
    return written;
}
