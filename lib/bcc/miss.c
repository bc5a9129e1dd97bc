/* A cache file is made: in a temporary file that becomes the entry, or in a
 * memfd where there is no cache. */
#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "compile_client.h"
#include "flight.h"
#include "reason.h"
#include "store.h"

static enum status run_compiler(struct prepare *p, int output_fd, int lock_fd,
                                int dir_fd, struct error *err)
{
    BCCScriptRef script = p->script;
    struct request_input *inputs;
    struct buffer message;
    struct reply reply = {0};
    enum status status = STATUS_OK;
    uint64_t spent = 0;
    int *fds;

    buffer_init(&message);
    inputs = calloc(script->n_sources, sizeof(*inputs));
    fds = calloc(script->n_sources, sizeof(*fds));
    if (!inputs || !fds)
        status = error_no_memory(err);
    for (size_t i = 0; status == STATUS_OK && i < script->n_sources; i++) {
        struct source *source = &script->sources[i];
        uint64_t size = 0;
        status = source_descriptor(source, &fds[i], &size, err);
        inputs[i] = (struct request_input){
            .role = source->role,
            .type = source->type,
            .skip_sha1 = source->skip_sha1,
            .name = p->file ? source_base_name(source) : source->name,
            .size = size,
            .entry = source->entry,
        };
    }
    p->request.inputs = inputs;
    p->request.n_inputs = script->n_sources;
    p->request.portable = p->file != NULL;
    if (status == STATUS_OK)
        status = request_write(&p->request, &message, err);
    if (status == STATUS_OK) {
        const struct compile_job job = {
            .name = inputs[0].name,
            .compiler_path = script->options.compiler_path,
            .message = buffer_span(&message),
            .input_fds = fds,
            .n_inputs = script->n_sources,
            .output_fd = output_fd,
            .lock_fd = lock_fd,
            .dir_fd = dir_fd,
            .time_limit_ms = script->options.time_limit_ms,
        };
        status = compile_client_run(&job, &reply, err);
    }
    prepare_end_stage(p, BCC_STAGE_PROCESS);
    /* ORDER STAGES, ORDER REPLY STAGES: the compiler's own, in order; what is
     * left is the start and end of its process. */
    for (int i = 0; i < REPLY_N_STAGES; i++) {
        script->report.stageNs[BCC_STAGE_READ + i] = reply.stage_ns[i];
        spent += reply.stage_ns[i];
    }
    if (script->report.stageNs[BCC_STAGE_PROCESS] > spent)
        script->report.stageNs[BCC_STAGE_PROCESS] -= spent;
    free(inputs);
    free(fds);
    buffer_release(&message);
    return status;
}

static enum status make_in_memory(struct prepare *p, struct error *err)
{
    enum status status;
    int fd;

