/* bcc cache: show the directory's contents, and keep it in order. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "commands.h"
#include "cache_file.h"
#include "counters.h"
#include "known_file.h"
#include "print.h"
#include "prune.h"
#include "settings.h"
#include "store.h"
#include "inventory.h"

bool cache_inventory(const char *dir, struct inventory *ret_inventory)
{
    struct error err;

    if (inventory_read(dir, ret_inventory, &err) == STATUS_OK)
        return true;
    complain("%s", err.message);
    return false;
}

void cache_entry_path(const char *dir, const struct inventory *inventory,
                      size_t i, char ret_path[PATH_MAX])
{
    snprintf(ret_path, PATH_MAX, "%s/%s", dir, inventory_name(inventory, i));
}

/* ---- ls ---- */

/* The script's name, or the entry's defect; the caller frees it. */
static char *describe(const char *path, bool *ret_good)
{
    struct cache_file file;
    struct error err = {0};
    const char *script = "";
    char *copy;

    *ret_good =
        cache_file_open(path, CACHE_CHECK_TABLES, &file, &err) == STATUS_OK;
    if (!*ret_good)
        return strdup(err.message);
    if (cache_count(&file.view, OBCC_DEPENDENCY_TABLE))
        script = cache_string(
            &file.view, obcc_get32(cache_dependency_at(&file.view, 0)->name));
    copy = strdup(script);
    cache_file_close(&file);
    return copy;
}

/* Print nothing if no calendar has that time. */
static void print_date(time_t time)
{
    const struct tm *local = localtime(&time);
    char date[64];

    if (local && strftime(date, sizeof(date), "%Y-%m-%d %H:%M", local))
        fputs(date, stdout);
}

static void list_entry(const struct inventory *inventory, size_t i,
                       const char *dir, bool json)
{
    const struct inventory_entry *entry = &inventory->entries[i];
    char path[PATH_MAX], *text;
    bool good;

    cache_entry_path(dir, inventory, i, path);
    good = entry->is_index;
    text = good ? strdup(json ? "" : "(index of a runtime library)")
                : describe(path, &good);
    if (json) {
        printf("%s{\"entry\":", i ? "," : "");
        json_print_string(stdout, inventory_name(inventory, i));
        printf(",\"size\":%" PRIu64 ",\"mtime\":%" PRId64 ",\"script\":",
               entry->size, entry->used_s);
        json_print_string(stdout, good && text ? text : "");
        fputs(",\"error\":", stdout);
        json_print_string(stdout, good || !text ? "" : text);
        putchar('}');
    } else {
        printf("%10" PRIu64 "  ", entry->size);
        print_date((time_t)entry->used_s);
        fputs("  ", stdout);
        print_visible(stdout, inventory_name(inventory, i));
        fputs("  ", stdout);
        print_visible(stdout, text ? text : "");
        putchar('\n');
    }
    free(text);
}

int cache_ls(const struct options *options, const char *dir)
{
    struct inventory inventory;

    if (!cache_inventory(dir, &inventory))
        return EXIT_FAILED;
    if (options->json)
        putchar('[');
    for (size_t i = 0; i < inventory.n_entries; i++)
        list_entry(&inventory, i, dir, options->json);
    if (options->json)
        puts("]");
    inventory_release(&inventory);
    return EXIT_OK;
}

/* ---- stats ---- */

static uint64_t count_misses(const struct counters *counters)
{
    uint64_t n = 0;

    for (size_t i = 0; i < COUNTERS_REASONS; i++)
        n += counters->misses[i];
    return n;
}

static void print_counters_json(const struct counters *counters)
{
    const char *separator = "";

    printf(",\"since\":%" PRIu64 ",\"hits\":%" PRIu64
           ",\"hits_sampled\":%d,\"misses\":%" PRIu64 ",\"reasons\":{",
           counters->since_s, counters->hits, COUNTERS_SAMPLE,
           count_misses(counters));
    for (int i = 0; i < COUNTERS_REASONS; i++) {
        const char *name = bccGetReasonName(i);

        if (!counters->misses[i] || !name)
            continue;
        printf("%s\"%s\":%" PRIu64, separator, name, counters->misses[i]);
        separator = ",";
    }
    putchar('}');
}

static void print_counters(const struct counters *counters)
{
    if (!counters->since_s)
        return;
    fputs("since      ", stdout);
    print_date((time_t)counters->since_s);
    printf(" (launches of bcc run)\nhits       about %" PRIu64
           " (one in %d is counted)\nmisses     %" PRIu64 "\n",
           counters->hits, COUNTERS_SAMPLE, count_misses(counters));
    for (int i = 0; i < COUNTERS_REASONS; i++) {
        const char *name = bccGetReasonName(i);

        if (counters->misses[i])
            printf("  %-8s %" PRIu64 "\n", name ? name : "other",
                   counters->misses[i]);
    }
}

