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

#include "cage.h"
#include "candidates.h"
#include "clock.h"
#include "compile.h"
#include "indexes.h"
#include "inputs.h"
#include "later.h"
#include "load_check.h"
#include "missing.h"
#include "machine.h"
#include "needed.h"
#include "parts.h"
#include "uses.h"
#include "version.h"

/* A request contains names of inputs, not their bytes. */
enum { MAX_MESSAGE_SIZE = 64 * 1024 * 1024 };

/* Best code of so many instructions takes some 30 ms, baseline code 2, and 3
 * more for what the best code later takes: two processes (2026). */
enum { LEAST_LATER = 400, LEAST_LATER_SIZE = 4096 /* bytes of bitcode */ };

/* ---- The reply ---- */

/* Says whether the limit or the machine's memory was exhausted. */
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

/* Make this process the kernel's first choice when memory runs out. */
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
    const struct compile_limits *limits;
    struct arena arena;
    struct span message;
    size_t identity_size;
    struct request request;
    struct inputs inputs;
    struct indexes indexes;
    struct candidates candidates;
    struct compile_result result;
    struct needed needed;
    struct buffer file;
    struct missing missing;
    struct later later; /* the best code after the baseline code */
    bool has_chosen, is_baseline;
    struct reply reply;
};

static enum status read_request(struct job *job, struct error *err)
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
    data = arena_alloc(&job->arena, (size_t)st.st_size + 1, 1);
    if (!data)
        return error_no_memory(err);
    status =
        file_read_at(REQUEST_FD, (struct file_target){data, (size_t)st.st_size},
                     0, "request", &size, err);
    if (status)
        return status;
    job->message = (struct span){data, size};
    return request_parse(job->message, &job->arena, &job->request,
                         &job->identity_size, err);
}

/* The entry records its creator in the requester's words. */
static enum status check_versions(const struct request *request,
                                  struct error *err)
{
    const char *llvm = llvm_identity(machine_of_triple(request->triple));

    if (strcmp(request->libbcc_version, BCC_VERSION_STRING) != 0 ||
        strcmp(request->llvm_version, llvm) != 0)
        return error_set(err, STATUS_UNSUPPORTED,
                         "bccc %s with LLVM %s: asked by libbcc %s for LLVM %s",
                         BCC_VERSION_STRING, llvm, request->libbcc_version,
                         request->llvm_version);
    return STATUS_OK;
}

/* ---- The cache file ---- */

static struct cache_symbol *
copy_symbols(struct arena *arena, const struct link_symbol *symbols, size_t n)
{
    struct cache_symbol *rows = arena_alloc(arena, n + 1, sizeof(*rows));

    for (size_t i = 0; rows && i < n; i++)
        rows[i] = (struct cache_symbol){
            .name = symbols[i].name,
            .address = symbols[i].address,
            .size = symbols[i].size,
        };
    return rows;
}

static struct cache_import *copy_imports(const struct job *job,
                                         struct arena *arena)
{
    const struct compile_result *result = &job->result;
    const struct link_result *link = &result->link;
    struct cache_import *rows =
        arena_alloc(arena, link->n_imports + 1, sizeof(*rows));

    for (size_t i = 0; rows && i < link->n_imports; i++)
        rows[i] = (struct cache_import){
            .name = link->imports[i].name,
            .flags = (link->imports[i].weak ? OBCC_IMPORT_WEAK : 0) |
                     (link->imports[i].function ? OBCC_IMPORT_FUNCTION : 0),
            .user = result->import_users[i],
            .library = job->needed.of_import[i],
        };
    return rows;
}

static void fill_contents(const struct job *job,
                          struct cache_contents *contents)
{
    const struct compile_result *result = &job->result;
    const struct link_result *link = &result->link;
    const struct script_exports *exports = &result->exports;

