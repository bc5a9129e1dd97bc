/* Pools of workers: each tile is run once, whoever runs it; failures, nesting,
 * cancelling, fork, floating-point environment, names of pools that are gone.
 * Also run under TSan (tests/unit/CMakeLists.txt), but for fork(): its runtime
 * has no threads in a child of a process that had some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bcc/bcc_run.h>

#include "cpu_count.h"

enum { MANY = 20000 };

/* ---- Counting ---- */

struct count {
    atomic_uchar runs[MANY];
    atomic_uint active[64]; /* by worker */
    atomic_bool is_shared;  /* two tiles at once had the same worker */
    unsigned n_workers;
};

static int count_tile(void *context, uint32_t tile, unsigned worker)
{
    struct count *count = context;

    assert_true(worker < count->n_workers);
    if (atomic_fetch_add(&count->active[worker], 1) != 0)
        count->is_shared = true;
    atomic_fetch_add(&count->runs[tile], 1);
    atomic_fetch_sub(&count->active[worker], 1);
    return 0;
}

static void assert_each_runs_once(BCCPoolRef pool, uint32_t n_tiles)
{
    struct count *count = calloc(1, sizeof(*count));

    assert_non_null(count);
    count->n_workers = bccGetPoolWorkers(pool);
    assert_int_equal(bccRunTiles(pool, n_tiles, count_tile, count, NULL),
                     BCC_RUN_DONE);
    for (uint32_t i = 0; i < MANY; i++)
        if (count->runs[i] != (i < n_tiles))
            fail_msg("tile %u of %u was run %u times", i, n_tiles,
                     count->runs[i]);
    assert_false(count->is_shared);
    free(count);
}

static void every_tile_is_run_once(void **state)
{
    static const uint32_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 100, MANY};

    (void)state;
    assert_each_runs_once(NULL, 5);
    for (unsigned n_workers = 1; n_workers <= 8; n_workers++) {
        BCCPoolRef pool = bccCreatePool(n_workers);

        assert_int_equal(bccGetPoolWorkers(pool), n_workers);
        for (int round = 0; round < 20; round++)
            for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
                assert_each_runs_once(pool, sizes[i]);
        bccDisposePool(pool);
    }
}

/* ---- Sharing the work ---- */

/* Tile 0 lasts until all others are done: they belong to workers that have to
 * come, or are taken from the run that it is the first of. */
struct blocked {
    atomic_uint n_done;
    uint32_t n_tiles;
};

static int wait_for_others(void *context, uint32_t tile, unsigned worker)
{
    struct blocked *blocked = context;

    (void)worker;
    if (tile == 0)
        while (blocked->n_done < blocked->n_tiles - 1)
            usleep(100);
    atomic_fetch_add(&blocked->n_done, 1);
    return 0;
}

/* Threads look for the next call, or sleep, or are on the way to it. */
static void calls_may_follow_at_any_time(void **state)
{
    enum { CALLS = 400 };
    static const long gaps_ns[] = {0, 1000, 10000, 45000, 60000, 200000};
    BCCPoolRef pool = bccCreatePool(2);

    (void)state;
    for (int i = 0; i < CALLS; i++) {
        const struct timespec gap = {
            .tv_nsec = gaps_ns[i / 3 % (int)(sizeof(gaps_ns) / sizeof(long))]};

        assert_each_runs_once(pool, 2 + (uint32_t)i % 7);
        if (gap.tv_nsec)
            nanosleep(&gap, NULL);
    }
    bccDisposePool(pool);
}

static void work_is_taken_from_who_is_busy(void **state)
{
    struct blocked blocked = {.n_tiles = 1000};
    BCCPoolRef pool = bccCreatePool(2);

    (void)state;
    assert_int_equal(bccRunTiles(pool, 1000, wait_for_others, &blocked, NULL),
                     BCC_RUN_DONE);
    assert_int_equal(blocked.n_done, 1000);
    bccDisposePool(pool);
}

static int note_thread(void *context, uint32_t tile, unsigned worker)
{
    pthread_t *thread = context;

    (void)tile;
    assert_int_equal(worker, 0);
    *thread = pthread_self();
    return 0;
}

static int count_threads(void)
{
    char line[128];
    int n = 0;
    FILE *file = fopen("/proc/self/status", "r");

    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, "Threads:", 8) == 0)
            n = atoi(line + 8);
    fclose(file);
    return n;
}

