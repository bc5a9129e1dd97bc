/* Thread-local variables of images that CMakeLists.txt links from
 * load_tls_sample.c. The host's variables that images use, and refused
 * variables, are in test_load_tls_host.c. */
#include "load_fixture.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Values ---- */

static bool is_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

/* A job: all variables have their first values in this thread. */
struct look {
    const struct tls_api *api;
    bool is_fresh;
};

static void look(void *argument)
{
    struct look *l = argument;
    const struct tls_api *api = l->api;

    l->is_fresh = *api->number() == 7 && *api->zero() == 0 &&
                  *api->pointer() == api->data && **api->pointer() == 5 &&
                  *api->exported() == 11 &&
                  strcmp(api->aligned(), "aligned") == 0 &&
                  is_zero(api->large(), TLS_LARGE_SIZE);
}

/* A job: other values for some of them. */
static void scribble(void *argument)
{
    const struct tls_api *api = argument;

    *api->number() = 1000;
    *api->zero() = -1;
    *api->pointer() = NULL;
    *api->exported() = 1000;
    memset(api->aligned(), 'x', 8);
    memset(api->large(), 'x', TLS_LARGE_SIZE);
}

static bool is_fresh_here(const struct tls_api *api)
{
    struct look l = {.api = api};

    look(&l);
    return l.is_fresh;
}

static bool is_fresh_in(struct worker *worker, const struct tls_api *api)
{
    struct look l = {.api = api};

    worker_do(worker, look, &l);
    return l.is_fresh;
}

static void gives_first_values_in_each_thread(void **state)
{
    struct fixture *f = *state;
    struct look l;

    fixture_load(f);
    l.api = fixture_tls_api(f);
    assert_true(is_fresh_here(l.api));
    for (int i = 0; i < 3; i++) {
        l.is_fresh = false;
        do_in_thread(look, &l);
        assert_true(l.is_fresh);
    }
}

static void keeps_what_each_thread_writes(void **state)
{
    struct fixture *f = *state;
    struct tls_api *api;
    struct worker worker;

    fixture_load(f);
    api = fixture_tls_api(f);
    worker_start(&worker);
    scribble(api);
    assert_true(is_fresh_in(&worker, api));
    worker_do(&worker, scribble, api);
    assert_int_equal(*api->number(), 1000);
    *api->number() = 3;
    assert_false(is_fresh_in(&worker, api));
    assert_int_equal(*api->number(), 3);
    assert_int_equal(api->large()[TLS_LARGE_SIZE - 1], 'x');
    worker_end(&worker);
}

struct place {
    const struct tls_api *api;
    uintptr_t address;
};

static void find_place(void *argument)
{
    struct place *place = argument;

    place->address = (uintptr_t)place->api->aligned();
}

static void expect_alignment(struct fixture *f, uintptr_t align, uintptr_t rest)
{
    struct place place = {.api = fixture_tls_api(f)};

    for (int i = 0; i < 8; i++) {
        do_in_thread(find_place, &place);
        assert_int_equal(place.address % align, rest);
    }
    find_place(&place);
    assert_int_equal(place.address % align, rest);
}

static void aligns_as_the_image_asks(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    expect_alignment(f, fixture_segment(f, PT_TLS, 0)->p_align, 0);
}

/* Not every linker begins the template at an address of its alignment. */
static void places_blocks_as_their_template(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *tls = fixture_segment(f, PT_TLS, 0);
    const uint8_t *template = f->bytes + tls->p_offset;
    const uint8_t *aligned =
        memmem(template, (size_t)tls->p_filesz, "aligned", 8);

    assert_non_null(aligned);
    tls->p_align = 1 << 16;
    fixture_load(f);
    expect_alignment(f, tls->p_align,
                     tls->p_vaddr + (uintptr_t)(aligned - template));
}