    *contents = (struct cache_contents){
        .sizeof_off_t = 8, /* files may have any size on all systems today */
        .sizeof_size_t = (uint8_t)link->machine->address_size,
        .sizeof_ptr_t = (uint8_t)link->machine->address_size,
        .machine = link->machine->elf_machine,
        .context_align = link->machine->page_size,
        .image_span = link->span,
        .image_align = link->align,
        .text_span = link->text_span,
        .tier = result->is_baseline ? OBCC_TIER_BASELINE : OBCC_TIER_BEST,
        .cpu_features = result->cpu_features,
        .identity = {job->message.data, job->identity_size},
        .n_dependencies = job->inputs.n_inputs,
        .n_imports = link->n_imports,
        .export_vars = exports->vars,
        .n_export_vars = exports->n_vars,
        .export_funcs = exports->funcs,
        .n_export_funcs = exports->n_funcs,
        .export_foreachs = exports->foreachs,
        .n_export_foreachs = exports->n_foreachs,
        .pragmas = exports->pragmas,
        .n_pragmas = exports->n_pragmas,
        .functions = result->functions,
        .n_functions = result->n_functions,
        .n_funcs = link->n_functions,
        .n_vars = link->n_objects,
        .object_slots = exports->object_slots,
        .n_object_slots = exports->n_object_slots,
        .needed = job->needed.library,
        .n_needed = job->needed.n_libraries,
        .context = buffer_span(&link->image),
        .debug = buffer_span(&link->debug),
    };
}

static enum status write_file(struct job *job, struct error *err)
{
    const struct link_result *link = &job->result.link;
    struct cache_dependency *dependencies =
        arena_alloc(&job->arena, job->inputs.n_inputs, sizeof(*dependencies));
    struct cache_contents contents;
    enum status status;

    fill_contents(job, &contents);
    contents.dependencies = dependencies;
    contents.imports = copy_imports(job, &job->arena);
    contents.funcs =
        copy_symbols(&job->arena, link->functions, link->n_functions);
    contents.vars = copy_symbols(&job->arena, link->objects, link->n_objects);
    if (!dependencies || !contents.imports || !contents.funcs || !contents.vars)
        return error_no_memory(err);
    status = inputs_settle(&job->inputs, dependencies, err);
    if (status)
        return status;
    status = cache_write(&contents, &job->file, err);
    if (status)
        return status;
    status = file_write_all(REQUEST_OUTPUT_FD, buffer_span(&job->file),
                            "cache file", err);
    if (status)
        return status;
    /* The host syncs the file before it publishes it. Done here, the sync
     * happens while the lock beats: a disk may take longer than waiters are
     * patient. */
    return file_sync(REQUEST_OUTPUT_FD, "cache file", err);
}

/* ---- The image ---- */

/* An image that no launch could load is refused here, where the message can
 * name the input. */
static enum status check_image(const struct job *job, struct error *err)
{
    const struct link_result *link = &job->result.link;
    const struct load_check_image image = {
        .name = job->request.inputs[0].name,
        .bytes = buffer_span(&link->image),
        .span = link->span,
        .text_span = link->text_span,
    };
    struct error why;

    /* The loader in this process is for this machine only. */
    if (link->machine->elf_machine != machine_host()->elf_machine ||
        load_check(&image, &why) == STATUS_OK)
        return STATUS_OK;
    return error_set(err, STATUS_UNSUPPORTED, "%s", why.message);
}

/* ---- All of it ---- */

/* Asked again where a compile begins anew. */
static bool choose_baseline(void *context, const struct module_facts *facts)
{
    struct job *job = context;

    if (job->has_chosen || job->request.tier != REQUEST_TIER_AUTO)
        return job->is_baseline;
    job->has_chosen = true;
    if (!job->later.is_begun || facts->is_inexact ||
        facts->n_instructions < LEAST_LATER)
        return false;
    inputs_finish_hashing(&job->inputs);
    job->is_baseline = !later_branch(&job->later);
    if (!job->is_baseline)
        indexes_leave(&job->indexes);
    return job->is_baseline;
}

