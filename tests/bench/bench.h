/* The benchmark: rows of figures, each with its yardstick.
 *
 * A row is a goal of the project, "L1". It takes two or more *sides* and runs
 * them in turn: in each round every side once, in an order shuffled anew, with
 * a fixed seed. So other activity on the machine affects all sides, and no side
 * always finds the processor's caches as one particular other side left them.
 * Warm-up rounds come before and are not kept.
 *
 *   p50, p99   of one side's rounds, by the nearest rank
 *   ratio      the median of the ratios of each round. Drift (a slower clock, a
 *              neighbour) is in both parts of such a ratio and cancels out.
 *              This is what is held against the goal.
 *   of medians the ratio of the two p50: what one gets who only has those. In
 *              the JSON. Far from the ratio, the machine was not steady.
 *
 * Page faults are minor faults by getrusage(), p50. System calls are counted
 * with ptrace(), in a child that runs the side a few times more; no timed round
 * is traced.
 *
 * A ratio is refused, with the reason in its place, where its sides ran in
 * different circumstances: not in turn in the same rounds; not equally often;
 * not made from the same bitcode for the same CPU at the same level
 * (artefact.h); a hit that was none; others at work on the machine
 * (watch.c).
 *
 * The files row_*.c are the rows, a family in each; launchers.h and programs.h
 * have the sides that several of them use. */
#ifndef BCC_BENCH_H
#define BCC_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "clock.h"
#include "watch.h"

enum { BENCH_PATH_SIZE = 1024 };

/* ---- Sides and rounds ---- */

/* One phase of a side, in all rounds. */
struct bench_series {
    const char *name;
    uint64_t *ns;
    uint64_t *faults;
    size_t n;
    unsigned group;         /* same number: in turn in the same rounds */
    long n_syscalls;        /* of one round; -1: not known */
    struct watch_load load; /* of the machine, in these rounds */
};

/* What one round of one side cost; leave is 0 if there is no such phase. */
struct bench_cost {
    uint64_t enter_ns, leave_ns;
    uint64_t enter_faults, leave_faults;
};

/* All functions: false if the row cannot go on, after bench_refuse(). They are
 * given the context. */
struct bench_side {
    const char *enter_name; /* "hit" */
    const char *leave_name; /* "dispose"; NULL: has no such phase */
    void *context;
    bool (*enter)(void *context); /* timed */
    bool (*check)(void *context); /* not timed; NULL: nothing to check */
    bool (*leave)(void *context); /* timed; NULL: nothing to do */
    /* In place of the three: does one round and says what it cost. enter, if
     * there is one too, is then for counting system calls. */
    bool (*whole)(void *context, struct bench_cost *ret_cost);
    bool is_process;  /* count the system calls of the processes it starts */
    size_t n_repeats; /* a round is the median of so many; 0: one */

    struct bench_series in, out; /* the result */
};

struct bench_plan {
    size_t n_warm_up;
    size_t n_rounds;
};

/* Run the sides in turn; fills in and out of each. Adds a line for each series
 * to the report. With --quick only a few rounds. */
bool bench_rounds(struct bench_side *sides, size_t n_sides,
                  struct bench_plan plan);
void bench_release(struct bench_side *sides, size_t n_sides);

/* One round of one side, for sides that are made of others. */
bool bench_once(const struct bench_side *side, struct bench_cost *ret_cost);

/* What getrusage() says of this process so far. */
uint64_t bench_faults(void);

/* ---- Figures ---- */

enum bench_goal_kind { BENCH_AT_MOST, BENCH_AT_LEAST, BENCH_NO_GOAL };

struct bench_goal {
    enum bench_goal_kind kind;
    double limit;
};

#define AT_MOST(x)  ((struct bench_goal){BENCH_AT_MOST, x})
#define AT_LEAST(x) ((struct bench_goal){BENCH_AT_LEAST, x})
#define NO_GOAL     ((struct bench_goal){BENCH_NO_GOAL, 0})

/* over / under, times scale: the median over all rounds. measured is one of
 * the two; the other one is the yardstick. Refused in the report if the series
 * are not comparable. Returns the ratio, NAN if refused. */
struct bench_comparison {
    const char *what;
    const struct bench_series *measured, *yardstick;
    bool inverse; /* yardstick / measured: how many times as fast */
    double scale; /* 0 is 1 */
    struct bench_goal goal;
};

double bench_ratio(struct bench_comparison comparison);

/* measured - yardstick, in ms: the median of the differences of each round. */
void bench_difference(struct bench_comparison comparison);

/* A figure without rounds: a size, a count. value is held against the goal;
 * the yardstick, unless it is NAN, stands beside it. */
void bench_value(const char *what, double value, double yardstick,
                 const char *unit, struct bench_goal goal);

/* The same, but value / yardstick is held against the goal. */
void bench_value_ratio(const char *what, double value, double yardstick,
                       const char *unit, struct bench_goal goal);

/* A ratio made of others of the row, as a geometric mean is. */
void bench_combined(const char *what, double ratio, struct bench_goal goal);

/* Why the row, or from here on the rest of it, has no figures. Returns false.
 */
bool bench_refuse(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* The same as an end of the program: the benchmark itself is at fault. */
_Noreturn void bench_die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* ---- Rows ---- */

struct bench_row {
    const char *id;
    bool (*run)(void);
};

bool bench_is_quick(void);

/* Where rows may write: artefacts, made once, and cache directories. */
const char *bench_dir(void);

/* "<bench_dir>/<name>", a directory of mode 0700 that bccc fills. It is empty
 * if another bccc than this one filled it before. */
bool bench_open_cache(const char *name, char ret_path[BENCH_PATH_SIZE]);

bool run_l1(void);
bool run_l2(void);
bool run_l3(void);
bool run_l4(void);
bool run_l5(void);
bool run_l6(void);
bool run_l7(void);
bool run_l8(void);
bool run_l9(void);
bool run_k1(void);
bool run_k2(void);
bool run_k3(void);
bool run_k4(void);
bool run_k5(void);
bool run_c1(void);
bool run_c2(void);
bool run_c3(void);
bool run_c4(void);
bool run_c5(void);
bool run_f1(void);
bool run_f2(void);
bool run_f3(void);
bool run_f4(void);
bool run_f5(void);
bool run_f6(void);
bool run_m1(void);
bool run_m2(void);
bool run_m3(void);
bool run_m4(void);

#endif
