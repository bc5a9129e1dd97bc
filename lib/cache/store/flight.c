#include "flight.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checksum.h"
#include "clock.h"
#include "file.h"
#include "store.h"
#include "work_dir.h"

/* How often a waiter looks at the lock. Patience is a number of looks, not a
 * time: on an overloaded machine both sides are late. */
enum {
    LOOK_MS = 5,
    PATIENCE_LOOKS = FLIGHT_PATIENCE_MS / LOOK_MS,
    LEVEL_SIZE = 2 /* lock byte and beat byte */
};
_Static_assert(FLIGHT_MAX_WAITS *LEVEL_SIZE <= FLIGHT_LATER &&
                   FLIGHT_LATER < (int)WORK_SLOT_FILE,
               "the levels fit into their part of a slot");

static uint64_t hash_key(const char *name, struct span identity)
{
    struct span text = {(const uint8_t *)name, strlen(name)};

    return checksum_xxh3(text) * 31 + checksum_xxh3(identity);
}

/* Keep the lock file of work, and close the rest. */
static struct flight make(struct work_dir *work, const char *name,
                          struct span identity)
{
    const struct flight flight = {
        .fd = work->lock_fd,
        .slot = work_slot(hash_key(name, identity)),
    };

    work->lock_fd = -1;
    work_dir_close(work);
    return flight;
}

void flight_begin(struct flight *flight, const char *dir, const char *name,
                  struct span identity)
{
    struct work_dir work;

    *flight = (struct flight){.fd = -1};
    /* A process that cannot write there cannot publish either. */
    if (store_open_work_dir(dir, &work, NULL) == STATUS_OK)
        *flight = make(&work, name, identity);
}

void flight_begin_at(struct flight *flight, int dir_fd, const char *name,
                     struct span identity)
{
    struct work_dir work;

    *flight = (struct flight){.fd = -1};
    if (work_dir_open(dir_fd, name, &work, NULL) == STATUS_OK)
        *flight = make(&work, name, identity);
}

void flight_end(struct flight *flight)
{
    /* Closing is not enough: if the host forked meanwhile, the child has
     * another descriptor of this lock. */
    if (flight->fd >= 0)
        work_unlock(flight->fd, flight->slot, WORK_SLOT_FILE);
    file_close(flight->fd);
    flight->fd = -1;
}

static off_t level_start(const struct flight *flight)
{
    return flight->slot + (off_t)flight->level * LEVEL_SIZE;
}

bool flight_take(struct flight *flight)
{
    off_t start = level_start(flight);

    /* The position of the descriptor tells the compiler process the lock's
     * byte. */
    return work_lock(flight->fd, start, 1) &&
           lseek(flight->fd, start, SEEK_SET) == start;
}

bool flight_later_is_on(const struct flight *flight)
{
    return work_locked(flight->fd, flight->slot + FLIGHT_LATER, 1) > 0;
}

bool flight_take_later(const struct flight *flight)
{
    return work_lock(flight->fd, flight->slot + FLIGHT_LATER, 1);
}

bool flight_is_on(const struct flight *flight)
{
    return work_locked(flight->fd, flight->slot, FLIGHT_LATER) > 0;
}

static void pause_for_look(void)
{
    struct timespec left = {.tv_nsec = LOOK_MS * 1000000L};

    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

bool flight_wait(struct flight *flight, uint64_t deadline_ns)
{
    off_t start = level_start(flight);
    off_t before = -1;
    unsigned n_silent = 0;

    if (++flight->n_waits >= FLIGHT_MAX_WAITS)
        return false;
    while (clock_monotonic_ns() < deadline_ns) {
        off_t locked = work_locked(flight->fd, start, LEVEL_SIZE);

        if (locked < 0)
            return false;
        if (locked == 0)
            return true;
        n_silent = locked == before ? n_silent + 1 : 0;
        before = locked;
        if (n_silent >= PATIENCE_LOOKS) {
            flight->level++;
            return true;
        }
        pause_for_look();
    }
    return false;
}

bool flight_beat(int fd, bool on)
{
    struct flock beat = {
        .l_type = on ? F_WRLCK : F_UNLCK,
        .l_whence = SEEK_CUR,
        .l_start = 1,
        .l_len = 1,
    };
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           fcntl(fd, F_OFD_SETLK, &beat) == 0;
}
