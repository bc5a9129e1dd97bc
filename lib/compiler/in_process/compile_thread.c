#include "compile_thread.h"

#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

#include "compile.h"

enum { STACK_SIZE = 16 * 1024 * 1024 };

/* Some work, and its thread. */
struct run {
    compile_work_fn work;
    compile_finish_fn finish;
    void *context;
    struct error *err; /* the caller's */
    enum status status;
    jmp_buf end;
};

static _Thread_local struct run *current;

/* ---- Errors that LLVM does not return from ---- */

static void end_run(enum status status, const char *message)
{
    current->status = error_set(current->err, status, "%s", message);
    longjmp(current->end, 1);
}

static void set_up(void)
{
    compile_on_end(end_run);
}

/* ---- The thread ---- */

static void *start(void *context)
{
    struct run *run = context;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    if (plain)
        uselocale(plain);
    fesetenv(FE_DFL_ENV);
    current = run;
    if (setjmp(run->end) == 0)
        run->status = run->work(run->context, run->err);
    if (run->finish)
        run->finish(run->context);
    if (plain) {
        uselocale(LC_GLOBAL_LOCALE);
        freelocale(plain);
    }
    return NULL;
}

/* The thread inherits the caller's mask: signals that are sent to the process
 * are for the host's threads. The caller may be a handler that interrupted
 * malloc(): an attribute with a mask would be allocated, and a new thread is
 * not while libc keeps the stack of the last one. */
static int create(pthread_t *thread, struct run *run)
{
    static const int of_thread[] = {SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
                                    SIGTRAP, SIGABRT, SIGSYS};
    sigset_t blocked, before;
    pthread_attr_t attributes;
    int result = pthread_attr_init(&attributes);

    if (result)
        return result;
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof(of_thread) / sizeof(of_thread[0]); i++)
        sigdelset(&blocked, of_thread[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    result = pthread_create(thread, &attributes, start, run);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return result;
}

enum status compile_thread_run(compile_work_fn work, compile_finish_fn finish,
                               void *context, struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct run run = {
        .work = work, .finish = finish, .context = context, .err = err};
    pthread_t thread;
    int result;

    pthread_once(&once, set_up);
    result = create(&thread, &run);
    if (result)
        return error_set_os(err, result, "compile: thread");
    pthread_join(thread, NULL);
    return run.status;
}
