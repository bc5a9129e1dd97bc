/* A C++ object that is thread_local is destroyed when its thread ends. The
 * code that makes the object calls
 *
 *   __cxa_thread_atexit(destructor, object, &__dso_handle)
 *
 * (Itanium C++ ABI; libstdc++'s version calls libc's __cxa_thread_atexit_impl
 * with the same arguments). The C library keeps the library of that handle
 * loaded until the thread has called the destructor. But the C library does not
 * know images. So these two imports of an image are bound to a function of
 * ours. It records the destructor and gives a call of run_note() to the C
 * library, in the same order:
 *
 *   load_stop()    runs the destructors of its own thread, before those of
 *                  static objects, as C++ requires. The C library's later
 *                  call of run_note() does nothing.
 *   load_release() may come before other threads run their destructors. Then
 *                  the image and its TLS blocks stay until the last of these
 *                  threads ends.
 *
 * The caller must keep the libraries that the image imports from until these
 * threads end, too. libobcc.so itself stays, because run_note() counts as its
 * destructor. The unwinder no longer knows a released image: an exception must
 * not leave or cross its functions, even if one of its destructors would catch
 * it. */
#include "tls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "exec_memory.h"

typedef void destructor_fn(void *object);

extern int __cxa_thread_atexit_impl(destructor_fn *destructor, void *object,
                                    void *dso_handle);

struct note {
    struct note *next; /* older ones of the image */
    uint64_t thread;
    destructor_fn *destructor; /* NULL: has run */
    void *object;
    struct thread_exit *exits;
};

struct thread_exit {
    struct thread_exit *next;
    const void *base;
    struct note *notes;   /* newest first */
    size_t n_pending;     /* destructors that have not returned */
    struct image waiting; /* the released image that is to be freed after them;
                             zero: not released */
};

static struct {
    pthread_mutex_t lock;
    struct thread_exit *exits;
    uint64_t n_threads;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The thread's number; 0: none yet. (An address would not do: a new thread gets
 * the addresses of an old one.) */
static __thread uint64_t own_number __attribute__((tls_model("initial-exec")));

/* ---- Running ---- */

/* Call with the lock held. */
static void unlink_exits(struct thread_exit *exits)
{
    struct thread_exit **link = &all.exits;

    while (*link != exits)
        link = &(*link)->next;
    *link = exits->next;
}

static void free_memory(const struct image *image)
{
    tls_free(image->tls);
    exec_memory_unmap(image);
}

static void forget(struct note *note)
{
    struct note **link = &note->exits->notes;

    while (*link != note)
        link = &(*link)->next;
    *link = note->next;
}

/* Consumes the last reference to a released image. */
static void run(struct note *note)
{
    struct thread_exit *exits = note->exits;
    destructor_fn *destructor = note->destructor;
    bool is_last;

    pthread_mutex_lock(&all.lock);
    forget(note);
    note->destructor = NULL;
    pthread_mutex_unlock(&all.lock);
    destructor(note->object);
    pthread_mutex_lock(&all.lock);
    is_last = --exits->n_pending == 0 && exits->waiting.mapping;
    if (is_last)
        unlink_exits(exits);
    pthread_mutex_unlock(&all.lock);
    if (!is_last)
        return;
    free_memory(&exits->waiting);
    free(exits);
}

static void run_note(void *argument)
{
    struct note *note = argument;

    if (note->destructor)
        run(note);
    free(note);
}

static struct note *find_own(const struct thread_exit *exits)
{
    struct note *note;

    pthread_mutex_lock(&all.lock);
    note = exits->notes;
    while (note && note->thread != own_number)
        note = note->next;
    pthread_mutex_unlock(&all.lock);
    return note;
}

void thread_exit_run(struct thread_exit *exits)
{
    struct note *note;

    /* A destructor may make objects. */
    while (exits && (note = find_own(exits)))
        run(note);
}

/* ---- Noting ---- */

/* NULL: no memory, or base is not an image's. */
static struct note *take_note(const void *base, destructor_fn *destructor,
                              void *object, bool *ret_is_known)
{
    struct thread_exit *exits;
    struct note *note = NULL;

    pthread_mutex_lock(&all.lock);
    exits = all.exits;
    while (exits && exits->base != base)
        exits = exits->next;
    if (exits)
        note = malloc(sizeof(*note));
    if (note) {
        if (own_number == 0)
            own_number = ++all.n_threads;
        *note = (struct note){
            .next = exits->notes,
            .thread = own_number,
            .destructor = destructor,
            .object = object,
            .exits = exits,
        };
        exits->notes = note;
        exits->n_pending++;
    }
    pthread_mutex_unlock(&all.lock);
    *ret_is_known = exits != NULL;
    return note;
}

static void drop(struct note *note)
{
    pthread_mutex_lock(&all.lock);
    forget(note);
    note->exits->n_pending--;
    pthread_mutex_unlock(&all.lock);
    free(note);
}

/* Returns 0, or another value if the object will not be destroyed. */
static int register_destructor(destructor_fn *destructor, void *object,
                               void *dso_handle)
{
    bool is_known;
    struct note *note = take_note(dso_handle, destructor, object, &is_known);
    int failed;

    if (!is_known)
        return __cxa_thread_atexit_impl(destructor, object, dso_handle);
    if (!note)
        return -1;
    /* Any address of this library, which stays loaded until then. */
    failed = __cxa_thread_atexit_impl(run_note, note, &all);
    if (failed)
        drop(note);
    return failed;
}

void *thread_exit_find(const char *name)
{
    if (strcmp(name, "__cxa_thread_atexit") == 0 ||
        strcmp(name, "__cxa_thread_atexit_impl") == 0)
        return (void *)register_destructor;
    return NULL;
}

/* ---- Images ---- */

enum status thread_exit_create(const void *base, struct thread_exit **ret_exits,
                               struct error *err)
{
    struct thread_exit *exits = calloc(1, sizeof(*exits));

    if (!exits)
        return error_no_memory(err);
    exits->base = base;
    pthread_mutex_lock(&all.lock);
    exits->next = all.exits;
    all.exits = exits;
    pthread_mutex_unlock(&all.lock);
    *ret_exits = exits;
    return STATUS_OK;
}

void thread_exit_release(const struct image *image)
{
    struct thread_exit *exits = image->exits;
    bool is_free = true;

    if (exits) {
        pthread_mutex_lock(&all.lock);
        is_free = exits->n_pending == 0;
        if (is_free)
            unlink_exits(exits);
        else
            exits->waiting = *image;
        pthread_mutex_unlock(&all.lock);
    }
    if (!is_free)
        return;
    free_memory(image);
    free(exits);
}
