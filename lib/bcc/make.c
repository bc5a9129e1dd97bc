/* The compiler makes an entry: in a temporary file that becomes the entry, or
 * in a memfd if there is no cache. Its output is checked before it replaces
 * anything. */
#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compile_client.h"
#include "flight.h"
#include "prune.h"
#include "store.h"

/* ---- The compiler ---- */

struct outlet {
    int fd;      /* the file to write */
    int lock_fd; /* the lock that must beat, or -1 */
    int dir_fd;  /* directory for indexes of libraries, or -1 */
};

static enum status collect_inputs(struct prepare *p,
                                  struct request_input *inputs, int *fds,
                                  struct error *err)
{
    BCCScriptRef script = p->script;

    for (size_t i = 0; i < script->n_sources; i++) {
        struct source *source = &script->sources[i];
        uint64_t size = 0;
        enum status status = source_descriptor(source, &fds[i], &size, err);

        if (status)
            return status;
        inputs[i] = (struct request_input){
            .role = source->role,
            .type = source->type,
            .skip_sha1 = source->skip_sha1,
            .name = p->file ? source_base_name(source) : source->name,
            .size = size,
            .entry = source->entry,
        };
    }
    return STATUS_OK;
}

static enum status run_job(BCCScriptRef script, const struct compile_job *job,
                           struct reply *reply, struct error *err)
{
    if (!reply)
        return compile_client_later(job, err);
    return script->options.jit
               ? compile_client_call(job->compiler_path, &job->call, reply, err)
               : compile_client_run(job, reply, err);
}

/* reply: NULL: a compile in the background, which is only started. */
static enum status send_request(struct prepare *p,
                                const struct request_input *inputs,
                                const int *fds, const struct outlet *outlet,
                                struct reply *reply, struct error *err)
{
    BCCScriptRef script = p->script;
    struct request request = p->request;
    struct buffer message;
    enum status status;

    request.inputs = inputs;
    request.n_inputs = script->n_sources;
    request.portable = p->file != NULL;
    if (!reply)
        request.tier = REQUEST_TIER_LATER;
    buffer_init(&message);
    status = request_write(&request, &message, err);
    if (status == STATUS_OK) {
        const struct compile_job job = {
            .name = inputs[0].name,
            .compiler_path = script->options.compiler_path,
            .call =
                {
                    .message = buffer_span(&message),
                    .input_fds = fds,
                    .output_fd = outlet->fd,
                    .lock_fd = outlet->lock_fd,
                    .dir_fd = outlet->dir_fd,
                    .lazy = p->is_lazy ? &script->lazy : NULL,
                },
            .n_inputs = script->n_sources,
            .time_limit_ms = script->options.time_limit_ms,
        };
        status = run_job(script, &job, reply, err);
    }
    buffer_release(&message);
    return status;
}

/* ORDER STAGES, ORDER REPLY STAGES: the compiler's own stages, in order; the
 * rest of the time is the start and end of its process. */
static void report_compiler(BCCScriptRef script, const struct reply *reply)
{
    uint64_t *stages = script->report.stageNs, spent = 0;

    report_stage(script, BCC_STAGE_PROCESS);
    for (int i = 0; i < REPLY_N_STAGES; i++) {
        stages[BCC_STAGE_READ + i] = reply->stage_ns[i];
        spent += reply->stage_ns[i];
    }
    if (stages[BCC_STAGE_PROCESS] > spent)
        stages[BCC_STAGE_PROCESS] -= spent;
}

static enum status call_compiler(struct prepare *p, const struct outlet *outlet,
                                 struct reply *reply, struct error *err)
{
    const size_t n = p->script->n_sources;
    struct request_input *inputs = calloc(n, sizeof(*inputs));
    int *fds = calloc(n, sizeof(*fds));
    enum status status;

    status = inputs && fds ? collect_inputs(p, inputs, fds, err)
                           : error_no_memory(err);
    if (status == STATUS_OK)
        status = send_request(p, inputs, fds, outlet, reply, err);
    free(inputs);
    free(fds);
    return status;
}

static enum status run_compiler(struct prepare *p, const struct outlet *outlet,
                                struct error *err)
{
    struct reply reply = {0};
    enum status status = call_compiler(p, outlet, &reply, err);

    report_compiler(p->script, &reply);
    return status;
}

void make_later(struct prepare *p)
{
    struct flight flight;
    struct error ignored;
    int dir_fd = -1;

    flight_begin(&flight, p->dir, p->name, buffer_span(&p->script->identity));
    /* In this order: the best code is there before its lock ends. */
    if (flight.fd >= 0 && !flight_later_is_on(&flight) &&
        !flight_is_on(&flight) && !is_replaced(p->script))
        dir_fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    flight_end(&flight);
    if (dir_fd >= 0 &&
        call_compiler(p, &(struct outlet){-1, -1, dir_fd}, NULL, &ignored))
        script_log(p->script, BCC_LOG_DEBUG, "compile",
                   "best code not begun: %s", ignored.message);
    file_close(dir_fd);
}

/* ---- What it wrote ---- */

/* Admit a file that was just made, before it replaces a good entry. name: the
 * code's name in messages from here on. */
static enum status admit_made(struct prepare *p, struct found *found,
                              const char *name, struct error *err)
{
    struct error why = {0};
    enum status status;

    found->name = "what the compiler wrote";
    found->origin = FOUND_MADE;
    if (fstat(found->fd, &found->st) < 0)
        return error_set_os(err, errno, "%s: fstat", name);
    status = admit(p, found, &why);
    if (status == STATUS_NO_MEMORY || status == STATUS_IO ||
        why.reason == REASON_MACHINE || why.reason == REASON_HOST_CPU)
        *err = why;
    else if (status)
        status = error_set(err, STATUS_COMPILE, "%s", why.message);
    found->name = found->source.name = name;
    return status;
}

