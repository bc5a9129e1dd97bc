/* One request, one cache file, one reply.
 *
 * The descriptors are those of request.h. The reply is one write, the last
 * action: if it is missing, this process has died. That may happen at any time
 * inside LLVM. If LLVM reports a fatal error, or that memory is exhausted, the
 * report becomes the reply.
 *
 * This process belongs to its parent: it ends when the parent does (start.c),
 * leaves no core file in the parent's directory, and takes no more memory than
 * the request allows. If the machine runs out of memory, it is the first
 * process to be killed: its work can be repeated. */
#include "bccc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beat.h"
#include "cage.h"
#include "entry.h"
#include "later.h"
#include "candidates.h"

/* A request contains names of inputs, not their bytes. */
enum { MAX_MESSAGE_SIZE = 64 * 1024 * 1024 };

/* Best code of so many instructions takes some 30 ms; baseline code takes 2 ms,
 * and 3 more for the two processes that later make the best code (2026). */
enum { LEAST_LATER = 400, LEAST_LATER_SIZE = 4096 /* bytes of bitcode */ };

/* ---- The reply ---- */

/* Name the limit, or the machine's memory, whichever was exhausted. */
static void name_memory_limit(struct reply *reply)
{
    const size_t size = strlen(reply->message);
    struct rlimit limit;

    if (reply->status == STATUS_NO_MEMORY &&
        getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        snprintf(reply->message + size, sizeof(reply->message) - size,
                 " (limit of %llu bytes)", (unsigned long long)limit.rlim_cur);
}

static int send_reply(struct reply *reply)
{
    ssize_t sent;

    name_memory_limit(reply);

    do
        sent = pwrite(REQUEST_REPLY_FD, reply, sizeof(*reply), 0);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)sizeof(*reply) && reply->status == STATUS_OK ? 0
                                                                         : 1;
}

_Noreturn static void die(enum status status, const char *message)
{
    struct reply reply = {.magic = REPLY_MAGIC, .status = status};

    snprintf(reply.message, sizeof(reply.message), "%s", message);
    send_reply(&reply);
    _exit(1);
}

/* ---- This process ---- */

/* Make this process the first that the kernel kills when memory runs out. */
static void offer_to_die(void)
{
    static const char most[] = "1000";
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    /* Without /proc the process has the usual score. */
    if (fd >= 0 && write(fd, most, sizeof(most) - 1) < 0)
        errno = 0;
    file_close(fd);
}

static void restrain_process(void)
{
    const struct rlimit no_core = {0, 0};

    /* A host may limit the size of files. Exceeding it must be an error, not a
     * signal. */
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_CORE, &no_core);
    offer_to_die();
}

static enum status limit_memory(const struct request *request,
                                struct error *err)
{
    struct rlimit limit;

    /* A sanitizer's shadow memory takes terabytes of address space. */
    if (BCC_IS_SANITIZED)
        return STATUS_OK;
    /* A lower hard limit of the host stays in force. */
    if (getrlimit(RLIMIT_AS, &limit) == 0 &&
        request->limit_memory < limit.rlim_max)
        limit.rlim_max = request->limit_memory;
    limit.rlim_cur = limit.rlim_max;
    if (request->limit_memory && setrlimit(RLIMIT_AS, &limit) < 0)
        return error_set_os(err, errno, "compile: memory limit of %llu bytes",
                            (unsigned long long)request->limit_memory);
    return STATUS_OK;
}

/* ---- The request ---- */

struct job {
    struct entry entry;
    struct missing missing;
    struct later later; /* the best code after the baseline code */
    bool has_chosen, is_baseline;
    struct reply reply;
};

static enum status read_message(struct arena *arena, struct span *ret_message,
                                struct error *err)
{
    enum status status;
    struct stat st;
    uint8_t *data;
    size_t size;

    if (fstat(REQUEST_FD, &st) < 0)
        return error_set_os(err, errno, "bccc: descriptor %d", REQUEST_FD);
    if (st.st_size < 0 || st.st_size > MAX_MESSAGE_SIZE)
        return error_set(err, STATUS_CORRUPT, "bccc: request of %lld bytes",
                         (long long)st.st_size);
    data = arena_alloc(arena, (size_t)st.st_size + 1, 1);
    if (!data)
        return error_no_memory(err);
    status =
        file_read_at(REQUEST_FD, (struct file_target){data, (size_t)st.st_size},
                     0, "request", &size, err);
    if (status == STATUS_OK)
        *ret_message = (struct span){data, size};
    return status;
}

