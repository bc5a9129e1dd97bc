/* The beat of flight.h shows that this process is alive and not stopped. */
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
    enum { STACK_SIZE = 64 * 1024 }; /* LLVM never runs on this stack */
    pthread_attr_t attributes;
    pthread_t thread;

    /* Beat at once, because on a busy machine the thread starts late. Without a
     * thread the waiters stop waiting, which is waste but harmless. */
    if (!flight_beat(REQUEST_LOCK_FD, true) ||
        pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_create(&thread, &attributes, beat, NULL);
    pthread_attr_destroy(&attributes);
}