static void gives_each_instance_its_own_variables(void **state)
{
    struct fixture *f = *state;
    struct image images[9];
    struct tls_api *api;
    uint64_t entry;

    fixture_write(f, 0);
    entry = ((ELF_TYPE(Ehdr) *)f->bytes)->e_entry;
    for (int i = 0; i < 9; i++) {
        assert_int_equal(load_map(&f->source, &images[i], &f->err), STATUS_OK);
        assert_int_equal(
            load_link(&f->source, &images[i], &f->binding, &f->err), STATUS_OK);
    }
    for (int i = 0; i < 9; i++) {
        api = load_address(&images[i], entry, sizeof(*api));
        assert_true(is_fresh_here(api));
        scribble(api);
        *api->number() = i;
    }
    for (int i = 0; i < 9; i++) {
        api = load_address(&images[i], entry, sizeof(*api));
        assert_int_equal(*api->number(), i);
        load_release(&images[i]);
    }
}

static void gives_first_values_where_another_image_was(void **state)
{
    struct fixture *f = *state;
    struct worker worker;

    worker_start(&worker);
    for (int i = 0; i < 5; i++) {
        fixture_load(f);
        assert_true(is_fresh_here(fixture_tls_api(f)));
        assert_true(is_fresh_in(&worker, fixture_tls_api(f)));
        scribble(fixture_tls_api(f));
        worker_do(&worker, scribble, fixture_tls_api(f));
        load_release(&f->image);
    }
    worker_end(&worker);
}

/* ---- Memory ---- */

static void allocates_nothing_without_thread_local_variables(void **state)
{
    struct fixture *f = *state;
    unsigned n_calls;

    fixture_write(f, 0);
    n_calls = allocation_calls().n_calls;
    assert_int_equal(fixture_link(f), STATUS_OK);
    load_start(&f->image);
    load_stop(&f->image);
    load_release(&f->image);
    assert_int_equal(allocation_calls().n_calls, n_calls);
}

static void frees_the_blocks_of_living_threads_on_release(void **state)
{
    struct fixture *f = *state;
    struct worker workers[3];
    struct image other = {0};
    int n_live;

    fixture_load(f);
    other = f->image;
    fixture_load(f);
    for (int i = 0; i < 3; i++) {
        worker_start(&workers[i]);
        worker_do(&workers[i], scribble, fixture_tls_api(f));
    }
    n_live = allocation_calls().n_live;
    load_release(&f->image);
    /* The blocks of three threads and of this one, and the list of its
     * thread_local objects. */
    assert_int_equal(allocation_calls().n_live, n_live - 4 - 1);
    load_release(&other);
    for (int i = 0; i < 3; i++)
        worker_end(&workers[i]);
}

static void frees_the_blocks_of_a_thread_that_ends(void **state)
{
    struct fixture *f = *state;
    struct look l;
    int n_live;

    fixture_load(f);
    l.api = fixture_tls_api(f);
    n_live = allocation_calls().n_live;
    for (int i = 0; i < 5; i++) {
        do_in_thread(look, &l);
        assert_int_equal(allocation_calls().n_live, n_live);
    }
}

static void leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    struct worker worker;
    int n_live;

    /* This thread has a vector from now on. */
    fixture_load(f);
    load_release(&f->image);
    n_live = allocation_calls().n_live;
    worker_start(&worker);
    fixture_load(f);
    worker_do(&worker, scribble, fixture_tls_api(f));
    load_release(&f->image);
    worker_end(&worker);
    assert_int_equal(allocation_calls().n_live, n_live);
}

static void fails_cleanly_without_memory(void **state)
{
    struct fixture *f = *state;
    struct worker worker;
    enum status status;
    int n_live;

    fixture_load(f);
    load_release(&f->image);
    n_live = allocation_calls().n_live;
    for (unsigned nth = 1;; nth++) {
        allocation_calls_fail(nth);
        status = fixture_link(f);
        if (status == STATUS_OK)
            break;
        assert_int_equal(status, STATUS_NO_MEMORY);
        load_release(&f->image);
        assert_int_equal(allocation_calls().n_live, n_live);
    }
    allocation_calls_fail(0);
    /* What this thread has been promised. */
    worker_start(&worker);
    assert_true(is_fresh_in(&worker, fixture_tls_api(f)));
    allocation_calls_fail(1);
    assert_true(is_fresh_here(fixture_tls_api(f)));
    allocation_calls_fail(0);
    worker_end(&worker);
}

