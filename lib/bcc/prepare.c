/* Prepare: the order in which providers are asked, and when it ends.
 *
 *   look up   each place where the entry may lie: find -> admit -> load
 *   compile   wait for another's compile of the same key, or make the entry:
 *             make (which admits it) -> load
 *   start     constructors
 *
 * Code that the host gives in compiled form has one place, and no compile
 * follows.
 *
 * A defect of an entry is never an error. It is a reason to look further, and
 * in the end to compile. Only failures that a compile cannot help end the
 * prepare: exhausted memory and undefined symbols. */
#include "prepare.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "entry_use.h"
#include "flight.h"
#include "machine.h"
#include "version.h"

/* Code that nothing will replace is made best at once: entries that are made
 * without being run, and code that no cache keeps. */
static enum request_tier tier_of(const struct prepare *p)
{
    const struct script_options *options = &p->script->options;

    if (options->tier == BCC_TIER_BASELINE)
        return REQUEST_TIER_BASELINE;
    if (options->tier == BCC_TIER_BEST)
        return REQUEST_TIER_BEST;
    return (p->execute && p->dir && options->opt_level) ||
                   (p->flags & BCC_CACHE_ONLY)
               ? REQUEST_TIER_AUTO
               : REQUEST_TIER_BEST;
}

/* The flags that shape the code have the same bits in a request. */
enum {
    shaping_flags = REQUEST_MARKED_ONLY | REQUEST_DEFAULT_LIBRARIES |
                    REQUEST_STRIP_DEBUG | REQUEST_FP_CONTRACT_OFF
};
static_assert(shaping_flags == (BCC_MARKED_ONLY | BCC_DEFAULT_LIBRARIES |
                                BCC_STRIP_DEBUG | BCC_FP_CONTRACT_OFF) &&
                  (int)REQUEST_MARKED_ONLY == BCC_MARKED_ONLY &&
                  (int)REQUEST_DEFAULT_LIBRARIES == BCC_DEFAULT_LIBRARIES &&
                  (int)REQUEST_STRIP_DEBUG == BCC_STRIP_DEBUG,
              "ORDER REQUEST FLAGS");

static void build_request(struct prepare *p)
{
    const struct script_options *options = &p->script->options;
    const struct machine *machine =
        options->triple ? machine_of_triple(options->triple) : machine_host();

    p->request = (struct request){
        .libbcc_version = BCC_VERSION_STRING,
        .llvm_version = llvm_identity(machine),
        .triple = options->triple ? options->triple : machine->triple,
        .cpu = options->cpu ? options->cpu : "native",
        .features = options->features ? options->features : "",
        .opt_level = options->opt_level,
        .flags = (unsigned)p->flags & shaping_flags,
        .marks = (const char *const *)p->script->marks,
        .n_marks = p->script->n_marks,
        .library_dirs = (const char *const *)p->script->library_dirs,
        .n_library_dirs = p->script->n_library_dirs,
        .shared = p->script->shared,
        .n_shared = p->script->n_shared,
        .limit_memory = options->memory_limit,
        .tier = tier_of(p),
        .entry = p->dir ? p->name : "",
    };
}

static int check_prepare(BCCScriptRef script, unsigned long flags)
{
    const unsigned long known =
        BCC_PROCESS_SYMBOLS | BCC_MARKED_ONLY | BCC_VERIFY | BCC_REBUILD |
        BCC_DEFAULT_LIBRARIES | BCC_STRIP_DEBUG | BCC_CACHE_ONLY |
        BCC_BEST_LATER | BCC_FP_CONTRACT_OFF;

    if (script_check_open(script, "prepare"))
        return 1;
    if (!script->has_source)
        return script_misuse(script, BCC_INVALID_OPERATION,
                             "prepare: the script has no source");
    if (script->out_of_memory)
        return script_no_memory(script);
    if (flags & ~known)
        return script_misuse(script, BCC_INVALID_ENUM,
                             "prepare: unknown flags 0x%lx", flags & ~known);
    return 0;
}

/* bcc run asks for the identity, to name the entry, and then prepares. */
static enum status set_identity(const struct prepare *p, struct error *err)
{
    struct buffer *text = &p->script->identity;
    enum status status;

    if (text->size && p->script->identity_flags == p->request.flags)
        return STATUS_OK;
    text->size = 0;
    p->script->identity_flags = p->request.flags;
    status = request_write_identity(&p->request, text, err);
    if (status)
        buffer_release(text);
    return status;
}