/* A thread that was joined is counted a little longer. */
static bool come_to(int n_threads)
{
    for (int i = 0; i < 60000 && count_threads() != n_threads; i++)
        usleep(1000);
    return count_threads() == n_threads;
}

/* Threads of this process, and one of the sanitizer. */
#ifdef __SANITIZE_THREAD__
enum { N_USUAL = 2 };
#else
enum { N_USUAL = 1 };
#endif

static void one_tile_runs_here_and_starts_no_thread(void **state)
{
    BCCPoolRef pool = bccCreatePool(4);
    const int before = N_USUAL;
    pthread_t thread;

    (void)state;
    assert_int_equal(bccRunTiles(pool, 1, note_thread, &thread, NULL), 0);
    assert_true(pthread_equal(thread, pthread_self()));
    assert_true(come_to(before));
    /* Two tiles are for two workers, not for all. */
    assert_each_runs_once(pool, 2);
    assert_true(come_to(before + 1));
    assert_each_runs_once(pool, 100);
    assert_true(come_to(before + 3));
    bccDisposePool(pool);
    assert_true(come_to(before));
}

/* ---- Failures ---- */

struct failing {
    uint32_t first, step; /* first, first + step, ... fail */
    atomic_uchar runs[MANY];
};

static int fail_some(void *context, uint32_t tile, unsigned worker)
{
    struct failing *failing = context;

    (void)worker;
    failing->runs[tile]++;
    if (tile < failing->first || (tile - failing->first) % failing->step)
        return 0;
    return -(int)tile - 1;
}

static void the_lowest_failure_is_told(void **state)
{
    struct failing *failing = calloc(1, sizeof(*failing));

    (void)state;
    assert_non_null(failing);
    for (unsigned n_workers = 1; n_workers <= 6; n_workers++) {
        BCCPoolRef pool = bccCreatePool(n_workers);

        for (uint32_t first = 0; first < 50; first += 7) {
            BCCTileFailure failure = {0};

            memset(failing, 0, sizeof(*failing));
            failing->first = first;
            failing->step = 3;
            assert_int_equal(
                bccRunTiles(pool, 1000, fail_some, failing, &failure),
                BCC_RUN_FAILED);
            assert_int_equal(failure.tile, first);
            assert_int_equal(failure.result, -(int)first - 1);
            for (uint32_t i = 0; i <= first; i++)
                assert_int_equal(failing->runs[i], 1);
        }
        assert_int_equal(bccRunTiles(pool, 1000, fail_some, failing, NULL),
                         BCC_RUN_FAILED);
        assert_each_runs_once(pool, 100);
        bccDisposePool(pool);
    }
    free(failing);
}

static int fail_always(void *context, uint32_t tile, unsigned worker)
{
    (void)context;
    (void)worker;
    return (int)tile + 7;
}

static void the_last_tile_may_fail(void **state)
{
    BCCTileFailure failure;
    BCCPoolRef pool = bccCreatePool(2);

    (void)state;
    assert_int_equal(bccRunTiles(pool, 1, fail_always, NULL, &failure),
                     BCC_RUN_FAILED);
    assert_int_equal(failure.tile, 0);
    assert_int_equal(failure.result, 7);
    bccDisposePool(pool);
}

/* ---- Cancelling ---- */

struct cancelled {
    BCCPoolRef pool;
    atomic_uint n_run;
    atomic_bool is_cancelled;
};

/* Tiles that other workers began before tile 0 cancels wait for that. */
static int cancel_at_0(void *context, uint32_t tile, unsigned worker)
{
    struct cancelled *cancelled = context;

    (void)worker;
    atomic_fetch_add(&cancelled->n_run, 1);
    if (tile == 0) {
        bccCancelPool(cancelled->pool);
        cancelled->is_cancelled = true;
    }
    while (!cancelled->is_cancelled)
        usleep(10);
    return 0;
}

static void cancelling_leaves_tiles_out(void **state)
{
    (void)state;
    for (unsigned n_workers = 1; n_workers <= 4; n_workers++) {
        struct cancelled cancelled = {.pool = bccCreatePool(n_workers)};

        bccCancelPool(cancelled.pool); /* nothing runs: nothing happens */
        assert_each_runs_once(cancelled.pool, 100);
        assert_int_equal(
            bccRunTiles(cancelled.pool, MANY, cancel_at_0, &cancelled, NULL),
            BCC_RUN_CANCELLED);
        assert_in_range(cancelled.n_run, 1, n_workers);
        /* The last tile of all leaves none out. */
        assert_int_equal(
            bccRunTiles(cancelled.pool, 1, cancel_at_0, &cancelled, NULL),
            BCC_RUN_DONE);
        assert_each_runs_once(cancelled.pool, 100);
        bccDisposePool(cancelled.pool);
    }
}

