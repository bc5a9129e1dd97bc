#include "script_setup.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "entry_name.h"
#include "machine.h"
#include "print.h"
#include "key_file.h"
#include "resource.h"
#include "settings.h"

const char *setup_entry(const struct options *options)
{
    return options->entry ? options->entry : "main";
}

/* Add the directory as an absolute path: the entry stores it, and a relative
 * path would be another directory elsewhere. */
static bool add_directory(BCCScriptRef script, const char *dir)
{
    char *absolute = realpath(dir, NULL);
    const bool ok =
        bccAddLibraryDirectory(script, absolute ? absolute : dir) == 0;

    free(absolute);
    return ok;
}

static bool add_shared(BCCScriptRef script, const struct options *options)
{
    bool ok = true;

    for (size_t i = 0; ok && i < options->library_dirs.n; i++)
        ok = add_directory(script, options->library_dirs.word[i]);
    for (size_t i = 0; ok && i < options->shared.n; i++)
        ok = bccLinkSharedLibrary(script, options->shared.word[i],
                                  BCC_SEARCH_LIBRARY) == 0;
    for (size_t i = 0; ok && i < options->loaded.n; i++)
        ok = bccLinkSharedLibrary(script, options->loaded.word[i], 0) == 0;
    return ok;
}

/* The dynamic linker ends a program with this status if it does not find a
 * function. */
enum { STATUS_LAZY_FAILED = 127 };

void setup_end_program(const char *text)
{
    complain("%s", text);
    _exit(STATUS_LAZY_FAILED);
}

static void log_line(void *context, int level, const char *area,
                     const char *text)
{
    (void)context;
    if (level == BCC_LOG_FATAL)
        setup_end_program(text);
    if (*text)
        complain("%s: %s", area, text);
}

static const char *stream_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* flags: of bccLinkBC(), or -1 for the script itself. False after a complaint,
 * or with an error of the script. */
static bool take_stream(BCCScriptRef script, const char *path, long flags)
{
    const char *name = stream_name(path);
    struct error err = {0};
    struct buffer bytes;
    int failed = 1;

    buffer_init(&bytes);
    if (resource_read_stream(path, &bytes, &err))
        complain("%s", err.message);
    else if (flags >= 0)
        failed = bccLinkBC(script, name, (const char *)bytes.data, bytes.size,
                           (unsigned long)flags | BCC_COPY_INPUT);
    else if (resource_bytes_are_compiled(buffer_span(&bytes)))
        failed = bccReadExecutable(script, name, bytes.data, bytes.size,
                                   BCC_COPY_INPUT);
    else
        failed = bccReadBC(script, name, (const char *)bytes.data, bytes.size,
                           BCC_COPY_INPUT);
    buffer_release(&bytes);
    return !failed;
}

static bool read_file(BCCScriptRef script, const char *path)
{
    const char *entry;
    char *archive = resource_split(path, &entry);
    int failed;

    /* A file is tried first, so that a launch need not test what it is. */
    if (archive)
        failed = bccReadResource(script, archive, entry, 0);
    else if (resource_is_compiled(path))
        failed = bccReadExecutableFile(script, path, 0);
    else
        failed = bccReadFile(script, path, 0);
    free(archive);
    if (failed && resource_is_stream(path))
        return take_stream(script, path, -1);
    return !failed;
}

static bool link_file(BCCScriptRef script, const char *path,
                      unsigned long flags)
{
    const char *entry;
    char *archive = resource_split(path, &entry);

    const bool ok = (archive ? bccLinkResource(script, archive, entry, flags)
                             : bccLinkFile(script, path, flags)) == 0;

    free(archive);
    if (!ok && resource_is_stream(path))
        return take_stream(script, path, (long)flags);
    return ok;
}

static bool link_files(BCCScriptRef script, const struct words *files,
                       unsigned long flags)
{
    for (size_t i = 0; i < files->n; i++)
        if (!link_file(script, files->word[i], flags))
            return false;
    return true;
}

