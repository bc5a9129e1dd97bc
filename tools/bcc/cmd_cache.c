/* bcc cache: what the directory holds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "cache_file.h"
#include "commands.h"
#include "json.h"
#include "options.h"
#include "script_setup.h"
#include "store.h"

struct listing {
    const char *dir;
    struct dirent **names; /* the entries, sorted */
    int n_names;
};

static int is_entry(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name), suffix = strlen(STORE_SUFFIX);

    return entry->d_name[0] != '.' && size > suffix &&
           strcmp(entry->d_name + size - suffix, STORE_SUFFIX) == 0;
}

static bool listing_read(struct listing *listing, const char *dir)
{
    *listing = (struct listing){.dir = dir};
    listing->n_names = scandir(dir, &listing->names, is_entry, alphasort);
    if (listing->n_names >= 0)
        return true;
    complain("%s: %s", dir, strerror(errno));
    return false;
}

static void listing_release(struct listing *listing)
{
    for (int i = 0; i < listing->n_names; i++)
        free(listing->names[i]);
    free(listing->names);
}

static bool stat_entry(const struct listing *listing, int i,
                       char ret_path[PATH_MAX], struct stat *ret_st)
{
    snprintf(ret_path, PATH_MAX, "%s/%s", listing->dir,
             listing->names[i]->d_name);
    return lstat(ret_path, ret_st) == 0 && S_ISREG(ret_st->st_mode);
}

/* ---- Commands ---- */

static int list(const struct listing *listing, bool json)
{
    const char *separator = "";

    if (json)
        putchar('[');
    for (int i = 0; i < listing->n_names; i++) {
        char path[PATH_MAX], date[32];
        const char *script = "";
        struct cache_file file;
        struct error err = {0};
        struct stat st;
        bool good;

        if (!stat_entry(listing, i, path, &st))
            continue;
        good = cache_file_open(path, 0, &file, &err) == STATUS_OK;
        if (good && cache_count(&file.view, OBCC_DEPENDENCY_TABLE))
            script = cache_string(
                &file.view,
                obcc_get32(cache_dependency_at(&file.view, 0)->name));
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M", localtime(&st.st_mtime));
        if (json) {
            printf("%s{\"entry\":", separator);
            json_print_string(stdout, listing->names[i]->d_name);
            printf(",\"size\":%jd,\"mtime\":%jd,\"script\":",
                   (intmax_t)st.st_size, (intmax_t)st.st_mtime);
            json_print_string(stdout, script);
            fputs(",\"error\":", stdout);
            json_print_string(stdout, good ? "" : err.message);
            putchar('}');
        } else {
            printf("%10jd  %s  %s  %s\n", (intmax_t)st.st_size, date,
                   listing->names[i]->d_name, good ? script : err.message);
        }
        separator = ",";
        if (good)
            cache_file_close(&file);
    }
    if (json)
        puts("]");
    return EXIT_OK;
}

static int stats(const struct listing *listing, bool json)
{
    char path[PATH_MAX];
    uint64_t bytes = 0;
    struct stat st;
    int n = 0;

    for (int i = 0; i < listing->n_names; i++) {
        if (!stat_entry(listing, i, path, &st))
            continue;
        bytes += (uint64_t)st.st_size;
        n++;
    }
    if (json) {
        fputs("{\"dir\":", stdout);
        json_print_string(stdout, listing->dir);
        printf(",\"entries\":%d,\"bytes\":%" PRIu64 "}\n", n, bytes);
    } else {
        printf("directory  %s\nentries    %d\nbytes      %" PRIu64 "\n",
               listing->dir, n, bytes);
    }
    return EXIT_OK;
}

/* A temporary file ".NAME.PID.HEX.tmp" (see store.c) of a process that is no
 * more: killed in the middle of a compile. */
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

static int clear(const struct listing *listing, bool json)
{
    int n_removed = 0, n_failed = 0;

    remove_leftovers(listing->dir);
    store_sweep(listing->dir);

    for (int i = 0; i < listing->n_names; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s/%s", listing->dir,
                 listing->names[i]->d_name);
        if (unlink(path) == 0) {
            n_removed++;
        } else {
            complain("%s: %s", path, strerror(errno));
            n_failed++;
        }
    }
    printf(json ? "{\"removed\":%d,\"failed\":%d}\n"
                : "%d entries removed, %d failed\n",
           n_removed, n_failed);
    return n_failed ? EXIT_FAILED : EXIT_OK;
}

static const struct action {
    const char *name;
    int (*run)(const struct listing *listing, bool json);
} actions[] = {{"ls", list}, {"stats", stats}, {"clear", clear}};

int cmd_cache(int argc, char **argv)
{
    const struct action *action = NULL;
    struct options options;
    struct listing listing;
    const char *reason;
    char dir[PATH_MAX];
    int status;

    if (!options_parse(&options, argc, argv, "DJ", false))
        return EXIT_USAGE;
    for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
        if (options.n_arguments == 1 &&
            strcmp(options.arguments[0], actions[i].name) == 0)
            action = &actions[i];
    if (!action) {
        complain("cache: one of stats, ls, clear is needed");
        print_usage("cache", true);
        return EXIT_USAGE;
    }
    if (!setup_cache_dir(&options, dir, &reason)) {
        complain("%s", reason);
        return EXIT_FAILED;
    }
    if (!listing_read(&listing, dir))
        return EXIT_FAILED;
    status = action->run(&listing, options.json);
    listing_release(&listing);
    options_release(&options);
    return status;
}
