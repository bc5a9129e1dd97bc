#include "prune.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "entry_use.h"
#include "known_file.h"

/* A record of the notes file; only the machine that wrote it reads it. */
struct record {
    uint64_t bytes;
    uint64_t time_s; /* of the first record: when the directory was last
                        scanned */
};

/* 2 KiB: the stack may be a coroutine's. */
enum { RECORDS_AT_ONCE = 128 };

/* ---- Limits ---- */

bool prune_parse_limit(const char *text, uint64_t *ret_limit)
{
    static const char units[] = "KMGT";
    unsigned long long value;
    const char *unit;
    unsigned shift = 0;
    char *end;

    if (strcmp(text, "none") == 0) {
        *ret_limit = PRUNE_NO_LIMIT;
        return true;
    }
    if (*text < '0' || *text > '9')
        return false; /* strtoull accepts signs and blanks. */
    errno = 0;
    value = strtoull(text, &end, 10);
    unit = *end ? strchr(units, *end) : NULL;
    if (unit) {
        shift = 10 * (unsigned)(unit - units + 1);
        end++;
    }
    if (errno || *end || value > UINT64_MAX >> shift)
        return false;
    *ret_limit = (uint64_t)value << shift;
    return true;
}

/* ---- Notes ---- */

static int open_notes(int dir_fd, int flags)
{
    return openat(dir_fd, PRUNE_NOTES_NAME,
                  flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
}

/* Does the sum of the records, or their number, call for a scan? */
static bool is_due(int fd, uint64_t limit, uint64_t now_s)
{
    struct record records[RECORDS_AT_ONCE];
    uint64_t total = 0, first_s = 0;
    size_t size, n = 0, n_read;

    do {
        if (file_read_at(fd, (struct file_target){records, sizeof(records)},
                         n * sizeof(records[0]), "", &size, NULL))
            return false;
        n_read = size / sizeof(records[0]);
        if (n == 0 && n_read > 0)
            first_s = records[0].time_s;
        for (size_t i = 0; i < n_read; i++)
            total = records[i].bytes < UINT64_MAX - total
                        ? total + records[i].bytes
                        : UINT64_MAX;
        n += n_read;
    } while (n_read == RECORDS_AT_ONCE && n < PRUNE_MAX_RECORDS);
    if (n == 0 || (total <= limit && n < PRUNE_MAX_RECORDS))
        return false;
    return now_s < first_s || now_s - first_s >= PRUNE_PAUSE_S;
}

int prune_open_notes(int dir_fd)
{
    return open_notes(dir_fd, O_RDWR | O_APPEND | O_CREAT);
}

bool prune_note(int notes_fd, uint64_t disk_size, uint64_t limit)
{
    uint64_t now_s = clock_realtime_ns() / 1000000000u;
    const struct record record = {disk_size, now_s};
    struct stat st;

    /* Other processes append too: leave room for the largest number of
     * records. */
    return notes_fd >= 0 && fstat(notes_fd, &st) == 0 &&
           file_may_grow_to((uint64_t)st.st_size +
                            PRUNE_MAX_RECORDS * sizeof(record)) &&
           write(notes_fd, &record, sizeof(record)) ==
               (ssize_t)sizeof(record) &&
           limit != PRUNE_NO_LIMIT && is_due(notes_fd, limit, now_s);
}

bool prune_note_entry(int dir_fd, uint64_t disk_size, uint64_t limit)
{
    int fd = prune_open_notes(dir_fd);
    bool due = prune_note(fd, disk_size, limit);

    file_close(fd);
    return due;
}

/* Replaces the notes file as a whole; a record appended meanwhile is lost. */
static void renew_notes(int dir_fd, uint64_t bytes)
{
    const struct record record = {bytes, clock_realtime_ns() / 1000000000u};
    static const char fresh[] = PRUNE_NOTES_NAME ".new";
    int fd = openat(dir_fd, fresh,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK |
                        O_CLOEXEC,
                    0600);

    if (fd < 0)
        return;
    if (write(fd, &record, sizeof(record)) != (ssize_t)sizeof(record) ||
        file_rename(dir_fd, fresh, dir_fd, PRUNE_NOTES_NAME) < 0)
        unlinkat(dir_fd, fresh, 0);
    file_close(fd);
}

/* ---- Removing ---- */

/* Remove the entry, unless it was used or replaced after the scan. */
static enum inventory_fate try_to_remove(const struct inventory *inventory,
                                         size_t i)
{
    const struct inventory_entry *entry = &inventory->entries[i];
    const char *name = inventory_name(inventory, i);
    struct stat st;

    if (fstatat(inventory->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? INVENTORY_GONE : INVENTORY_FAILED;
    if (!S_ISREG(st.st_mode) || st.st_mtim.tv_sec != entry->used_s ||
        (uint64_t)st.st_size != entry->size)
        return INVENTORY_STAYS;
    if (unlinkat(inventory->dir_fd, name, 0) == 0)
        return INVENTORY_REMOVED;
    return errno == ENOENT ? INVENTORY_GONE : INVENTORY_FAILED;
}

/* Was it used in the last hour? A use in the future does not count: some clock
 * was wrong. */
static bool is_in_use(const struct inventory_entry *entry, int64_t now_s)
{
    return entry->used_s > now_s - ENTRY_USE_GRAIN_S &&
           entry->used_s < now_s + ENTRY_USE_GRAIN_S;
}

/* Choose entries for removal, from entry `start` on, until the directory would
 * be down to `goal`. Returns the index after the last entry it looked at. */
static size_t choose(struct inventory *inventory, size_t start, uint64_t goal,
                     int64_t now_s, struct prune_result *result)
{
    uint64_t left = result->left;
    size_t i;

    for (i = start; i < inventory->n_entries && left > goal; i++) {
        struct inventory_entry *entry = &inventory->entries[i];

        if (is_in_use(entry, now_s)) {
            result->n_in_use++;
            continue;
        }
        entry->fate = INVENTORY_REMOVED;
        left -= entry->disk_size;
    }
    return i;
}

static void account(const struct inventory *inventory, size_t i,
                    const struct prune_options *options,
                    struct prune_result *result)
{
    const struct inventory_entry *entry = &inventory->entries[i];

    result->n_failed += entry->fate == INVENTORY_FAILED;
    if (entry->fate != INVENTORY_REMOVED && entry->fate != INVENTORY_GONE)
        return;
    result->n_left--;
    result->left -= entry->disk_size;
    if (entry->fate == INVENTORY_GONE)
        return; /* another process removed it */
    result->n_removed++;
    result->freed += entry->disk_size;
    if (options->visit)
        options->visit(options->context, inventory_name(inventory, i), entry);
}

static void remove_oldest(struct inventory *inventory,
                          const struct prune_options *options,
                          struct prune_result *result)
{
    int64_t now_s = (int64_t)(clock_realtime_ns() / 1000000000u);
    uint64_t goal = options->limit - options->limit / 10;
    size_t start = 0, end;

    /* Choose more if a chosen entry was not removed. */
    while (start < inventory->n_entries && result->left > goal) {
        end = choose(inventory, start, goal, now_s, result);
        for (; start < end; start++) {
            struct inventory_entry *entry = &inventory->entries[start];

            if (!options->dry_run && entry->fate == INVENTORY_REMOVED)
                entry->fate = try_to_remove(inventory, start);
            account(inventory, start, options, result);
        }
    }
    if (result->left <= options->limit)
        result->n_in_use = 0;
}

enum status prune_directory(const char *dir,
                            const struct prune_options *options,
                            struct prune_result *ret_result, struct error *err)
{
    struct inventory inventory;
    enum status status = inventory_read(dir, &inventory, err);

    if (status)
        return status;
    *ret_result = (struct prune_result){
        .left = inventory.disk_size,
        .n_left = inventory.n_entries,
    };
    if (inventory.disk_size > options->limit) {
        inventory_sort_by_use(&inventory);
        remove_oldest(&inventory, options, ret_result);
    }
    if (!options->dry_run) {
        renew_notes(inventory.dir_fd, ret_result->left);
        known_file_sweep(inventory.dir_fd, KNOWN_FILE_MAX_AGE_S);
    }
    inventory_release(&inventory);
    return STATUS_OK;
}
