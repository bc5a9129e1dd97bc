/* The table and the JSON file. */
#include "report.h"

#include <math.h>
#include <string.h>

#include "print.h"

/* ---- Text ---- */

enum { CELL_SIZE = 64 };

/* Three digits or so, with the unit that suits the size. */
static void write_quantity(double value, const char *unit, char cell[CELL_SIZE])
{
    if (isnan(value)) {
        snprintf(cell, CELL_SIZE, "-");
        return;
    }
    if (strcmp(unit, "ms") == 0 && fabs(value) < 1) {
        value *= 1000;
        unit = "us";
    } else if (strcmp(unit, "ms") == 0 && fabs(value) >= 1000) {
        value /= 1000;
        unit = "s";
    }
    snprintf(cell, CELL_SIZE, "%.*f %s",
             fabs(value) < 10 ? 2 : (fabs(value) < 100 ? 1 : 0), value, unit);
}

static void write_goal(const struct report_figure *figure, char cell[CELL_SIZE])
{
    if (figure->goal.kind == BENCH_NO_GOAL)
        cell[0] = '\0';
    else
        snprintf(cell, CELL_SIZE, "%s %g %s",
                 figure->goal.kind == BENCH_AT_MOST ? "<=" : ">=",
                 figure->goal.limit, figure->value_unit);
}

static void write_verdict(const struct report_figure *figure,
                          char text[REPORT_TEXT_SIZE])
{
    const double limit = figure->goal.limit;
    const char *busy = figure->was_busy ? " (BUSY)" : "";
    const char *quick =
        bench_is_quick() && figure->verdict != VERDICT_NONE ? " (quick)" : "";
    double off;

    switch (figure->verdict) {
    case VERDICT_NONE:
        snprintf(text, REPORT_TEXT_SIZE, "%s", *busy ? busy + 1 : "");
        break;
    case VERDICT_MET:
        snprintf(text, REPORT_TEXT_SIZE, "met%s%s", busy, quick);
        break;
    case VERDICT_MISSED:
        off = figure->goal.kind == BENCH_AT_MOST ? figure->value / limit
                                                 : limit / figure->value;
        snprintf(text, REPORT_TEXT_SIZE, "missed by %.0f %%%s%s",
                 (off - 1) * 100, busy, quick);
        break;
    case VERDICT_REFUSED:
        snprintf(text, REPORT_TEXT_SIZE, "%s", figure->refusal);
        break;
    }
}

/* ---- The table ---- */

/* Of the longest of the texts in the second column, at least min. */
static int column_width(const void *items, size_t n, size_t item_size,
                        size_t text_offset, int min)
{
    int width = min;

    for (size_t i = 0; i < n; i++) {
        const char *text = (const char *)items + i * item_size + text_offset;
        const int length = (int)strlen(text);

        width = length > width ? length : width;
    }
    return width;
}

static void print_figure(const struct report_figure *figure, int width)
{
    char measured[CELL_SIZE], yardstick[CELL_SIZE], value[CELL_SIZE];
    char goal[CELL_SIZE], verdict[REPORT_TEXT_SIZE];

    write_quantity(figure->measured, figure->unit, measured);
    write_quantity(figure->yardstick, figure->unit, yardstick);
    write_quantity(figure->value, figure->value_unit, value);
    write_goal(figure, goal);
    write_verdict(figure, verdict);
    printf("%-3s %-*s %10s %10s %10s %11s  %s\n", figure->row, width,
           figure->what, measured, yardstick, value, goal, verdict);
}

static void print_line(const struct report_line *line, int width)
{
    char p50[CELL_SIZE], p99[CELL_SIZE], min[CELL_SIZE], calls[CELL_SIZE] = "-";

    write_quantity((double)line->min_ns / 1e6, "ms", min);
    write_quantity((double)line->p50_ns / 1e6, "ms", p50);
    write_quantity((double)line->p99_ns / 1e6, "ms", p99);
    if (line->n_syscalls >= 0)
        snprintf(calls, sizeof(calls), "%ld", line->n_syscalls);
    printf("%-3s %-*s %6zu %10s %10s %10s %8llu %8s %7.2f\n", line->row, width,
           line->name, line->n, min, p50, p99, (unsigned long long)line->faults,
           calls, line->load.mean);
}

