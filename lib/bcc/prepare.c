/* Prepare: the one path from a cache file to code.
 *
 *   hit     find the entry -> check it -> map, bind, relocate -> constructors
 *   miss    run the compiler into a temporary file -> publish it -> as a hit,
 *           from the descriptor that is already open
 *   no cache  the same with a memfd in place of the file
 *
 * Whatever is wrong with an entry is a reason to compile, not an error. Only
 * what a fresh compile could not mend ends the prepare: symbols that nobody
 * defines, code that this build cannot load. */
#include "script.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <dlfcn.h>

#include "compile_client.h"
#include "cpu_features.h"
#include "dependency.h"
#include "store.h"
#include "support_routines.h"
#include "version.h"

#if defined(__x86_64__)
#define HOST_TRIPLE  "x86_64-pc-linux-gnu"
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_TRIPLE  "aarch64-unknown-linux-gnu"
#define HOST_MACHINE EM_AARCH64
#elif defined(__arm__) && defined(__ARM_PCS_VFP)
#define HOST_TRIPLE  "armv7-unknown-linux-gnueabihf"
#define HOST_MACHINE EM_ARM
#elif defined(__arm__)
#define HOST_TRIPLE  "armv7-unknown-linux-gnueabi"
#define HOST_MACHINE EM_ARM
#else
#error "no triple for this machine"
#endif

/* One prepare under way. */
struct prepare {
    BCCScriptRef script;
    unsigned long flags;
    bool execute; /* load what was found or made */
    const char *dir;  /* NULL: no cache */
    const char *name; /* of the entry in dir */
    struct request request;
    struct buffer identity;
    uint64_t mark_ns; /* end of the stage before */
};

/* An open cache file. */
struct entry {
    int fd;
    uint64_t size;
    const char *name; /* for messages */
};

/* ---- Time ---- */

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void end_stage(struct prepare *p, int stage)
{
    uint64_t now = now_ns();

    p->script->report.stageNs[stage] += now - p->mark_ns;
    p->mark_ns = now;
}

/* ---- Is the entry the answer to this request? ---- */

/* Name the first line of the identity in which the two differ. */
static enum status say_what_differs(const char *name, struct span has,
                                    struct span wants, struct error *err)
{
    size_t line = 0, i = 0;
    int has_size, wants_size;

    while (i < has.size && i < wants.size && has.data[i] == wants.data[i]) {
        if (has.data[i] == '\n')
            line = i + 1;
        i++;
    }
    has_size = (int)strcspn((const char *)has.data + line, "\n");
    wants_size = (int)strcspn((const char *)wants.data + line, "\n");
    return error_set(err, STATUS_STALE, "%s: made with %.*s, wanted %.*s", name,
                     has_size, (const char *)has.data + line, wants_size,
                     (const char *)wants.data + line);
}

static enum status check_identity(struct prepare *p, const char *name,
                                  const struct cache_view *view,
                                  struct error *err)
{
    struct span has = cache_identity(view);
    struct span wants = buffer_span(&p->identity);

    if (has.size == wants.size && memcmp(has.data, wants.data, has.size) == 0)
        return STATUS_OK;
    if (!has.size || has.data[has.size - 1] != '\n')
        return error_set(err, STATUS_CORRUPT, "%s: identity is not text", name);
    return say_what_differs(name, has, wants, err);
}

static enum status read_for_dependency(void *context, struct span *ret_bytes,
                                       struct error *err)
{
    return source_read(context, ret_bytes, err);
}

static enum status check_dependencies(struct prepare *p,
                                      const struct cache_view *view,
                                      struct error *err)
{
    BCCScriptRef script = p->script;
    struct dependency_input *inputs;
    enum status status;

    inputs = calloc(script->n_sources, sizeof(*inputs));
    if (!inputs)
        return error_no_memory(err);
    for (size_t i = 0; i < script->n_sources; i++) {
        struct source *source = &script->sources[i];
        inputs[i] = (struct dependency_input){
            .role = source->role,
            .type = source->type,
            .skip_sha1 = source->skip_sha1,
            .name = source->name,
            .signature = source->type == OBCC_FILE_RESOURCE
                             ? &source->signature
                             : NULL,
            .read = read_for_dependency,
            .context = source,
        };
    }
    status = dependency_check(view, inputs, script->n_sources, err);
    free(inputs);
    return status;
}

static enum status check_view(struct prepare *p, const char *name,
                              const struct cache_view *view, struct error *err)
{
    enum status status = check_identity(p, name, view, err);

    return status ? status : check_dependencies(p, view, err);
}

static enum status read_layout(const struct entry *entry,
                               struct cache_layout *ret_layout,
                               struct error *err)
{
    uint8_t head[CACHE_HEAD_SIZE];
    enum status status;
    size_t size;