const char *bccGetIdentity(BCCScriptRef script, unsigned long flags)
{
    struct prepare p = {.script = script, .flags = flags};

    if (check_prepare(script, flags))
        return NULL;
    build_request(&p);
    if (set_identity(&p, NULL) || !buffer_room(&script->identity, 1)) {
        buffer_release(&script->identity);
        script_no_memory(script);
        return NULL;
    }
    script->identity.data[script->identity.size] = '\0';
    return (const char *)script->identity.data;
}

/* ---- Look up ---- */

/* A launch need not check the code, but one that is about to fail does, because
 * damage may look like an undefined symbol. *err: the damage. */
static COLD bool is_damaged(struct prepare *p, struct found *found,
                            struct error *err)
{
    struct error damage;

    if (found->was_checked || admit_whole(p, found, &damage) != STATUS_CORRUPT)
        return false;
    *err = damage;
    return true;
}

/* Consumes found. *ret_is_final: a compile cannot help. */
static enum status take(struct prepare *p, struct found *found,
                        bool *ret_is_final, struct error *err)
{
    enum status status;

    *ret_is_final = false;
    status = admit(p, found, err);
    p->is_waiting = found->origin == FOUND_IN_DIRECTORY &&
                    found->layout.tier == OBCC_TIER_BASELINE;
    if (status == STATUS_OK && p->execute)
        status = load_entry(p, found, ret_is_final, err);
    if (status && *ret_is_final && is_damaged(p, found, err)) {
        *ret_is_final = false;
        status = err->status;
    }
    if (status == STATUS_OK && found->origin != FOUND_MADE && found->fd >= 0)
        entry_note_use(found->dir, found->fd, &found->st, found->was_checked);
    found_release(found);
    return status;
}

/* True if an existing entry ends the search: a hit, or a final failure. *err:
 * the reason against the last entry that may not be used. Not inlined: its
 * frame has 2 KiB, and should be gone when the compiler is started. */
__attribute__((noinline)) static bool
look_up(struct prepare *p, enum status *ret_status, struct error *err)
{
    struct finder finder;
    struct found found;

    find_begin(&finder, p);
    while (find_next(&finder, p, &found, ret_status, err)) {
        const bool is_layer = found.origin == FOUND_IN_LAYER;
        bool is_final = *ret_status == STATUS_NO_MEMORY;

        if (*ret_status == STATUS_OK)
            *ret_status = take(p, &found, &is_final, err);
        if (*ret_status == STATUS_OK || is_final) {
            p->script->report.cache = BCC_CACHE_HIT;
            p->script->report.reasonCode = REASON_NONE;
            return true;
        }
        if (is_layer)
            script_log(p->script, BCC_LOG_WARN, "cache", "%s", err->message);
    }
    return false;
}

/* For code that the host gives in compiled form. Not inlined, like the
 * above. */
__attribute__((noinline)) static enum status take_given(struct prepare *p,
                                                        struct error *err)
{
    BCCReport *report = &p->script->report;
    struct found found;
    enum status status = find_given(p, &found, err);
    bool is_final;

    if (status)
        found_release(&found);
    else
        status = take(p, &found, &is_final, err);
    if (status) {
        report_reason(p->script, BCC_CACHE_MISS, err);
        /* No compile can follow, so this is not a stale entry but an error. */
        if (status == STATUS_STALE)
            status = err->status = STATUS_UNSUPPORTED;
        return status;
    }
    report->cache = BCC_CACHE_HIT;
    report->reasonCode = REASON_NONE;
    return STATUS_OK;
}

/* ---- Compile ---- */

/* Look again: the entry may have been made since. Not inlined, like
 * look_up(). */
__attribute__((noinline)) static bool
look_again(struct prepare *p, enum status *ret_status, struct error *err)
{
    struct found found;
    bool is_final = false;

    *ret_status = find_own(p, &found, err);
    if (*ret_status == STATUS_OK)
        *ret_status = take(p, &found, &is_final, err);
    if (*ret_status && !is_final) {
        report_stage(p->script, BCC_STAGE_LOOKUP);
        return false;
    }
    report_made_by_another(p->script);
    return true;
}

/* If several processes or threads miss on one entry, one compiles. True:
 * another made the entry, and *ret_status is that of loading it. False: this
 * one compiles. */
