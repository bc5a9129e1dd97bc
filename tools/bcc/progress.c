#include "progress.h"

#include <limits.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "visible.h"

/* Also for an empty file: the start of a compile takes time. */
enum { LEAST_WEIGHT = 4096 };

void progress_add(struct progress *progress, uint64_t weight)
{
    progress->total++;
    progress->weight += weight + LEAST_WEIGHT;
}

void progress_begin(struct progress *progress)
{
    progress->on_terminal = isatty(STDOUT_FILENO);
    progress->start_ns = clock_monotonic_ns();
}

double progress_seconds(const struct progress *progress)
{
    return (double)(clock_monotonic_ns() - progress->start_ns) / 1e9;
}

/* Columns of the terminal's line. A line that wraps could not be erased. */
static int line_width(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1
               ? size.ws_col - 1
               : 79;
}

/* Bytes of the text that fit into this many columns. A character that is not
 * ASCII may take two. */
static size_t size_that_fits(struct span text, int columns)
{
    size_t i = 0;

    while (i < text.size) {
        bool is_wide = text.data[i] >= 0x80;

        columns -= 1 + is_wide;
        if (columns < 0)
            break;
        i++;
        while (i < text.size && (text.data[i] & 0xc0) == 0x80)
            i++;
    }
    return i;
}

static void print_line(const struct progress *progress, const char *line)
{
    struct buffer visible;

    buffer_init(&visible);
    visible_append(&visible, line);
    if (progress->on_terminal)
        printf("\r\033[K%.*s",
               (int)size_that_fits(buffer_span(&visible), line_width()),
               (const char *)visible.data);
    else
        printf("%.*s\n", (int)visible.size, (const char *)visible.data);
    fflush(stdout);
    buffer_release(&visible);
}

/* The rate, and the remaining time. */
static void format_pace(const struct progress *progress, char pace[64])
{
    double seconds = progress_seconds(progress) + 1e-9;

    snprintf(pace, 64,
             " %.1f/s, %.0f s left:", (double)progress->done / seconds,
             seconds * (double)(progress->weight - progress->weight_done) /
                 (double)progress->weight_done);
}

void progress_step(struct progress *progress, const char *item, uint64_t weight,
                   const char *outcome)
{
    char line[PATH_MAX + 128], pace[64] = "";

    progress->done++;
    progress->weight_done += weight + LEAST_WEIGHT;
    if (progress->on_terminal)
        format_pace(progress, pace);
    snprintf(line, sizeof(line), "[%zu/%zu]%s %s: %s", progress->done,
             progress->total, pace, item, outcome);
    print_line(progress, line);
}

void progress_clear(const struct progress *progress)
{
    if (progress->on_terminal)
        fputs("\r\033[K", stdout);
}
