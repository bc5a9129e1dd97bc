#include "last_use.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "checksum.h"
#include "clock.h"

/* Real time less time since the start is the time of the start, to a moment
 * between two clocks read one after the other; it only changes when the clock
 * is set. In whole seconds: two starts are further apart. */
static uint64_t boot_time_s(void)
{
    struct timespec up;

    clock_gettime(CLOCK_BOOTTIME, &up);
    return (clock_realtime_ns() - clock_ns(up)) / 1000000000u;
}

/* The nanoseconds of an mtime of these seconds. */
static long mark_of(const struct stat *st, time_t seconds)
{
    const uint64_t facts[] = {
        (uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
        (uint64_t)seconds,    boot_time_s(),
    };
    const struct span bytes = {(const uint8_t *)facts, sizeof(facts)};

    return (long)(checksum_xxh3(bytes) % 1000000000u);
}

bool last_use_is_checked(const struct stat *st)
{
    const time_t since = st->st_ctim.tv_sec - st->st_mtim.tv_sec;

    /* The kernel's time of change may lag behind the clock by a tick. */
    return since >= -1 && since <= 1 &&
           st->st_mtim.tv_nsec == mark_of(st, st->st_mtim.tv_sec);
}

bool last_use_is_due(const struct stat *st)
{
    struct timespec now;
    int64_t age_s;

    /* Read from memory that the kernel shares: no system call. */
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    age_s = now.tv_sec - st->st_mtim.tv_sec;
    /* A use in the future would count for ever; a clock was wrong. */
    return age_s <= -LAST_USE_GRAIN_S || age_s >= LAST_USE_GRAIN_S;
}

bool last_use_record(const char *dir, int fd, struct stat *st, bool is_checked)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
    const int saved = errno;
    bool written;

    if (!last_use_is_due(st) && (!is_checked || last_use_is_checked(st)))
        return false;
    clock_gettime(CLOCK_REALTIME_COARSE, &times[1]);
    if (is_checked)
        times[1].tv_nsec = mark_of(st, times[1].tv_sec);
    written = st->st_uid == geteuid() &&
              faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) == 0 &&
              futimens(fd, times) == 0 && fstat(fd, st) == 0;
    errno = saved;
    return written;
}
