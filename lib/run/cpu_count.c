/* Control groups of version 2 (Linux, Documentation/admin-guide/cgroup-v2):
 * /proc/self/cgroup has the line "0::/the/group", and that group and each above
 * it may have a file cpu.max: the microseconds of CPU time that the group gets,
 * and the period in microseconds. In a container the path is "/" and the file
 * is in the root that it sees. Version 1 says the same in two files, which are
 * read only at the group's root: all that container runtimes mount there. */
#include "cpu_count.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT "/sys/fs/cgroup"

enum { MAX_GROUPS = 1024, MAX_QUOTA = 64 };

/* The beginning of a small file. False: it cannot be read. */
static bool read_text(const char *path, char *text, size_t room)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size;

    if (fd < 0)
        return false;
    size = read(fd, text, room - 1);
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    return size > 0;
}

unsigned cpu_count_of_quota(const char *text, unsigned n)
{
    char *end;
    const unsigned long long quota = strtoull(text, &end, 10);
    const unsigned long long period = strtoull(end, NULL, 10);
    unsigned long long cpus;

    if (end == text || quota == 0 || period == 0)
        return n; /* "max", or malformed */
    cpus = (quota - 1) / period + 1;
    return cpus < n ? (unsigned)cpus : n;
}

/* Apply the limits of the group and of those above it. */
static unsigned within_version_2(unsigned n)
{
    char groups[MAX_GROUPS], path[sizeof(ROOT) + MAX_GROUPS + 16];
    char text[MAX_QUOTA];
    char *group, *end;

    if (!read_text("/proc/self/cgroup", groups, sizeof(groups)))
        return n;
    group = strstr(groups, "0::/");
    if (!group || (group > groups && group[-1] != '\n'))
        return n;
    group += 3;
    group[strcspn(group, "\n")] = '\0';
    do {
        snprintf(path, sizeof(path), ROOT "%s/cpu.max", group);
        if (read_text(path, text, sizeof(text)))
            n = cpu_count_of_quota(text, n);
        end = strrchr(group, '/');
        if (end)
            *end = '\0';
    } while (end);
    return n;
}

static unsigned within_version_1(unsigned n)
{
    char quota[MAX_QUOTA], period[MAX_QUOTA], text[2 * MAX_QUOTA];

    if (!read_text(ROOT "/cpu/cpu.cfs_quota_us", quota, sizeof(quota)) ||
        !read_text(ROOT "/cpu/cpu.cfs_period_us", period, sizeof(period)) ||
        *quota == '-')
        return n;
    snprintf(text, sizeof(text), "%s %s", quota, period);
    return cpu_count_of_quota(text, n);
}

unsigned cpu_count(void)
{
    cpu_set_t set;
    unsigned n = 1;

    /* The call fails if there are more CPUs than bits in the set. */
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        n = (unsigned)CPU_COUNT(&set);
    else if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
        n = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    n = within_version_1(within_version_2(n));
    return n ? n : 1;
}
