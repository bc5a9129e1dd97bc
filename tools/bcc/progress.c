#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"

void progress_begin(struct progress *progress, size_t total)
{
    *progress = (struct progress){
        .on_terminal = isatty(STDOUT_FILENO),
        .total = total,
        .start_ns = clock_monotonic_ns(),
    };
}

double progress_seconds(const struct progress *progress)
{
    return (double)(clock_monotonic_ns() - progress->start_ns) / 1e9;
}

void progress_step(struct progress *progress, const char *item,
                   const char *outcome)
{
    double rate;

    progress->done++;
    if (!progress->on_terminal) {
        printf("[%zu/%zu] %s: %s\n", progress->done, progress->total, item,
               outcome);
        return;
    }
    rate = (double)progress->done / (progress_seconds(progress) + 1e-9);
    printf("\r\033[K[%zu/%zu] %.1f/s, %.0f s left: %s: %s", progress->done,
           progress->total, rate,
           (double)(progress->total - progress->done) / rate, item, outcome);
    fflush(stdout);
}

void progress_clear(const struct progress *progress)
{
    if (progress->on_terminal)
        fputs("\r\033[K", stdout);
}
