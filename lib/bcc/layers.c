/* Cache layers: directories that are searched, in order, before the caller's
 * own and never written to, as those of a vendor and of the system, filled
 * when something was installed. An entry there has to pass what an entry
 * anywhere has to pass, owner and mode included; one that does not is a
 * reason to look further. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prepare.h"

static const char *list_of(const struct prepare *p)
{
    /* Who wants an entry made, wants it in the directory that it names. */
    if (!p->execute && !(p->flags & BCC_CACHE_ONLY))
        return "";
    if (!p->name || (p->flags & BCC_REBUILD))
        return "";
    if (p->script->cache_path)
        return p->script->cache_path;
    return secure_getenv("BCC_CACHE_PATH");
}

/* True if that settles it. */
static bool search_one(struct prepare *p, enum status *ret_status,
                       struct error *why)
{
    struct error fact = {0};
    bool is_final = false;

    if (!prepare_set_path(p))
        return false;
    /* Most layers lack most entries: one call tells, where the way of an entry
     * takes five. What it says is believed only if it is no. */
    if (access(p->script->report_path, F_OK) < 0 && errno == ENOENT)
        return false;
    *ret_status = prepare_hit(p, &is_final, &fact);
    if (*ret_status == STATUS_NOT_FOUND)
        return false;
    *why = fact;
    if (*ret_status == STATUS_OK || is_final) {
        p->script->report.cache = BCC_CACHE_HIT;
        return true;
    }
    script_log(p->script, BCC_LOG_WARN, "cache", "%s", fact.message);
    return false;
}

bool prepare_search_layers(struct prepare *p, enum status *ret_status,
                           struct error *why)
{
    const char *own_dir = p->dir;
    const char *rest = list_of(p);
    bool is_found = false;

    if (!rest || !*rest)
        return false;
    p->is_layer = true;
    while (*rest && !is_found) {
        size_t size = strcspn(rest, ":");
        char *dir = size ? strndup(rest, size) : NULL;

        p->dir = dir;
        is_found = dir && search_one(p, ret_status, why);
        p->dir = own_dir;
        free(dir);
        rest += size + (rest[size] == ':');
    }
    p->is_layer = false;
    if (is_found)
        return true;
    if (prepare_set_path(p))
        return false;
    *ret_status = error_no_memory(why);
    return true;
}
