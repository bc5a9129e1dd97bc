/* Figures: which results are compared, and whether they may be. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "statistics.h"

struct report report;

static char current_row[8];
static bool is_busy_allowed;

void report_begin_row(const char *id)
{
    snprintf(current_row, sizeof(current_row), "%s", id);
}

void report_allow_busy(bool allowed)
{
    is_busy_allowed = allowed;
}

static void *append(void **list, size_t *n, size_t size)
{
    void *grown = realloc(*list, (*n + 1) * size);

    if (!grown)
        bench_die("no memory");
    *list = grown;
    return memset((char *)grown + (*n)++ * size, 0, size);
}

void report_series(const struct bench_series *series)
{
    struct report_line *line =
        append((void **)&report.lines, &report.n_lines, sizeof(*report.lines));

    snprintf(line->row, sizeof(line->row), "%s", current_row);
    snprintf(line->name, sizeof(line->name), "%s", series->name);
    line->n = series->n;
    line->min_ns = percentile(series->ns, series->n, 0);
    line->p50_ns = percentile(series->ns, series->n, 50);
    line->p99_ns = percentile(series->ns, series->n, 99);
    line->faults = percentile(series->faults, series->n, 50);
    line->n_syscalls = series->n_syscalls;
    line->load = series->load;
}

/* ---- Judging ---- */

static struct report_figure *new_figure(const char *what,
                                        struct bench_goal goal)
{
    struct report_figure *figure = append(
        (void **)&report.figures, &report.n_figures, sizeof(*report.figures));

    snprintf(figure->row, sizeof(figure->row), "%s", current_row);
    snprintf(figure->what, sizeof(figure->what), "%s", what);
    figure->goal = goal;
    figure->measured = figure->yardstick = NAN;
    figure->value = figure->of_medians = NAN;
    figure->unit = figure->value_unit = "";
    return figure;
}

static void refuse(struct report_figure *figure, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void refuse(struct report_figure *figure, const char *format, ...)
{
    va_list arguments;

    figure->verdict = VERDICT_REFUSED;
    figure->value = figure->of_medians = NAN;
    va_start(arguments, format);
    vsnprintf(figure->refusal, sizeof(figure->refusal), format, arguments);
    va_end(arguments);
}

bool bench_refuse(const char *format, ...)
{
    struct report_figure *figure = new_figure("", NO_GOAL);
    char text[REPORT_TEXT_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    text[strcspn(text, "\n")] = '\0';
    refuse(figure, "not measured: %s", text);
    return false;
}

static void judge(struct report_figure *figure)
{
    const double limit = figure->goal.limit;

    if (figure->verdict == VERDICT_REFUSED)
        return;
    switch (figure->goal.kind) {
    case BENCH_AT_MOST:
        figure->verdict = figure->value <= limit ? VERDICT_MET : VERDICT_MISSED;
        break;
    case BENCH_AT_LEAST:
        figure->verdict = figure->value >= limit ? VERDICT_MET : VERDICT_MISSED;
        break;
    case BENCH_NO_GOAL:
        break;
    }
}

/* False, and the figure refused, if a ratio of the two would mean nothing. */
static bool is_comparable(struct report_figure *figure,
                          const struct bench_series *a,
                          const struct bench_series *b)
{
    const struct watch_load load = a->load;

    if (a->group != b->group)
        refuse(figure, "not comparable: not in turn in the same rounds");
    else if (a->n != b->n || a->n == 0)
        refuse(figure, "not comparable: %zu samples against %zu", a->n, b->n);
    else if (watch_is_busy(load) && !is_busy_allowed)
        refuse(figure,
               "not comparable: busy, others used %.2f CPUs, %.2f at worst",
               load.mean, load.worst);
    figure->was_busy = watch_is_busy(load);
    return figure->verdict != VERDICT_REFUSED;
}

static double milliseconds(uint64_t ns)
{
    return (double)ns / 1e6;
}

/* A figure with the two p50 in it; the median of each round's outcome, by the
 * function, if the two may be compared. */
static struct report_figure *
compare(const struct bench_comparison *comparison,
        double (*outcome)(const struct bench_comparison *, uint64_t, uint64_t))
{
    const struct bench_series *a = comparison->measured;
    const struct bench_series *b = comparison->yardstick;
    struct report_figure *figure =
        new_figure(comparison->what, comparison->goal);
    double *each;

    figure->unit = "ms";
    figure->measured = milliseconds(percentile(a->ns, a->n, 50));
    figure->yardstick = milliseconds(percentile(b->ns, b->n, 50));
    if (!is_comparable(figure, a, b))
        return figure;
    each = calloc(a->n, sizeof(*each));
    if (!each)
        bench_die("no memory");
    for (size_t i = 0; i < a->n; i++)
        each[i] = outcome(comparison, a->ns[i], b->ns[i]);
    figure->value = percentile_real(each, a->n, 50);
    figure->of_medians = outcome(comparison, percentile(a->ns, a->n, 50),
                                 percentile(b->ns, b->n, 50));
    free(each);
    return figure;
}

static double ratio(const struct bench_comparison *comparison,
                    uint64_t measured, uint64_t yardstick)
{
    const double scale = comparison->scale > 0 ? comparison->scale : 1;

    return comparison->inverse ? scale * (double)yardstick / (double)measured
                               : scale * (double)measured / (double)yardstick;
}

static double difference(const struct bench_comparison *comparison,
                         uint64_t measured, uint64_t yardstick)
{
    (void)comparison;
    return milliseconds(measured) - milliseconds(yardstick);
}

double bench_ratio(struct bench_comparison comparison)
{
    struct report_figure *figure = compare(&comparison, ratio);

    figure->value_unit = "x";
    judge(figure);
    return figure->value;
}

void bench_difference(struct bench_comparison comparison)
{
    struct report_figure *figure = compare(&comparison, difference);

    figure->value_unit = "ms";
    judge(figure);
}

static struct report_figure *new_value(const char *what, double value,
                                       double yardstick, const char *unit,
                                       struct bench_goal goal)
{
    struct report_figure *figure = new_figure(what, goal);

    figure->unit = unit;
    figure->measured = value;
    figure->yardstick = yardstick;
    return figure;
}

void bench_value(const char *what, double value, double yardstick,
                 const char *unit, struct bench_goal goal)
{
    struct report_figure *figure =
        new_value(what, value, yardstick, unit, goal);

    figure->value = value;
    figure->value_unit = unit;
    judge(figure);
}

void bench_value_ratio(const char *what, double value, double yardstick,
                       const char *unit, struct bench_goal goal)
{
    struct report_figure *figure =
        new_value(what, value, yardstick, unit, goal);

    figure->value = value / yardstick;
    figure->value_unit = "x";
    judge(figure);
}

void bench_combined(const char *what, double value, struct bench_goal goal)
{
    struct report_figure *figure = new_figure(what, goal);

    figure->value = value;
    figure->value_unit = "x";
    for (size_t i = 0; i + 1 < report.n_figures; i++)
        figure->was_busy |= strcmp(report.figures[i].row, figure->row) == 0 &&
                            report.figures[i].was_busy;
    if (isnan(value))
        refuse(figure, "not comparable: one of its parts is not");
    judge(figure);
}