/* Link in the order of a native command line: objects, then -l. */
static bool link_all(BCCScriptRef script, const struct options *options)
{
    return link_files(script, &options->more_files, BCC_LINK_WHOLE) &&
           link_files(script, &options->objects, BCC_LINK_WHOLE) &&
           link_files(script, &options->archives, BCC_LINK_WHOLE) &&
           link_files(script, &options->libraries, 0);
}

/* --trusted-key in the form of the API, freed by the caller. NULL: not given,
 * or after a complaint: then *ret_failed is set. */
static char *trusted_keys(const struct options *options, bool *ret_failed)
{
    char *text, *at;

    *ret_failed = false;
    if (options->keys.n == 0)
        return NULL;
    text = malloc(options->keys.n * KEY_TEXT_SIZE);
    *ret_failed = text == NULL;
    if (!text)
        complain("out of memory");
    at = text;
    for (size_t i = 0; !*ret_failed && i < options->keys.n; i++) {
        struct signature_key key;

        *ret_failed = !key_file_read_public(options->keys.word[i], &key);
        if (*ret_failed)
            break;
        if (i > 0)
            at[-1] = ',';
        key_file_print(&key, at);
        at += KEY_TEXT_SIZE;
    }
    if (!*ret_failed)
        return text;
    free(text);
    return NULL;
}

/* In the API 0 is the default, and the largest number means no limit. */
static uint32_t time_limit_ms(const struct options *options)
{
    if (options->time_limit_s < 0)
        return 0;
    return options->time_limit_s
               ? (uint32_t)options->time_limit_s * UINT32_C(1000)
               : UINT32_MAX;
}

static uint64_t memory_limit(const struct options *options)
{
    if (!options->memory_limit.is_given)
        return 0;
    return options->memory_limit.bytes ? options->memory_limit.bytes
                                       : UINT64_MAX;
}

/* The option's value overrides the variable's. The first choice is the
 * default. */
static int choice_of(int given, const char *variable, const char *choices)
{
    const char *text = getenv(variable);
    int choice;

    if (given || !text || !*text)
        return given;
    choice = options_choice(choices, text);
    if (choice < 0)
        options_refuse_choice(variable, "=", text, choices);
    return choice < 0 ? 0 : choice;
}

static int tier_of(const struct options *options)
{
    return choice_of(options->tier, "BCC_TIER",
                     "auto|best|baseline"); /* ORDER TIERS */
}

static int jit_of(const struct options *options)
{
    return choice_of(options->jit, "BCC_JIT",
                     "process|in-process|lazy"); /* ORDER JIT */
}

/* Limits need a compiler process: only a process can be ended. */
static bool check_limits(const struct options *options, int jit)
{
    if (jit == BCC_JIT_PROCESS ||
        (options->time_limit_s < 0 && !options->memory_limit.is_given))
        return true;
    complain("--time-limit, --memory-limit: only a compiler process can be "
             "limited: use --jit=process");
    return false;
}

void setup_complain(BCCScriptRef script)
{
    const char *message = bccGetErrorMessage(script);

    if (*message)
        complain("%s", message);
}

bool setup_set_options(BCCScriptRef script, const struct options *options)
{
    bool failed;
    char *keys = trusted_keys(options, &failed);
    const BCCOptions compile = {
        .size = sizeof(compile),
        .trustedKeys = keys,
        .targetTriple = options->target,
        .cpu = options->cpu,
        .features = options->features,
        .optLevel = BCC_OPT_O0 + options->opt_level,
        .compileTimeLimitMs = time_limit_ms(options),
        .compileMemoryLimit = memory_limit(options),
        .tier = tier_of(options),
        .jit = jit_of(options),
    };

    failed = failed || !check_limits(options, compile.jit) ||
             bccSetOptions(script, &compile);
    free(keys);
    return !failed;
}

