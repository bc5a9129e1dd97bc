/* Single flight: one of several compiles, and none waits for ever. In these
 * tests the holder of a lock is a child process, or another descriptor of this
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "file.h"
#include "flight.h"
#include "store.h"
#include "temp_dir.h"

static const struct span identity = {(const uint8_t *)"opt=3\n", 6};

static int set_up(void **state)
{
    struct temp_dir *dir = malloc(sizeof(*dir));

    *state = dir;
    return dir ? temp_dir_make(dir) : -1;
}

static int tear_down(void **state)
{
    struct temp_dir *dir = *state;
    int result = temp_dir_remove(dir);

    free(dir);
    return result;
}

static struct flight begin(const struct temp_dir *dir, const char *name)
{
    struct flight flight;

    flight_begin(&flight, dir->path, name, identity);
    assert_true(flight.fd >= 0);
    return flight;
}

static void sleep_ms(unsigned ms)
{
    const struct timespec time = {.tv_sec = ms / 1000,
                                  .tv_nsec = ms % 1000 * 1000000L};

    nanosleep(&time, NULL);
}

/* A process that holds the lock, and beats if it is to. */
static pid_t start_holder(const struct temp_dir *dir, bool beats)
{
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct flight flight;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        flight_begin(&flight, dir->path, "one", identity);
        if (!flight_take(&flight) || write(ready[1], "", 1) != 1)
            _exit(1);
        for (bool on = true;; on = !on) {
            if (beats && !flight_beat(flight.fd, on))
                _exit(2);
            sleep_ms(FLIGHT_PERIOD_MS);
        }
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end_holder(pid_t pid)
{
    int status;

    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

/* ---- One of several ---- */

static void one_of_two_takes_the_lock(void **state)
{
    struct temp_dir *dir = *state;
    struct flight first = begin(dir, "one"), second = begin(dir, "one");

    assert_true(flight_take(&first));
    assert_false(flight_take(&second));
    flight_end(&first);
    assert_true(flight_wait(&second, UINT64_MAX));
    assert_true(flight_take(&second));
    flight_end(&second);
    flight_end(&second);
}

static void other_entries_and_other_identities_are_not_waited_for(void **state)
{
    static const struct span other = {(const uint8_t *)"opt=1\n", 6};
    struct temp_dir *dir = *state;
    struct flight first = begin(dir, "one"), second = begin(dir, "two"), third;

    flight_begin(&third, dir->path, "one", other);
    assert_true(flight_take(&first));
    assert_true(flight_take(&second));
    assert_true(flight_take(&third));
    flight_end(&first);
    flight_end(&second);
    flight_end(&third);
}

/* Best code in the background has a lock of its own, of one entry. */
static void best_code_and_compile_do_not_lock_each_other(void **state)
{
    struct temp_dir *dir = *state;
    struct flight maker = begin(dir, "one"), other = begin(dir, "one");
    struct flight compiler = begin(dir, "one"), stranger = begin(dir, "two");

    assert_false(flight_later_is_on(&other));
    assert_false(flight_is_on(&other));
    assert_true(flight_take_later(&maker));
    assert_true(flight_later_is_on(&other));
    assert_false(flight_later_is_on(&stranger));
    assert_false(flight_is_on(&other));
    assert_false(flight_take_later(&other));
    assert_true(flight_take(&compiler));
    assert_true(flight_is_on(&other));
    assert_false(flight_is_on(&stranger));
    flight_end(&compiler);
    assert_false(flight_is_on(&other));
    assert_true(flight_later_is_on(&other));
    file_close(maker.fd);
    assert_false(flight_later_is_on(&other));
    flight_end(&other);
    flight_end(&stranger);
}

struct contest {
    const struct temp_dir *dir;
    atomic_int n_inside, n_done;
};

static void *contend(void *context)
{
    struct contest *contest = context;
    struct flight flight = begin(contest->dir, "one");

    if (flight_take(&flight)) {
        atomic_fetch_add(&contest->n_inside, 1);
        sleep_ms(50);
    } else if (flight_wait(&flight, UINT64_MAX)) {
        atomic_fetch_add(&contest->n_done, 1);
    }
    flight_end(&flight);
    return NULL;
}

static void threads_of_one_process_exclude_each_other(void **state)
{
    enum { N = 8 };
    struct contest contest = {.dir = *state};
    pthread_t threads[N];

    for (int i = 0; i < N; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, contend, &contest),
                         0);
    for (int i = 0; i < N; i++)
        pthread_join(threads[i], NULL);
    /* Who comes late may find the lock free again. */
    assert_true(atomic_load(&contest.n_inside) >= 1);
    assert_int_equal(
        atomic_load(&contest.n_inside) + atomic_load(&contest.n_done), N);
}

/* ---- Holders that come to nothing ---- */

static void killed_holder_frees_the_lock(void **state)
{
    struct temp_dir *dir = *state;
    pid_t pid = start_holder(dir, true);
    struct flight flight = begin(dir, "one");

    assert_false(flight_take(&flight));
    end_holder(pid);
    assert_true(flight_wait(&flight, UINT64_MAX));
    assert_int_equal(flight.level, 0);
    assert_true(flight_take(&flight));
    flight_end(&flight);
}

/* In place of the pause after each look: as much happens between two looks on a
 * busy machine as on another. */
static struct {
    struct flight *holder; /* NULL: a pause as usual */
    int period, left;      /* looks: for a beat, until the holder has done */
    bool is_on;
} looks;

int __real_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    if (!looks.holder)
        return __real_nanosleep(time, left);
    if (--looks.left == 0)
        flight_end(looks.holder);
    else if (looks.left % looks.period == 0)
        assert_true(flight_beat(looks.holder->fd, looks.is_on = !looks.is_on));
    return 0;
}

