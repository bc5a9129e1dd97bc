#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

/* The least weight, also of an empty file: the start of a compile takes
 * time. */
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
static int line_width(FILE *file)
{
    struct winsize size;

    return ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 1
               ? size.ws_col - 1
               : 79;
}

/* Columns of a byte's character. One that is not ASCII may take two; its later
 * bytes take none. */
static int columns_of(uint8_t byte)
{
    if ((byte & 0xc0) == 0x80)
        return 0;
    return byte < 0x80 ? 1 : 2;
}

static int columns(struct span text)
{
    int sum = 0;

    for (size_t i = 0; i < text.size; i++)
        sum += columns_of(text.data[i]);
    return sum;
}

/* The end of a text that fits into this many columns. */
static struct span end_that_fits(struct span text, int limit)
{
    int sum = columns(text);

    while (text.size && (sum > limit || (text.data[0] & 0xc0) == 0x80)) {
        sum -= columns_of(text.data[0]);
        text.data++;
        text.size--;
    }
    return text;
}

static void print_parts(FILE *file, struct span before, struct span item,
                        struct span after)
{
    static const char cut[] = "...";
    const int limit = line_width(file) - columns(before) - columns(after);
    const bool fits = columns(item) <= limit;

    /* If even this does not fit, the start of the line remains. */
    if (limit < (int)sizeof(cut)) {
        fprintf(file, "%.*s", line_width(file), (const char *)before.data);
        return;
    }
    if (!fits)
        item = end_that_fits(item, limit - (int)sizeof(cut) + 1);
    fprintf(file, "%.*s%s%.*s%.*s", (int)before.size, (const char *)before.data,
            fits ? "" : cut, (int)item.size, (const char *)item.data,
            (int)after.size, (const char *)after.data);
}

void progress_print(FILE *file, const char *before, const char *item,
                    const char *after)
{
    struct buffer visible, end;

    buffer_init(&visible);
    buffer_init(&end);
    visible_append(&visible, item);
    visible_append(&end, after);
    progress_erase(file);
    if (!buffer_failed(&visible) && !buffer_failed(&end))
        print_parts(file, (struct span){(const void *)before, strlen(before)},
                    buffer_span(&visible), buffer_span(&end));
    fflush(file);
    buffer_release(&visible);
    buffer_release(&end);
}

void progress_erase(FILE *file)
{
    fputs("\r\033[K", file);
    fflush(file);
}

/* Format the rate, and the remaining time. */
static void format_pace(const struct progress *progress, char pace[64])
{
    double seconds = progress_seconds(progress) + 1e-9;

    snprintf(pace, 64,
             " %.1f/s, %.0f s left:", (double)progress->done / seconds,
             seconds * (double)(progress->weight - progress->weight_done) /
                 (double)progress->weight_done);
}

/* Is there room for both? A narrow terminal shows the path and not the pace. */
static bool has_room(const char *pace, const char *end)
{
    enum { COUNTS = 8, LEAST_PATH = 16 };

    return line_width(stdout) >=
           COUNTS + (int)strlen(pace) + LEAST_PATH + (int)strlen(end);
}

void progress_step(struct progress *progress, const char *item, uint64_t weight,
                   const char *outcome)
{
    char start[128], end[128], pace[64] = "";
    struct buffer line;

    progress->done++;
    progress->weight_done += weight + LEAST_WEIGHT;
    snprintf(end, sizeof(end), ": %s", outcome);
    if (progress->on_terminal)
        format_pace(progress, pace);
    if (!has_room(pace, end))
        *pace = '\0';
    snprintf(start, sizeof(start), "[%zu/%zu]%s ", progress->done,
             progress->total, pace);
    if (progress->on_terminal) {
        progress_print(stdout, start, item, end);
        return;
    }
    buffer_init(&line);
    visible_append(&line, item);
    printf("%s%.*s%s\n", start, (int)line.size, (const char *)line.data, end);
    fflush(stdout);
    buffer_release(&line);
}

void progress_clear(const struct progress *progress)
{
    if (progress->on_terminal)
        progress_erase(stdout);
}
