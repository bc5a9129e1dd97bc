/* Single flight: if several processes or threads miss on one key at the same
 * time, one compiles and the others wait for its entry. Waiting only saves
 * work, so nothing here can fail: a process that cannot lock, or waits in vain,
 * compiles by itself. A second compile is a waste but harmless, because entries
 * are renamed into place.
 *
 * The compiling process holds a lock (work_dir.h), which ends with it. But it
 * may also be stopped, or hang, for ever. So the lock has a beat: while it
 * works, the compiler process locks and unlocks the next byte once per PERIOD,
 * and waiters see the length of the locked range change. The beat ends if the
 * compiler process is stopped or dead, or if it has exited and the process that
 * started it is stopped. A waiter that sees no beat for PATIENCE moves to the
 * next level, which is a separate lock: there again one compiles and the others
 * wait.
 *
 *     slot of the key:  level 0: lock beat  level 1: lock beat  ...
 *
 * The best code of an entry that has baseline code is made in the background,
 * under a lock of its own: FLIGHT_LATER bytes into the slot. Nobody waits for
 * that lock, so it has no beat.
 *
 * The beat needs neither file contents nor a clock that two machines share. The
 * key is a hash of the entry's name and identity, so a request does not wait
 * for one with other options. */
#ifndef BCC_CACHE_FLIGHT_H
#define BCC_CACHE_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "span.h"

enum {
    FLIGHT_PERIOD_MS = 50,
    FLIGHT_PATIENCE_MS = 350,
    /* After this many failed holders a waiter compiles by itself, so that a
     * script that does not compile is not tried by one process after the
     * other. */
    FLIGHT_MAX_WAITS = 4,
    FLIGHT_LATER = 8 /* behind all levels */
};

struct flight {
    int fd; /* of the lock file; -1: no locks, every process compiles */
    off_t slot;
    unsigned level;
    unsigned n_waits;
};

/* Locks nothing yet. flight_end() is always allowed afterwards. */
void flight_begin(struct flight *flight, const char *dir, const char *name,
                  struct span identity);
void flight_end(struct flight *flight);

/* The same in a directory that was checked before. */
void flight_begin_at(struct flight *flight, int dir_fd, const char *name,
                     struct span identity);

/* Try to take the lock. True: this process compiles, as the entry is still
 * missing. */
bool flight_take(struct flight *flight);

/* Wait for the holder of the lock. True: look for the entry, then try to take
 * the lock again. False: stop waiting, because the deadline (monotonic;
 * UINT64_MAX: none) has passed or waiting is useless. */
bool flight_wait(struct flight *flight, uint64_t deadline_ns);

/* Is the best code of this entry being made in the background? */
bool flight_later_is_on(const struct flight *flight);

/* For the process that makes it. True: this process has the lock until
 * flight->fd is closed. */
bool flight_take_later(const struct flight *flight);

/* Is the entry being made, at any level? */
bool flight_is_on(const struct flight *flight);

/* In the compiler process, with the holder's descriptor: one beat, on or off.
 * False: the descriptor has no lock that can beat. */
bool flight_beat(int fd, bool on);

#endif