enum status make_in_memory(struct prepare *p, struct found *ret_found,
                           struct error *err)
{
    struct outlet outlet = {-1, -1, -1};
    enum status status;

    *ret_found = (struct found){.fd = -1};
    status =
        file_create_memory("bcc-code", (struct span){NULL, 0}, &outlet.fd, err);
    if (status)
        return status;
    ret_found->fd = outlet.fd;
    status = run_compiler(p, &outlet, err);
    /* From here nobody can change the code, not even the compiler's
     * children. */
    if (status == STATUS_OK &&
        fcntl(outlet.fd, F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        status = error_set_os(err, errno, "memfd: sealing");
    return status ? status : admit_made(p, ret_found, "memory", err);
}

/* ---- In a directory ---- */

static uint64_t limit_of(BCCScriptRef script)
{
    const char *text = secure_getenv("BCC_CACHE_SIZE");
    uint64_t limit = PRUNE_DEFAULT_LIMIT;

    if (script->options.cache_size_limit)
        return script->options.cache_size_limit;
    if (script->host.cacheSizeLimit)
        return script->host.cacheSizeLimit(script->host.context);
    if (text && !prune_parse_limit(text, &limit))
        script_log(script, BCC_LOG_WARN, "cache",
                   "BCC_CACHE_SIZE=%s: not a size", text);
    return limit;
}

static enum status start_prune(const struct prepare *p, uint64_t limit,
                               struct error *err)
{
    const struct script_options *options = &p->script->options;
    const struct compile_call call = {.dir = p->dir, .prune_limit = limit};

    return options->jit
               ? compile_client_call(options->compiler_path, &call, NULL, err)
               : compile_client_prune(options->compiler_path, p->dir, limit,
                                      err);
}

/* Is the directory too large now? The check takes some microseconds; another
 * process does the pruning, if the host may start one. */
static void prune_if_large(struct prepare *p, const struct store_writer *writer)
{
    BCCScriptRef script = p->script;
    uint64_t limit = limit_of(script);
    struct error err;
    struct stat st;

    if (!p->dir || fstat(writer->fd, &st) < 0 ||
        !prune_note_entry(writer->dir_fd, (uint64_t)st.st_blocks * 512, limit))
        return;
    script_log(script, BCC_LOG_DEBUG, "cache",
               "%s: above its limit of %llu bytes, oldest entries go", p->dir,
               (unsigned long long)limit);
    if (start_prune(p, limit, &err))
        script_log(script, BCC_LOG_WARN, "cache", "%s: cannot be pruned: %s",
                   p->dir, err.message);
}

/* Is the error that the compiler could not write the file? Then its result is
 * lost. If it could not read an input, the next try will report that again. */
static bool is_unwritable(const struct error *err)
{
    return err->status == STATUS_IO &&
           (err->os_errno == ENOSPC || err->os_errno == EDQUOT ||
            err->os_errno == EFBIG || err->os_errno == EIO);
}

/* The output must not replace an input. stat() follows links, because the same
 * file may have several names. */
static enum status check_is_no_input(struct prepare *p, struct error *err)
{
    const char *path = p->script->report_path;
    struct stat st;

    if (fstatat(AT_FDCWD, path, &st, 0) < 0)
        return STATUS_OK;
    for (size_t i = 0; i < p->script->n_sources; i++) {
        struct source *source = &p->script->sources[i];
        const struct file_stamp *stamp = source_stamp(source);

        if (stamp && stamp->device == st.st_dev && stamp->inode == st.st_ino)
            return error_set(
                err, STATUS_MISUSE,
                "%s: is the input '%s', which would be overwritten", path,
                source->name);
    }
    return STATUS_OK;
}

static enum status begin(struct prepare *p, struct store_writer *writer,
                         struct error *err)
{
    enum status status = check_is_no_input(p, err);

    if (status)
        return status;
    return p->file ? store_begin_file(p->file, writer, err)
                   : store_begin(p->dir, p->name, writer, err);
}

static enum status publish(struct prepare *p, struct store_writer *writer,
                           struct flight *flight, struct error *err)
{
    enum status status = store_publish(writer, err);

    flight_end(flight); /* waiters need not wait for the rest */
    if (status == STATUS_OK)
        prune_if_large(p, writer);
    if (status == STATUS_OK || !p->execute)
        return status;
    /* The old entry stays. That is no failure if the code will run. */
    report_reason(p->script, BCC_CACHE_OFF, err);
    return STATUS_OK;
}

enum status make_in_directory(struct prepare *p, struct flight *flight,
                              struct found *ret_found, bool *ret_unusable,
                              struct error *err)
{
    struct store_writer writer;
    enum status status;

    *ret_found = (struct found){.fd = -1};
    status = begin(p, &writer, err);
    *ret_unusable = status != STATUS_OK;
    if (status)
        return status;
    /* Write no index next to a file that the user named. */
    status = run_compiler(
        p,
        &(struct outlet){writer.fd, flight->fd, p->file ? -1 : writer.dir_fd},
        err);
    ret_found->fd = writer.fd;
    if (status == STATUS_OK)
        status = admit_made(p, ret_found, p->script->report_path, err);
    *ret_unusable = status && is_unwritable(err);
    if (status == STATUS_OK)
        status = publish(p, &writer, flight, err);
    /* ret_found owns the descriptor now. */
    writer.fd = -1;
    store_end(&writer);
    return status;
}
