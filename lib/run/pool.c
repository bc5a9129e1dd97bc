/* A call gives each worker a run of neighbouring tiles. A worker takes tiles
 * from the front of its run. When it has none left, it takes the back half of
 * another worker's run. A run is one 64-bit word (begin, end), so both are a
 * compare and exchange, and no lock is held while tiles run.
 *
 *   state    OPEN | number of threads that work on the call
 *   epoch    changes with each call; threads without work sleep on it
 *
 * The caller opens the call, wakes threads and works. When it finds no tile,
 * all are taken, so it closes the call and waits for the tiles that still run.
 * A thread that wakes up later sees that the call is closed and sleeps again: a
 * call never waits for a thread to wake up, and a short one is over before its
 * threads come.
 *
 * A pool that is called again and again is *hot*: threads without work look for
 * the next call for a while before they sleep, and the caller looks for the end
 * of the last tiles. Between calls that follow each other closely no thread
 * sleeps, so none is woken, and no system call is made. A pool is hot if the
 * gap before the last call was shorter than HOT_NS, and there is a CPU for each
 * worker. After the last call each thread looks for HOT_NS in vain, once.
 *
 * The handle of a pool is a slot and the number of times that the slot was
 * used, so that the handle of a disposed pool is recognised. */
#include <bcc/bcc_run.h>

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "cpu_count.h"
#include "float_env.h"

enum {
    MAX_WORKERS = 256,
    N_SLOTS = 255,
    CACHE_LINE = 64, /* bytes; two CPUs cannot write to one line at the same
                        time */
    /* How often to look again before sleeping: about two microseconds, less
     * than a thread takes to be woken. */
    N_LOOKS = 64,
    /* To sleep and be woken takes 5 to 50 us in a virtual machine (2026). */
    HOT_NS = 50000,
};

#define STATE_OPEN UINT32_C(0x80000000)
#define NO_FAILURE UINT64_MAX

struct worker {
    _Alignas(CACHE_LINE) _Atomic uint64_t run; /* end << 32 | begin */
    struct pool *pool;
    pthread_t thread; /* not of worker 0, the caller */
    uint32_t epoch;   /* the last one that it saw */
};

struct call {
    BCCTileFn run;
    void *context;
    struct float_env float_env;
    uint32_t n_workers; /* workers that have a run at the beginning */
};

/* A word on which threads sleep until it changes. */
struct signal {
    _Alignas(CACHE_LINE) _Atomic uint32_t word;
    _Atomic uint32_t n_asleep; /* or about to be */
};

struct pool {
    struct signal epoch, state;
    atomic_bool is_hot;
    bool may_be_hot;          /* there is a CPU for each worker */
    uint64_t last_call_ns;    /* when it ended; under is_busy */
    _Atomic uint64_t failure; /* tile << 32 | result; the lowest */
    atomic_bool is_cancelled;
    atomic_bool is_incomplete; /* cancelled before all tiles ran */
    /* A call is running. A word: RISC-V has no atomic exchange of bytes. */
    _Atomic uint32_t is_busy;
    atomic_bool is_ending;
    _Atomic pid_t process; /* owner of the threads; 0 while that changes */
    struct call call;      /* written while closed */
    uint32_t n_workers;
    uint32_t n_started; /* threads; under is_busy */
    struct worker workers[];
};

/* ---- Names ---- */

struct slot {
    struct pool *_Atomic pool;
    _Atomic uint32_t use;
};

static struct slot slots[N_SLOTS];

/* State of a thread that runs a tile. */
static _Thread_local bool is_inside __attribute__((tls_model("initial-exec")));

static BCCPoolRef name_of(size_t slot, uint32_t use)
{
    return (BCCPoolRef)((uintptr_t)(use & 0xffffff) << 8 | (slot + 1));
}

/* NULL: disposed, or never a pool. */
static struct pool *pool_of(BCCPoolRef name)
{
    const size_t slot = ((uintptr_t)name & 0xff) - 1;

    if (slot >= N_SLOTS || name != name_of(slot, slots[slot].use))
        return NULL;
    return slots[slot].pool;
}

/* ---- Sleeping ---- */

/* A thread counts itself as asleep, then looks at the word; the thread that
 * changes the word does so first, then looks at the count. All of this is in
 * the one order that all threads see (memory_order_seq_cst), so at least one of
 * the two sees the other. */
