/* The figures that the benchmark computes from its samples, and the ratios that
 * it refuses. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "artefact.h"
#include "process.h"
#include "report.h"
#include "statistics.h"
#include "trace.h"

/* Elsewhere the program's own. */
bool bench_is_quick(void)
{
    return false;
}

_Noreturn void bench_die(const char *format, ...)
{
    (void)format;
    abort();
}

enum { N = 5 };

/* Twice as slow in the middle, both: drift. */
static uint64_t measured_ns[N] = {100, 210, 400, 220, 100};
static uint64_t yardstick_ns[N] = {50, 100, 200, 100, 50};
static uint64_t faults[N];

static const struct bench_series measured = {"m", measured_ns, faults, N,
                                             1,   -1,          {0, 0}};
static const struct bench_series yardstick = {"y", yardstick_ns, faults, N,
                                              1,   -1,           {0, 0}};

static const struct report_figure *compare(const struct bench_series *a,
                                           const struct bench_series *b,
                                           struct bench_goal goal)
{
    bench_ratio((struct bench_comparison){"a / b", a, b, .goal = goal});
    return &report.figures[report.n_figures - 1];
}

static void assert_near(double a, double b)
{
    assert_true(fabs(a - b) < 1e-9);
}

static void percentiles_are_nearest_ranks(void **state)
{
    const uint64_t values[] = {40, 10, 30, 20};

    (void)state;
    assert_int_equal(percentile(values, 4, 0), 10);
    assert_int_equal(percentile(values, 4, 50), 20);
    assert_int_equal(percentile(values, 4, 51), 30);
    assert_int_equal(percentile(values, 4, 99), 40);
    assert_int_equal(percentile(values, 1, 50), 40);
}

static void ratio_is_median_of_each_rounds(void **state)
{
    const struct report_figure *figure;

    (void)state;
    figure = compare(&measured, &yardstick, AT_MOST(2));
    assert_near(figure->value, 2);
    assert_near(figure->of_medians, 2.1);
    assert_int_equal(figure->verdict, VERDICT_MET);
    figure = compare(&measured, &yardstick, AT_MOST(1.9));
    assert_int_equal(figure->verdict, VERDICT_MISSED);
    figure = compare(&measured, &yardstick, AT_LEAST(2.1));
    assert_int_equal(figure->verdict, VERDICT_MISSED);
}

static void difference_is_median_of_each_rounds(void **state)
{
    (void)state;
    bench_difference((struct bench_comparison){"a - b", &measured, &yardstick,
                                               .goal = AT_MOST(30)});
    assert_near(report.figures[report.n_figures - 1].value, 110 / 1e6);
}

static void assert_refused(const struct bench_series *other, const char *why)
{
    const struct report_figure *figure =
        compare(&measured, other, AT_MOST(1000));

    assert_int_equal(figure->verdict, VERDICT_REFUSED);
    assert_non_null(strstr(figure->refusal, why));
    assert_true(isnan(figure->value));
}

static void rounds_of_two_runs_are_refused(void **state)
{
    struct bench_series other = yardstick;

    (void)state;
    other.group = 2;
    assert_refused(&other, "not in turn");
}

static void different_counts_are_refused(void **state)
{
    struct bench_series other = yardstick;

    (void)state;
    other.n = N - 1;
    assert_refused(&other, "5 samples against 4");
}

static void a_busy_machine_is_refused_unless_allowed(void **state)
{
    struct bench_series busy = measured;
    const struct report_figure *figure;

    (void)state;
    busy.load = (struct watch_load){.mean = 0.5, .worst = 0.9};
    figure = compare(&busy, &yardstick, AT_MOST(2));
    assert_int_equal(figure->verdict, VERDICT_REFUSED);
    assert_non_null(strstr(figure->refusal, "busy"));
    report_allow_busy(true);
    figure = compare(&busy, &yardstick, AT_MOST(2));
    report_allow_busy(false);
    assert_int_equal(figure->verdict, VERDICT_MET);
    assert_true(figure->was_busy);
}

static void what_is_made_of_refused_ratios_is_refused(void **state)
{
    (void)state;
    bench_combined("mean", NAN, AT_MOST(1));
    assert_int_equal(report.figures[report.n_figures - 1].verdict,
                     VERDICT_REFUSED);
}

static void other_bitcode_cpu_or_level_is_refused(void **state)
{
    const struct provenance from = {
        .origin = {"a", "b"}, .n_origins = 2, .cpu = "native", .opt = "3"};
    struct provenance other = from;

    (void)state;
    memcpy(other.origin, (char[2][ORIGIN_SIZE]){"b", "a"},
           2 * ORIGIN_SIZE); /* the order means nothing */
    assert_true(provenance_is_same("x", &from, "y", &other));
    other.n_origins = 1;
    assert_false(provenance_is_same("x", &from, "y", &other));
    other = from;
    other.origin[0][0] = 'c';
    assert_false(provenance_is_same("x", &from, "y", &other));
    other = from;
    other.cpu[0] = '\0';
    assert_false(provenance_is_same("x", &from, "y", &other));
    other = from;
    other.opt[0] = '2';
    assert_false(provenance_is_same("x", &from, "y", &other));
}

/* As what is compiled in the background does: its parent has ended. */
static void cpu_time_of_orphans_counts(void **state)
{
    static const char script[] =
        "(i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done) &";
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const uint64_t start = process_children_ns();
    struct process_result result;

    (void)state;
    process_adopt_orphans();
    assert_true(process_run(argv, &result));
    process_wait_all();
    assert_true(process_children_ns() - start > 2 * result.cpu_ns);
}

static bool call_thrice(void *context)
{
    (void)context;
    for (int i = 0; i < 3; i++)
        syscall(SYS_getppid);
    return true;
}

static bool call_once(void *context)
{
    (void)context;
    syscall(SYS_getppid);
    return true;
}

static void system_calls_are_those_of_the_phase(void **state)
{
    const struct bench_side side = {
        .enter = call_thrice, .check = call_once, .leave = call_once};
    long enter = -1, leave = -1;

    (void)state;
    trace_count(&side, &enter, &leave);
    if (enter == -1)
        skip(); /* tracing is not permitted here */
    assert_int_equal(enter, 3);
    assert_int_equal(leave, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_nearest_ranks),
        cmocka_unit_test(ratio_is_median_of_each_rounds),
        cmocka_unit_test(difference_is_median_of_each_rounds),
        cmocka_unit_test(rounds_of_two_runs_are_refused),
        cmocka_unit_test(different_counts_are_refused),
        cmocka_unit_test(a_busy_machine_is_refused_unless_allowed),
        cmocka_unit_test(what_is_made_of_refused_ratios_is_refused),
        cmocka_unit_test(cpu_time_of_orphans_counts),
        cmocka_unit_test(other_bitcode_cpu_or_level_is_refused),
        cmocka_unit_test(system_calls_are_those_of_the_phase),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