static void touch_without_memory(void *argument)
{
    allocation_calls_fail(1);
    scribble(argument);
}

static void ends_the_process_where_a_thread_gets_no_memory(void **state)
{
    struct fixture *f = *state;
    int wait_status;
    pid_t child;

    fixture_load(f);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};

        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGILL, SIG_DFL); /* a sanitizer would tell of it */
        signal(SIGTRAP, SIG_DFL);
        do_in_thread(touch_without_memory, fixture_tls_api(f));
        _exit(0);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_true(WIFSIGNALED(wait_status));
    assert_true(WTERMSIG(wait_status) == SIGILL ||
                WTERMSIG(wait_status) == SIGTRAP);
}

/* ---- The end of a thread ---- */

/* Made before the loader made its own: destructors run in this order. */
static pthread_key_t earlier_key;

/* ThreadSanitizer forgets a thread in the last round, and no code that it has
 * instrumented may run after that. */
#if defined(__SANITIZE_THREAD__)
enum { MAY_USE_LAST_ROUND = 0 };
#elif defined(__has_feature)
enum { MAY_USE_LAST_ROUND = !__has_feature(thread_sanitizer) };
#else
enum { MAY_USE_LAST_ROUND = 1 };
#endif

/* Of another key, as long as it is asked. */
struct last_look {
    const struct tls_api *api;
    pthread_key_t key;
    int n_rounds, max_rounds;
    int seen[PTHREAD_DESTRUCTOR_ITERATIONS];
};

static void look_at_last(void *argument)
{
    struct last_look *last = argument;

    last->seen[last->n_rounds++] = (*last->api->number())++;
    if (last->n_rounds < last->max_rounds)
        pthread_setspecific(last->key, last);
}

static void set_last_look(void *argument)
{
    struct last_look *last = argument;

    *last->api->number() = 100;
    pthread_setspecific(last->key, last);
}

static void expect_last_looks(struct fixture *f, struct last_look *last)
{
    int n_live = allocation_calls().n_live;

    last->api = fixture_tls_api(f);
    do_in_thread(set_last_look, last);
    assert_int_equal(last->n_rounds, last->max_rounds);
    assert_int_equal(last->seen[0], 100);
    assert_int_equal(last->seen[1], 101);
    assert_int_equal(allocation_calls().n_live, n_live);
}

/* What is freed in the last round but one is made again. */
static void keeps_variables_for_destructors_before_its_own(void **state)
{
    struct last_look last = {.key = earlier_key,
                             .max_rounds = MAY_USE_LAST_ROUND ? 4 : 3};
    struct fixture *f = *state;

    fixture_load(f);
    expect_last_looks(f, &last);
    assert_int_equal(last.seen[2], 102);
    assert_int_equal(last.seen[3], MAY_USE_LAST_ROUND ? 7 : 0);
}

static void keeps_variables_for_destructors_after_its_own(void **state)
{
    struct last_look last = {.max_rounds = MAY_USE_LAST_ROUND ? 3 : 2};
    struct fixture *f = *state;

    fixture_load(f);
    assert_int_equal(pthread_key_create(&last.key, look_at_last), 0);
    expect_last_looks(f, &last);
    assert_int_equal(last.seen[2], MAY_USE_LAST_ROUND ? 7 : 0);
    pthread_key_delete(last.key);
}

/* ---- Threads at once ---- */

enum { N_CROWD = 4, N_ROUNDS = 200 };

