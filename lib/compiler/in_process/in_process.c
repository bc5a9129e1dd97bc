/* libobcc-llvm.so: compiles in the host, for hosts that may not start
 * processes. libobcc.so opens it at the first miss, if the host asks for it
 * (BCC_JIT_IN_PROCESS).
 *
 * It makes what the compiler process makes, byte for byte, with the same code
 * (entry.h), and does without what needs processes: parts of a large module are
 * made one after another, each from a copy of the module, and BCC_TIER_AUTO
 * means the best code at once.
 *
 * A compile runs in a thread of its own: the host's may have a stack of 16 KiB,
 * and other rounding, another locale, or handlers of signals that must not run
 * on a stack that they do not know. One compile runs at a time; others wait.
 *
 * LLVM's fatal errors and exhausted memory end the compile with an error like
 * any other. What LLVM had allocated by then is lost, as nothing unwinds its
 * frames. A crash of LLVM is a crash of the host: whoever compiles bitcode of
 * unknown origin wants the compiler process. */
#include "compile_call.h"

#include <fenv.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>

#include "beat.h"
#include "entry.h"
#include "file.h"
#include "open_wall.h"
#include "prune.h"

enum { STACK_SIZE = 16 * 1024 * 1024 };

__attribute__((visibility("default"))) enum status
obcc_llvm_compile(const struct compile_call *call, struct reply *ret_reply,
                  struct error *err);

/* One call, and its thread. */
struct run {
    const struct compile_call *call;
    struct entry entry;
    struct reply reply;
    struct error err;
    enum status status;
    jmp_buf end;
};

static _Thread_local struct run *current;

/* ---- Errors that LLVM does not return from ---- */

static void end_run(enum status status, const char *message)
{
    current->status = error_set(&current->err, status, "%s", message);
    longjmp(current->end, 1);
}

/* ---- One at a time ---- */

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* In the child of a fork: the thread that had the turn is not there. */
static void forget_turn(void)
{
    pthread_mutex_init(&turn, NULL);
}

static void set_up(void)
{
    compile_on_end(end_run);
    pthread_atfork(NULL, NULL, forget_turn);
}

/* ---- The compile ---- */

/* A make_parts_fn. */
static enum status make_parts(size_t n_parts, part_fn make, void *context,
                              struct buffer *ret_out, struct error *err)
{
    for (size_t part = 0; part < n_parts; part++) {
        enum status status = make(context, part, &ret_out[part], err);

        if (status)
            return status;
        if (buffer_failed(&ret_out[part]))
            return error_no_memory(err);
    }
    return STATUS_OK;
}

/* A choose_baseline_fn. */
static bool choose_baseline(void *context, const struct module_facts *facts)
{
    const struct entry *entry = context;

    (void)facts;
    return entry->request.tier == REQUEST_TIER_BASELINE;
}

static enum status make_entry(struct run *run, struct error *err)
{
    struct entry *entry = &run->entry;
    enum status status = entry_read(entry, run->call->message, err);

    if (status == STATUS_OK)
        status = entry_open(entry, err);
    if (status)
        return status;
    indexes_begin(&entry->indexes);
    open_wall_close_here(true);
    status = entry_make(entry, &run->reply, err);
    open_wall_close_here(false);
    return status;
}

static void compile_in_thread(struct run *run)
{
    const struct compile_call *call = run->call;
    struct beat beat;

    run->entry = (struct entry){
        .limits = &compile_usual_limits,
        .input_fds = call->input_fds,
        /* Walls refuse to write to standard output. */
        .output_fd = fcntl(call->output_fd, F_DUPFD_CLOEXEC, 3),
        .dir_fd = call->dir_fd,
        .ways = {.make_parts = make_parts,
                 .choose_baseline = choose_baseline,
                 .context = &run->entry,
                 .shares_module = true},
    };
    beat_begin(&beat, call->lock_fd);
    entry_init(&run->entry);
    if (setjmp(run->end) == 0)
        run->status = make_entry(run, &run->err);
    entry_release(&run->entry);
    beat_end(&beat);
    file_close(run->entry.output_fd);
}

/* A thread's start. */
static void *start(void *context)
{
    struct run *run = context;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    if (plain)
        uselocale(plain);
    fesetenv(FE_DFL_ENV);
    current = run;
    compile_in_thread(run);
    if (plain) {
        uselocale(LC_GLOBAL_LOCALE);
        freelocale(plain);
    }
    return NULL;
}

/* Signals that are sent to the process are for the host's threads. */
static void block_signals(pthread_attr_t *attributes)
{
    static const int of_thread[] = {SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
                                    SIGTRAP, SIGABRT, SIGSYS};
    sigset_t blocked;

    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof(of_thread) / sizeof(of_thread[0]); i++)
        sigdelset(&blocked, of_thread[i]);
    pthread_attr_setsigmask_np(attributes, &blocked);
}

static enum status run_thread(struct run *run, struct error *err)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int result;

    result = pthread_attr_init(&attributes);
    if (result == 0) {
        pthread_attr_setstacksize(&attributes, STACK_SIZE);
        block_signals(&attributes);
        result = pthread_create(&thread, &attributes, start, run);
        pthread_attr_destroy(&attributes);
    }
    if (result)
        return error_set_os(err, result, "compile: thread");
    pthread_join(thread, NULL);
    if (run->status && err)
        *err = run->err;
    return run->status;
}

static enum status prune(const struct compile_call *call, struct error *err)
{
    const struct prune_options options = {.limit = call->prune_limit};
    struct prune_result result;

    return prune_directory(call->dir, &options, &result, err);
}

enum status obcc_llvm_compile(const struct compile_call *call,
                              struct reply *ret_reply, struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct run *run;
    enum status status;

    if (call->message.size == 0)
        return prune(call, err);
    run = calloc(1, sizeof(*run));
    if (!run)
        return error_no_memory(err);
    run->call = call;
    pthread_once(&once, set_up);
    pthread_mutex_lock(&turn);
    status = run_thread(run, err);
    pthread_mutex_unlock(&turn);
    if (status == STATUS_OK)
        *ret_reply = run->reply;
    free(run);
    return status;
}
