/* From baseline code to the best code. A lock in the cache directory (flight.h)
 * tells whether a process makes the best code. Another file in place of the
 * entry tells that it is there. */
#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "flight.h"

enum { LOOK_MS = 5 };

/* The place of the script's entry. */
struct place {
    char *dir; /* owned */
    const char *name;
};

/* False: it has no baseline code, or there is no memory. */
static bool find_place(BCCScriptRef script, struct place *ret_place)
{
    char *path, *slash;

    if (script->report.tier != BCC_TIER_BASELINE)
        return false;
    path = strdup(script->report.path);
    slash = path ? strrchr(path, '/') : NULL;
    if (!slash) {
        free(path);
        return false;
    }
    *slash = '\0';
    *ret_place = (struct place){path, slash + 1};
    *strrchr(slash + 1, '.') = '\0'; /* the file's name has the suffix */
    return true;
}

ino_t find_inode(BCCScriptRef script)
{
    struct stat st;

    return fstatat(AT_FDCWD, script->report.path, &st, 0) ? 0 : st.st_ino;
}

bool is_replaced(BCCScriptRef script)
{
    const ino_t inode = find_inode(script);

    return inode && inode != script->inode;
}

static bool wait(BCCScriptRef script, struct flight *flight,
                 uint64_t deadline_ns)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    bool is_on = true;

    for (;;) {
        if (is_replaced(script))
            return true;
        /* An end between two looks is seen by the last look. */
        if (!is_on || clock_monotonic_ns() >= deadline_ns)
            return false;
        is_on = flight_later_is_on(flight);
        if (is_on)
            nanosleep(&pause, NULL);
    }
}

int bccWaitForBest(BCCScriptRef script, int timeoutMs)
{
    uint64_t deadline_ns = UINT64_MAX;
    struct flight flight;
    struct place place;
    bool is_there = false;

    if (!script)
        return 1;
    if (script->prepared && script->report.tier == BCC_TIER_BEST)
        return 0;
    if (timeoutMs >= 0)
        deadline_ns =
            clock_monotonic_ns() + (uint64_t)timeoutMs * UINT64_C(1000000);
    if (find_place(script, &place)) {
        flight_begin(&flight, place.dir, place.name,
                     cache_identity(&script->view));
        is_there = wait(script, &flight, deadline_ns);
        flight_end(&flight);
        free(place.dir);
    }
    return is_there ? 0
                    : script_misuse(script, BCC_NOT_READY,
                                    "best code: not there yet");
}

/* The descriptor is readable when a file loses its name, which changes its
 * attributes; other changes of attributes do no harm. */
int bccGetBestDescriptor(BCCScriptRef script)
{
    struct error err;
    int fd;

    if (!script)
        return -1;
    fd = (int)syscall(SYS_inotify_init1, IN_CLOEXEC | IN_NONBLOCK);
    if (fd >= 0 && inotify_add_watch(fd, script->report.path, IN_ATTRIB) >= 0)
        return fd;
    error_set_os(&err, errno, "%s: inotify", script->report.path);
    script_fail(script, &err);
    file_close(fd);
    return -1;
}