static void print_lines(void)
{
    const int width =
        column_width(report.lines, report.n_lines, sizeof(*report.lines),
                     offsetof(struct report_line, name), 4);

    printf("\n%-3s %-*s %6s %10s %10s %10s %8s %8s %7s\n", "row", width, "side",
           "n", "min", "p50", "p99", "faults", "syscalls", "others");
    for (size_t i = 0; i < report.n_lines; i++)
        print_line(&report.lines[i], width);
}

static void print_figures(void)
{
    const int width =
        column_width(report.figures, report.n_figures, sizeof(*report.figures),
                     offsetof(struct report_figure, what), 4);

    printf("\n%-3s %-*s %10s %10s %10s %11s  %s\n", "row", width, "what",
           "measured", "yardstick", "ratio", "goal", "verdict");
    for (size_t i = 0; i < report.n_figures; i++)
        print_figure(&report.figures[i], width);
}

void report_print(void)
{
    const struct machine_fact *facts;
    size_t n;

    facts = machine_facts(&n);
    putchar('\n');
    for (size_t i = 0; i < n; i++)
        printf("%-10s %s\n", facts[i].name, facts[i].value);
    print_lines();
    print_figures();
}

/* ---- JSON ---- */

static void print_number(FILE *file, const char *name, double value)
{
    if (isfinite(value))
        fprintf(file, ",\"%s\":%.6g", name, value);
    else
        fprintf(file, ",\"%s\":null", name);
}

static void print_text(FILE *file, const char *name, const char *value)
{
    fprintf(file, ",\"%s\":", name);
    json_print_string(file, value);
}

static void write_machine(FILE *file)
{
    const struct machine_fact *facts;
    size_t n;

    facts = machine_facts(&n);
    fputs("\"machine\":{", file);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? "," : "", file);
        json_print_string(file, facts[i].name);
        fputc(':', file);
        json_print_string(file, facts[i].value);
    }
    fputc('}', file);
}

static void write_line(FILE *file, const struct report_line *line)
{
    fputs("{\"row\":", file);
    json_print_string(file, line->row);
    print_text(file, "side", line->name);
    print_number(file, "n", (double)line->n);
    print_number(file, "min_us", (double)line->min_ns / 1e3);
    print_number(file, "p50_us", (double)line->p50_ns / 1e3);
    print_number(file, "p99_us", (double)line->p99_ns / 1e3);
    print_number(file, "page_faults", (double)line->faults);
    print_number(file, "syscalls",
                 line->n_syscalls < 0 ? NAN : (double)line->n_syscalls);
    print_number(file, "others_cpus_mean", line->load.mean);
    print_number(file, "others_cpus_worst", line->load.worst);
    fputc('}', file);
}

static void write_figure(FILE *file, const struct report_figure *figure)
{
    char goal[CELL_SIZE], verdict[REPORT_TEXT_SIZE];

    write_goal(figure, goal);
    write_verdict(figure, verdict);
    fputs("{\"row\":", file);
    json_print_string(file, figure->row);
    print_text(file, "what", figure->what);
    print_number(file, "measured", figure->measured);
    print_number(file, "yardstick", figure->yardstick);
    print_text(file, "unit", figure->unit);
    print_number(file, "value", figure->value);
    print_number(file, "of_medians", figure->of_medians);
    print_text(file, "value_unit", figure->value_unit);
    print_text(file, "goal", goal);
    print_text(file, "verdict", verdict);
    fprintf(file, ",\"busy\":%s}", figure->was_busy ? "true" : "false");
}

bool report_write_json(const char *path)
{
    FILE *file = fopen(path, "w");
    bool ok;

    if (!file)
        return false;
    fputc('{', file);
    write_machine(file);
    fprintf(file, ",\"quick\":%s", bench_is_quick() ? "true" : "false");
    fputs(",\"sides\":[", file);
    for (size_t i = 0; i < report.n_lines; i++) {
        fputs(i ? "," : "", file);
        write_line(file, &report.lines[i]);
    }
    fputs("],\"figures\":[", file);
    for (size_t i = 0; i < report.n_figures; i++) {
        fputs(i ? "," : "", file);
        write_figure(file, &report.figures[i]);
    }
    fputs("]}\n", file);
    ok = !ferror(file);
    return fclose(file) == 0 && ok;
}
