#include "script.h"

#include "prepare.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "version.h"

/* ---- Life ---- */

/* A module of 100 MB takes minutes and several GiB; a compile that takes more
 * will not end. */
#define DEFAULT_TIME_LIMIT_MS (30 * 60 * UINT32_C(1000))
#define DEFAULT_MEMORY_LIMIT  (UINT64_C(16) << 30)

static struct script_options default_options(void)
{
    return (struct script_options){
        .opt_level = 3,
        .time_limit_ms = DEFAULT_TIME_LIMIT_MS,
        .memory_limit = DEFAULT_MEMORY_LIMIT,
    };
}

BCCScriptRef bccCreateScript(void)
{
    BCCScriptRef script = malloc(sizeof(*script));

    if (script) {
        memset(script, 0, offsetof(struct BCCOpaqueScript, error));
        error_init(&script->error);
        script->options = default_options();
        script->report.reason = script->report.path = "";
    }
    return script;
}

static void options_release(struct script_options *options)
{
    free(options->triple);
    free(options->cpu);
    free(options->features);
    free(options->compiler_path);
    free(options->trusted_keys);
}

void bccDisposeScript(BCCScriptRef script)
{
    int cancel_state;

    if (!script)
        return;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    load_stop(&script->image);
    /* Threads that outlive the script may still run destructors of the image,
     * which may call into the libraries. Then these stay open for good. */
    if (script->image.exits)
        libraries_keep_open(&script->libraries);
    shown_end(script);
    load_release(&script->image);
    if (script->lazy.code)
        script->lazy.release(script->lazy.code);
    libraries_release(script);
    missing_release(script);
    sources_release(script);
    for (size_t i = 0; i < script->n_marks; i++)
        free(script->marks[i]);
    free(script->marks);
    options_release(&script->options);
    free(script->cache_path);
    free(script->report_path);
    free(script->report_reason);
    free(script->compiler);
    buffer_release(&script->identity);
    free(script);
    pthread_setcancelstate(cancel_state, NULL);
}

int bccRegisterSymbolCallback(BCCScriptRef script, BCCSymbolLookupFn fn,
                              void *context)
{
    if (script_check_open(script, "symbol callback"))
        return 1;
    script->lookup = fn;
    script->lookup_context = context;
    return 0;
}

int bccSetArguments(BCCScriptRef script, int argc, char **argv)
{
    if (script_check_open(script, "arguments"))
        return 1;
    if (argc < 0 || !argv || argv[argc])
        return script_misuse(script, BCC_INVALID_VALUE,
                             "arguments: argv is not %d strings and NULL",
                             argc);
    script->argc = argc;
    script->argv = argv;
    return 0;
}

int bccSetCachePath(BCCScriptRef script, const char *path)
{
    char *copy = path ? strdup(path) : NULL;

    if (!script || (path && !copy)) {
        free(copy);
        return script_no_memory(script);
    }
    free(script->cache_path);
    script->cache_path = copy;
    return 0;
}

BCCCacheRef bccOpenCache(const char *cacheDir)
{
    const size_t size = strlen(cacheDir) + 1;
    BCCCacheRef cache = malloc(sizeof(*cache) + size);

    if (cache) {
        memcpy(cache->dir, cacheDir, size);
        store_keep(cacheDir, &cache->kept);
    }
    return cache;
}

void bccCloseCache(BCCCacheRef cache)
{
    if (cache)
        store_unkeep(&cache->kept);
    free(cache);
}

int bccUseCache(BCCScriptRef script, BCCCacheRef cache)
{
    if (script_check_open(script, "cache"))
        return 1;
    script->cache = cache;
    return 0;
}

/* ---- Options ---- */

/* Copy the caller's struct, of any size, into the current struct. */
static bool read_options(const BCCOptions *given, BCCOptions *ret_options)
{
    const unsigned char *bytes = (const unsigned char *)given;
    size_t known = sizeof(*ret_options);

    /* Every field begins at a multiple of 8, so any other size ends inside a
     * field. */
    if (given->size < sizeof(given->size) || given->size > 4096 ||
        given->size % sizeof(given->size))
        return false;
    for (size_t i = known; i < given->size; i++)
        if (bytes[i])
            return false;
    memset(ret_options, 0, known);
    memcpy(ret_options, given, given->size < known ? given->size : known);
    return true;
}

