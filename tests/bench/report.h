/* All results, and their presentation: a table, a JSON file, a chart. */
#ifndef BCC_BENCH_REPORT_H
#define BCC_BENCH_REPORT_H

#include "bench.h"

enum { REPORT_TEXT_SIZE = 240 };

/* p50 and so on of one series. */
struct report_line {
    char row[8];
    char name[48];
    size_t n;
    uint64_t min_ns, p50_ns, p99_ns;
    uint64_t faults;
    long n_syscalls;
    struct watch_load load;
};

enum verdict { VERDICT_NONE, VERDICT_MET, VERDICT_MISSED, VERDICT_REFUSED };

/* A line of the table. Times are in ms. */
struct report_figure {
    char row[8];
    char what[64];
    double measured, yardstick; /* NAN: none */
    const char *unit;           /* of these two: "ms", "KiB" */
    double value;               /* what is held against the goal */
    double of_medians;          /* the same from the two p50; NAN */
    const char *value_unit;     /* "x", "ms" */
    struct bench_goal goal;
    enum verdict verdict;
    char refusal[REPORT_TEXT_SIZE];
    bool was_busy; /* and was shown nevertheless, as asked for */
};

struct report {
    struct report_line *lines;
    size_t n_lines;
    struct report_figure *figures;
    size_t n_figures;
};

extern struct report report;

/* The row that lines and figures belong to from now on. */
void report_begin_row(const char *id);
void report_series(const struct bench_series *series);
void report_allow_busy(bool allowed);

void report_print(void);
bool report_write_json(const char *path);

/* chart.c: false if the file cannot be written. */
bool chart_write(const char *path);

/* machine_facts.c: what the figures were taken on, as name and value. */
struct machine_fact {
    const char *name;
    char value[128];
};

const struct machine_fact *machine_facts(size_t *ret_count);

#endif
