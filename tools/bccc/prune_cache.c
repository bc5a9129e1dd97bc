/* Prunes a cache directory in the background: with the lowest priority for CPU
 * and disk, in a session of its own, so that no terminal signal reaches it. */
#include "bccc.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "prune.h"

enum {
    IOPRIO_OF_PROCESS = 1,     /* IOPRIO_WHO_PROCESS */
    IOPRIO_WHEN_IDLE = 3 << 13 /* IOPRIO_CLASS_IDLE */
};

int prune_cache(const char *dir, const char *limit)
{
    struct prune_result result;
    uint64_t bytes;
    pid_t child;

    if (!prune_parse_limit(limit, &bytes))
        return 2;
    child = fork();
    if (child)
        return child < 0;
    setsid();
    setpriority(PRIO_PROCESS, 0, 19);
    syscall(SYS_ioprio_set, IOPRIO_OF_PROCESS, 0, IOPRIO_WHEN_IDLE);
    return prune_directory(dir, &(struct prune_options){.limit = bytes},
                           &result, NULL) != 0;
}