/* The holder works for 10 times as long as one is patient. *ret_level: at which
 * the wait ended. */
static void wait_for_beats(const struct temp_dir *dir, int period_ms,
                           unsigned *ret_level)
{
    struct flight holder = begin(dir, "one"), flight = begin(dir, "one");
    const int look_ms = 5;

    assert_true(flight_take(&holder));
    looks.holder = &holder;
    looks.is_on = false;
    looks.period = period_ms / look_ms;
    looks.left = 10 * FLIGHT_PATIENCE_MS / look_ms;
    assert_true(flight_wait(&flight, UINT64_MAX));
    looks.holder = NULL;
    *ret_level = flight.level;
    flight_end(&flight);
    flight_end(&holder);
}

static void holder_that_beats_is_waited_for(void **state)
{
    unsigned level;

    wait_for_beats(*state, FLIGHT_PERIOD_MS, &level);
    assert_int_equal(level, 0);
    wait_for_beats(*state, FLIGHT_PATIENCE_MS - FLIGHT_PERIOD_MS, &level);
    assert_int_equal(level, 0);
    wait_for_beats(*state, FLIGHT_PATIENCE_MS + FLIGHT_PERIOD_MS, &level);
    assert_int_equal(level, 1);
}

static void nobody_waits_after_the_deadline(void **state)
{
    struct temp_dir *dir = *state;
    struct flight holder = begin(dir, "one"), flight = begin(dir, "one");

    assert_true(flight_take(&holder));
    assert_false(flight_wait(&flight, clock_monotonic_ns()));
    assert_int_equal(flight.level, 0);
    flight_end(&flight);
    flight_end(&holder);
}

static void stopped_holder_is_passed_by_one(void **state)
{
    struct temp_dir *dir = *state;
    pid_t pid = start_holder(dir, true);
    struct flight first = begin(dir, "one"), second = begin(dir, "one");

    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_true(flight_wait(&first, UINT64_MAX));
    assert_true(flight_wait(&second, UINT64_MAX));
    assert_int_equal(first.level, 1);
    assert_int_equal(second.level, 1);
    assert_true(flight_take(&first));
    assert_false(flight_take(&second));
    flight_end(&first);
    assert_true(flight_wait(&second, UINT64_MAX));
    assert_true(flight_take(&second));
    flight_end(&second);
    end_holder(pid);
}

static void nobody_waits_for_many_silent_holders(void **state)
{
    struct temp_dir *dir = *state;
    struct flight holders[FLIGHT_MAX_WAITS];
    struct flight flight = begin(dir, "one");

    for (unsigned i = 0; i < FLIGHT_MAX_WAITS; i++) {
        holders[i] = begin(dir, "one");
        holders[i].level = i;
        assert_true(flight_take(&holders[i]));
    }
    for (unsigned i = 1; i < FLIGHT_MAX_WAITS; i++) {
        assert_true(flight_wait(&flight, UINT64_MAX));
        assert_false(flight_take(&flight));
    }
    assert_false(flight_wait(&flight, UINT64_MAX));
    for (unsigned i = 0; i < FLIGHT_MAX_WAITS; i++)
        flight_end(&holders[i]);
    flight_end(&flight);
}

