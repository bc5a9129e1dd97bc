#include "script_setup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buffer.h"
#include "checksum.h"
#include "json.h"
#include "key_file.h"
#include "script.h"
#include "settings.h"

static const char *entry_of(const struct options *options)
{
    return options->entry ? options->entry : "main";
}

/* A relative directory means another one elsewhere, and the entry keeps it. */
static bool add_directory(BCCScriptRef script, const char *dir)
{
    char absolute[PATH_MAX];

    return bccAddLibraryDirectory(script, realpath(dir, absolute) ? absolute
                                                                  : dir) == 0;
}

static bool add_shared(BCCScriptRef script, const struct options *options)
{
    bool ok = true;

    for (size_t i = 0; ok && i < options->n_library_dirs; i++)
        ok = add_directory(script, options->library_dirs[i]);
    for (size_t i = 0; ok && i < options->n_shared; i++)
        ok = bccLinkSharedLibrary(script, options->shared[i],
                                  BCC_SEARCH_LIBRARY) == 0;
    return ok;
}

static void log_line(void *context, int level, const char *area,
                     const char *text)
{
    (void)context;
    (void)level;
    complain("%s: %s", area, text);
}

static bool link_files(BCCScriptRef script, const char *const *files, size_t n,
                       unsigned long flags)
{
    for (size_t i = 0; i < n; i++)
        if (bccLinkFile(script, files[i], flags))
            return false;
    return true;
}

/* In the order of a native command line: objects, then -l. */
static bool link_all(BCCScriptRef script, const struct options *options)
{
    return link_files(script, (const char *const *)options->more_files,
                      options->n_more_files, BCC_LINK_WHOLE) &&
           link_files(script, options->objects, options->n_objects,
                      BCC_LINK_WHOLE) &&
           link_files(script, (const char *const *)options->archives,
                      options->n_archives, BCC_LINK_WHOLE) &&
           link_files(script, options->libraries, options->n_libraries, 0);
}

/* --trusted-key as the API wants them, for the caller to free; NULL without
 * one, or after a complaint, then *ret_failed. */