int cache_stats(const struct options *options, const char *dir)
{
    struct inventory inventory;
    struct counters counters;
    struct cache_limit limit;

    if (options->zero)
        return counters_zero(dir) ? EXIT_OK : EXIT_FAILED;
    if (!cache_inventory(dir, &inventory))
        return EXIT_FAILED;
    settings_cache_limit(options, &limit);
    counters_read(dir, &counters);
    if (options->json) {
        fputs("{\"dir\":", stdout);
        json_print_string(stdout, dir);
        printf(",\"entries\":%zu,\"bytes\":%" PRIu64 ",\"disk_bytes\":%" PRIu64
               ",\"indexes\":%zu,\"limit\":",
               inventory.n_entries - inventory.n_indexes, inventory.size,
               inventory.disk_size, inventory.n_indexes);
        settings_print_limit(&limit, true);
        fputs(",\"limit_origin\":", stdout);
        json_print_string(stdout, limit.origin);
        print_counters_json(&counters);
        puts("}");
    } else {
        fputs("directory  ", stdout);
        print_visible(stdout, dir);
        printf("\nentries    %zu\nindexes    %zu\n"
               "bytes      %" PRIu64 "\non disk    %" PRIu64 "\nlimit      ",
               inventory.n_entries - inventory.n_indexes, inventory.n_indexes,
               inventory.size, inventory.disk_size);
        settings_print_limit(&limit, false);
        settings_print_origin(&limit);
        print_counters(&counters);
    }
    inventory_release(&inventory);
    return EXIT_OK;
}

/* ---- clear ---- */

/* A temporary file ".NAME.PID.HEX.tmp" (see store.c) of a process that was
 * killed in the middle of a compile. */
static int is_leftover(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    long pid = 0;

    if (entry->d_name[0] != '.' || strcmp(dot, ".tmp") != 0)
        return false;
    for (int n_dots = 0; dot > entry->d_name && n_dots < 2; dot--)
        n_dots += dot[-1] == '.';
    pid = strtol(dot + 1, NULL, 10);
    return pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static void remove_leftovers(const char *dir)
{
    struct dirent **names;
    int n_names = scandir(dir, &names, is_leftover, NULL);
    char path[PATH_MAX];

    for (int i = 0; i < n_names; i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
        unlink(path);
        free(names[i]);
    }
    if (n_names >= 0)
        free(names);
}

int cache_clear(const struct options *options, const char *dir)
{
    size_t n_removed = 0, n_failed = 0;
    struct inventory inventory;

    if (!cache_inventory(dir, &inventory))
        return EXIT_FAILED;
    remove_leftovers(dir);
    store_sweep(dir);
    for (size_t i = 0; i < inventory.n_entries; i++) {
        const char *name = inventory_name(&inventory, i);

        if (unlinkat(inventory.dir_fd, name, 0) == 0 || errno == ENOENT) {
            n_removed++;
        } else {
            complain("%s/%s: %s", dir, name, strerror(errno));
            n_failed++;
        }
    }
    if (n_failed == 0) {
        unlinkat(inventory.dir_fd, PRUNE_NOTES_NAME, 0);
        known_file_sweep(inventory.dir_fd, 0);
    }
    inventory_release(&inventory);
    printf(options->json ? "{\"removed\":%zu,\"failed\":%zu}\n"
                         : "%zu entries removed, %zu failed\n",
           n_removed, n_failed);
    return n_failed ? EXIT_FAILED : EXIT_OK;
}

/* ---- gc ---- */

/* The library leaves this to another process after a miss; here it is done at
 * once, with a report. */
struct account {
    bool json;
    bool dry_run;
    bool is_first;
};

static const char names[] = "{\"names\":[";

static void print_name(void *context, const char *name,
                       const struct inventory_entry *entry)
{
    struct account *account = context;

    if (account->json) {
        fputs(account->is_first ? names : ",", stdout);
        json_print_string(stdout, name);
    } else if (account->dry_run) {
        printf("%10" PRIu64 "  ", entry->disk_size);
        print_visible(stdout, name);
        putchar('\n');
    }
    account->is_first = false;
}

static void print_json(const struct prune_result *result,
                       const struct cache_limit *limit, bool dry_run)
{
    printf(",\"dry_run\":%s,\"removed\":%zu,\"failed\":%zu,\"freed\":%" PRIu64
           ",\"entries\":%zu,\"disk_bytes\":%" PRIu64
           ",\"in_use\":%zu,\"limit\":",
           dry_run ? "true" : "false", result->n_removed, result->n_failed,
           result->freed, result->n_left, result->left, result->n_in_use);
    settings_print_limit(limit, true);
    fputs(",\"limit_origin\":", stdout);
    json_print_string(stdout, limit->origin);
    puts("}");
}

static void print_text(const struct prune_result *result,
                       const struct cache_limit *limit, bool dry_run)
{
    printf("%zu entries %s, %" PRIu64 " bytes; %zu left, %" PRIu64
           " bytes, limit ",
           result->n_removed, dry_run ? "would be removed" : "removed",
           result->freed, result->n_left, result->left);
    settings_print_limit(limit, false);
    settings_print_origin(limit);
    if (result->n_in_use)
        printf("%zu entries were used in the last hour and stay\n",
               result->n_in_use);
}

int cache_gc(const struct options *options, const char *dir)
{
    struct account account = {options->json, options->dry_run, true};
    struct prune_options prune = {
        .dry_run = options->dry_run,
        .visit = print_name,
        .context = &account,
    };
    struct prune_result result;
    struct cache_limit limit;
    struct error err;

    settings_cache_limit(options, &limit);
    prune.limit = limit.bytes;
    if (prune_directory(dir, &prune, &result, &err)) {
        complain("%s", err.message);
        return EXIT_FAILED;
    }
    if (options->json) {
        printf("%s]", account.is_first ? names : "");
        print_json(&result, &limit, options->dry_run);
    } else {
        print_text(&result, &limit, options->dry_run);
    }
    return result.n_failed ? EXIT_FAILED : EXIT_OK;
}