static enum status read_request(struct entry *entry, struct error *err)
{
    struct span message;
    enum status status = read_message(&entry->arena, &message, err);

    return status ? status : entry_read(entry, message, err);
}

/* ---- All of it ---- */

/* Called again if a compile starts again. */
static bool choose_baseline(void *context, const struct module_facts *facts)
{
    struct job *job = context;

    if (job->has_chosen || job->entry.request.tier != REQUEST_TIER_AUTO)
        return job->is_baseline;
    job->has_chosen = true;
    if (!job->later.is_begun)
        return false;
    if (facts->is_inexact || facts->n_instructions < LEAST_LATER) {
        later_end(&job->later);
        return false;
    }
    inputs_finish_hashing(&job->entry.inputs);
    job->is_baseline = !later_branch(&job->later);
    if (!job->is_baseline)
        indexes_leave(&job->entry.indexes);
    return job->is_baseline;
}

static size_t inputs_size(const struct inputs *inputs)
{
    size_t size = 0;

    for (size_t i = 0; i < inputs->n_inputs; i++)
        size += inputs->bytes[i].size;
    return size;
}

static void begin_later(struct job *job)
{
    struct entry *entry = &job->entry;
    const enum request_tier tier = entry->request.tier;
    const struct span identity = {entry->message.data, entry->identity_size};

    job->is_baseline = tier == REQUEST_TIER_BASELINE;
    if ((tier == REQUEST_TIER_AUTO &&
         inputs_size(&entry->inputs) >= LEAST_LATER_SIZE) ||
        tier == REQUEST_TIER_LATER)
        later_begin(&job->later, &entry->request, identity, &entry->inputs);
    if (tier != REQUEST_TIER_LATER)
        return;
    if (!job->later.is_begun)
        _exit(1);
    inputs_finish_hashing(&entry->inputs);
    later_follow(&job->later);
}

/* Open everything: after this no file is opened. */
static enum status open_all(struct job *job, struct error *err)
{
    struct entry *entry = &job->entry;
    enum status status = entry_open(entry, err);

    if (status)
        return status;
    missing_open(&job->missing, &entry->request, &entry->candidates,
                 &entry->arena);
    entry->ways.asker = missing_asker(&job->missing);
    begin_later(job);
    /* No file is named any more, and this process must not keep a file system
     * mounted. */
    if (chdir("/") < 0)
        return error_set_os(err, errno, "/");
    cage_close(indexes_begin(&job->entry.indexes) ? REQUEST_DIR_FD : -1);
    return STATUS_OK;
}

static enum status run_job(struct job *job, struct error *err)
{
    struct entry *entry = &job->entry;
    enum status status;

    status = read_request(entry, err);
    if (status)
        return status;
    status = limit_memory(&entry->request, err);
    if (status)
        return status;
    status = open_all(job, err);
    return status ? status : entry_make(entry, &job->reply, err);
}

_Noreturn void serve_request(const struct compile_limits *limits)
{
    int input_fds[REQUEST_MAX_INPUTS];
    struct job job = {
        .entry = {.limits = limits,
                  .input_fds = input_fds,
                  .output_fd = REQUEST_OUTPUT_FD,
                  .dir_fd = REQUEST_DIR_FD,
                  .ways = {.make_parts = parts_make,
                           .choose_baseline = choose_baseline,
                           .context = &job}},
        .reply.magic = REPLY_MAGIC,
    };
    struct error err = {0};
    struct beat beat;

    for (int i = 0; i < REQUEST_MAX_INPUTS; i++)
        input_fds[i] = REQUEST_FIRST_INPUT_FD + i;
    restrain_process();
    beat_begin(&beat, REQUEST_LOCK_FD);
    compile_on_end(die);
    entry_init(&job.entry);
    job.reply.status = run_job(&job, &err);
    indexes_end(&job.entry.indexes);
    if (job.reply.status) {
        job.reply.os_errno = err.os_errno;
        memcpy(job.reply.message, err.message, sizeof(err.message));
    }
    /* Nothing is freed: for a megabyte of bitcode that takes 0.1 s. */
    _exit(send_reply(&job.reply));
}
