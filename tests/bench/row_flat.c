/* L3, L4, L8: circumstances on which a hit must not depend.
 *
 *   L3  the size of the code: hits of generated modules of 100,000 functions,
 *       64 MiB, and of 100 functions, 64 KiB. Both at -O0, which has nothing to
 *       do with how they are loaded, but makes the large one in half a minute.
 *   L4  what else is loaded: two processes made by fork() take turns, one of
 *       which has 10,000 images of the same script live. Each turn is one
 *       launch for the caches, which another process had, and one that counts.
 *       And disposing of the only image, against dlclose() of the same code.
 *   L8  what others do: two threads that launch different scripts, LAUNCHES
 *       each, in turn with one thread that launches the two alternately. The
 *       same with two shared libraries, for what the kernel takes of both: the
 *       script's code, linked in two ways. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "generate.h"
#include "launchers.h"

/* ---- L3 ---- */

static bool make_generated(const char *name, unsigned n_functions,
                           const char *function, struct hit *ret_hit)
{
    const struct generated generated = {n_functions, 41, .seed = 0};
    struct artefact bitcode;
    static char paths[2][BENCH_PATH_SIZE];
    static size_t n_paths;
    char *path = paths[n_paths++ % 2];

    if (!generate_bitcode(name, generated, &bitcode))
        return false;
    snprintf(path, BENCH_PATH_SIZE, "%s", bitcode.path);
    hit_of_file(path, function, ret_hit);
    ret_hit->opt_level = BCC_OPT_O0;
    return hit_make(ret_hit, name);
}

static bool print_sizes(const struct hit *large, const struct hit *small)
{
    struct entry large_entry, small_entry;

    if (!entry_read(large->entry_path, &large_entry) ||
        !entry_read(small->entry_path, &small_entry))
        return false;
    bench_value("size of the entries", (double)large_entry.file_size / 1024,
                (double)small_entry.file_size / 1024, "KiB", NO_GOAL);
    return true;
}

bool run_l3(void)
{
    const bool quick = bench_is_quick();
    struct hit large, small;
    struct bench_side sides[2];

    if (!make_generated(quick ? "thousand" : "hundred_thousand",
                        quick ? 1000 : 100000, quick ? "f777" : "f77777",
                        &large) ||
        !make_generated("hundred", 100, "f77", &small) ||
        !print_sizes(&large, &small))
        return false;
    sides[0] = hit_side(&large);
    sides[1] = hit_side(&small);
    sides[0].enter_name =
        quick ? "hit, 1,000 functions" : "hit, 64 MiB, 100,000 functions";
    sides[0].leave_name = quick ? "dispose, 1,000 functions"
                                : "dispose, 64 MiB, 100,000 functions";
    sides[1].enter_name = "hit, 64 KiB, 100 functions";
    sides[1].leave_name = "dispose, 64 KiB, 100 functions";
    if (!bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 100, .n_rounds = 2000}))
        return false;
    bench_ratio((struct bench_comparison){"large / small", &sides[0].in,
                                          &sides[1].in, .goal = AT_MOST(2)});
    bench_ratio((struct bench_comparison){"dispose, large / small",
                                          &sides[0].out, &sides[1].out,
                                          .goal = NO_GOAL});
    bench_release(sides, 2);
    return true;
}

/* ---- L4 ---- */

/* A process that launches when it is told to. */
struct worker {
    struct hit *hit;
    size_t n_live;
    pid_t pid;
    int request, reply; /* our ends of two pipes */
};

_Noreturn static void serve(struct worker *worker, int request, int reply)
{
    struct bench_side side = hit_side(worker->hit);
    char turn;

    for (size_t i = 0; i < worker->n_live; i++)
        if (!hit_enter(worker->hit))
            _exit(1);
    /* Ready: what the parent reads before the first turn. */
    if (write(reply, "r", 1) != 1)
        _exit(1);
    while (read(request, &turn, 1) == 1) {
        struct bench_cost cost;

        if (!bench_once(&side, &cost) || !bench_once(&side, &cost) ||
            write(reply, &cost, sizeof(cost)) != sizeof(cost))
            _exit(1);
    }
    _exit(0);
}

