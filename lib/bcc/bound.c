/* An entry was published: is the directory too large now? The answer costs some
 * microseconds; what follows from it is another process's work. */
#include "prepare.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "compile_client.h"
#include "prune.h"

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

void prepare_bound_cache(struct prepare *p, const struct store_writer *writer)
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
    if (compile_client_prune(script->options.compiler_path, p->dir, limit,
                             &err))
        script_log(script, BCC_LOG_WARN, "cache", "%s: cannot be pruned: %s",
                   p->dir, err.message);
}
