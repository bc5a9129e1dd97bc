/* The time that all CPUs were busy, of /proc/stat, less the CPU time of this
 * process, of the children it waited for and of those it named. That holds
 * interrupts, other processes, and what the host stole. A compile in the
 * background is a child, too, once its parent has ended
 * (process_adopt_orphans()): rows that leave one wait for it in each round.
 *
 * The kernel counts busy time in ticks of mostly 10 ms, by looking what runs at
 * each; a process's own time it knows exactly. The difference of the two is
 * therefore uncertain by a few ticks, more where processes are short: 3 ticks
 * are forgiven, and no slice is shorter than a second.
 *
 * Limits: with nobody else at work, all rows in one run on a virtual machine of
 * two CPUs came to at most 0.29 CPU on average and 0.40 in a slice, whatever
 * the row; interrupts, the host's share and the error above are in that. */
#include "watch.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { MAX_OURS = 8, FORGIVEN_TICKS = 3 };

static const double limit_mean = 0.35, limit_worst = 0.5;
static const double slice_seconds = 1;

struct moment {
    double wall, busy, own; /* seconds */
};

static pid_t ours[MAX_OURS];
static size_t n_ours;
static struct moment first, slice;
static struct watch_load current;

void watch_add(pid_t pid)
{
    if (n_ours == MAX_OURS)
        bench_die("too many processes to watch");
    ours[n_ours++] = pid;
}

void watch_remove_all(void)
{
    n_ours = 0;
}

/* ---- Reading ---- */

static double tick_seconds(void)
{
    return 1.0 / (double)sysconf(_SC_CLK_TCK);
}

/* user nice system idle iowait irq softirq steal; guest is within user. */
static double busy_seconds(void)
{
    unsigned long long t[8] = {0};
    FILE *file = fopen("/proc/stat", "r");
    int n = 0;

    if (file) {
        n = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0],
                   &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]);
        fclose(file);
    }
    if (n < 4)
        bench_die("/proc/stat: cannot be read");
    return (double)(t[0] + t[1] + t[2] + t[5] + t[6] + t[7]) * tick_seconds();
}

static double usage_seconds(int who)
{
    struct rusage usage;

    getrusage(who, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double process_seconds(pid_t pid)
{
    struct timespec time;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 ||
        clock_gettime(clock, &time) != 0)
        return 0;
    return (double)clock_ns(time) / 1e9;
}

static struct moment now(void)
{
    struct moment moment = {.wall = (double)clock_monotonic_ns() / 1e9,
                            .busy = busy_seconds(),
                            .own = usage_seconds(RUSAGE_SELF) +
                                   usage_seconds(RUSAGE_CHILDREN)};

    for (size_t i = 0; i < n_ours; i++)
        moment.own += process_seconds(ours[i]);
    return moment;
}

/* ---- Judging ---- */

static double others_between(const struct moment *from, const struct moment *to)
{
    const double others = (to->busy - from->busy) - (to->own - from->own) -
                          FORGIVEN_TICKS * tick_seconds();

    return others > 0 ? others / (to->wall - from->wall) : 0;
}

static void close_slice(const struct moment *end)
{
    const double others = others_between(&slice, end);

    if (others > current.worst)
        current.worst = others;
    slice = *end;
}

void watch_begin(void)
{
    first = slice = now();
    memset(&current, 0, sizeof(current));
}

void watch_tick(void)
{
    if ((double)clock_monotonic_ns() / 1e9 - slice.wall >= slice_seconds) {
        const struct moment end = now();

        close_slice(&end);
    }
}

void watch_end(void)
{
    const struct moment end = now();

    if (slice.wall == first.wall)
        close_slice(&end);
    current.mean = others_between(&first, &end);
}

struct watch_load watch_load(void)
{
    return current;
}

bool watch_is_busy(struct watch_load load)
{
    return load.mean > limit_mean || load.worst > limit_worst;
}
