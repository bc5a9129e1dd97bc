/* A prepare that compiles returns when it is done, so a thread shows the line.
 * A launch that hits starts no thread. */
#include "progress.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    const char *name;
    bool has_thread, is_over;
} waiting = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, NULL, false, false};

static void *show_after_a_second(void *context)
{
    struct timespec end;
    int result = 0;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec++;
    pthread_mutex_lock(&waiting.lock);
    while (!waiting.is_over && result == 0)
        result = pthread_cond_timedwait(&waiting.changed, &waiting.lock, &end);
    if (!waiting.is_over) {
        progress_print(stderr, "bcc: compiling ", waiting.name, " ...");
        while (!waiting.is_over)
            pthread_cond_wait(&waiting.changed, &waiting.lock);
        progress_erase(stderr);
    }
    pthread_mutex_unlock(&waiting.lock);
    return context;
}

void waiting_begin(const char *path)
{
    const char *slash = strrchr(path, '/');
    sigset_t all, old;

    if (waiting.has_thread || !isatty(STDERR_FILENO))
        return;
    waiting.name = slash ? slash + 1 : path;
    waiting.is_over = false;
    /* The program's signal handlers run in the program's threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    waiting.has_thread =
        pthread_create(&waiting.thread, NULL, show_after_a_second, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void waiting_end(void)
{
    if (!waiting.has_thread)
        return;
    pthread_mutex_lock(&waiting.lock);
    waiting.is_over = true;
    pthread_cond_signal(&waiting.changed);
    pthread_mutex_unlock(&waiting.lock);
    pthread_join(waiting.thread, NULL);
    waiting.has_thread = false;
}