    status = file_read_at(entry->fd, head, sizeof(head), 0, entry->name, &size,
                          err);
    if (status)
        return status;
    return cache_layout_read((struct span){head, size}, entry->size,
                             entry->name, ret_layout, err);
}

/* Every byte against its checksum: BCC_VERIFY, and what is not to be run. */
static enum status check_whole_file(struct prepare *p,
                                    const struct entry *entry,
                                    struct error *err)
{
    struct file_mapping mapping;
    struct cache_layout layout;
    struct cache_view view;
    enum status status;

    status = read_layout(entry, &layout, err);
    if (status)
        return status;
    status = file_map(entry->fd, entry->size, entry->name, &mapping, err);
    if (status)
        return status;
    status = cache_view_open(mapping.bytes, &layout, CACHE_CHECK_ALL,
                             entry->name, &view, err);
    if (status == STATUS_OK)
        status = check_view(p, entry->name, &view, err);
    file_unmap(&mapping);
    return status;
}

/* ---- From an entry to code ---- */

static enum status check_machine(const struct entry *entry,
                                 const struct cache_layout *layout,
                                 struct error *err)
{
    struct cpu_features host;
    int missing;

    if (layout->machine != HOST_MACHINE ||
        layout->sizeof_ptr_t != sizeof(void *) || layout->endianness != 'e')
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for another machine (ELF machine %u, this "
                         "one is %u)",
                         entry->name, layout->machine, HOST_MACHINE);
    host = cpu_features_host();
    missing = cpu_features_missing(&layout->cpu_features, &host);
    if (missing >= 0) {
        const char *name = cpu_feature_name(HOST_MACHINE, (unsigned)missing);
        return error_set(err, STATUS_STALE,
                         "%s: needs the CPU feature '%s', which this machine "
                         "lacks",
                         entry->name, name ? name : "unknown");
    }
    return STATUS_OK;
}

static void *resolve(void *context, const char *name)
{
    BCCScriptRef script = ((struct prepare *)context)->script;
    void *address = support_routine_find(name);

    if (!address && script->lookup)
        address = script->lookup(script->lookup_context, name);
    if (!address && ((struct prepare *)context)->flags & BCC_PROCESS_SYMBOLS)
        address = dlsym(RTLD_DEFAULT, name);
    return address;
}

static void log_missing(void *context, const char *name)
{
    script_log(((struct prepare *)context)->script, BCC_LOG_WARN, "load",
               "undefined symbol: %s", name);
}

/* A failure that a compile cannot mend. */
static bool is_final(enum status status)
{
    return status == STATUS_UNRESOLVED || status == STATUS_UNSUPPORTED ||
           status == STATUS_NO_MEMORY;
}

static enum status load_entry(struct prepare *p, const struct entry *entry,
                              bool is_fresh, bool *ret_is_final,
                              struct error *err)
{
    const struct load_binding binding = {resolve, log_missing, p};
    BCCScriptRef script = p->script;
    struct cache_layout layout;
    struct load_source source;
    struct cache_view view;
    struct image image = {0};
    enum status status;

    *ret_is_final = false;
    status = read_layout(entry, &layout, err);
    if (status == STATUS_OK)
        status = check_machine(entry, &layout, err);
    if (status) {
        *ret_is_final = is_fresh;
        return status;
    }
    source = (struct load_source){
        .fd = entry->fd,
        .name = entry->name,
        .file_size = entry->size,
        .image_offset = layout.section[OBCC_CONTEXT].offset,
        .image_size = layout.section[OBCC_CONTEXT].size,
        .image_span = layout.image_span,
        .image_align = layout.image_align,
    };
    status = load_map(&source, &image, err);
    if (status)
        return status;
    status = cache_view_open(load_prefix(&image), &layout, 0, entry->name,
                             &view, err);
    if (status == STATUS_OK && !is_fresh)
        status = check_view(p, entry->name, &view, err);
    if (status)
        goto out;
    end_stage(p, is_fresh ? BCC_STAGE_PUBLISH : BCC_STAGE_LOOKUP);

    status = load_link(&source, &image, &binding, err);
    if (status) {
        *ret_is_final = is_final(status);
        goto out;
    }
    end_stage(p, BCC_STAGE_LOAD);
    script->image = image;
    image = (struct image){0};
    script->layout = layout;
    script->view = view;
    script->report.imageBytes = layout.section[OBCC_CONTEXT].size;
out:
    load_release(&image);
    return status;
}

/* ---- Hit ---- */

