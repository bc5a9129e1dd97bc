/* bcc cache verify: are all bytes of all entries as they were written? */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "cache_file.h"
#include "file.h"
#include "print.h"
#include "index_file.h"
#include "inventory.h"

enum { MAX_THREADS = 64 };

struct check {
    const char *dir;
    const struct inventory *inventory;
    char **damage; /* for each entry: its defect, owned; NULL: none */
    /* Protected by the lock: */
    pthread_mutex_t lock;
    size_t next;
};

/* Check the whole file, closures included, in a copy like that of
 * cache_file_open(). */
static enum status check_index(const char *path, struct error *err)
{
    uint8_t *bytes = NULL;
    struct index_view view;
    struct index_row row;
    enum status status;
    struct stat st;
    size_t size;
    int fd;

    status = file_open(path, &fd, &st, err);
    if (status)
        return status;
    bytes = st.st_size < PTRDIFF_MAX ? calloc((size_t)st.st_size + 1, 1) : NULL;
    status =
        bytes
            ? file_read_at(fd, (struct file_target){bytes, (size_t)st.st_size},
                           0, path, &size, err)
            : error_no_memory(err);
    file_close(fd);
    if (status == STATUS_OK)
        status = index_view_open((struct span){bytes, size},
                                 (struct span){NULL, 0}, path, &view, err);
    for (size_t i = 0; status == STATUS_OK && i < view.n_rows; i++)
        if (!index_view_row(&view, i, &row))
            status = error_set(err, STATUS_CORRUPT, "%s: '%s' is damaged", path,
                               index_view_name(&view, i));
    free(bytes);
    return status;
}

static char *find_damage(const struct check *check, size_t i)
{
    struct cache_file file;
    char path[PATH_MAX];
    struct error err;

    cache_entry_path(check->dir, check->inventory, i, path);
    if (check->inventory->entries[i].is_index) {
        if (check_index(path, &err) == STATUS_OK)
            return NULL;
    } else if (cache_file_open(path, CACHE_CHECK_ALL, &file, &err) ==
               STATUS_OK) {
        cache_file_close(&file);
        return NULL;
    }
    /* Removed or replaced meanwhile, so there is no damaged entry. */
    if (err.status == STATUS_IO && err.os_errno == ENOENT)
        return NULL;
    return strdup(err.message);
}

static void *work(void *argument)
{
    struct check *check = argument;
    size_t n = check->inventory->n_entries;

    pthread_mutex_lock(&check->lock);
    while (check->next < n) {
        size_t i = check->next++;

        pthread_mutex_unlock(&check->lock);
        check->damage[i] = find_damage(check, i);
        pthread_mutex_lock(&check->lock);
    }
    pthread_mutex_unlock(&check->lock);
    return NULL;
}

static void check_all(struct check *check, int jobs)
{
    long n = jobs ? jobs : sysconf(_SC_NPROCESSORS_ONLN);
    pthread_t threads[MAX_THREADS];
    long n_started = 0;

    if (n > MAX_THREADS)
        n = MAX_THREADS;
    pthread_mutex_init(&check->lock, NULL);
    while (n_started < n - 1 &&
           pthread_create(&threads[n_started], NULL, work, check) == 0)
        n_started++;
    work(check);
    for (long i = 0; i < n_started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&check->lock);
}

/* Report the defect of entry i, and remove the entry if the user asked for
 * that. */
static void report_entry(const struct check *check, size_t i,
                         const struct options *options, bool is_first)
{
    const char *name = inventory_name(check->inventory, i);
    bool removed =
        options->remove && unlinkat(check->inventory->dir_fd, name, 0) == 0;

    if (!options->json) {
        print_visible(stdout, check->damage[i]);
        puts(removed ? " (removed)" : "");
        return;
    }
    printf("%s{\"entry\":", is_first ? "" : ",");
    json_print_string(stdout, name);
    fputs(",\"error\":", stdout);
    json_print_string(stdout, check->damage[i]);
    printf(",\"removed\":%s}", removed ? "true" : "false");
}

static size_t report(const struct check *check, const struct options *options)
{
    size_t n_damaged = 0;

    if (options->json)
        fputs("{\"damaged\":[", stdout);
    for (size_t i = 0; i < check->inventory->n_entries; i++)
        if (check->damage[i])
            report_entry(check, i, options, n_damaged++ == 0);
    printf(options->json ? "],\"entries\":%zu,\"bytes\":%" PRIu64
                           ",\"n_damaged\":%zu}\n"
                         : "%zu entries, %" PRIu64 " bytes, %zu damaged\n",
           check->inventory->n_entries, check->inventory->size, n_damaged);
    return n_damaged;
}

int cache_verify(const struct options *options, const char *dir)
{
    struct inventory inventory;
    struct check check = {.dir = dir, .inventory = &inventory};
    size_t n_damaged;

    if (!cache_inventory(dir, &inventory))
        return EXIT_FAILED;
    check.damage = calloc(inventory.n_entries + 1, sizeof(*check.damage));
    if (!check.damage) {
        complain("out of memory");
        inventory_release(&inventory);
        return EXIT_FAILED;
    }
    check_all(&check, options->jobs);
    n_damaged = report(&check, options);
    for (size_t i = 0; i < inventory.n_entries; i++)
        free(check.damage[i]);
    free(check.damage);
    inventory_release(&inventory);
    return n_damaged ? EXIT_FAILED : EXIT_OK;
}
