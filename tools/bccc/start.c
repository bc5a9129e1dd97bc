/* What is settled before LLVM's constructors run.
 *
 * A process that compiles ends with its host. The kernel sees to that from the
 * moment that it is asked to, and a host may be killed before.
 *
 * bccc lives for one compile. Its memory is in huge pages where there are such,
 * and none of it goes back to the system before the end: of the time for a
 * megabyte of bitcode the kernel had 0.9 s, and has 0.4 (2026). */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bccc.h"
#include "request.h"

/* jemalloc looks for this. */
extern const char *const malloc_conf;
const char *const malloc_conf = "thp:always,metadata_thp:always,"
                                "dirty_decay_ms:-1,muzzy_decay_ms:-1";

/* Is the host dead? Its pidfd answers where the host is no parent: it has
 * ended, lives in another pid namespace, or started this process by way of a
 * script. An ending process gives its children away a moment before its pidfd
 * says so: the wait is for that. */
static bool host_has_ended(pid_t host)
{
    struct pollfd pollfd = {REQUEST_HOST_FD, POLLIN | POLLOUT, 0};

    if (getppid() == host)
        return false;
    if (poll(&pollfd, 1, 1) <= 0)
        return false;
    /* Only /dev/null is writable: no pidfd. A parent out of sight is 0. */
    return !(pollfd.revents & POLLOUT) || getppid() != 0;
}

/* Before the constructors of all shared libraries, too: libLLVM.so's. */
static void follow_host(int argc, char **argv, char **environment)
{
    (void)environment;
    /* What is done in the background is done by a child, whose parent ends
     * before it takes the time to start. */
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

/* LLVM has some 2,000 options, all constructed with priority 65535. */
__attribute__((constructor(101))) static void populate(void)
{
    populate_pages();
}
