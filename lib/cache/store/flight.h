/* Single flight: of those who miss on one key at one moment, one compiles, and
 * the others wait for its entry. Waiting only ever saves work, so nothing here
 * can fail: whoever cannot lock, or waits in vain, compiles on its own. A
 * second compile is waste and no harm, as entries are renamed into place.
 *
 * The one that compiles holds a lock (work_dir.h), which ends with it. But it
 * may also be stopped, or hang, for ever. So the lock beats: while it works,
 * the compiler process locks and unlocks the byte after it, PERIOD for PERIOD,
 * and those who wait see the length of the locked range change. There is no
 * beat if the compiler process is stopped or dead, nor if it has ended and the
 * process that started it is stopped. Who sees no beat for PATIENCE goes on to
 * the next level, a lock of its own: there again one compiles and the others
 * wait.
 *
 *     slot of the key:  level 0: lock beat  level 1: lock beat  ...
 *
 * The beat needs neither a file's content nor a clock that two machines share.
 * The key is a hash of the entry's name and identity: another version of a
 * script does not wait for this one. */
#ifndef BCC_CACHE_FLIGHT_H
#define BCC_CACHE_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "span.h"

enum {
    FLIGHT_PERIOD_MS = 50,
    FLIGHT_PATIENCE_MS = 350,
    /* So many holders of a lock may come to nothing, then who waits for them
     * compiles: a script that does not compile is not tried by one after the
     * other. */
    FLIGHT_MAX_WAITS = 4
};

struct flight {
    int fd; /* of the lock file; -1: no locks, everybody compiles */
    off_t slot;
    unsigned level;
    unsigned n_waits;
};

/* Nothing is locked yet. flight_end() is always welcome afterwards. */
void flight_begin(struct flight *flight, const char *dir, const char *name,
                  struct span identity);
void flight_end(struct flight *flight);

/* True: the compile is ours, now that the entry is still not there. */
bool flight_take(struct flight *flight);

/* Wait for the one that holds the lock. True: look at the entry and try to
 * take the lock again. False: do not wait any longer, whether because the
 * deadline (monotonic; UINT64_MAX: none) has passed or because it leads to
 * nothing. */
bool flight_wait(struct flight *flight, uint64_t deadline_ns);

/* In the compiler process, with the holder's descriptor: one beat, on or off.
 * False: this is no lock that could beat. */
bool flight_beat(int fd, bool on);

#endif