BCCScriptRef setup_script(const struct options *options, const char *path,
                          bool program, bool *ret_failed)
{
    const BCCHost host = {
        .size = sizeof(host),
        .context = (void *)options,
        .cacheSizeLimit = settings_cache_limit_bytes,
        .knownSha1 = entry_name_known_sha1,
    };
    BCCScriptRef script = bccCreateScript();

    if (!script) {
        complain("out of memory");
        return NULL;
    }
    if (options->verbose)
        bccSetLogCallback(script, log_line, NULL);
    bccSetHost(script, &host);
    if (program)
        bccMarkExternalSymbol(script, setup_entry(options));
    *ret_failed = !setup_set_options(script, options) ||
                  !read_file(script, path) || !link_all(script, options) ||
                  !add_shared(script, options);
    return script;
}

unsigned long setup_flags(const struct options *options, bool program)
{
    return (program ? BCC_MARKED_ONLY | BCC_DEFAULT_LIBRARIES : 0) |
           (options->rebuild ? BCC_REBUILD : 0) |
           (options->strip_debug ? BCC_STRIP_DEBUG : 0) |
           (options->fp_contract == FP_CONTRACT_OFF ? BCC_FP_CONTRACT_OFF : 0);
}

/* Put --sysroot into the environment, where the compiler process finds it. */
bool setup_sysroot(const struct options *options)
{
    char *absolute;
    bool ok;

    if (!options->sysroot)
        return true;
    absolute = realpath(options->sysroot, NULL);
    ok = absolute && setenv("BCC_SYSROOT", absolute, 1) == 0;
    if (!ok)
        complain("--sysroot %s: %s", options->sysroot, strerror(errno));
    free(absolute);
    return ok;
}

/* ---- Static archives ---- */

static bool has_shared(const char *dir, const char *name)
{
    char pattern[PATH_MAX];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/lib%s.so", dir, name);
    if (access(pattern, F_OK) == 0)
        return true;
    snprintf(pattern, sizeof(pattern), "%s/lib%s.so.*", dir, name);
    if (glob(pattern, GLOB_NOSORT, NULL, &found))
        return false;
    globfree(&found);
    return true;
}

static bool any_has_shared(const struct options *options, size_t n_dirs,
                           const char *name)
{
    for (size_t i = 0; i < n_dirs; i++)
        if (has_shared(options->library_dirs.word[i], name))
            return true;
    return false;
}

/* Does an archive come before a shared library in the directories of -L? Each
 * launch with -l calls this; without an archive it costs one access() for each
 * directory. */
static bool find_archive(const struct options *options, const char *name,
                         char ret_path[PATH_MAX])
{
    for (size_t i = 0; i < options->library_dirs.n; i++) {
        snprintf(ret_path, PATH_MAX, "%s/lib%s.a",
                 options->library_dirs.word[i], name);
        if (access(ret_path, F_OK) == 0)
            return !any_has_shared(options, i + 1, name);
    }
    return false;
}

bool setup_static_archives(struct options *options)
{
    struct words *shared = &options->shared;
    size_t n_shared = 0;

    for (size_t i = 0; i < shared->n; i++) {
        char path[PATH_MAX], *copy;

        if (!find_archive(options, shared->word[i], path)) {
            shared->word[n_shared++] = shared->word[i];
            continue;
        }
        copy = strdup(path);
        if (!copy || !words_append(&options->archives, copy)) {
            free(copy);
            complain("out of memory");
            return false;
        }
    }
    shared->n = n_shared;
    return true;
}

/* ---- Cache directory ---- */

/* mkdir -p; existing directories are left as they are. */
static bool make_directories(char *path, mode_t mode)
{
    for (char *slash = path + 1;; slash++) {
        char c = *slash;
        if (c && c != '/')
            continue;
        *slash = '\0';
        if (mkdir(path, mode) < 0 && errno != EEXIST) {
            *slash = c;
            return false;
        }
        *slash = c;
        if (!c)
            return true;
    }
}