/* A host that forks while it compiles must not keep the lock by that. */
static void forked_copy_of_the_descriptor_does_not_keep_the_lock(void **state)
{
    struct temp_dir *dir = *state;
    struct flight flight = begin(dir, "one"), other = begin(dir, "one");
    pid_t pid;

    assert_true(flight_take(&flight));
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    flight_end(&flight);
    assert_true(flight_take(&other));
    flight_end(&other);
    end_holder(pid);
}

/* ---- Without locks ---- */

static void directory_without_lock_is_no_obstacle(void **state)
{
    struct temp_dir *dir = *state;
    struct flight flight;
    int dir_fd;

    flight_begin(&flight, temp_dir_path(dir, "none").text, "one", identity);
    assert_int_equal(flight.fd, -1);
    flight_end(&flight);
    /* Something else in the place of the lock file, and of its directory. */
    assert_int_equal(mkdir(temp_dir_path(dir, ".bcc").text, 0700), 0);
    assert_int_equal(mkfifo(temp_dir_path(dir, ".bcc/lock").text, 0600), 0);
    flight_begin(&flight, dir->path, "one", identity);
    flight_end(&flight);
    assert_int_equal(unlink(temp_dir_path(dir, ".bcc/lock").text), 0);
    assert_int_equal(rmdir(temp_dir_path(dir, ".bcc").text), 0);
    assert_int_equal(symlink("/nonexistent", temp_dir_path(dir, ".bcc").text),
                     0);
    flight_begin(&flight, dir->path, "one", identity);
    assert_int_equal(flight.fd, -1);
    flight_end(&flight);
    dir_fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    flight_begin_at(&flight, dir_fd, "one", identity);
    assert_int_equal(flight.fd, -1);
    flight_end(&flight);
    file_close(dir_fd);
}

static void what_is_no_lock_file_does_not_beat(void **state)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)state;
    assert_false(flight_beat(null, true));
    close(null);
    assert_false(flight_beat(-1, true));
}

/* ---- What dead writers leave ---- */

static void leave_temporary(const struct temp_dir *dir)
{
    struct store_writer writer;

    if (store_begin(dir->path, "left", &writer, NULL))
        _exit(1);
    kill(getpid(), SIGKILL);
}

static size_t count_temporaries(const struct temp_dir *dir)
{
    struct temp_path path = temp_dir_path(dir, ".bcc");
    DIR *listing = opendir(path.text);
    const struct dirent *entry;
    size_t n = 0;

    assert_non_null(listing);
    while ((entry = readdir(listing)))
        n += strstr(entry->d_name, ".tmp") != NULL;
    closedir(listing);
    return n;
}

static void next_writer_removes_what_a_dead_one_left(void **state)
{
    struct temp_dir *dir = *state;
    struct store_writer alive, next;
    int status;
    pid_t pid;

    assert_int_equal(store_begin(dir->path, "alive", &alive, NULL), STATUS_OK);
    for (int i = 0; i < 3; i++) {
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            leave_temporary(dir);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
    }
    /* Each took away what the one before had left. */
    assert_int_equal(count_temporaries(dir), 2);
    assert_int_equal(store_begin(dir->path, "other", &next, NULL), STATUS_OK);
    assert_int_equal(count_temporaries(dir), 2);
    store_end(&next);
    assert_int_equal(store_publish(&alive, NULL), STATUS_OK);
    store_end(&alive);
    assert_int_equal(count_temporaries(dir), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_of_two_takes_the_lock),
        TEST(best_code_and_compile_do_not_lock_each_other),
        TEST(other_entries_and_other_identities_are_not_waited_for),
        TEST(threads_of_one_process_exclude_each_other),
        TEST(killed_holder_frees_the_lock),
        TEST(holder_that_beats_is_waited_for),
        TEST(nobody_waits_after_the_deadline),
        TEST(stopped_holder_is_passed_by_one),
        TEST(nobody_waits_for_many_silent_holders),
        TEST(forked_copy_of_the_descriptor_does_not_keep_the_lock),
        TEST(directory_without_lock_is_no_obstacle),
        TEST(what_is_no_lock_file_does_not_beat),
        TEST(next_writer_removes_what_a_dead_one_left),
    };
#undef TEST

    return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
