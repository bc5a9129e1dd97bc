/* The beat of flight.h shows that a compile goes on. */
#ifndef BCC_COMPILER_BEAT_H
#define BCC_COMPILER_BEAT_H

#include <pthread.h>
#include <stdbool.h>

struct beat {
    int fd; /* the lock */
    bool is_on, is_ending;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ending;
};

/* Beat from now on, in a thread. fd: the lock of the process that waits for
 * this compile, or no lock. beat must not move. */
void beat_begin(struct beat *beat, int fd);
void beat_end(struct beat *beat);

#endif