static void sleep_while(struct signal *signal, uint32_t value)
{
    atomic_fetch_add(&signal->n_asleep, 1);
    if (signal->word == value)
        syscall(SYS_futex, &signal->word, FUTEX_WAIT_PRIVATE, value, NULL, NULL,
                0);
    atomic_fetch_sub(&signal->n_asleep, 1);
}

static void wake(struct signal *signal, uint32_t n)
{
    if (signal->n_asleep)
        syscall(SYS_futex, &signal->word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield");
#endif
}

static bool look_for_change(struct signal *signal, uint32_t value,
                            uint32_t *ret_now)
{
    for (int i = 0; i < N_LOOKS; i++) {
        *ret_now = atomic_load_explicit(&signal->word, memory_order_acquire);
        if (*ret_now != value)
            return true;
        relax();
    }
    return false;
}

/* Wait until the word has another value. */
static uint32_t wait_for_change(struct pool *pool, struct signal *signal,
                                uint32_t value)
{
    uint32_t now;

    if (look_for_change(signal, value, &now))
        return now;
    if (atomic_load_explicit(&pool->is_hot, memory_order_relaxed)) {
        const uint64_t end = clock_monotonic_ns() + HOT_NS;

        do {
            if (look_for_change(signal, value, &now))
                return now;
        } while (clock_monotonic_ns() < end);
    }
    while ((now = atomic_load_explicit(&signal->word, memory_order_acquire)) ==
           value)
        sleep_while(signal, value);
    return now;
}

/* ---- Runs of tiles ---- */

static uint64_t make_run(uint32_t begin, uint32_t end)
{
    return (uint64_t)end << 32 | begin;
}

static uint32_t run_begin(uint64_t run)
{
    return (uint32_t)run;
}

static uint32_t run_end(uint64_t run)
{
    return (uint32_t)(run >> 32);
}

/* The next tile of a worker's own run. */
static bool take_own(struct worker *worker, uint32_t *ret_tile)
{
    uint64_t run = atomic_load_explicit(&worker->run, memory_order_relaxed);

    while (run_begin(run) < run_end(run))
        if (atomic_compare_exchange_weak_explicit(
                &worker->run, &run, make_run(run_begin(run) + 1, run_end(run)),
                memory_order_acquire, memory_order_relaxed)) {
            *ret_tile = run_begin(run);
            return true;
        }
    return false;
}

/* Move the back half of a run, the larger one, to `to`. False: it is empty. */
static bool take_half(struct worker *from, struct worker *to)
{
    uint64_t run = atomic_load_explicit(&from->run, memory_order_relaxed);

    while (run_begin(run) < run_end(run)) {
        const uint32_t n = run_end(run) - run_begin(run);
        const uint32_t middle = run_begin(run) + n / 2;

        if (atomic_compare_exchange_weak_explicit(
                &from->run, &run, make_run(run_begin(run), middle),
                memory_order_acquire, memory_order_relaxed)) {
            atomic_store_explicit(&to->run, make_run(middle, run_end(run)),
                                  memory_order_release);
            return true;
        }
    }
    return false;
}

static bool take_from_others(struct pool *pool, uint32_t index)
{
    const uint32_t n = pool->n_workers;

    for (uint32_t i = 1; i < n; i++)
        if (take_half(&pool->workers[(index + i) % n], &pool->workers[index]))
            return true;
    return false;
}

/* ---- Tiles ---- */

static void note_failure(struct pool *pool, uint32_t tile, int result)
{
    const uint64_t mine = (uint64_t)tile << 32 | (uint32_t)result;
    uint64_t lowest = pool->failure;

    while (tile < lowest >> 32 &&
           !atomic_compare_exchange_weak(&pool->failure, &lowest, mine))
        continue;
}

/* Is the tile left out because another failed or the call was cancelled? Tiles
 * below a failure run, to find out whether they fail, too. */
static bool is_left_out(struct pool *pool, uint32_t tile)
{
    if (atomic_load_explicit(&pool->is_cancelled, memory_order_relaxed)) {
        pool->is_incomplete = true;
        return true;
    }
    return tile > atomic_load_explicit(&pool->failure, memory_order_relaxed) >>
           32;
}

static void work(struct pool *pool, uint32_t index)
{
    struct worker *worker = &pool->workers[index];
    uint32_t tile;

    is_inside = true;
    do {
        while (take_own(worker, &tile)) {
            int result;

            if (is_left_out(pool, tile))
                continue;
            result = pool->call.run(pool->call.context, tile, index);
            if (result)
                note_failure(pool, tile, result);
        }
    } while (take_from_others(pool, index));
    is_inside = false;
}

/* ---- Threads ---- */

/* Is the call open? If so, this thread counts as working on it. */
static bool join_call(struct pool *pool)
{
    _Atomic uint32_t *word = &pool->state.word;
    uint32_t state = atomic_load_explicit(word, memory_order_acquire);

    while (state & STATE_OPEN)
        if (atomic_compare_exchange_weak_explicit(word, &state, state + 1,
                                                  memory_order_acquire,
                                                  memory_order_acquire))
            return true;
    return false;
}

static void leave_call(struct pool *pool)
{
    if (atomic_fetch_sub(&pool->state.word, 1) == 1)
        wake(&pool->state, 1);
}

static void *thread_main(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    const uint32_t index = (uint32_t)(worker - pool->workers);

    for (;;) {
        worker->epoch = wait_for_change(pool, &pool->epoch, worker->epoch);
        if (pool->is_ending)
            return NULL;
        if (!join_call(pool))
            continue;
        float_env_set(pool->call.float_env);
        work(pool, index);
        leave_call(pool);
    }
}

/* Start threads with all signals blocked: signals of the process are for the
 * host's threads. */
static void start_threads(struct pool *pool, uint32_t n)
{
    sigset_t all, before;

    if (pool->n_started >= n)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    while (pool->n_started < n) {
        struct worker *worker = &pool->workers[pool->n_started + 1];

        worker->epoch = pool->epoch.word;
        if (pthread_create(&worker->thread, NULL, thread_main, worker))
            break; /* fewer threads do the work, too */
        pool->n_started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* In a child of fork() the pool's threads do not exist. */
static void begin_in_child(struct pool *pool, pid_t process)
{
    pid_t parent = pool->process;

    if (parent == process)
        return;
    if (parent && atomic_compare_exchange_strong(&pool->process, &parent, 0)) {
        pool->n_started = 0;
        pool->state.word = pool->state.n_asleep = 0;
        pool->epoch.n_asleep = 0;
        pool->is_busy = 0;
        for (uint32_t i = 0; i < pool->n_workers; i++)
            pool->workers[i].run = 0;
        pool->process = process;
    }
    while (pool->process != process)
        relax();
}

/* ---- Calls ---- */

static int end_call(struct pool *pool, BCCTileFailure *failure)
{
    const uint64_t lowest = pool->failure;

    if (lowest == NO_FAILURE)
        return pool->is_incomplete ? BCC_RUN_CANCELLED : BCC_RUN_DONE;
    if (failure)
        *failure =
            (BCCTileFailure){(uint32_t)(lowest >> 32), (int)(uint32_t)lowest};
    return BCC_RUN_FAILED;
}

/* Run all tiles in this thread. `pool`: whose cancellation counts, or NULL. */
static int run_alone(struct pool *pool, uint32_t n_tiles, BCCTileFn run,
                     void *context, BCCTileFailure *failure)
{
    const bool was_inside = is_inside;
    int result = 0;
    uint32_t tile;

    is_inside = true;
    for (tile = 0; tile < n_tiles && !result; tile++) {
        if (pool && pool->is_cancelled)
            break;
        result = run(context, tile, 0);
    }
    is_inside = was_inside;
    if (result && failure)
        *failure = (BCCTileFailure){tile - 1, result};
    if (result)
        return BCC_RUN_FAILED;
    return tile < n_tiles ? BCC_RUN_CANCELLED : BCC_RUN_DONE;
}

static void open_call(struct pool *pool, uint32_t n_tiles, uint32_t n_workers)
{
    for (uint32_t i = 0; i < n_workers; i++)
        atomic_store_explicit(
            &pool->workers[i].run,
            make_run((uint32_t)((uint64_t)n_tiles * i / n_workers),
                     (uint32_t)((uint64_t)n_tiles * (i + 1) / n_workers)),
            memory_order_relaxed);
    atomic_store_explicit(&pool->failure, NO_FAILURE, memory_order_relaxed);
    atomic_store_explicit(&pool->is_incomplete, false, memory_order_relaxed);
    atomic_store_explicit(&pool->state.word, STATE_OPEN, memory_order_release);
    atomic_fetch_add(&pool->epoch.word, 1);
    wake(&pool->epoch, n_workers - 1);
}

static void close_call(struct pool *pool)
{
    uint32_t state = atomic_fetch_and_explicit(&pool->state.word, ~STATE_OPEN,
                                               memory_order_acquire) &
                     ~STATE_OPEN;

    while (state)
        state = wait_for_change(pool, &pool->state, state);
}

static int run_shared(struct pool *pool, uint32_t n_tiles, BCCTileFn run,
                      void *context, BCCTileFailure *failure)
{
    const uint32_t n_workers =
        n_tiles < pool->n_workers ? n_tiles : pool->n_workers;
    int cancel_state;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pool->is_hot =
        pool->may_be_hot && clock_monotonic_ns() - pool->last_call_ns < HOT_NS;
    start_threads(pool, n_workers - 1);
    pool->call = (struct call){run, context, float_env_get(), n_workers};
    open_call(pool, n_tiles, n_workers);
    work(pool, 0);
    close_call(pool);
    pool->last_call_ns = clock_monotonic_ns();
    pthread_setcancelstate(cancel_state, NULL);
    return end_call(pool, failure);
}

int bccRunTiles(BCCPoolRef name, uint32_t n_tiles, BCCTileFn run, void *context,
                BCCTileFailure *failure)
{
    struct pool *pool = pool_of(name);
    uint32_t is_busy = 0;
    int result;

    if (!run || (name && !pool))
        return BCC_RUN_INVALID;
    if (!pool || is_inside)
        return run_alone(pool, n_tiles, run, context, failure);
    if (n_tiles > 1)
        begin_in_child(pool, getpid());
    if (!atomic_compare_exchange_strong(&pool->is_busy, &is_busy, 1))
        return run_alone(NULL, n_tiles, run, context, failure);
    atomic_store_explicit(&pool->is_cancelled, false, memory_order_relaxed);
    result = n_tiles > 1 && pool->n_workers > 1
                 ? run_shared(pool, n_tiles, run, context, failure)
                 : run_alone(pool, n_tiles, run, context, failure);
    atomic_store_explicit(&pool->is_busy, 0, memory_order_release);
    return result;
}

void bccCancelPool(BCCPoolRef name)
{
    struct pool *pool = pool_of(name);

    if (pool)
        pool->is_cancelled = true;
}

/* ---- Life ---- */

static struct pool *make_pool(unsigned n_workers)
{
    const unsigned n_cpus = cpu_count();
    struct pool *pool;
    size_t size;

    if (n_workers == 0)
        n_workers = n_cpus;
    if (n_workers > MAX_WORKERS)
        n_workers = MAX_WORKERS;
    size = sizeof(*pool) + n_workers * sizeof(pool->workers[0]);
    pool = aligned_alloc(CACHE_LINE, size);
    if (!pool)
        return NULL;
    __builtin_memset(pool, 0, size);
    pool->n_workers = n_workers;
    pool->may_be_hot = n_workers <= n_cpus;
    pool->process = getpid();
    for (unsigned i = 0; i < n_workers; i++)
        pool->workers[i].pool = pool;
    return pool;
}

static void end_pool(struct pool *pool)
{
    if (pool->process == getpid()) {
        pool->is_ending = true;
        atomic_fetch_add(&pool->epoch.word, 1);
        wake(&pool->epoch, MAX_WORKERS);
        for (uint32_t i = 0; i < pool->n_started; i++)
            pthread_join(pool->workers[i + 1].thread, NULL);
    }
    free(pool);
}

BCCPoolRef bccCreatePool(unsigned n_workers)
{
    struct pool *pool = make_pool(n_workers);

    for (size_t i = 0; pool && i < N_SLOTS; i++) {
        struct pool *none = NULL;

        if (atomic_compare_exchange_strong(&slots[i].pool, &none, pool))
            return name_of(i, slots[i].use);
    }
    free(pool);
    return NULL;
}

void bccDisposePool(BCCPoolRef name)
{
    struct pool *pool = pool_of(name);
    struct slot *slot;

    if (!pool)
        return;
    slot = &slots[((uintptr_t)name & 0xff) - 1];
    slot->use++; /* from here the handle is invalid */
    slot->pool = NULL;
    end_pool(pool);
}

unsigned bccGetPoolWorkers(BCCPoolRef name)
{
    const struct pool *pool = pool_of(name);

    if (pool)
        return pool->n_workers;
    return name ? 0 : 1;
}