static bool copy_option(const char *value, char **ret_copy)
{
    if (!value || !*value)
        return true;
    *ret_copy = strdup(value);
    return *ret_copy != NULL;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* False: the text is not a key. */
static bool read_key(const char *text, struct signature_key *ret_key)
{
    for (size_t i = 0; i < sizeof(ret_key->byte); i++) {
        int high = digit_of(text[2 * i]);
        int low = high < 0 ? -1 : digit_of(text[2 * i + 1]);

        if (low < 0)
            return false;
        ret_key->byte[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* MISUSE: the text is not a list of keys separated by commas. UNTRUSTED:
 * anybody can sign for one of the keys. An empty text is misuse too: a caller
 * that asks for signatures must get them. */
static enum status read_keys(const char *text, struct script_options *options)
{
    enum { DIGITS = 2 * sizeof(struct signature_key) };
    size_t n = (text ? strlen(text) : 0) / (DIGITS + 1) + 1;

    if (!text)
        return STATUS_OK;
    if (strlen(text) != n * (DIGITS + 1) - 1)
        return STATUS_MISUSE;
    options->trusted_keys = calloc(n, sizeof(*options->trusted_keys));
    if (!options->trusted_keys)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++, text += DIGITS + 1)
        if (!read_key(text, &options->trusted_keys[i]) ||
            (i + 1 < n && text[DIGITS] != ','))
            return STATUS_MISUSE;
        else if (ed25519_key_is_weak(options->trusted_keys[i].byte))
            return STATUS_UNTRUSTED;
    options->n_trusted_keys = n;
    return STATUS_OK;
}

int bccSetOptions(BCCScriptRef script, const BCCOptions *options)
{
    struct script_options copy = default_options();
    BCCOptions given = {0};
    enum status keys;

    if (script_check_open(script, "options"))
        return 1;
    if (options && !read_options(options, &given))
        return script_misuse(script, BCC_INVALID_VALUE,
                             "options: size %zu: sets unknown fields",
                             options->size);
    if (given.optLevel < BCC_OPT_DEFAULT || given.optLevel > BCC_OPT_O3)
        return script_misuse(script, BCC_INVALID_VALUE,
                             "options: unknown optLevel %d", given.optLevel);
    if ((unsigned)given.tier > BCC_TIER_BASELINE ||
        (unsigned)given.jit > BCC_JIT_LAZY)
        return script_misuse(script, BCC_INVALID_VALUE,
                             "options: unknown tier %d or jit %d", given.tier,
                             given.jit);
    keys = read_keys(given.trustedKeys, &copy);
    if (keys == STATUS_MISUSE || keys == STATUS_UNTRUSTED) {
        options_release(&copy);
        return script_misuse(script, BCC_INVALID_VALUE, "options: %s",
                             keys == STATUS_MISUSE
                                 ? "trustedKeys: not keys of 64 hexadecimal "
                                   "digits, separated by commas"
                                 : "trustedKeys: anybody can sign for one of "
                                   "these keys");
    }
    if (given.targetTriple)
        given.targetTriple = machine_usual_triple(given.targetTriple);
    if (keys || !copy_option(given.targetTriple, &copy.triple) ||
        !copy_option(given.cpu, &copy.cpu) ||
        !copy_option(given.features, &copy.features) ||
        !copy_option(given.compilerPath, &copy.compiler_path)) {
        options_release(&copy);
        return script_no_memory(script);
    }
    if (given.optLevel != BCC_OPT_DEFAULT)
        copy.opt_level = (unsigned)given.optLevel - BCC_OPT_O0;
    if (given.compileTimeLimitMs)
        copy.time_limit_ms = given.compileTimeLimitMs;
    if (given.compileMemoryLimit)
        copy.memory_limit = given.compileMemoryLimit;
    if (copy.time_limit_ms == UINT32_MAX)
        copy.time_limit_ms = 0;
    if (copy.memory_limit == UINT64_MAX)
        copy.memory_limit = 0;
    copy.cache_size_limit = given.cacheSizeLimit;
    copy.tier = given.tier;
    copy.jit = given.jit;
    options_release(&script->options);
    script->options = copy;
    script->identity.size = 0;
    return 0;
}

const char *bccGetVersion(void)
{
    return BCC_VERSION_STRING;
}

const char *bccGetLLVMVersion(void)
{
    return BCC_LLVM_VERSION_STRING;
}
