#include "beat.h"

#include <stddef.h>
#include <time.h>

#include "flight.h"

static struct timespec next_beat(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += FLIGHT_PERIOD_MS * 1000000L;
    at.tv_sec += at.tv_nsec / 1000000000L;
    at.tv_nsec %= 1000000000L;
    return at;
}

static void *run(void *context)
{
    struct beat *beat = context;
    bool on = true;

    pthread_mutex_lock(&beat->mutex);
    while (!beat->is_ending && flight_beat(beat->fd, on)) {
        const struct timespec at = next_beat();

        pthread_cond_timedwait(&beat->ending, &beat->mutex, &at);
        on = !on;
    }
    pthread_mutex_unlock(&beat->mutex);
    return NULL;
}

static void init_ending(pthread_cond_t *ending)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(ending, &attributes);
    pthread_condattr_destroy(&attributes);
}

void beat_begin(struct beat *beat, int fd)
{
    enum { STACK_SIZE = 64 * 1024 }; /* LLVM never runs on this stack */
    pthread_attr_t attributes;

    *beat = (struct beat){.fd = fd};
    /* Beat at once, because on a busy machine the thread starts late. Without a
     * thread the waiters stop waiting, which is waste but harmless. */
    if (!flight_beat(fd, true) || pthread_attr_init(&attributes) != 0)
        return;
    pthread_mutex_init(&beat->mutex, NULL);
    init_ending(&beat->ending);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    beat->is_on = pthread_create(&beat->thread, &attributes, run, beat) == 0;
    pthread_attr_destroy(&attributes);
}

void beat_end(struct beat *beat)
{
    if (!beat->is_on)
        return;
    pthread_mutex_lock(&beat->mutex);
    beat->is_ending = true;
    pthread_cond_signal(&beat->ending);
    pthread_mutex_unlock(&beat->mutex);
    pthread_join(beat->thread, NULL);
    beat->is_on = false;
}