static bool start_worker(struct worker *worker)
{
    int request[2], reply[2];
    char ready;

    if (pipe(request) < 0 || pipe(reply) < 0)
        return bench_refuse("no pipes");
    fflush(NULL);
    worker->pid = fork();
    if (worker->pid < 0)
        return bench_refuse("no process");
    if (worker->pid == 0) {
        close(request[1]);
        close(reply[0]);
        serve(worker, request[0], reply[1]);
    }
    close(request[0]);
    close(reply[1]);
    worker->request = request[1];
    worker->reply = reply[0];
    watch_add(worker->pid);
    return read(worker->reply, &ready, 1) == 1 ||
           bench_refuse("%zu images cannot be live at once", worker->n_live);
}

static void stop_worker(const struct worker *worker)
{
    if (worker->pid <= 0)
        return;
    kill(worker->pid, SIGKILL);
    waitpid(worker->pid, NULL, 0);
    close(worker->request);
    close(worker->reply);
}

static bool worker_round(void *context, struct bench_cost *ret_cost)
{
    const struct worker *worker = context;

    return (write(worker->request, "t", 1) == 1 &&
            read(worker->reply, ret_cost, sizeof(*ret_cost)) ==
                sizeof(*ret_cost)) ||
           bench_refuse("a launch with %zu images live failed", worker->n_live);
}

static bool compare_live(struct worker *many, struct worker *none)
{
    const bool quick = bench_is_quick();
    struct bench_side sides[] = {
        {.enter_name = quick ? "hit, 100 live" : "hit, 10,000 live",
         .leave_name = quick ? "dispose, 100 live" : "dispose, 10,000 live",
         .context = many,
         .whole = worker_round},
        {.enter_name = "hit, none live",
         .leave_name = "dispose, none live",
         .context = none,
         .whole = worker_round},
    };

    if (!start_worker(many) || !start_worker(none) ||
        !bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 50, .n_rounds = 2000}))
        return false;
    bench_ratio((struct bench_comparison){"many live / none", &sides[0].in,
                                          &sides[1].in, .goal = AT_MOST(1.2)});
    bench_ratio((struct bench_comparison){"dispose, many live / none",
                                          &sides[0].out, &sides[1].out,
                                          .goal = AT_MOST(1.2)});
    bench_release(sides, 2);
    return true;
}

static bool compare_dispose(struct hit *hit)
{
    struct library_pair pair;
    struct library library;
    char dispose[64], dlclose[64], what[64];
    struct bench_side sides[] = {hit_side(hit),
                                 library_side(&library, "dlopen", dlclose)};

    sides[0].leave_name = dispose;
    snprintf(dispose, sizeof(dispose), "dispose, %s", hit->sample.name);
    snprintf(dlclose, sizeof(dlclose), "dlclose, %s", hit->sample.name);
    if (!hit_make(hit, hit->sample.name) || !library_pair_make(hit, &pair))
        return false;
    library = (struct library){pair.plain.path, hit->sample.entry, NULL};
    if (!bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 100, .n_rounds = 3000}))
        return false;
    snprintf(what, sizeof(what), "dispose / dlclose, %s", hit->sample.name);
    bench_ratio((struct bench_comparison){what, &sides[0].out, &sides[1].out,
                                          .goal = AT_MOST(0.6)});
    bench_release(sides, 2);
    return true;
}

bool run_l4(void)
{
    struct hit hit, interpreter;
    struct worker many = {.hit = &hit,
                          .n_live = bench_is_quick() ? 100 : 10000};
    struct worker none = {.hit = &hit};
    bool ok;

    if (!hit_find_sample("Model", &hit) || !hit_make(&hit, "Model"))
        return false;
    ok = compare_live(&many, &none);
    stop_worker(&many);
    stop_worker(&none);
    return ok && hit_find_interpreter(&interpreter) &&
           compare_dispose(&interpreter) && compare_dispose(&hit);
}

/* ---- L8 ---- */

enum { LAUNCHES = 40 };

struct racer {
    bool (*launch)(void *context);
    void *context;
};

struct racers {
    struct racer racer[2]; /* of this thread, and of the other one */
    pthread_mutex_t mutex;
    pthread_cond_t called;
    unsigned long n_calls; /* of the other thread, under the mutex */
    bool is_over;
    atomic_ulong n_ready, n_started, n_done;
    atomic_bool failed;
};

static bool launch_hit(void *hit)
{
    return hit_enter(hit) && hit_check(hit) && hit_leave(hit);
}

static bool launch_library(void *library)
{
    return library_enter(library) && library_leave(library);
}

static bool launch_all(const struct racer *racer)
{
    bool ok = true;

    for (int i = 0; i < LAUNCHES && ok; i++)
        ok = racer->launch(racer->context);
    return ok;
}