static enum status compile_inputs(struct job *job, struct error *err)
{
    struct compile_job compile_job = {
        .request = &job->request,
        .inputs = job->inputs.bytes,
        .indexes = job->indexes.index,
        .limits = job->limits,
        .make_parts = parts_make,
        .choose_baseline = choose_baseline,
        .context = job,
        .asker = missing_asker(&job->missing),
    };
    enum status status;

    status = compile(&compile_job, &job->result, err);
    inputs_finish_hashing(&job->inputs);
    if (status == STATUS_OK || !indexes_are_used(&job->indexes))
        return status;
    /* A defect of an index must not fail a compile. */
    indexes_forget(&job->indexes);
    return compile(&compile_job, &job->result, err);
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
    const enum request_tier tier = job->request.tier;
    const struct span identity = {job->message.data, job->identity_size};

    job->is_baseline = tier == REQUEST_TIER_BASELINE;
    if ((tier == REQUEST_TIER_AUTO &&
         inputs_size(&job->inputs) >= LEAST_LATER_SIZE) ||
        tier == REQUEST_TIER_LATER)
        later_begin(&job->later, &job->request, identity);
    if (tier != REQUEST_TIER_LATER)
        return;
    if (!job->later.is_begun)
        _exit(1);
    inputs_finish_hashing(&job->inputs);
    later_follow(&job->later);
}

/* Open every file that has a name. After this nothing is opened. */
static enum status open_all(struct job *job, struct error *err)
{
    const struct request *request = &job->request;
    enum status status;

    status = inputs_open(&job->inputs, request, &job->arena, err);
    if (status)
        return status;
    status = candidates_open(request, &job->arena, &job->candidates, err);
    if (status)
        return status;
    missing_open(&job->missing, request, &job->candidates, &job->arena);
    job->indexes.library_size = job->limits->library_size;
    status =
        indexes_open(&job->indexes, request, &job->inputs, &job->arena, err);
    if (status)
        return status;
    begin_later(job);
    /* No file is named any more, and a mounted one need not stay. */
    if (chdir("/") < 0)
        return error_set_os(err, errno, "/");
    cage_close(indexes_begin(&job->indexes) ? REQUEST_DIR_FD : -1);
    return STATUS_OK;
}

static enum status run_job(struct job *job, struct error *err)
{
    enum status status;
    uint64_t start;

    status = read_request(job, err);
    if (status)
        return status;
    status = check_versions(&job->request, err);
    if (status)
        return status;
    status = limit_memory(&job->request, err);
    if (status)
        return status;
    status = open_all(job, err);
    if (status == STATUS_OK)
        status = uses_find(&job->request, &job->candidates, &job->arena, err);
    if (status == STATUS_OK)
        status = compile_inputs(job, err);
    if (status)
        return status;
    job->reply.tier =
        job->result.is_baseline ? OBCC_TIER_BASELINE : OBCC_TIER_BEST;
    memcpy(job->reply.stage_ns, job->result.stage_ns,
           sizeof(job->reply.stage_ns));
    start = clock_monotonic_ns();
    status = check_image(job, err);
    if (status == STATUS_OK)
        status = needed_find(&job->candidates, &job->result.link,
                             job->request.inputs[0].name, &job->arena,
                             &job->needed, err);
    if (status == STATUS_OK)
        status = write_file(job, err);
    if (status == STATUS_OK)
        indexes_publish(&job->indexes, &job->inputs);
    job->reply.stage_ns[REPLY_WRITE] = clock_monotonic_ns() - start;
    return status;
}

_Noreturn void serve_request(const struct compile_limits *limits)
{
    struct job job = {.limits = limits, .reply.magic = REPLY_MAGIC};
    struct error err = {0};

    restrain_process();
    start_beat();
    compile_on_end(die);
    arena_init(&job.arena);
    buffer_init(&job.file);
    job.reply.status = run_job(&job, &err);
    indexes_end(&job.indexes);
    if (job.reply.status) {
        job.reply.os_errno = err.os_errno;
        memcpy(job.reply.message, err.message, sizeof(err.message));
    }
    /* Nothing is freed: for a megabyte of bitcode that takes 0.1 s. */
    _exit(send_reply(&job.reply));
}
