/* bcc_samples: what a launch costs, without and with a cache entry.
 *
 *     bcc_samples [--samples DIR] [--hits N] [--file NAME=PROGRAM.bc]...
 *
 * For each sample one line: the time of a first launch, which compiles, the
 * median time of N later ones, which map what the first one left, and how
 * many times longer the first one took. A launch is bccCreateScript to
 * bccGetFuncAddr, in a running process, files in the page cache. The sample
 * is run after the miss, the first hit and the last one, and has to do the
 * same each time; --file names programs that are loaded only. Exit status 1
 * if anything is not as it should be. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "samples.h"
#include "temp_dir.h"

enum { DEFAULT_HITS = 200, MAX_HITS = 100000, MAX_FILES = 16 };

struct options {
    const char *samples_dir;
    int n_hits;
    struct sample program[MAX_FILES];
    struct sample_files program_files[MAX_FILES];
    int n_programs;
};

/* One sample and its cache. */
struct trial {
    const struct sample *sample;
    const struct sample_files *files;
    char cache_dir[SAMPLE_MAX_PATH];
    uint64_t sum; /* of the miss */
};

static int complain(const char *name, const char *why)
{
    fprintf(stderr, "bcc_samples: %s: %s\n", name, why);
    return 1;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- One launch ---- */

static int check_report(const struct trial *trial, BCCScriptRef script,
                        int expected)
{
    BCCReport report = {.size = sizeof(report)};

    if (bccGetReport(script, &report))
        return complain(trial->sample->name, bccGetErrorMessage(script));
    if (report.cache != expected)
        return complain(trial->sample->name, report.reason);
    return 0;
}

static int check_run(struct trial *trial, BCCScriptRef script, int expected)
{
    const struct sample *sample = trial->sample;
    struct sample_code code;
    uint64_t sum;

    if (sample_run(sample, script, &code, &sum))
        return complain(sample->name, code.failure);
    if (sample->expected && sum != sample->expected)
        return complain(sample->name, "unexpected result");
    if (expected == BCC_CACHE_MISS)
        trial->sum = sum;
    else if (sum != trial->sum)
        return complain(sample->name, "a hit does not do what the miss did");
    return 0;
}

static int launch(struct trial *trial, int expected, bool run, uint64_t *ret_ns)
{
    const struct sample *sample = trial->sample;
    BCCScriptRef script = NULL;
    uint64_t start = now_ns();
    int failed;

    failed = sample_open(sample, trial->files, &script) ||
             bccPrepareExecutable(script, trial->cache_dir, sample->name,
                                  sample->prepare_flags);
    if (!failed && !bccGetFuncAddr(script, sample->entry))
        failed = complain(sample->name, "the entry point is missing");
    else if (failed)
        complain(sample->name, bccGetErrorMessage(script));
    *ret_ns = now_ns() - start;
    if (!failed)
        failed = check_report(trial, script, expected);
    if (!failed && run)
        failed = check_run(trial, script, expected);
    bccDisposeScript(script);
    return failed;
}

/* ---- One sample ---- */

static int compare_ns(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static int time_launches(struct trial *trial, uint64_t *hit_ns, int n_hits)
{
    uint64_t miss_ns, median_ns;
    bool first_or_last;

    if (launch(trial, BCC_CACHE_MISS, true, &miss_ns))
        return 1;
    for (int i = 0; i < n_hits; i++) {
        first_or_last = i == 0 || i == n_hits - 1;
        if (launch(trial, BCC_CACHE_HIT, first_or_last, &hit_ns[i]))
            return 1;
    }
    qsort(hit_ns, (size_t)n_hits, sizeof(*hit_ns), compare_ns);
    median_ns = hit_ns[n_hits / 2];
    printf("%-14s %10.2f %10.1f %9.0f\n", trial->sample->name,
           (double)miss_ns * 1e-6, (double)median_ns * 1e-3,
           (double)miss_ns / (double)(median_ns ? median_ns : 1));
    fflush(stdout);
    return 0;
}

static int try_sample(const struct sample *sample,
                      const struct sample_files *files, int n_hits)
{
    struct trial trial = {.sample = sample, .files = files};
    uint64_t *hit_ns;
    int failed;

    if (temp_dir_make_at(trial.cache_dir, "bcc-samples"))
        return complain(trial.cache_dir, strerror(errno));
    hit_ns = calloc((size_t)n_hits, sizeof(*hit_ns));
    if (hit_ns)
        failed = time_launches(&trial, hit_ns, n_hits);
    else
        failed = complain(sample->name, "out of memory");
    free(hit_ns);
    if (temp_dir_remove_at(trial.cache_dir))
        failed = complain(trial.cache_dir, strerror(errno));
    return failed;
}

/* ---- Command line ---- */

static int usage(void)
{
    fprintf(stderr, "usage: bcc_samples [--samples DIR] [--hits N] "
                    "[--file NAME=PROGRAM.bc]...\n");
    return 2;
}

/* NAME=PATH; the argument is cut in two. */
static int add_file(struct options *options, char *argument)
{
    char *equals = strchr(argument, '=');

    if (!equals || equals == argument || options->n_programs == MAX_FILES)
        return 1;
    *equals = '\0';
    snprintf(options->program_files[options->n_programs].script,
             SAMPLE_MAX_PATH, "%s", equals + 1);
    options->program[options->n_programs++] = (struct sample){
        .name = argument,
        .marks = {"main"},
        .prepare_flags = BCC_PROCESS_SYMBOLS | BCC_MARKED_ONLY,
        .entry = "main",
    };
    return 0;
}

static int parse(struct options *options, char **argument)
{
    for (; argument[0]; argument += 2) {
        if (!argument[1])
            return 1;
        if (strcmp(argument[0], "--samples") == 0)
            options->samples_dir = argument[1];
        else if (strcmp(argument[0], "--hits") == 0)
            options->n_hits = (int)strtol(argument[1], NULL, 10);
        else if (strcmp(argument[0], "--file") != 0 ||
                 add_file(options, argument[1]))
            return 1;
    }
    return options->n_hits < 1 || options->n_hits > MAX_HITS;
}

static int try_all(const struct options *options)
{
    struct sample_files files;
    const struct sample *sample;
    size_t n_samples;
    int failed = 0;

    sample = sample_table(&n_samples);
    printf("%-14s %10s %10s %9s\n", "sample", "miss ms", "hit us", "ratio");
    fflush(stdout);
    for (size_t i = 0; i < n_samples; i++) {
        if (sample_locate(&sample[i], options->samples_dir, &files))
            printf("%-14s (its library is not installed)\n", sample[i].name);
        else
            failed |= try_sample(&sample[i], &files, options->n_hits);
    }
    for (int i = 0; i < options->n_programs; i++)
        failed |= try_sample(&options->program[i], &options->program_files[i],
                             options->n_hits);
    return failed;
}

int main(int argc, char **argv)
{
    struct options options = {.n_hits = DEFAULT_HITS};

    if (argc < 1 || parse(&options, argv + 1))
        return usage();
    return try_all(&options);
}
