/* Everything that must be done before LLVM's constructors run.
 *
 * A process that compiles ends with its host. The kernel does that from the
 * moment when it is asked to; a host that was killed before is noticed here.
 *
 * bccc lives for one compile. Its memory is in huge pages where they exist, and
 * none of it goes back to the system before the end. Of the time for a megabyte
 * of bitcode the kernel's share was 0.9 s, and is 0.4 s (2026). */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bccc.h"
#include "request.h"

/* jemalloc reads its options from this variable. */
extern const char *const malloc_conf;
const char *const malloc_conf = "thp:always,metadata_thp:always,"
                                "dirty_decay_ms:-1,muzzy_decay_ms:-1";

/* Has the host ended? The pidfd answers even if the host is not the parent:
 * because the parent has ended, is in another pid namespace, or started this
 * process through a script. A dying process loses its children a moment before
 * its pidfd reports its death, hence the wait. */
static bool host_has_ended(pid_t host)
{
    struct pollfd pollfd = {REQUEST_HOST_FD, POLLIN | POLLOUT, 0};

    if (getppid() == host)
        return false;
    if (poll(&pollfd, 1, 1) <= 0)
        return false;
    /* Only /dev/null is writable: there is no pidfd. A parent in another
     * namespace is 0. */
    return !(pollfd.revents & POLLOUT) || getppid() != 0;
}

/* Runs even before the constructors of shared libraries such as libLLVM.so. */
static void follow_host(int argc, char **argv, char **environment)
{
    (void)environment;
    /* Work in the background is done by a child, whose parent ends at once,
     * before the time that starting takes. */
    if (argc == 3 && strcmp(argv[1], "later") == 0 && fork() != 0)
        _exit(0);
    if (argc != 3 || strcmp(argv[1], "compile") != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (host_has_ended((pid_t)strtol(argv[2], NULL, 10)))
        _exit(1);
}

__attribute__((section(".preinit_array"),
               used)) static void (*const before_all)(int, char **,
                                                      char **) = follow_host;

/* Runs before LLVM's some 2,000 options are constructed, all with priority
 * 65535. */
__attribute__((constructor(101))) static void populate(void)
{
    populate_pages();
}
