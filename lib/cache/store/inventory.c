#include "inventory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "store.h"

/* ---- Reading ---- */

static bool is_named(const char *name, const char *suffix)
{
    size_t size = strlen(name), suffix_size = strlen(suffix);

    return name[0] != '.' && size > suffix_size &&
           strcmp(name + size - suffix_size, suffix) == 0;
}

static enum status add_entry(struct inventory *inventory, const char *name,
                             const struct stat *st, size_t *capacity,
                             struct error *err)
{
    if (inventory->n_entries == *capacity) {
        size_t wanted = *capacity ? *capacity * 2 : 64;
        void *longer =
            realloc(inventory->entries, wanted * sizeof(*inventory->entries));
        if (!longer)
            return error_no_memory(err);
        inventory->entries = longer;
        *capacity = wanted;
    }
    inventory->entries[inventory->n_entries] = (struct inventory_entry){
        .name_offset = inventory->names.size,
        .size = (uint64_t)st->st_size,
        .disk_size = (uint64_t)st->st_blocks * 512,
        .used_s = st->st_mtim.tv_sec,
        .is_index = is_named(name, STORE_INDEX_SUFFIX),
    };
    buffer_append(&inventory->names, name, strlen(name) + 1);
    if (buffer_failed(&inventory->names))
        return error_no_memory(err);
    inventory->size += (uint64_t)st->st_size;
    inventory->disk_size += (uint64_t)st->st_blocks * 512;
    inventory->n_indexes += inventory->entries[inventory->n_entries].is_index;
    inventory->n_entries++;
    return STATUS_OK;
}

static enum status read_names(DIR *stream, const char *dir,
                              struct inventory *inventory, struct error *err)
{
    enum status status = STATUS_OK;
    const struct dirent *entry;
    size_t capacity = 0;
    struct stat st;

    while (status == STATUS_OK && (errno = 0, entry = readdir(stream))) {
        if ((!is_named(entry->d_name, STORE_SUFFIX) &&
             !is_named(entry->d_name, STORE_INDEX_SUFFIX)) ||
            fstatat(inventory->dir_fd, entry->d_name, &st,
                    AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(st.st_mode))
            continue; /* not an entry, or removed meanwhile */
        status = add_entry(inventory, entry->d_name, &st, &capacity, err);
    }
    if (status == STATUS_OK && errno)
        status = error_set_os(err, errno, "%s: readdir", dir);
    return status;
}

/* ---- Order ---- */

static int compare_names(const void *left, const void *right, void *context)
{
    const struct inventory_entry *a = left, *b = right;
    const char *names = context;

    return strcmp(names + a->name_offset, names + b->name_offset);
}

static int compare_uses(const void *left, const void *right, void *context)
{
    const struct inventory_entry *a = left, *b = right;

    if (a->used_s != b->used_s)
        return a->used_s < b->used_s ? -1 : 1;
    return compare_names(left, right, context);
}

void inventory_sort_by_use(struct inventory *inventory)
{
    if (inventory->n_entries)
        qsort_r(inventory->entries, inventory->n_entries,
                sizeof(*inventory->entries), compare_uses,
                inventory->names.data);
}

/* ---- All of it ---- */

const char *inventory_name(const struct inventory *inventory, size_t i)
{
    return (const char *)inventory->names.data +
           inventory->entries[i].name_offset;
}

void inventory_release(struct inventory *inventory)
{
    file_close(inventory->dir_fd);
    free(inventory->entries);
    buffer_release(&inventory->names);
    *inventory = (struct inventory){.dir_fd = -1};
}

enum status inventory_read(const char *dir, struct inventory *ret_inventory,
                           struct error *err)
{
    struct inventory inventory = {.dir_fd = -1};
    DIR *stream = opendir(dir);
    enum status status;

    if (!stream && errno != ENOENT)
        return error_set_os(err, errno, "%s", dir);
    buffer_init(&inventory.names);
    if (!stream) {
        *ret_inventory = inventory;
        return STATUS_OK;
    }
    /* A descriptor of its own, as the stream is closed here. */
    inventory.dir_fd = fcntl(dirfd(stream), F_DUPFD_CLOEXEC, 0);
    if (inventory.dir_fd < 0)
        status = error_set_os(err, errno, "%s", dir);
    else
        status = read_names(stream, dir, &inventory, err);
    closedir(stream);
    if (status) {
        inventory_release(&inventory);
        return status;
    }
    if (inventory.n_entries)
        qsort_r(inventory.entries, inventory.n_entries,
                sizeof(*inventory.entries), compare_names,
                inventory.names.data);
    *ret_inventory = inventory;
    return STATUS_OK;
}
