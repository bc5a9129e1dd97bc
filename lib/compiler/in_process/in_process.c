/* libobcc-llvm.so: compiles in the host, for hosts that may not start
 * processes. libobcc.so opens it at the first miss, if the host asks for it
 * (BCC_JIT_IN_PROCESS).
 *
 * It makes what the compiler process makes, byte for byte, with the same code
 * (entry.h), and does without what needs processes: parts of a large module are
 * made one after another, each from a copy of the module, and BCC_TIER_AUTO
 * means the best code at once.
 *
 * Or it makes the root of code that is compiled in pieces (lazy.h), and goes on
 * to make the pieces.
 *
 * A compile runs in a thread of its own (compile_thread.h). One runs at a time;
 * others wait.
 *
 * LLVM's fatal errors and exhausted memory end the compile with an error like
 * any other. What LLVM had allocated by then is lost, as nothing unwinds its
 * frames. A crash of LLVM is a crash of the host: whoever compiles bitcode of
 * unknown origin wants the compiler process. */
#include "request.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>

#include "beat.h"
#include "compile_thread.h"
#include "entry.h"
#include "file.h"
#include "lazy.h"
#include "open_wall.h"
#include "prune.h"

__attribute__((visibility("default"))) enum status
obcc_llvm_compile(const struct compile_call *call, struct reply *ret_reply,
                  struct error *err);

/* One call. */
struct run {
    const struct compile_call *call;
    struct lazy *lazy; /* whose root is made, or NULL */
    struct beat beat;
    struct entry entry;
    struct reply reply;
};

/* ---- One at a time ---- */

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* In the child of a fork: the thread that had the turn is not there. */
static void forget_turn(void)
{
    pthread_mutex_init(&turn, NULL);
}

static void set_up(void)
{
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
    const struct run *run = context;

    (void)facts;
    return run->call->lazy || run->entry.request.tier == REQUEST_TIER_BASELINE;
}

/* A compile_work_fn. */
static enum status make_entry(void *context, struct error *err)
{
    struct run *run = context;
    struct entry *entry = &run->entry;
    enum status status;

    beat_begin(&run->beat, run->call->lock_fd);
    entry_init(entry);
    status = entry_read(entry, run->call->message, err);
    if (status == STATUS_OK)
        status = entry_open(entry, err);
    if (status)
        return status;
    indexes_begin(&entry->indexes);
    open_wall_close_here(true);
    status = entry_make(entry, &run->reply, err);
    open_wall_close_here(false);
    if (status == STATUS_OK && run->lazy)
        status =
            lazy_keep(run->lazy, entry->inputs.bytes[0], &entry->result, err);
    return status;
}

/* A compile_finish_fn. */
static void finish(void *context)
{
    struct run *run = context;

    entry_release(&run->entry);
    beat_end(&run->beat);
    file_close(run->entry.output_fd);
}

/* lazy: NULL: all code at once. */
static enum status run_entry(const struct compile_call *call, struct lazy *lazy,
                             struct reply *ret_reply, struct error *err)
{
    struct run *run = calloc(1, sizeof(*run));
    enum status status;

    if (!run)
        return error_no_memory(err);
    run->call = call;
    run->lazy = lazy;
    run->entry = (struct entry){
        .limits = &compile_usual_limits,
        .input_fds = call->input_fds,
        /* Walls refuse to write to standard output. */
        .output_fd = fcntl(call->output_fd, F_DUPFD_CLOEXEC, 3),
        .dir_fd = call->dir_fd,
        .ways = {.make_parts = make_parts,
                 .choose_baseline = choose_baseline,
                 .context = run,
                 .shares_module = true,
                 .cut = lazy ? lazy_root(lazy) : NULL},
    };
    pthread_mutex_lock(&turn);
    status = compile_thread_run(make_entry, finish, run, err);
    pthread_mutex_unlock(&turn);
    if (status == STATUS_OK)
        *ret_reply = run->reply;
    free(run);
    return status;
}

static void release(void *lazy)
{
    lazy_free(lazy);
}

/* What is not cut is compiled as a whole, to baseline code, which is no worse
 * than pieces are. */
static enum status run_lazily(const struct compile_call *call,
                              struct reply *ret_reply, struct error *err)
{
    enum status status;
    struct lazy *lazy;

    lazy_free(call->lazy->code); /* of a prepare that failed */
    call->lazy->code = NULL;
    status = lazy_create(call, &lazy, err);
    if (status)
        return status;
    status = run_entry(call, lazy, ret_reply, err);
    if (status == STATUS_OK) {
        call->lazy->code = lazy;
        call->lazy->release = release;
        return STATUS_OK;
    }
    if (!lazy_root(lazy)->refusal) {
        lazy_free(lazy);
        return status;
    }
    if (call->lazy->log)
        call->lazy->log(call->lazy->log_context, COMPILE_LOG_DEBUG, "compile",
                        err->message);
    lazy_free(lazy);
    return run_entry(call, NULL, ret_reply, err);
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

    if (call->message.size == 0)
        return prune(call, err);
    pthread_once(&once, set_up);
    return call->lazy ? run_lazily(call, ret_reply, err)
                      : run_entry(call, NULL, ret_reply, err);
}