/* OK: the entry is good, and loaded if that was asked for. */
static enum status try_hit(struct prepare *p, bool *ret_is_final,
                           struct error *err)
{
    struct entry entry = {.fd = -1, .name = p->script->report.path};
    enum status status;
    struct stat st;

    *ret_is_final = false;
    if (p->flags & BCC_REBUILD)
        return error_set(err, STATUS_STALE, "rebuild was asked for");
    status = store_open(p->dir, p->name, &entry.fd, &st, err);
    if (status)
        return status;
    entry.size = (uint64_t)st.st_size;
    if (!p->execute || (p->flags & BCC_VERIFY))
        status = check_whole_file(p, &entry, err);
    if (status == STATUS_OK && p->execute)
        status = load_entry(p, &entry, false, ret_is_final, err);
    file_close(entry.fd);
    return status;
}

/* ---- Miss ---- */

static enum status run_compiler(struct prepare *p, int output_fd,
                                struct error *err)
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
        status = source_descriptor(source, &fds[i], err);
        inputs[i] = (struct request_input){
            .role = source->role,
            .type = source->type,
            .skip_sha1 = source->skip_sha1,
            .name = source->name,
            .size = source->bytes.size,
        };
    }
    p->request.inputs = inputs;
    p->request.n_inputs = script->n_sources;
    if (status == STATUS_OK)
        status = request_write(&p->request, &message, err);
    if (status == STATUS_OK) {
        const struct compile_job job = {
            .compiler_path = script->options.compiler_path,
            .message = buffer_span(&message),
            .input_fds = fds,
            .n_inputs = script->n_sources,
            .output_fd = output_fd,
            .time_limit_ms = script->options.time_limit_ms,
        };
        status = compile_client_run(&job, &reply, err);
    }
    end_stage(p, BCC_STAGE_PROCESS);
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

/* Compile into the open file and load it if asked. */
static enum status compile_and_load(struct prepare *p, int fd, const char *name,
                                    struct error *err)
{
    struct entry entry = {.fd = fd, .name = name};
    bool is_last;
    struct stat st;

    if (!p->execute)
        return STATUS_OK;
    if (fstat(fd, &st) < 0)
        return error_set(err, STATUS_IO, "%s: fstat", name);
    entry.size = (uint64_t)st.st_size;
    return load_entry(p, &entry, true, &is_last, err);
}

static enum status make_in_memory(struct prepare *p, struct error *err)
{
    enum status status;
    int fd;

