/* Rounds: run the sides in turn and store the cost of each. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "report.h"
#include "statistics.h"
#include "trace.h"
#include "watch.h"

enum { MAX_SIDES = 16, QUICK_WARM_UP = 1, QUICK_ROUNDS = 3 };

uint64_t bench_faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_minflt;
}

/* ---- One side, once ---- */

bool bench_once(const struct bench_side *side, struct bench_cost *ret_cost)
{
    uint64_t faults, start;

    memset(ret_cost, 0, sizeof(*ret_cost));
    if (side->whole)
        return side->whole(side->context, ret_cost);
    faults = bench_faults();
    start = clock_monotonic_ns();
    if (!side->enter(side->context))
        return false;
    ret_cost->enter_ns = clock_monotonic_ns() - start;
    ret_cost->enter_faults = bench_faults() - faults;
    if (side->check && !side->check(side->context))
        return false;
    if (!side->leave)
        return true;
    faults = bench_faults();
    start = clock_monotonic_ns();
    if (!side->leave(side->context))
        return false;
    ret_cost->leave_ns = clock_monotonic_ns() - start;
    ret_cost->leave_faults = bench_faults() - faults;
    return true;
}

static uint64_t median_field(const struct bench_cost *costs, size_t n,
                             size_t offset)
{
    uint64_t *values = calloc(n, sizeof(*values)), median;

    if (!values)
        bench_die("no memory");
    for (size_t i = 0; i < n; i++)
        memcpy(&values[i], (const char *)&costs[i] + offset, sizeof(uint64_t));
    median = percentile(values, n, 50);
    free(values);
    return median;
}

static bool run_repeated(const struct bench_side *side,
                         struct bench_cost *ret_cost)
{
    const size_t n =
        bench_is_quick() && side->n_repeats > 3 ? 3 : side->n_repeats;
    struct bench_cost *costs;
    bool ok = true;

    if (n < 2)
        return bench_once(side, ret_cost);
    costs = calloc(n, sizeof(*costs));
    if (!costs)
        bench_die("no memory");
    for (size_t i = 0; i < n && ok; i++)
        ok = bench_once(side, &costs[i]);
#define MEDIAN(field)                                                          \
    ret_cost->field = median_field(costs, n, offsetof(struct bench_cost, field))
    MEDIAN(enter_ns);
    MEDIAN(leave_ns);
    MEDIAN(enter_faults);
    MEDIAN(leave_faults);
#undef MEDIAN
    free(costs);
    return ok;
}

/* ---- All sides, in turn ---- */

static void shuffle(size_t *order, size_t n, uint64_t *state)
{
    for (size_t i = n; i > 1; i--) {
        size_t j, swapped;

        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        j = (size_t)(*state % i);
        swapped = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swapped;
    }
}

static void series_init(struct bench_series *series, const char *name, size_t n,
                        unsigned group)
{
    series->name = name;
    series->n = 0;
    series->group = group;
    series->n_syscalls = -1;
    series->ns = calloc(n, sizeof(*series->ns));
    series->faults = calloc(n, sizeof(*series->faults));
    if (!series->ns || !series->faults)
        bench_die("no memory");
}

static void series_add(struct bench_series *series, uint64_t ns,
                       uint64_t faults)
{
    series->ns[series->n] = ns;
    series->faults[series->n++] = faults;
}

static bool run_round(struct bench_side *sides, size_t n_sides,
                      const size_t *order, bool is_kept)
{
    for (size_t i = 0; i < n_sides; i++) {
        struct bench_side *side = &sides[order[i]];
        struct bench_cost cost;

        if (!run_repeated(side, &cost))
            return false;
        if (!is_kept)
            continue;
        series_add(&side->in, cost.enter_ns, cost.enter_faults);
        if (side->leave_name)
            series_add(&side->out, cost.leave_ns, cost.leave_faults);
    }
    return true;
}

static bool run_rounds(struct bench_side *sides, size_t n_sides,
                       struct bench_plan plan)
{
    uint64_t random_state = 0x9e3779b97f4a7c15;
    size_t order[MAX_SIDES];
    bool ok = true;

    for (size_t i = 0; i < n_sides; i++)
        order[i] = i;
    for (size_t i = 0; i < plan.n_warm_up && ok; i++)
        ok = run_round(sides, n_sides, order, false);
    watch_begin();
    for (size_t i = 0; i < plan.n_rounds && ok; i++) {
        shuffle(order, n_sides, &random_state);
        ok = run_round(sides, n_sides, order, true);
        watch_tick();
    }
    watch_end();
    return ok;
}

bool bench_rounds(struct bench_side *sides, size_t n_sides,
                  struct bench_plan plan)
{
    static unsigned last_group;
    const unsigned group = ++last_group;
    struct watch_load load;

    if (n_sides > MAX_SIDES)
        bench_die("%zu sides", n_sides);
    if (bench_is_quick()) {
        plan.n_warm_up = QUICK_WARM_UP;
        plan.n_rounds =
            plan.n_rounds < QUICK_ROUNDS ? plan.n_rounds : QUICK_ROUNDS;
    }
    for (size_t i = 0; i < n_sides; i++) {
        series_init(&sides[i].in, sides[i].enter_name, plan.n_rounds, group);
        series_init(&sides[i].out, sides[i].leave_name, plan.n_rounds, group);
    }
    if (!run_rounds(sides, n_sides, plan))
        return false;
    load = watch_load();
    for (size_t i = 0; i < n_sides; i++) {
        struct bench_side *side = &sides[i];

        if (side->enter)
            trace_count(side, &side->in.n_syscalls, &side->out.n_syscalls);
        side->in.load = side->out.load = load;
        report_series(&side->in);
        if (side->leave_name)
            report_series(&side->out);
    }
    return true;
}

void bench_release(struct bench_side *sides, size_t n_sides)
{
    for (size_t i = 0; i < n_sides; i++) {
        free(sides[i].in.ns);
        free(sides[i].in.faults);
        free(sides[i].out.ns);
        free(sides[i].out.faults);
    }
}