/* ---- Calls in calls, calls beside calls ---- */

struct nested {
    BCCPoolRef pool;
    atomic_uint n_run;
};

static int count_inner(void *context, uint32_t tile, unsigned worker)
{
    struct nested *nested = context;

    (void)tile;
    assert_int_equal(worker, 0);
    atomic_fetch_add(&nested->n_run, 1);
    return 0;
}

static int run_inner(void *context, uint32_t tile, unsigned worker)
{
    struct nested *nested = context;

    (void)tile;
    (void)worker;
    return bccRunTiles(nested->pool, 10, count_inner, nested, NULL);
}

static void calls_in_tiles_run_in_their_thread(void **state)
{
    struct nested nested = {.pool = bccCreatePool(3)};

    (void)state;
    assert_int_equal(bccRunTiles(nested.pool, 50, run_inner, &nested, NULL), 0);
    assert_int_equal(nested.n_run, 500);
    bccDisposePool(nested.pool);
}

static void *run_beside(void *pool)
{
    for (int i = 0; i < 100; i++)
        assert_each_runs_once(pool, 200);
    return NULL;
}

static void threads_may_share_a_pool(void **state)
{
    BCCPoolRef pool = bccCreatePool(3);
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_beside, pool),
                         0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    bccDisposePool(pool);
}

/* ---- The surroundings of a tile ---- */

static int check_rounding(void *context, uint32_t tile, unsigned worker)
{
    const int *wanted = context;

    (void)tile;
    (void)worker;
    usleep(100); /* time for the others */
    return fegetround() != *wanted;
}

static void tiles_round_as_the_caller_does(void **state)
{
    int modes[] = {FE_UPWARD, FE_TONEAREST, FE_DOWNWARD, FE_TOWARDZERO};
    BCCPoolRef pool = bccCreatePool(4);

    (void)state;
    for (int i = 0; i < 4; i++) {
        int result;

        if (fesetround(modes[i])) /* computed in software: nearest only */
            continue;
        result = bccRunTiles(pool, 100, check_rounding, &modes[i], NULL);
        fesetround(FE_TONEAREST);
        assert_int_equal(result, BCC_RUN_DONE);
    }
    bccDisposePool(pool);
}

static int check_signals(void *context, uint32_t tile, unsigned worker)
{
    sigset_t blocked;

    (void)context;
    (void)tile;
    usleep(100);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    return sigismember(&blocked, SIGTERM) != (worker > 0);
}

static void signals_are_left_to_the_hosts_threads(void **state)
{
    BCCPoolRef pool = bccCreatePool(3);

    (void)state;
    assert_int_equal(bccRunTiles(pool, 100, check_signals, NULL, NULL), 0);
    bccDisposePool(pool);
}

/* ---- fork ---- */

#ifndef __SANITIZE_THREAD__

static bool child_succeeds(pid_t child)
{
    int status;

    return child > 0 && waitpid(child, &status, 0) == child &&
           WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void a_child_starts_its_own_threads(void **state)
{
    BCCPoolRef pool = bccCreatePool(4);
    pid_t child;

    (void)state;
    assert_each_runs_once(pool, 1000);
    child = fork();
    if (child == 0) {
        assert_int_equal(count_threads(), 1);
        assert_each_runs_once(pool, 1000);
        assert_true(come_to(4));
        bccDisposePool(pool);
        _exit(!come_to(1));
    }
    assert_true(child_succeeds(child));
    child = fork();
    if (child == 0) {
        bccDisposePool(pool); /* waits for no thread of the parent */
        _exit(0);
    }
    assert_true(child_succeeds(child));
    assert_each_runs_once(pool, 1000);
    bccDisposePool(pool);
}

static void *run_for_ever(void *context)
{
    atomic_bool *stop = ((void **)context)[1];

    while (!*stop)
        assert_each_runs_once(((void **)context)[0], 500);
    return NULL;
}

static void a_child_of_a_busy_process_is_not_busy(void **state)
{
    BCCPoolRef pool = bccCreatePool(3);
    atomic_bool stop = false;
    void *context[] = {pool, &stop};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, run_for_ever, context), 0);
    for (int i = 0; i < 50; i++) {
        pid_t child = fork();

        if (child == 0) {
            struct blocked blocked = {.n_tiles = 10};

            /* needs two threads to end, so it cannot run alone */
            alarm(300);
            _exit(bccRunTiles(pool, 10, wait_for_others, &blocked, NULL) ||
                  blocked.n_done != 10);
        }
        assert_true(child_succeeds(child));
    }
    stop = true;
    pthread_join(thread, NULL);
    bccDisposePool(pool);
}

