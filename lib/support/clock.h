/* Time as nanoseconds in one integer, as reports and stamps keep it. */
#ifndef BCC_SUPPORT_CLOCK_H
#define BCC_SUPPORT_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* For durations: never set back. */
static inline uint64_t clock_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return clock_ns(now);
}

/* Since 1970: the clock of file times. */
static inline uint64_t clock_realtime_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return clock_ns(now);
}

#endif
