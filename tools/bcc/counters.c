/* A launch that hits takes a millisecond, and most of that is the kernel's. To
 * open, map and close a file of counters would be three system calls more. So a
 * hit is counted for one launch in 16, and as 16: the kernel has given random
 * bytes to each process (AT_RANDOM), which costs a launch one load and one
 * comparison. A miss compiles anyway, and is always counted.
 *
 * The file is mapped, and its numbers are added to atomically: launches at once
 * lose nothing. Its name begins with a dot, so the library takes it for no
 * entry. */
#include "counters.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "print.h"

static_assert((int)BCC_N_REASONS <= (int)COUNTERS_REASONS,
              "the file has a place for each reason");

/* The version is part of the name. */
static const char file_name[] = ".counters-1";

/* Map the file. NULL: unusable. create: make it if it does not exist. */
static struct counters *map(const char *dir, bool create)
{
    struct counters *counters = MAP_FAILED;
    char path[PATH_MAX];
    struct stat st;
    int fd;

    if (snprintf(path, sizeof(path), "%s/%s", dir, file_name) >= PATH_MAX)
        return NULL;
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0),
              0600);
    if (fd < 0)
        return NULL;
    /* A longer file is not changed; a new one is filled with zeros. Its blocks
     * must exist: on a full file system the first write to the mapping would be
     * a SIGBUS. */
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        (st.st_size >= (off_t)sizeof(*counters) ||
         (errno = posix_fallocate(fd, 0, sizeof(*counters))) == 0))
        counters = mmap(NULL, sizeof(*counters), PROT_READ | PROT_WRITE,
                        MAP_SHARED, fd, 0);
    close(fd);
    return counters == MAP_FAILED ? NULL : counters;
}

static void add(uint64_t *number, uint64_t n)
{
    __atomic_fetch_add(number, n, __ATOMIC_RELAXED);
}

static uint64_t get(uint64_t *number)
{
    return __atomic_load_n(number, __ATOMIC_RELAXED);
}

/* Is this the one launch in COUNTERS_SAMPLE that is counted? */
static bool is_drawn(void)
{
    const uint8_t *random = (const uint8_t *)getauxval(AT_RANDOM);

    return random && random[15] % COUNTERS_SAMPLE == 0;
}

void counters_note(const char *dir, const BCCReport *report)
{
    struct counters *counters;
    uint64_t none = 0;

    if (report->cache == BCC_CACHE_OFF ||
        (report->cache == BCC_CACHE_HIT && !is_drawn()))
        return;
    counters = map(dir, true);
    if (!counters)
        return;
    __atomic_compare_exchange_n(&counters->since_s, &none, (uint64_t)time(NULL),
                                false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    if (report->cache == BCC_CACHE_HIT)
        add(&counters->hits, COUNTERS_SAMPLE);
    else if (report->reasonCode >= 0 && report->reasonCode < COUNTERS_REASONS)
        add(&counters->misses[report->reasonCode], 1);
    munmap(counters, sizeof(*counters));
}

void counters_read(const char *dir, struct counters *ret_counters)
{
    struct counters *counters = map(dir, false);

    memset(ret_counters, 0, sizeof(*ret_counters));
    if (!counters)
        return;
    ret_counters->since_s = get(&counters->since_s);
    ret_counters->hits = get(&counters->hits);
    for (size_t i = 0; i < COUNTERS_REASONS; i++)
        ret_counters->misses[i] = get(&counters->misses[i]);
    munmap(counters, sizeof(*counters));
}

bool counters_zero(const char *dir)
{
    struct counters *counters = map(dir, true);

    if (!counters) {
        complain("%s/%s: %s", dir, file_name, strerror(errno));
        return false;
    }
    __atomic_store_n(&counters->hits, 0, __ATOMIC_RELAXED);
    for (size_t i = 0; i < COUNTERS_REASONS; i++)
        __atomic_store_n(&counters->misses[i], 0, __ATOMIC_RELAXED);
    __atomic_store_n(&counters->since_s, (uint64_t)time(NULL),
                     __ATOMIC_RELAXED);
    munmap(counters, sizeof(*counters));
    return true;
}