static bool wait_for_turn(struct prepare *p, struct flight *flight,
                          enum status *ret_status, struct error *err)
{
    uint32_t limit_ms = p->script->options.time_limit_ms;
    uint64_t deadline_ns = UINT64_MAX;
    bool is_ours, goes_on;

    if (limit_ms)
        deadline_ns = clock_monotonic_ns() + limit_ms * (uint64_t)1000000;
    flight_begin(flight, p->dir, p->name, buffer_span(&p->script->identity));
    for (goes_on = flight->fd >= 0; goes_on;) {
        /* Look in either case: an entry that another published before we got
         * its lock need not be compiled again. */
        is_ours = flight_take(flight);
        if (look_again(p, ret_status, err))
            return true;
        if (is_ours)
            return false;
        goes_on = flight_wait(flight, deadline_ns);
        report_stage(p->script, BCC_STAGE_WAIT);
    }
    return false;
}

static enum status make(struct prepare *p, struct flight *flight,
                        struct found *ret_found, struct error *err)
{
    enum status status;
    bool is_unusable;

    if (p->is_lazy || (!p->dir && !p->file))
        return make_in_memory(p, ret_found, err);
    status = make_in_directory(p, flight, ret_found, &is_unusable, err);
    flight_end(flight);
    if (!is_unusable || !p->execute)
        return status;
    found_release(ret_found);
    report_reason(p->script, BCC_CACHE_OFF, err);
    return make_in_memory(p, ret_found, err);
}

/* With BCC_JIT_LAZY, functions are compiled when they are called: to baseline
 * code. */
static void choose_lazy(struct prepare *p)
{
    const struct script_options *options = &p->script->options;

    if (!p->execute || options->jit != BCC_JIT_LAZY ||
        options->tier == BCC_TIER_BEST)
        return;
    p->is_lazy = p->is_waiting = true;
    if (p->request.tier == REQUEST_TIER_BEST)
        p->request.tier = REQUEST_TIER_BASELINE;
}

static COLD enum status
compile_entry(struct prepare *p, const struct error *why, struct error *err)
{
    struct flight flight = {.fd = -1};
    struct found found;
    enum status status;
    ino_t stale;
    bool ignored;

    if (p->dir || p->file)
        report_reason(p->script, BCC_CACHE_MISS, why);
    /* If it fails, so do the next steps, which give the reason. */
    if (p->dir)
        mkdirat(AT_FDCWD, p->dir, 0700);
    choose_lazy(p);
    stale = p->is_lazy ? find_inode(p->script) : 0;
    /* BCC_REBUILD never uses an entry made by another process. */
    if (p->dir && !(p->flags & BCC_REBUILD) && !p->is_lazy &&
        wait_for_turn(p, &flight, &status, err)) {
        flight_end(&flight);
        return status;
    }
    status = make(p, &flight, &found, err);
    if (status == STATUS_OK && p->dir)
        sources_expect(p->script);
    if (status == STATUS_OK && p->execute)
        status = load_entry(p, &found, &ignored, err);
    found_release(&found);
    if (p->is_lazy) {
        p->script->inode = stale; /* the best code will replace it */
        p->script->report.lazy = p->script->lazy.code != NULL;
    }
    return status;
}

/* False also if entries must be signed: those that are compiled here are
 * not. */
static bool may_compile(const struct prepare *p)
{
    return !(p->flags & BCC_CACHE_ONLY) &&
           p->script->options.n_trusted_keys == 0;
}

/* A miss, and compiling is forbidden. */
static enum status refuse_to_compile(struct prepare *p, const struct error *why,
                                     struct error *err)
{
    /* Without a directory, a layer may still have had an entry. */
    if (!p->dir && !why->status)
        return error_set(err, STATUS_NOT_FOUND,
                         "no cache directory, and compiling is forbidden");
    report_reason(p->script, p->dir ? BCC_CACHE_MISS : BCC_CACHE_OFF, why);
    return error_set(err, STATUS_NOT_FOUND, "%s; compiling is forbidden",
                     why->message);
}

/* ---- All of it ---- */

static enum status find_or_make(struct prepare *p, struct error *err)
{
    struct error why;
    enum status status;

    error_init(&why);
    if (p->given)
        return take_given(p, err);
    if (look_up(p, &status, &why)) {
        if (status)
            *err = why;
        return status;
    }
    report_stage(p->script, BCC_STAGE_LOOKUP);
    status = may_compile(p) ? compile_entry(p, &why, err)
                            : refuse_to_compile(p, &why, err);
    /* If there is no compiler, the entry's own failure is the better
     * message. */
    if (status == STATUS_NOT_FOUND && why.status == STATUS_UNRESOLVED) {
        *err = why;
        return why.status;
    }
    return status;
}

