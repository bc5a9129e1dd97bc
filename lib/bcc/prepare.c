/* Prepare: the one path from a cache file to code.
 *
 *   layers  as a hit, in directories that are only read
 *   hit     find the entry -> check it -> map, bind, relocate -> constructors
 *   miss    run the compiler into a temporary file -> publish it -> as a hit,
 *           from the descriptor that is already open
 *   no cache  the same with a memfd in place of the file
 */
#include "prepare.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "machine.h"
#include "reason.h"
#include "store.h"
#include "version.h"

/* ---- Time ---- */

void prepare_end_stage(struct prepare *p, int stage)
{
    uint64_t now = clock_monotonic_ns();

    p->script->report.stageNs[stage] += now - p->mark_ns;
    p->mark_ns = now;
}

void prepare_set_reason(struct prepare *p, int cache, const struct error *why)
{
    BCCScriptRef script = p->script;

    script->report.cache = cache;
    if (cache == BCC_CACHE_OFF)
        script->report.path = "";
    script->report.reasonCode = reason_of_error(why);
    memcpy(script->report_reason, why->message, sizeof(why->message));
    script_log(script,
               why->status == STATUS_NOT_FOUND ? BCC_LOG_DEBUG : BCC_LOG_WARN,
               "cache", "%s", why->message);
}

/* ---- One prepare ---- */

static void build_request(struct prepare *p)
{
    const struct script_options *options = &p->script->options;

    p->request = (struct request){
        .libbcc_version = BCC_VERSION_STRING,
        .llvm_version = BCC_LLVM_IDENTITY,
        .triple = options->triple ? options->triple : machine_host()->triple,
        .cpu = options->cpu ? options->cpu : "native",
        .features = options->features ? options->features : "",
        .opt_level = options->opt_level,
        .flags =
            (p->flags & BCC_MARKED_ONLY ? REQUEST_MARKED_ONLY : 0) |
            (p->flags & BCC_DEFAULT_LIBRARIES ? REQUEST_DEFAULT_LIBRARIES : 0) |
            (p->flags & BCC_STRIP_DEBUG ? REQUEST_STRIP_DEBUG : 0),
        .marks = (const char *const *)p->script->marks,
        .n_marks = p->script->n_marks,
        .library_dirs = (const char *const *)p->script->library_dirs,
        .n_library_dirs = p->script->n_library_dirs,
        .shared = p->script->shared,
        .n_shared = p->script->n_shared,
        .limit_memory = options->memory_limit,
    };
}