#endif

/* ---- Wrong use ---- */

static void a_pool_that_is_gone_is_recognised(void **state)
{
    BCCPoolRef pool = bccCreatePool(2), second;

    (void)state;
    bccDisposePool(pool);
    second = bccCreatePool(2); /* in the same place */
    assert_ptr_not_equal(pool, second);
    assert_int_equal(bccRunTiles(pool, 1, fail_always, NULL, NULL),
                     BCC_RUN_INVALID);
    assert_int_equal(bccGetPoolWorkers(pool), 0);
    bccCancelPool(pool);
    bccDisposePool(pool);
    assert_each_runs_once(second, 10);
    bccDisposePool(second);
    bccDisposePool(NULL);
    assert_int_equal(bccRunTiles(NULL, 1, NULL, NULL, NULL), BCC_RUN_INVALID);
    assert_int_equal(
        bccRunTiles((BCCPoolRef)(uintptr_t)12345, 1, fail_always, NULL, NULL),
        BCC_RUN_INVALID);
}

static void there_are_255_pools_at_most(void **state)
{
    BCCPoolRef pools[256];

    (void)state;
    for (int i = 0; i < 255; i++) {
        pools[i] = bccCreatePool(2);
        assert_non_null(pools[i]);
    }
    assert_null(bccCreatePool(2));
    bccDisposePool(pools[100]);
    pools[100] = bccCreatePool(2);
    assert_non_null(pools[100]);
    for (int i = 0; i < 255; i++)
        bccDisposePool(pools[i]);
}

/* ---- How many CPUs ---- */

static void quotas_of_control_groups_count(void **state)
{
    (void)state;
    assert_int_equal(cpu_count_of_quota("max 100000\n", 8), 8);
    assert_int_equal(cpu_count_of_quota("200000 100000\n", 8), 2);
    assert_int_equal(cpu_count_of_quota("200001 100000\n", 8), 3);
    assert_int_equal(cpu_count_of_quota("199999 100000\n", 8), 2);
    assert_int_equal(cpu_count_of_quota("1 100000\n", 8), 1);
    assert_int_equal(cpu_count_of_quota("900000 100000", 8), 8);
    assert_int_equal(cpu_count_of_quota("0 100000", 8), 8);
    assert_int_equal(cpu_count_of_quota("50000", 8), 8);
    assert_int_equal(cpu_count_of_quota("", 8), 8);
}

static void the_default_is_the_cpus_of_this_process(void **state)
{
    BCCPoolRef pool = bccCreatePool(0);
    cpu_set_t one, before;

    (void)state;
    assert_int_equal(bccGetPoolWorkers(pool), cpu_count());
    bccDisposePool(pool);
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    pool = bccCreatePool(0);
    assert_int_equal(bccGetPoolWorkers(pool), 1);
    bccDisposePool(pool);
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tile_is_run_once),
        cmocka_unit_test(work_is_taken_from_who_is_busy),
        cmocka_unit_test(calls_may_follow_at_any_time),
        cmocka_unit_test(one_tile_runs_here_and_starts_no_thread),
        cmocka_unit_test(the_lowest_failure_is_told),
        cmocka_unit_test(the_last_tile_may_fail),
        cmocka_unit_test(cancelling_leaves_tiles_out),
        cmocka_unit_test(calls_in_tiles_run_in_their_thread),
        cmocka_unit_test(threads_may_share_a_pool),
        cmocka_unit_test(tiles_round_as_the_caller_does),
        cmocka_unit_test(signals_are_left_to_the_hosts_threads),
#ifndef __SANITIZE_THREAD__
        cmocka_unit_test(a_child_starts_its_own_threads),
        cmocka_unit_test(a_child_of_a_busy_process_is_not_busy),
#endif
        cmocka_unit_test(a_pool_that_is_gone_is_recognised),
        cmocka_unit_test(there_are_255_pools_at_most),
        cmocka_unit_test(quotas_of_control_groups_count),
        cmocka_unit_test(the_default_is_the_cpus_of_this_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