    status = file_create_memory("bcc-code", (struct span){NULL, 0}, &fd, err);
    if (status)
        return status;
    status = run_compiler(p, fd, -1, -1, err);
    if (status == STATUS_OK)
        status = prepare_check_fresh(p, fd, err);
    /* From here nobody, not even the compiler's children, changes the code. */
    if (status == STATUS_OK &&
        fcntl(fd, F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        status = error_set_os(err, errno, "memfd: sealing");
    if (status == STATUS_OK)
        status = prepare_load_fresh(p, fd, "memory", err);
    file_close(fd);
    return status;
}

/* ---- With a cache ---- */

/* The entry may have been made since it was looked for. */
static bool look_again(struct prepare *p, enum status *ret_status,
                       struct error *err)
{
    BCCScriptRef script = p->script;
    struct error why = {0};
    bool is_final;

    *ret_status = prepare_hit(p, &is_final, &why);
    if (*ret_status && !is_final) {
        prepare_end_stage(p, BCC_STAGE_LOOKUP);
        return false;
    }
    script->report.cache = BCC_CACHE_HIT;
    script->report.reasonCode = REASON_NONE;
    if (*ret_status)
        *err = why;
    error_set(&why, STATUS_OK, "%s: made by another in the meantime",
              script->report.path);
    memcpy(script->report_reason, why.message, sizeof(why.message));
    return true;
}

/* Of those who miss on one entry at once, one compiles. True: *ret_status is
 * that of an entry which another has made. False: it is our turn. */
static bool wait_for_turn(struct prepare *p, struct flight *flight,
                          enum status *ret_status, struct error *err)
{
    uint32_t limit_ms = p->script->options.time_limit_ms;
    uint64_t deadline_ns = UINT64_MAX;
    bool is_ours, goes_on;

    if (limit_ms)
        deadline_ns = clock_monotonic_ns() + limit_ms * (uint64_t)1000000;
    flight_begin(flight, p->dir, p->name, buffer_span(&p->identity));
    for (goes_on = flight->fd >= 0; goes_on;) {
        /* Looked at in either case: what another publishes before we have its
         * lock, we do not compile again. */
        is_ours = flight_take(flight);
        if (look_again(p, ret_status, err))
            return true;
        if (is_ours)
            return false;
        goes_on = flight_wait(flight, deadline_ns);
        prepare_end_stage(p, BCC_STAGE_WAIT);
    }
    return false;
}

/* Could the compiler not write the file? What it made is lost then. That of
 * an input it could not read is no other error; it will be met again. */
static bool is_unwritable(const struct error *err)
{
    return err->status == STATUS_IO &&
           (err->os_errno == ENOSPC || err->os_errno == EDQUOT ||
            err->os_errno == EFBIG || err->os_errno == EIO);
}

/* The old entry stays. That is no failure where the code is to be run. */
static void report_unpublished(struct prepare *p, const struct error *why)
{
    script_log(p->script, BCC_LOG_WARN, "cache", "%s", why->message);
    p->script->report.cache = BCC_CACHE_OFF;
    p->script->report.path = "";
    p->script->report.reasonCode = reason_of_error(why);
    memcpy(p->script->report_reason, why->message, sizeof(why->message));
}

/* What is made replaces nothing that it is made from. Links are followed: the
 * same file by another name is no other file. */
static enum status check_is_no_input(struct prepare *p, struct error *err)
{
    const char *path = p->script->report_path;
    struct stat st;

    if (stat(path, &st) < 0)
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

/* *ret_unusable says that the directory takes no entry. */
static enum status make_entry(struct prepare *p, struct flight *flight,
                              bool *ret_unusable, struct error *err)
{
    struct store_writer writer;
    enum status status;

    *ret_unusable = false;
    status = check_is_no_input(p, err);
    if (status == STATUS_OK)
        status = p->file ? store_begin_file(p->file, &writer, err)
                         : store_begin(p->dir, p->name, &writer, err);
    if (status) {
        *ret_unusable = true;
        return status;
    }
    /* Beside a file of the user's is no place for more than that. */
    status = run_compiler(p, writer.fd, flight->fd,
                          p->file ? -1 : writer.dir_fd, err);
    if (status == STATUS_OK)
        status = prepare_check_fresh(p, writer.fd, err);
    *ret_unusable = status && is_unwritable(err);
    if (status)
        goto out;
    status = store_publish(&writer, err);
    flight_end(flight);
    if (status && !p->execute)
        goto out;
    if (status)
        report_unpublished(p, err);
    else
        prepare_bound_cache(p, &writer);
    status = prepare_load_fresh(p, writer.fd, p->script->report_path, err);
out:
    store_end(&writer);
    return status;
}

enum status prepare_miss(struct prepare *p, const struct error *why,
                         struct error *err)
{
    struct flight flight = {.fd = -1};
    enum status status;
    bool is_unusable;

    if (!p->dir && !p->file)
        return make_in_memory(p, err);
    prepare_set_reason(p, BCC_CACHE_MISS, why);
    /* Who asks for a rebuild wants no other's. */
    if (!p->file && !(p->flags & BCC_REBUILD) &&
        wait_for_turn(p, &flight, &status, err)) {
        flight_end(&flight);
        return status;
    }
    status = make_entry(p, &flight, &is_unusable, err);
    flight_end(&flight);
    if (!is_unusable || !p->execute)
        return status;
    prepare_set_reason(p, BCC_CACHE_OFF, err);
    return make_in_memory(p, err);
}