static int check_prepare(BCCScriptRef script, unsigned long flags)
{
    const unsigned long known =
        BCC_PROCESS_SYMBOLS | BCC_MARKED_ONLY | BCC_VERIFY | BCC_REBUILD |
        BCC_DEFAULT_LIBRARIES | BCC_STRIP_DEBUG | BCC_CACHE_ONLY;

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

/* Put together by hand, as every launch does it. */
static char *path_of_entry(const char *dir, const char *name)
{
    const size_t dir_size = strlen(dir), name_size = strlen(name);
    char *path = malloc(dir_size + 1 + name_size + sizeof(STORE_SUFFIX));

    if (!path)
        return NULL;
    memcpy(path, dir, dir_size);
    path[dir_size] = '/';
    memcpy(path + dir_size + 1, name, name_size);
    memcpy(path + dir_size + 1 + name_size, STORE_SUFFIX, sizeof(STORE_SUFFIX));
    return path;
}

bool prepare_set_path(struct prepare *p)
{
    BCCScriptRef script = p->script;
    char *path = NULL;

    if (p->file)
        path = strdup(p->file);
    else if (p->dir)
        path = path_of_entry(p->dir, p->name);
    if (!path && (p->file || p->dir))
        return false;
    free(script->report_path);
    script->report_path = path;
    script->report = (BCCReport){
        .size = sizeof(script->report),
        .cache = path ? BCC_CACHE_MISS : BCC_CACHE_OFF,
        .reasonCode = path ? REASON_NONE : REASON_NO_CACHE,
        .reason = script->report_reason,
        .path = path ? path : "",
    };
    script->report_reason[0] = '\0';
    return true;
}

enum status prepare_write_identity(BCCScriptRef script, unsigned long flags,
                                   struct buffer *out, struct error *err)
{
    struct prepare p = {.script = script, .flags = flags};

    build_request(&p);
    return request_write_identity(&p.request, out, err);
}

/* What is compiled here is signed by nobody. */
static bool may_compile(const struct prepare *p)
{
    return !(p->flags & BCC_CACHE_ONLY) &&
           p->script->options.n_trusted_keys == 0;
}

/* A miss that is to stay one. */
static enum status refuse_to_compile(struct prepare *p, const struct error *why,
                                     struct error *err)
{
    /* Without a directory a layer may still have had an entry. */
    if (!p->dir && !why->status)
        return error_set(err, STATUS_NOT_FOUND,
                         "no cache directory, and compiling was ruled out");
    prepare_set_reason(p, p->dir ? BCC_CACHE_MISS : BCC_CACHE_OFF, why);
    return error_set(err, STATUS_NOT_FOUND, "%s; compiling was ruled out",
                     why->message);
}

/* All exports of a program are marked, but what shared libraries refer to. */
static bool is_program(const struct prepare *p)
{
    const unsigned long flags = BCC_MARKED_ONLY | BCC_DEFAULT_LIBRARIES;

    return (p->flags & flags) == flags;
}

static int run_prepare(struct prepare *p)
{
    BCCScriptRef script = p->script;
    struct error err = {0}, why = {0};
    uint64_t start_ns = clock_monotonic_ns();
    const int caller_errno = errno;
    enum status status;
    bool is_final = false, is_found;

    p->mark_ns = start_ns;
    if (!prepare_set_path(p))
        return script_misuse(script, BCC_OUT_OF_MEMORY, "out of memory");
    build_request(p);
    buffer_init(&p->identity);
    status = request_write_identity(&p->request, &p->identity, &err);
    if (status)
        goto out;
    is_found = prepare_search_layers(p, &status, &why);
    if (!is_found && p->dir) {
        status = prepare_hit(p, &is_final, &why);
        /* Final: a good entry, whose code cannot run here. */
        is_found = status == STATUS_OK || is_final;
        if (is_found)
            script->report.cache = BCC_CACHE_HIT;
    }
    if (!is_found) {
        prepare_end_stage(p, BCC_STAGE_LOOKUP);
        status = may_compile(p) ? prepare_miss(p, &why, &err)
                                : refuse_to_compile(p, &why, &err);
        /* Without a compiler it is the entry's own failure that matters. */
        if (status == STATUS_NOT_FOUND && why.status == STATUS_UNRESOLVED) {
            status = why.status;
            err = why;
        }
    } else if (status) {
        err = why;
    }
    if (status)
        goto out;
    if (p->execute) {
        script->prepared = true;
        script->image.is_found = script->is_found;
        script->image.find_unwinder = libraries_find;
        script->image.find_context = &script->libraries;
        script->image.argc = script->argc;
        script->image.argv = script->argv;
        if (is_program(p))
            definitions_offer(script);
        errno = caller_errno; /* as if constructors ran first */
        load_start(&script->image);
        prepare_end_stage(p, BCC_STAGE_START);
    }
out:
    /* What is loaded needs no input any more; what failed may be mended. */
    if (script->prepared)
        sources_release(script);
    else
        sources_close(script);
    script->report.totalNs = clock_monotonic_ns() - start_ns;
    buffer_release(&p->identity);
    if (status == STATUS_UNRESOLVED)
        symbols_log_missing(script);
    return status ? script_fail(script, &err) : 0;
}

/* A thread that were cancelled in here would leave descriptors, memory and a
 * process behind. */
static int prepare(struct prepare *p)
{
    int state, result;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    result = run_prepare(p);
    pthread_setcancelstate(state, NULL);
    return result;
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

int bccPrepareSharedObjectFile(BCCScriptRef script, const char *path,
                               unsigned long flags)
{
    struct prepare p = {.script = script, .flags = flags, .file = path};
    struct error err = {0};
    struct stat st;

    if (check_prepare(script, flags))
        return 1;
    if (!path || !*path)
        return script_misuse(script, BCC_INVALID_VALUE,
                             "prepare: the file to make has no name");
    /* Renaming would put a file in the place of /dev/null, say. */
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        error_set(&err, STATUS_IO, "%s: not a regular file", path);
        return script_fail(script, &err);
    }
    return prepare(&p);
}