static bool one_thread(void *context, struct bench_cost *ret_cost)
{
    struct racers *racers = context;
    const uint64_t start = clock_monotonic_ns();

    for (int i = 0; i < LAUNCHES; i++)
        if (!racers->racer[i % 2].launch(racers->racer[i % 2].context))
            return false;
    ret_cost->enter_ns = clock_monotonic_ns() - start;
    return true;
}

/* Both begin at the same instant: the other one is woken first, says that it
 * is ready, and looks without sleeping for the start. */
static bool two_threads(void *context, struct bench_cost *ret_cost)
{
    struct racers *racers = context;
    uint64_t start;
    unsigned long turn;
    bool ok;

    pthread_mutex_lock(&racers->mutex);
    turn = ++racers->n_calls;
    pthread_cond_signal(&racers->called);
    pthread_mutex_unlock(&racers->mutex);
    while (atomic_load(&racers->n_ready) < turn)
        continue;
    start = clock_monotonic_ns();
    atomic_store(&racers->n_started, turn);
    ok = launch_all(&racers->racer[0]);
    while (atomic_load(&racers->n_done) < turn)
        continue;
    ret_cost->enter_ns = clock_monotonic_ns() - start;
    return ok && !atomic_load(&racers->failed);
}

static void *other_thread(void *context)
{
    struct racers *racers = context;

    for (unsigned long turn = 1;; turn++) {
        pthread_mutex_lock(&racers->mutex);
        while (racers->n_calls < turn && !racers->is_over)
            pthread_cond_wait(&racers->called, &racers->mutex);
        pthread_mutex_unlock(&racers->mutex);
        if (racers->is_over)
            return NULL;
        atomic_store(&racers->n_ready, turn);
        while (atomic_load(&racers->n_started) < turn)
            continue;
        if (!launch_all(&racers->racer[1]))
            atomic_store(&racers->failed, true);
        atomic_store(&racers->n_done, turn);
    }
}

static bool race(struct racers *racers, const char *two, const char *one,
                 struct bench_comparison comparison)
{
    struct bench_side sides[] = {
        {.enter_name = two, .context = racers, .whole = two_threads},
        {.enter_name = one, .context = racers, .whole = one_thread}};

    if (!bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 20, .n_rounds = 1000}))
        return false;
    comparison.measured = &sides[0].in;
    comparison.yardstick = &sides[1].in;
    comparison.inverse = true;
    comparison.scale = 2;
    bench_ratio(comparison);
    bench_release(sides, 2);
    return true;
}

static bool race_hits(struct racers *racers, struct hit hits[2])
{
    for (int i = 0; i < 2; i++)
        racers->racer[i] = (struct racer){launch_hit, &hits[i]};
    return race(racers, "80 launches, two threads", "40 launches, one thread",
                (struct bench_comparison){.what = "rate, two threads / one",
                                          .goal = AT_LEAST(1.0)});
}

static bool race_libraries(struct racers *racers, struct hit *hit)
{
    struct library_pair pair;
    struct library libraries[2];

    if (!library_pair_make(hit, &pair))
        return false;
    libraries[0] = (struct library){pair.plain.path, hit->sample.entry, NULL};
    libraries[1] = (struct library){pair.tuned.path, hit->sample.entry, NULL};
    for (int i = 0; i < 2; i++)
        racers->racer[i] = (struct racer){launch_library, &libraries[i]};
    return race(
        racers, "80 dlopens, two threads", "40 dlopens, one thread",
        (struct bench_comparison){.what = "rate of dlopen, two threads / one",
                                  .goal = NO_GOAL});
}

bool run_l8(void)
{
    static struct racers racers = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                                   .called = PTHREAD_COND_INITIALIZER};
    struct hit hits[2];
    pthread_t thread;
    bool ok;

    if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
        return bench_refuse("two threads need two CPUs");
    if (!hit_find_sample("Model", &hits[0]) || !hit_make(&hits[0], "Model") ||
        !hit_find_sample("Model", &hits[1]) ||
        !hit_make(&hits[1], "Model.other"))
        return false;
    if (pthread_create(&thread, NULL, other_thread, &racers) != 0)
        return bench_refuse("no thread");
    ok = race_hits(&racers, hits) && race_libraries(&racers, &hits[0]);
    pthread_mutex_lock(&racers.mutex);
    racers.is_over = true;
    pthread_cond_signal(&racers.called);
    pthread_mutex_unlock(&racers.mutex);
    pthread_join(thread, NULL);
    return ok;
}