struct crowd {
    struct fixture *f;
    const struct tls_api *shared; /* an image that all of them use */
    pthread_barrier_t start;
    int n_wrong; /* under lock */
    pthread_mutex_t lock;
};

/* Loads, uses and releases images of its own, while others do. */
static void *join_crowd(void *argument)
{
    struct crowd *crowd = argument;
    const struct fixture *f = crowd->f;
    const uint64_t entry = ((const ELF_TYPE(Ehdr) *)f->bytes)->e_entry;
    int n_wrong = 0;

    pthread_barrier_wait(&crowd->start);
    for (int i = 0; i < N_ROUNDS; i++) {
        struct image image = {0};
        const struct tls_api *api;

        n_wrong += (*crowd->shared->number())++ != 7 + i;
        if (load_map(&f->source, &image, NULL) ||
            load_link(&f->source, &image, &f->binding, NULL)) {
            n_wrong++;
        } else {
            api = load_address(&image, entry, sizeof(*api));
            n_wrong += (*api->number())++ != 7 || (*api->zero())++ != 0;
            n_wrong += *api->number() != 8;
        }
        load_release(&image);
    }
    pthread_mutex_lock(&crowd->lock);
    crowd->n_wrong += n_wrong;
    pthread_mutex_unlock(&crowd->lock);
    return NULL;
}

/* The fixture's would count, and take turns for it. */
static void *resolve_quietly(void *context, const char *name, uint32_t index)
{
    (void)context;
    (void)index;
    return strcmp(name, "import_thread_value") == 0 ? &import_thread_value
                                                    : NULL;
}

static void serves_many_threads_that_load_and_release(void **state)
{
    struct fixture *f = *state;
    struct crowd crowd = {.f = f, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[N_CROWD];

    f->binding = (struct load_binding){.resolve = resolve_quietly};
    fixture_load(f);
    crowd.shared = fixture_tls_api(f);
    pthread_barrier_init(&crowd.start, NULL, N_CROWD);
    for (int i = 0; i < N_CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, join_crowd, &crowd),
                         0);
    for (int i = 0; i < N_CROWD; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    pthread_barrier_destroy(&crowd.start);
    assert_int_equal(crowd.n_wrong, 0);
}

#define CASE(test, path)                                                       \
    {                                                                          \
#test, test, fixture_setup_tls, fixture_teardown,                      \
            (void *)(uintptr_t)(path)                                          \
    }
#define PLAIN(test)   CASE(test, LOAD_TLS_SAMPLE_64)
#define ALIGNED(test) CASE(test, LOAD_TLS_SAMPLE_4096)
#ifdef LOAD_TLS_SAMPLE_DESCRIPTOR
#define BOTH(test) PLAIN(test), CASE(test, LOAD_TLS_SAMPLE_DESCRIPTOR)
#else
#define BOTH(test) PLAIN(test)
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(allocates_nothing_without_thread_local_variables, LOAD_SAMPLE_GNU),
        BOTH(gives_first_values_in_each_thread),
        ALIGNED(gives_first_values_in_each_thread),
        BOTH(keeps_what_each_thread_writes),
        BOTH(aligns_as_the_image_asks),
        ALIGNED(aligns_as_the_image_asks),
        BOTH(places_blocks_as_their_template),
        BOTH(gives_each_instance_its_own_variables),
        ALIGNED(gives_each_instance_its_own_variables),
        BOTH(gives_first_values_where_another_image_was),
        BOTH(frees_the_blocks_of_living_threads_on_release),
        BOTH(frees_the_blocks_of_a_thread_that_ends),
        BOTH(leaves_nothing_behind),
        BOTH(fails_cleanly_without_memory),
        BOTH(ends_the_process_where_a_thread_gets_no_memory),
        BOTH(keeps_variables_for_destructors_before_its_own),
        BOTH(keeps_variables_for_destructors_after_its_own),
        BOTH(serves_many_threads_that_load_and_release),
    };

    if (pthread_key_create(&earlier_key, look_at_last))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
