/* bcc precompile: for installers. A bad file does not stop the others; the
 * failures are listed at the end. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "commands.h"
#include "entry_files.h"
#include "entry_name.h"
#include "file.h"
#include "print.h"
#include "progress.h"
#include "resource.h"
#include "script_setup.h"
#include "settings.h"
#include "undefined.h"

struct job {
    char *path;
    uint64_t size;
    char *failure; /* NULL: none */
};

struct work {
    const struct options *options;
    const char *dir;
    struct job *jobs; /* in the order of the command line */
    size_t n_jobs;
    struct job **queue; /* in the order of work */
    /* Protected by the lock: */
    pthread_mutex_t lock;
    size_t next;
    size_t n_failed, n_compiled;
    struct progress progress;
};

/* ---- What to compile ---- */

/* size: in bytes, 0 if unknown. */
static bool add_job(struct work *work, const char *path, uint64_t size)
{
    struct job *jobs = realloc(work->jobs, (work->n_jobs + 1) * sizeof(*jobs));

    if (!jobs)
        return false;
    work->jobs = jobs;
    jobs[work->n_jobs] = (struct job){.path = strdup(path), .size = size};
    return jobs[work->n_jobs++].path != NULL;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_bitcode_name(const FTSENT *entry)
{
    return entry->fts_level == 0 ||
           (entry->fts_namelen > 3 &&
            strcmp(entry->fts_name + entry->fts_namelen - 3, ".bc") == 0);
}

/* Add an archive's bitcode. An unreadable archive becomes a job that fails. */
static bool add_entries(struct work *work, const char *path)
{
    struct resource_list list = {0};
    struct error err = {0};
    bool ok;

    if (resource_list_bitcode(path, &list, &err)) {
        ok = add_job(work, path, 0);
        if (ok)
            work->jobs[work->n_jobs - 1].failure = strdup(err.message);
        return ok;
    }
    ok = true;
    for (size_t i = 0; ok && i < list.n; i++)
        ok = add_job(work, list.name[i], 0);
    resource_list_release(&list);
    return ok;
}

/* Add a job that has failed already, because its file cannot be read. */
static bool add_failure(struct work *work, const FTSENT *entry)
{
    struct job *job;

    if (!add_job(work, entry->fts_path, 0))
        return false;
    job = &work->jobs[work->n_jobs - 1];
    return asprintf(&job->failure, "%s: %s", job->path,
                    strerror(entry->fts_errno)) >= 0;
}

/* Is it ARCHIVE!ENTRY, without a file of that name? */
static bool is_entry_of_archive(const char *path)
{
    const char *entry;
    char *archive = resource_split(path, &entry);
    const bool is_entry = archive != NULL;

    free(archive);
    return is_entry;
}

/* A file on the command line that cannot be used becomes a job too, which fails
 * with its reason instead of being skipped. False: out of memory. */
static bool collect_one(struct work *work, const FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_F:
        return !is_bitcode_name(entry) ||
               add_job(work, entry->fts_path,
                       (uint64_t)entry->fts_statp->st_size);
    case FTS_SLNONE:
    case FTS_DEFAULT:
        return entry->fts_level > 0 || add_job(work, entry->fts_path, 0);
    case FTS_NS:
        if (entry->fts_level == 0 && is_entry_of_archive(entry->fts_path))
            return add_job(work, entry->fts_path, 0);
        return add_failure(work, entry);
    case FTS_DNR:
    case FTS_ERR:
        return add_failure(work, entry);
    }
    return true;
}

/* A file on the command line may have any name. */
static bool is_archive(const FTSENT *entry)
{
    return entry->fts_info == FTS_F &&
           (entry->fts_level == 0 ? resource_is_archive(entry->fts_path)
                                  : resource_has_archive_name(entry->fts_name));
}

/* Collect files as they are named, the *.bc entries of archives, and the
 * bitcode files and archives of directories, in a stable order. An archive
 * inside an archive is not searched. */