/* A program exports marked names only, and those that shared libraries refer
 * to. */
static bool is_program(const struct prepare *p)
{
    const unsigned long flags = BCC_MARKED_ONLY | BCC_DEFAULT_LIBRARIES;

    return (p->flags & flags) == flags;
}

static void start(struct prepare *p, int caller_errno)
{
    BCCScriptRef script = p->script;

    script->prepared = true;
    script->image.is_known_to_unwinders = script->host.showsImage != 0;
    script->image.find_unwinder = libraries_find;
    script->image.find_context = &script->libraries;
    script->image.argc = script->argc;
    script->image.argv = script->argv;
    if (is_program(p))
        definitions_offer(script);
    errno = caller_errno; /* as if constructors ran first */
    load_start(&script->image);
    report_stage(script, BCC_STAGE_START);
}

static bool begin_report(struct prepare *p)
{
    char *path = NULL;

    if (p->file)
        path = strdup(p->file);
    else if (p->dir)
        path = find_path(p->dir, p->name);
    if (!path && (p->file || p->dir))
        return false;
    report_begin(p->script, path);
    return true;
}

/* Start the best code for a baseline entry that no process is replacing,
 * because that process died or its queue was full. */
static void see_to_best(struct prepare *p)
{
    const bool may_begin = p->flags & BCC_BEST_LATER || may_compile(p);

    if (!p->is_waiting || p->request.tier != REQUEST_TIER_AUTO || !may_begin ||
        p->script->options.n_trusted_keys ||
        p->script->options.jit == BCC_JIT_IN_PROCESS)
        return;
    make_later(p);
    report_stage(p->script, BCC_STAGE_PROCESS);
}

static int run_prepare(struct prepare *p)
{
    BCCScriptRef script = p->script;
    uint64_t start_ns = clock_monotonic_ns();
    const int caller_errno = errno;
    struct error err;
    enum status status;

    error_init(&err);
    if (!begin_report(p))
        return script_no_memory(script);
    build_request(p);
    status = set_identity(p, &err);
    if (status == STATUS_OK)
        status = find_or_make(p, &err);
    if (status == STATUS_OK && p->execute) {
        see_to_best(p);
        start(p, caller_errno);
    }
    /* A loaded script needs no inputs any more; after a failure the caller may
     * correct them. */
    if (script->prepared)
        sources_release(script);
    else
        sources_close(script);
    script->report.totalNs = clock_monotonic_ns() - start_ns;
    if (script->prepared)
        buffer_release(&script->identity);
    if (status == STATUS_UNRESOLVED)
        symbols_log_missing(script);
    return status ? script_fail(script, &err) : 0;
}

/* Compiled code is used as it is. */
static int set_given(struct prepare *p)
{
    BCCScriptRef script = p->script;
    struct source *given = &script->sources[0];

    if (!given->is_compiled)
        return 0;
    if (!p->execute || (p->flags & BCC_REBUILD) || script->n_sources > 1 ||
        script->n_shared)
        return script_misuse(script, BCC_INVALID_OPERATION,
                             "%s: is compiled already: nothing is compiled "
                             "or linked to it",
                             given->name);
    p->given = given;
    p->file = given->path;
    p->dir = NULL;
    return 0;
}

/* A thread cancelled in here would leave descriptors, memory and a process
 * behind. */
static int prepare(struct prepare *p)
{
    int state, result;

    if (set_given(p))
        return 1;
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

/* NULL for a directory is the one that the script was given, if any. */
static void choose_directory(struct prepare *p)
{
    if (p->dir || !p->name || !p->script->cache)
        return;
    p->cache = p->script->cache;
    p->dir = p->cache->dir;
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

    if (check_prepare(script, flags))
        return 1;
    choose_directory(&p);
    return p.dir && check_name(script, cacheName) ? 1 : prepare(&p);
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
    choose_directory(&p);
    if (!p.dir)
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
    /* Publishing renames, and would replace /dev/null, for example, by a
     * file. */
    if (fstatat(AT_FDCWD, path, &st, 0) == 0 && !S_ISREG(st.st_mode)) {
        error_set(&err, STATUS_IO, "%s: not a regular file", path);
        return script_fail(script, &err);
    }
    return prepare(&p);
}
