/* The beat of flight.h: it says that this process is alive and not stopped. */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "bccc.h"
#include "flight.h"
#include "request.h"

static void *beat(void *unused)
{
    const struct timespec period = {.tv_nsec = FLIGHT_PERIOD_MS * 1000000L};

    (void)unused;
    for (bool on = true; flight_beat(REQUEST_LOCK_FD, on); on = !on)
        nanosleep(&period, NULL);
    return NULL;
}

void start_beat(void)
{
    enum { STACK_SIZE = 64 * 1024 }; /* LLVM never runs on it */
    pthread_attr_t attributes;
    pthread_t thread;

    /* At once, as a thread takes its time where there is much to do. Without
     * a thread others stop waiting for us: waste, no harm. */
    if (!flight_beat(REQUEST_LOCK_FD, true) ||
        pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_create(&thread, &attributes, beat, NULL);
    pthread_attr_destroy(&attributes);
}