static bool collect(struct work *work, char **paths)
{
    FTS *tree =
        fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    FTSENT *entry;
    bool ok = tree != NULL;

    while (ok && (errno = 0, entry = fts_read(tree)))
        ok = is_archive(entry) ? add_entries(work, entry->fts_path)
                               : collect_one(work, entry);
    /* An incomplete list would make an incomplete installation. */
    if (!ok || errno)
        complain("precompile: %s", strerror(errno));
    ok = ok && !errno;
    if (tree)
        fts_close(tree);
    return ok;
}

/* ---- Entries of one name ---- */

struct named_job {
    char name[NAME_MAX];
    struct job *job;
};

/* Compare by entry name; jobs of one name in the order of the command line. */
static int by_entry(const void *left, const void *right)
{
    const struct named_job *a = left, *b = right;
    int order = strcmp(a->name, b->name);

    return order ? order : (a->job > b->job) - (a->job < b->job);
}

/* With --exports an entry's name is the file's. If two files have the same
 * name, the first gets the entry, and the second fails instead of replacing
 * it. */
static bool find_conflicts(struct work *work)
{
    struct named_job *named = calloc(work->n_jobs + 1, sizeof(*named));
    const struct named_job *first;
    size_t n = 0;

    if (!named)
        return false;
    for (size_t i = 0; i < work->n_jobs; i++) {
        if (work->jobs[i].failure)
            continue;
        named[n].job = &work->jobs[i];
        entry_name_of_file(work->jobs[i].path, named[n++].name);
    }
    qsort(named, n, sizeof(*named), by_entry);
    first = named;
    for (size_t i = 1; i < n; i++) {
        struct job *job = named[i].job;

        if (strcmp(first->name, named[i].name) != 0)
            first = &named[i];
        else if (!job->failure &&
                 !resource_is_same_file(first->job->path, job->path) &&
                 asprintf(&job->failure,
                          "%s: %s already makes the entry %s.oBCC", job->path,
                          first->job->path, first->name) < 0)
            job->failure = NULL;
    }
    free(named);
    return true;
}

/* ---- In which order ---- */

static int by_size(const void *left, const void *right)
{
    const struct job *a = *(struct job *const *)left;
    const struct job *b = *(struct job *const *)right;

    if (a->size != b->size)
        return a->size < b->size ? 1 : -1;
    return (a > b) - (a < b);
}

/* Largest first: a large job at the end would leave the other workers idle. */
static bool make_queue(struct work *work)
{
    work->queue = calloc(work->n_jobs + 1, sizeof(struct job *));
    if (!work->queue)
        return false;
    for (size_t i = 0; i < work->n_jobs; i++) {
        work->queue[i] = &work->jobs[i];
        progress_add(&work->progress, work->jobs[i].size);
    }
    qsort(work->queue, work->n_jobs, sizeof(struct job *), by_size);
    return true;
}

/* ---- Doing it ---- */

/* False: it is no program, and the entry is removed: it could not be run. */
static bool check_entry(struct job *job, const struct options *options,
                        const BCCReport *report)
{
    const char *name = setup_entry(options);

    if (options->exports || report->cache == BCC_CACHE_HIT ||
        function_names_have(report->path, name))
        return true;
    unlink(report->path);
    if (asprintf(&job->failure,
                 "%s: no function '%s' (a library is compiled with --exports)",
                 job->path, name) < 0)
        job->failure = NULL;
    return false;
}

/* False: a symbol is undefined, and the entry is removed. A host may define
 * symbols for code that is not a program. */
static bool check_symbols(struct work *work, struct job *job,
                          const BCCReport *report)
{
    const struct options *options = work->options;
    size_t n;

    if (!options->no_undefined &&
        (options->exports || report->cache == BCC_CACHE_HIT))
        return true;
    /* The lines of a file stay together, and below the line of progress. */
    pthread_mutex_lock(&work->lock);
    progress_clear(&work->progress);
    n = undefined_complain(options, job->path, report->path);
    pthread_mutex_unlock(&work->lock);
    if (n == 0 || !options->no_undefined)
        return true;
    unlink(report->path);
    if (asprintf(&job->failure, "%s: %zu undefined symbols", job->path, n) < 0)
        job->failure = NULL;
    return false;
}