static char *trusted_keys(const struct options *options, bool *ret_failed)
{
    char *text, *at;

    *ret_failed = false;
    if (options->n_keys == 0)
        return NULL;
    text = malloc(options->n_keys * KEY_TEXT_SIZE);
    *ret_failed = text == NULL;
    if (!text)
        complain("out of memory");
    at = text;
    for (size_t i = 0; !*ret_failed && i < options->n_keys; i++) {
        struct signature_key key;

        *ret_failed = !key_file_read_public(options->keys[i], &key);
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

BCCScriptRef setup_script(const struct options *options, const char *path,
                          bool program, bool *ret_failed)
{
    char *keys = trusted_keys(options, ret_failed);
    const BCCOptions compile = {
        .size = sizeof(compile),
        .trustedKeys = keys,
        .targetTriple = options->target,
        .cpu = options->cpu,
        .features = options->features,
        .optLevel = BCC_OPT_O0 + options->opt_level,
    };
    BCCScriptRef script = *ret_failed ? NULL : bccCreateScript();

    if (!script) {
        if (!*ret_failed)
            complain("out of memory");
        free(keys);
        return NULL;
    }
    if (options->verbose)
        bccSetLogCallback(script, log_line, NULL);
    script->find_cache_limit = settings_cache_limit_bytes;
    script->cache_limit_context = options;
    if (program)
        bccMarkExternalSymbol(script, entry_of(options));
    *ret_failed = bccSetOptions(script, &compile) ||
                  bccReadFile(script, path, 0) || !link_all(script, options) ||
                  !add_shared(script, options);
    free(keys);
    return script;
}

unsigned long setup_flags(const struct options *options, bool program)
{
    return (program ? BCC_MARKED_ONLY | BCC_DEFAULT_LIBRARIES : 0) |
           (options->rebuild ? BCC_REBUILD : 0) |
           (options->strip_debug ? BCC_STRIP_DEBUG : 0);
}

/* ---- Cache directory ---- */

/* mkdir -p; existing directories are left as they are. */
static bool make_directories(char *path)
{
    for (char *slash = path + 1;; slash++) {
        char c = *slash;
        if (c && c != '/')
            continue;
        *slash = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST) {
            *slash = c;
            return false;
        }
        *slash = c;
        if (!c)
            return true;
    }
}

bool setup_find_cache_dir(const struct options *options, char ret_dir[PATH_MAX],
                          const char **ret_reason)
{
    const struct {
        const char *base, *suffix;
    } places[] = {
        {options->cache_dir, ""},
        {getenv("BCC_CACHE_DIR"), ""},
        {getenv("XDG_CACHE_HOME"), "/bcc"},
        {getenv("HOME"), "/.cache/bcc"},
    };

    if (options->no_cache) {
        *ret_reason = "--no-cache";
        return false;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (!places[i].base || !*places[i].base)
            continue;
        /* The first that is set; no other one in its place. */
        if (snprintf(ret_dir, PATH_MAX, "%s%s", places[i].base,
                     places[i].suffix) < PATH_MAX)
            return true;
        *ret_reason = "the name of the cache directory is too long";
        return false;
    }
    *ret_reason = "no cache directory: HOME is not set";
    return false;
}

bool setup_cache_dir(const struct options *options, char ret_dir[PATH_MAX],
                     const char **ret_reason)
{
    struct stat st;

    if (!setup_find_cache_dir(options, ret_dir, ret_reason))
        return false;
    if (stat(ret_dir, &st) == 0 || make_directories(ret_dir))
        return true;
    *ret_reason = "the cache directory cannot be made";
    if (options->verbose || options->cache_dir)
        complain("%s: %s: %s", ret_dir, *ret_reason, strerror(errno));
    return false;
}

/* ---- Entry name ---- */

static void add_path(struct buffer *key, const char *path)
{
    char absolute[PATH_MAX];

    buffer_printf(key, "%s\n", realpath(path, absolute) ? absolute : path);
}

void setup_entry_name(const struct options *options, const char *path,
                      bool program, char ret_name[NAME_MAX])
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const char *dot = strrchr(base, '.');
    int stem_size = dot && dot != base ? (int)(dot - base) : (int)strlen(base);
    struct buffer key;

    while (*base == '.') {
        base++;
        stem_size--;
    }
    if (!program) {
        snprintf(ret_name, NAME_MAX, "%.*s", stem_size < 200 ? stem_size : 200,
                 base);
        return;
    }
    buffer_init(&key);
    add_path(&key, path);
    buffer_printf(&key, "%s\n%s\n%s\n%d\n%s\n",
                  options->target ? options->target : "",
                  options->cpu ? options->cpu : "",
                  options->features ? options->features : "",
                  options->opt_level, entry_of(options));
    if (options->strip_debug)
        buffer_append_string(&key, "strip-debug\n");
    for (size_t i = 0; i < options->n_libraries; i++)
        add_path(&key, options->libraries[i]);
    /* Not a path: what is behind it was linked in another way. */
    if (options->n_objects + options->n_archives > 0)
        buffer_printf(&key, "\n");
    for (size_t i = 0; i < options->n_objects; i++)
        add_path(&key, options->objects[i]);
    for (size_t i = 0; i < options->n_archives; i++)
        add_path(&key, options->archives[i]);
    for (size_t i = 0; i < options->n_library_dirs; i++)
        add_path(&key, options->library_dirs[i]);
    for (size_t i = 0; i < options->n_shared; i++)
        buffer_printf(&key, "-l%s\n", options->shared[i]);
    snprintf(ret_name, NAME_MAX, "%.*s-%016" PRIx64,
             stem_size < 200 ? stem_size : 200, base,
             checksum_xxh3(buffer_span(&key)));
    buffer_release(&key);
}

/* ---- Report ---- */

void print_report(BCCScriptRef script, const char *off_reason)
{
    static const char *const caches[] = {"off", "hit", "miss"};
    BCCReport report = {.size = sizeof(report)};
    const char *separator = "";

    if (bccGetReport(script, &report))
        return;
    if (report.cache == BCC_CACHE_OFF && !*report.reason && off_reason)
        report.reason = off_reason;
    fprintf(stderr, "{\"cache\":\"%s\",\"code\":\"%s\",\"reason\":",
            caches[report.cache], bccGetReasonName(report.reasonCode));
    json_print_string(stderr, report.reason);
    fputs(",\"path\":", stderr);
    json_print_string(stderr, report.path);
    fprintf(stderr, ",\"image_bytes\":%" PRIu64 ",\"stages_us\":{",
            report.imageBytes);
    for (int stage = 0; stage < BCC_N_STAGES; stage++) {
        if (!report.stageNs[stage])
            continue;
        fprintf(stderr, "%s\"%s\":%.1f", separator, bccGetStageName(stage),
                (double)report.stageNs[stage] / 1e3);
        separator = ",";
    }
    fprintf(stderr, "},\"total_us\":%.1f}\n", (double)report.totalNs / 1e3);
}