static char *join_path(const char *base, const char *suffix)
{
    const size_t size = strlen(base), suffix_size = strlen(suffix) + 1;
    char *path = malloc(size + suffix_size);

    if (!path)
        return NULL;
    memcpy(path, base, size);
    memcpy(path + size, suffix, suffix_size);
    return path;
}

/* Variables for the cache directory, in order. The first variable that is set
 * decides, even if its value cannot be used. */
static const struct place {
    char variable[16]; /* "": the option */
    char suffix[12];   /* "": the value is the directory itself */
} places[] = {
    {"", ""},
    {"BCC_CACHE_DIR", ""},
    {"XDG_CACHE_HOME", "/bcc"},
    {"HOME", "/.cache/bcc"},
};

/* NULL: not set. Relative paths are ignored, as the XDG specification
 * demands. */
static const char *base_of(const struct place *place,
                           const struct options *options)
{
    const char *base =
        *place->variable ? getenv(place->variable) : options->cache_dir;

    if (!base || !*base || (*place->variable == 'X' && *base != '/'))
        return NULL;
    return base;
}

/* *ret_is_named: an option or a variable of bcc names the directory itself. */
static char *find_cache_dir(const struct options *options, bool *ret_is_named,
                            const char **ret_reason)
{
    const struct place *place = places;
    const char *base = NULL;
    char *dir;

    if (options->no_cache) {
        *ret_reason = "--no-cache";
        return NULL;
    }
    for (; !base; place++) {
        if (place == places + sizeof(places) / sizeof(places[0])) {
            *ret_reason = "no cache directory: HOME is not set";
            return NULL;
        }
        base = base_of(place, options);
    }
    place--;
    if (strlen(base) + strlen(place->suffix) >= PATH_MAX) {
        *ret_reason = "the name of the cache directory is too long";
        return NULL;
    }
    *ret_is_named = !*place->suffix;
    dir = join_path(base, place->suffix);
    if (!dir)
        *ret_reason = "out of memory";
    return dir;
}

char *setup_find_cache_dir(const struct options *options,
                           const char **ret_reason)
{
    bool is_named;

    return find_cache_dir(options, &is_named, ret_reason);
}

const char *setup_cache_dir_origin(const struct options *options)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (base_of(&places[i], options))
            return *places[i].variable ? places[i].variable : "--cache-dir";
    return "HOME";
}

/* Does the nearest existing parent of a directory belong to this user or root?
 * Under sudo, which may keep HOME, it may belong to another user: a directory
 * that root makes there would be unusable for that user. */
static bool is_at_home(const char *dir)
{
    char *path = strdup(dir);
    char *slash = path ? strrchr(path, '/') : NULL;
    struct stat st = {.st_uid = geteuid()};

    for (; slash; slash = strrchr(path, '/')) {
        *slash = '\0';
        if (stat(*path ? path : "/", &st) == 0)
            break;
    }
    free(path);
    return st.st_uid == geteuid() || st.st_uid == 0;
}

char *setup_cache_dir(const struct options *options, const char **ret_reason)
{
    bool is_named = false;
    char *dir = find_cache_dir(options, &is_named, ret_reason);
    const char *fact = "";
    struct stat st;

    if (!dir || stat(dir, &st) == 0)
        return dir;
    if (!is_named && !is_at_home(dir)) {
        *ret_reason = "no cache directory is made in another user's home: set "
                      "HOME, or name one with --cache-dir";
    } else if (make_directories(dir, is_named ? 0755 : 0700)) {
        return dir;
    } else {
        fact = strerror(errno);
        *ret_reason = "the cache directory cannot be made";
    }
    if (options->verbose || options->cache_dir)
        complain("%s: %s%s%s", dir, *ret_reason, *fact ? ": " : "", fact);
    free(dir);
    return NULL;
}