static const char *make_entry(struct work *work, struct job *job)
{
    const struct options *options = work->options;
    bool program = !options->exports;
    BCCReport report = {.size = sizeof(report)};
    const char *outcome = "failed";
    BCCScriptRef script;
    char name[NAME_MAX];
    bool failed;

    /* Reading a pipe of a package would never end. */
    if (resource_is_stream(job->path)) {
        if (asprintf(&job->failure, "%s: not a regular file", job->path) < 0)
            job->failure = NULL;
        return outcome;
    }
    script = setup_script(options, job->path, program, &failed);
    if (!script) {
        job->failure = strdup("out of memory");
        return outcome;
    }
    if (failed || !entry_name(script, options, job->path, work->dir, name) ||
        bccPrepareSharedObject(script, work->dir, name,
                               setup_flags(options, program))) {
        job->failure = strdup(bccGetErrorMessage(script));
    } else {
        bccGetReport(script, &report);
        outcome = report.cache == BCC_CACHE_HIT ? "up to date" : "compiled";
        if (!check_entry(job, options, &report) ||
            !check_symbols(work, job, &report))
            outcome = "failed";
    }
    bccDisposeScript(script);
    return outcome;
}

static void *worker(void *argument)
{
    struct work *work = argument;

    pthread_mutex_lock(&work->lock);
    while (work->next < work->n_jobs) {
        struct job *job = work->queue[work->next++];
        const char *outcome;

        pthread_mutex_unlock(&work->lock);
        outcome = job->failure ? "failed" : make_entry(work, job);
        pthread_mutex_lock(&work->lock);
        work->n_failed += job->failure != NULL;
        work->n_compiled += strcmp(outcome, "compiled") == 0;
        progress_step(&work->progress, job->path, job->size, outcome);
    }
    pthread_mutex_unlock(&work->lock);
    return NULL;
}

static void run_workers(struct work *work)
{
    long n = work->options->jobs ? work->options->jobs
                                 : sysconf(_SC_NPROCESSORS_ONLN);
    pthread_t threads[64];
    long n_started = 0;

    if (n > 64)
        n = 64;
    pthread_mutex_init(&work->lock, NULL);
    progress_begin(&work->progress);
    while (n_started < n - 1 &&
           pthread_create(&threads[n_started], NULL, worker, work) == 0)
        n_started++;
    worker(work);
    for (long i = 0; i < n_started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&work->lock);
}

/* Sync the directory's names. Entries are synced when they are published; so
 * after a power cut everything that was reported as done is there. */
static void sync_names(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0)
        fsync(fd);
    file_close(fd);
}

static void summarise(const struct work *work)
{
    progress_clear(&work->progress);
    printf("%zu compiled, %zu up to date, %zu failed, %.1f s\n",
           work->n_compiled, work->n_jobs - work->n_compiled - work->n_failed,
           work->n_failed, progress_seconds(&work->progress));
    fflush(stdout);
    for (size_t i = 0; i < work->n_jobs; i++)
        if (work->jobs[i].failure)
            complain("%s", work->jobs[i].failure);
}

int cmd_precompile(struct options *options)
{
    struct work work = {.options = options};
    struct cache_limit limit;
    const char *reason;
    int status = EXIT_FAILED;
    char *dir;

    if (options->n_arguments < 1) {
        complain("precompile: no file (bcc help precompile)");
        return EXIT_USAGE;
    }
    dir = setup_cache_dir(options, &reason);
    if (!dir) {
        complain("%s", reason);
        return EXIT_FAILED;
    }
    /* Read once, not for each file. */
    settings_cache_limit(options, &limit);
    options->max_size = (struct size_option){true, limit.bytes};
    work.dir = dir;
    if (!collect(&work, options->arguments))
        goto out;
    if ((options->exports && !find_conflicts(&work)) || !make_queue(&work)) {
        complain("out of memory");
        goto out;
    }
    run_workers(&work);
    if (work.n_compiled)
        sync_names(dir);
    summarise(&work);
    status = work.n_failed ? EXIT_FAILED : EXIT_OK;
out:
    for (size_t i = 0; i < work.n_jobs; i++) {
        free(work.jobs[i].path);
        free(work.jobs[i].failure);
    }
    free(work.jobs);
    free(work.queue);
    free(dir);
    return status;
}