    status = file_create_memory("bcc-code", (struct span){NULL, 0}, &fd, err);
    if (status)
        return status;
    status = run_compiler(p, fd, err);
    /* From here nobody, not even the compiler's children, changes the code. */
    if (status == STATUS_OK &&
        fcntl(fd, F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        status = error_set(err, STATUS_IO, "memfd: cannot be sealed");
    if (status == STATUS_OK)
        status = compile_and_load(p, fd, "memory", err);
    file_close(fd);
    return status;
}

/* With a cache: *ret_unusable says that the directory takes no entry, in which
 * case nothing was compiled. */
static enum status make_entry(struct prepare *p, bool *ret_unusable,
                              struct error *err)
{
    struct store_writer writer;
    struct error warning = {0};
    enum status status;

    *ret_unusable = false;
    status = store_begin(p->dir, p->name, &writer, err);
    if (status) {
        *ret_unusable = true;
        return status;
    }
    status = run_compiler(p, writer.fd, err);
    if (status)
        goto out;
    status = store_publish(&writer, p->name, &warning);
    if (status && !p->execute) {
        *err = warning;
        goto out;
    }
    if (status) {
        script_log(p->script, BCC_LOG_WARN, "cache", "%s", warning.message);
        p->script->report.cache = BCC_CACHE_OFF;
        memcpy(p->script->report_reason, warning.message,
               sizeof(warning.message));
    }
    status = compile_and_load(p, writer.fd, p->script->report.path, err);
out:
    store_end(&writer);
    return status;
}

static void set_reason(struct prepare *p, int cache, const struct error *why)
{
    BCCScriptRef script = p->script;

    script->report.cache = cache;
    memcpy(script->report_reason, why->message, sizeof(why->message));
    script_log(script,
               why->status == STATUS_NOT_FOUND ? BCC_LOG_DEBUG : BCC_LOG_WARN,
               "cache", "%s", why->message);
}

static enum status miss(struct prepare *p, const struct error *why,
                        struct error *err)
{
    struct error unusable = {0};
    enum status status;
    bool is_unusable;

    if (!p->dir)
        return make_in_memory(p, err);
    set_reason(p, BCC_CACHE_MISS, why);
    status = make_entry(p, &is_unusable, &unusable);
    if (!is_unusable || !p->execute) {
        if (status)
            *err = unusable;
        return status;
    }
    set_reason(p, BCC_CACHE_OFF, &unusable);
    return make_in_memory(p, err);
}

/* ---- One prepare ---- */

static void build_request(struct prepare *p)
{
    const struct script_options *options = &p->script->options;

    p->request = (struct request){
        .libbcc_version = BCC_VERSION_STRING,
        .llvm_version = BCC_LLVM_VERSION_STRING,
        .triple = options->triple ? options->triple : HOST_TRIPLE,
        .cpu = options->cpu ? options->cpu : "native",
        .features = options->features ? options->features : "",
        .opt_level = options->opt_level,
        .flags = p->flags & BCC_MARKED_ONLY ? REQUEST_MARKED_ONLY : 0,
        .marks = (const char *const *)p->script->marks,
        .n_marks = p->script->n_marks,
        .limit_memory = options->memory_limit,
    };
}

static int check_prepare(BCCScriptRef script, unsigned long flags)
{
    const unsigned long known =
        BCC_PROCESS_SYMBOLS | BCC_MARKED_ONLY | BCC_VERIFY | BCC_REBUILD;

    if (!script)
        return 1;
    if (script->prepared)
        return script_misuse(script, BCC_INVALID_OPERATION,
                             "prepare: the script is prepared already");
    if (!script->has_source)
        return script_misuse(script, BCC_INVALID_OPERATION,
                             "prepare: the script has no source");
    if (script->out_of_memory)
        return script_misuse(script, BCC_OUT_OF_MEMORY, "out of memory");
    if (flags & ~known)
        return script_misuse(script, BCC_INVALID_ENUM,
                             "prepare: unknown flags 0x%lx", flags & ~known);
    return 0;
}

static bool set_path(BCCScriptRef script, const char *dir, const char *name)
{
    char *path = NULL;

    if (dir && asprintf(&path, "%s/%s" STORE_SUFFIX, dir, name) < 0)
        return false;
    free(script->report_path);
    script->report_path = path;
    script->report = (BCCReport){
        .size = sizeof(script->report),
        .cache = dir ? BCC_CACHE_MISS : BCC_CACHE_OFF,
        .reason = script->report_reason,
        .path = path ? path : "",
    };
    script->report_reason[0] = '\0';
    return true;
}

static int prepare(struct prepare *p)
{
    BCCScriptRef script = p->script;
    struct error err = {0}, why = {0};
    uint64_t start_ns = now_ns();
    enum status status;
    bool is_last = false;

    p->mark_ns = start_ns;
    if (!set_path(script, p->dir, p->name))
        return script_misuse(script, BCC_OUT_OF_MEMORY, "out of memory");
    build_request(p);
    buffer_init(&p->identity);
    status = request_write_identity(&p->request, &p->identity, &err);
    if (status)
        goto out;
    if (p->dir) {
        status = try_hit(p, &is_last, &why);
        if (status == STATUS_OK)
            script->report.cache = BCC_CACHE_HIT;
        if (is_last)
            err = why;
    }
    if (!p->dir || (status && !is_last)) {
        end_stage(p, BCC_STAGE_LOOKUP);
        status = miss(p, &why, &err);
    }
    if (status)
        goto out;
    if (p->execute) {
        script->prepared = true;
        load_start(&script->image);
        end_stage(p, BCC_STAGE_START);
    }
out:
    script->report.totalNs = now_ns() - start_ns;
    buffer_release(&p->identity);
    return status ? script_fail(script, &err) : 0;
}

static int check_name(BCCScriptRef script, const char *name)
{
    if (!name || !*name || *name == '.' || strchr(name, '/'))
        return script_misuse(script, BCC_INVALID_VALUE,
                             "cache name '%s': must be a plain file name",
                             name ? name : "NULL");
    return 0;
}

int bccPrepareExecutable(BCCScriptRef script, const char *cacheDir,
                         const char *cacheName, unsigned long flags)
{
    struct prepare p = {
        .script = script,
        .flags = flags,
        .execute = true,
        .dir = cacheDir,
        .name = cacheName,
    };

    if (check_prepare(script, flags) ||
        (cacheDir && check_name(script, cacheName)))
        return 1;
    return prepare(&p);
}

int bccPrepareSharedObject(BCCScriptRef script, const char *cacheDir,
                           const char *cacheName, unsigned long flags)
{
    struct prepare p = {
        .script = script,
        .flags = flags,
        .dir = cacheDir,
        .name = cacheName,
    };

    if (check_prepare(script, flags))
        return 1;
    if (!cacheDir)
        return script_misuse(script, BCC_INVALID_VALUE,
                             "prepare: the cache directory is NULL");
    return check_name(script, cacheName) ? 1 : prepare(&p);
}
