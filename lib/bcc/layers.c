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
    if (!p->execute || !p->name || (p->flags & BCC_REBUILD))
        return "";
    if (p->script->cache_path)
        return p->script->cache_path;
    return secure_getenv("BCC_CACHE_PATH");
}

/* True if that settles it. */
static bool search_one(struct prepare *p, enum status *ret_status,
                       struct error *err)
{
    struct error why = {0};
    bool is_final = false;

    if (!prepare_set_path(p))
        return false;
    /* Most layers lack most entries: one call tells, where the way of an entry
     * takes five. What it says is believed only if it is no. */
    if (access(p->script->report_path, F_OK) < 0 && errno == ENOENT)
        return false;
    *ret_status = prepare_hit(p, &is_final, &why);
    if (*ret_status == STATUS_OK || is_final) {
        p->script->report.cache = BCC_CACHE_HIT;
        *err = why;
        return true;
    }
    if (*ret_status != STATUS_NOT_FOUND)
        script_log(p->script, BCC_LOG_WARN, "cache", "%s", why.message);
    return false;
}

bool prepare_search_layers(struct prepare *p, enum status *ret_status,
                           struct error *err)
{
    const char *own_dir = p->dir;
    const char *rest = list_of(p);
    bool is_found = false;

    if (!rest || !*rest)
        return false;
    while (*rest && !is_found) {
        size_t size = strcspn(rest, ":");
        char *dir = size ? strndup(rest, size) : NULL;

        p->dir = dir;
        is_found = dir && search_one(p, ret_status, err);
        p->dir = own_dir;
        free(dir);
        rest += size + (rest[size] == ':');
    }
    if (is_found)
        return true;
    if (prepare_set_path(p))
        return false;
    *ret_status = error_no_memory(err);
    return true;
}
