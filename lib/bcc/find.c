/* The places of a compiled entry: the layers, in order, then the caller's own
 * directory. If the host gives the entry, nothing is searched.
 *
 * Layers are directories that are searched first and never written to, such as
 * those of a vendor or of the system, which an installation filled. An entry
 * there must pass the same checks as anywhere else, owner and mode included; if
 * it does not, the search goes on. */
#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"
#include "trust.h"

static const char *layers_of(const struct prepare *p)
{
    const char *list;

    /* A caller that only makes an entry gets it in the directory it names. */
    if (!p->execute && !(p->flags & BCC_CACHE_ONLY))
        return "";
    if (!p->name || (p->flags & BCC_REBUILD))
        return "";
    list = p->script->cache_path ? p->script->cache_path
                                 : secure_getenv("BCC_CACHE_PATH");
    return list ? list : "";
}

void find_begin(struct finder *finder, const struct prepare *p)
{
    *finder = (struct finder){.layers = layers_of(p), .has_own = p->dir};
}

/* Without printf(), because every launch builds this path. */
char *find_path(const char *dir, const char *name)
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

static enum status open_entry(struct prepare *p, const char *dir,
                              enum found_origin origin, struct found *found,
                              struct error *err)
{
    *found = (struct found){
        .fd = -1, .origin = origin, .dir = dir, .name = p->script->report_path};
    return store_open_kept(p->cache && dir == p->dir ? &p->cache->kept : NULL,
                           dir, p->name, &found->fd, &found->st, err);
}

enum status find_own(struct prepare *p, struct found *ret_found,
                     struct error *err)
{
    if (p->flags & BCC_REBUILD)
        return error_add_reason(
            err, error_set(err, STATUS_STALE, "rebuild was asked for"),
            REASON_REBUILD);
    return open_entry(p, p->dir, FOUND_IN_DIRECTORY, ret_found, err);
}

/* NOT_FOUND: this layer has no such entry. */
static enum status find_in_layer(struct prepare *p, const char *dir,
                                 struct found *found, struct error *err)
{
    char *path = find_path(dir, p->name);
    struct error fact = {0};
    enum status status;

    if (!path)
        return error_no_memory(err);
    report_move(p->script, path);
    /* Most layers lack most entries, and access() answers in one call, where
     * opening takes five. Only a negative answer counts. */
    if (faccessat(AT_FDCWD, path, F_OK, 0) < 0 && errno == ENOENT)
        return STATUS_NOT_FOUND;
    status = open_entry(p, dir, FOUND_IN_LAYER, found, &fact);
    found->dir = NULL;
    /* A layer without the entry is no reason; an earlier reason stays. */
    if (status && status != STATUS_NOT_FOUND)
        *err = fact;
    return status;
}

static enum status find_in_next_layer(struct finder *finder, struct prepare *p,
                                      struct found *found, struct error *err)
{
    const char *list = finder->layers;
    enum status status = STATUS_NOT_FOUND;
    size_t size = 0;
    char *dir;

    while (list[size] && list[size] != ':')
        size++;
    finder->layers += size + (list[size] == ':');
    finder->has_moved = true;
    if (!size)
        return status;
    dir = strndup(list, size);
    status = dir ? find_in_layer(p, dir, found, err) : error_no_memory(err);
    free(dir);
    return status;
}

/* Make the report name the caller's own entry again, or none. */
static bool move_back(struct finder *finder, struct prepare *p)
{
    char *path = NULL;

    if (finder->has_moved && p->dir) {
        path = find_path(p->dir, p->name);
        if (!path)
            return false;
    }
    if (finder->has_moved)
        report_move(p->script, path);
    finder->has_moved = false;
    return true;
}

bool find_next(struct finder *finder, struct prepare *p,
               struct found *ret_found, enum status *ret_status,
               struct error *err)
{
    ret_found->origin = FOUND_IN_LAYER;
    while (*finder->layers) {
        *ret_status = find_in_next_layer(finder, p, ret_found, err);
        if (*ret_status != STATUS_NOT_FOUND)
            return true;
    }
    ret_found->origin = FOUND_IN_DIRECTORY;
    if (!move_back(finder, p)) {
        *ret_status = error_no_memory(err);
        finder->has_own = false;
        return true;
    }
    if (!finder->has_own)
        return false;
    finder->has_own = false;
    *ret_status = find_own(p, ret_found, err);
    return true;
}

/* ---- Given by the host ---- */

/* Read the file into memory, so that its writer cannot change the bytes between
 * check and load. */
static enum status read_whole(struct found *found, struct error *err)
{
    size_t size = (size_t)found->st.st_size;
    enum status status;

    found->copy = malloc(size);
    if (!found->copy)
        return error_no_memory(err);
    status = file_read_at(found->fd, (struct file_target){found->copy, size}, 0,
                          found->name, &size, err);
    file_close(found->fd);
    found->fd = -1;
    found->bytes = (struct span){found->copy, size};
    found->st.st_size = (off_t)size;
    return status;
}

enum status find_given(struct prepare *p, struct found *ret_found,
                       struct error *err)
{
    const struct source *given = p->given;
    enum status status;

    *ret_found = (struct found){.fd = -1,
                                .bytes = given->bytes,
                                .origin = FOUND_GIVEN,
                                .st.st_size = (off_t)given->bytes.size,
                                .name = given->name};
    if (!given->path)
        return STATUS_OK;
    status = file_open(given->path, &ret_found->fd, &ret_found->st, err);
    if (status)
        return status;
    status = trust_check(&ret_found->st, given->path, "", err);
    return status && p->script->options.n_trusted_keys
               ? read_whole(ret_found, err)
               : status;
}

void found_release(struct found *found)
{
    load_release(&found->image);
    file_close(found->fd);
    free(found->copy);
}
