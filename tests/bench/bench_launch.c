/* Launch: a hit against dlopen of the same code, and against the floor.
 *
 *     bench_launch [NAME=SCRIPT.bc=LIBRARY.so=SYMBOL ...]
 *
 * The RenderScript samples, and programs named on the command line that take
 * their imports from the process. Three things are timed in turn in each
 * round, after warm-up, page cache warm, in one process:
 *   hit     bccCreateScript .. bccReadFile .. bccPrepareExecutable (entry
 *           present) .. bccGetFuncAddr
 *   dlopen  dlopen(RTLD_NOW | RTLD_LOCAL) + dlsym of the shared library
 *   floor   open, fstat, mmap of the cache file read+execute and of its last
 *           two pages private and writable, touch one page of each, close
 * and three more on the way out: bccDisposeScript, dlclose, munmap.
 * One JSON line for each, then the ratios. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "samples.h"

enum { N_WARM_UP = 50, N_ROUNDS = 2000, ENTRY_SIZE = 4096 };

enum side { HIT, DLOPEN, FLOOR, DISPOSE, DLCLOSE, UNMAP, N_SIDES };

static const char *const side_names[N_SIDES] = {"hit",     "dlopen",  "floor",
                                                "dispose", "dlclose", "munmap"};

struct bench_case {
    struct sample sample;
    struct sample_files files;
    char library[ENTRY_SIZE]; /* the same code, native */
    const char *cache_dir;
    char *entry; /* path of the cache file, found by the miss */
};

static uint64_t samples[N_SIDES][N_ROUNDS];

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_launch: %s: %s\n", what, why);
    exit(1);
}

/* ---- The three sides ---- */

static void run_hit(const struct bench_case *c, uint64_t *ret_in,
                    uint64_t *ret_out, int expected)
{
    BCCReport report = {.size = sizeof(report)};
    uint64_t start = now_ns(), loaded;
    BCCScriptRef script;

    if (sample_open(&c->sample, &c->files, &script) ||
        bccPrepareExecutable(script, c->cache_dir, c->sample.name,
                             c->sample.prepare_flags) ||
        !bccGetFuncAddr(script, c->sample.entry))
        die(c->sample.name, bccGetErrorMessage(script));
    loaded = now_ns();
    bccGetReport(script, &report);
    if (report.cache != expected)
        die(c->sample.name, report.reason);
    snprintf(c->entry, ENTRY_SIZE, "%s", report.path);
    *ret_in = loaded - start;
    start = now_ns();
    bccDisposeScript(script);
    *ret_out = now_ns() - start;
}

static void run_dlopen(const struct bench_case *c, uint64_t *ret_in,
                       uint64_t *ret_out)
{
    uint64_t start = now_ns();
    void *library = dlopen(c->library, RTLD_NOW | RTLD_LOCAL);

    if (!library || !dlsym(library, c->sample.entry))
        die(c->library, dlerror());
    *ret_in = now_ns() - start;
    start = now_ns();
    dlclose(library);
    *ret_out = now_ns() - start;
}

static void run_floor(const struct bench_case *c, uint64_t *ret_in,
                      uint64_t *ret_out)
{
    uint64_t start = now_ns();
    int fd = open(c->entry, O_RDONLY | O_CLOEXEC);
    volatile uint8_t *code, *data;
    size_t data_size = 8192;
    struct stat st;
    off_t end;

    if (fd < 0 || fstat(fd, &st) < 0)
        die(c->entry, "cannot be opened");
    end = (st.st_size + 4095) & ~(off_t)4095;
    code = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_EXEC, MAP_PRIVATE,
                fd, 0);
    data = mmap(NULL, data_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
                end - (off_t)data_size);
    if (code == MAP_FAILED || data == MAP_FAILED)
        die(c->entry, "cannot be mapped");
    (void)code[0];
    data[0] = 1;
    close(fd);
    *ret_in = now_ns() - start;
    start = now_ns();
    munmap((void *)code, (size_t)st.st_size);
    munmap((void *)data, data_size);
    *ret_out = now_ns() - start;
}

/* ---- Statistics ---- */

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static double report_side(const struct bench_case *c, enum side side)
{
    uint64_t *s = samples[side];

    qsort(s, N_ROUNDS, sizeof(*s), compare);
    printf("{\"case\":\"%s/%s\",\"n\":%d,\"min_us\":%.2f,\"p50_us\":%.2f,"
           "\"p99_us\":%.2f}\n",
           side_names[side], c->sample.name, N_ROUNDS, (double)s[0] / 1e3,
           (double)s[N_ROUNDS / 2] / 1e3, (double)s[N_ROUNDS * 99 / 100] / 1e3);
    return (double)s[N_ROUNDS / 2];
}

static void run_case(struct bench_case *c)
{
    double p50[N_SIDES];
    uint64_t in, out;

    run_hit(c, &in, &out, BCC_CACHE_MISS);
    for (int round = -N_WARM_UP; round < N_ROUNDS; round++) {
        int i = round < 0 ? 0 : round;
        run_hit(c, &samples[HIT][i], &samples[DISPOSE][i], BCC_CACHE_HIT);
        run_dlopen(c, &samples[DLOPEN][i], &samples[DLCLOSE][i]);
        run_floor(c, &samples[FLOOR][i], &samples[UNMAP][i]);
    }
    for (int side = 0; side < N_SIDES; side++)
        p50[side] = report_side(c, (enum side)side);
    printf("%-12s miss %8.1f ms   hit %6.1f us = %.2f x dlopen = %.2f x floor"
           "   dispose = %.2f x dlclose\n",
           c->sample.name, (double)in / 1e6, p50[HIT] / 1e3,
           p50[HIT] / p50[DLOPEN], p50[HIT] / p50[FLOOR],
           p50[DISPOSE] / p50[DLCLOSE]);
}

/* ---- What is measured ---- */

static char *next_field(char **rest, const char *argument)
{
    char *field = strsep(rest, "=");

    if (!field || !*field)
        die(argument, "expected NAME=SCRIPT.bc=LIBRARY.so=SYMBOL");
    return field;
}

static void run_program(struct bench_case *c, char *argument)
{
    char *rest = argument;

    c->sample.name = next_field(&rest, argument);
    snprintf(c->files.script, sizeof(c->files.script), "%s",
             next_field(&rest, argument));
    snprintf(c->library, sizeof(c->library), "%s", next_field(&rest, argument));
    c->sample.entry = c->sample.marks[0] = next_field(&rest, argument);
    c->sample.prepare_flags = BCC_PROCESS_SYMBOLS | BCC_MARKED_ONLY;
    run_case(c);
}

static void run_sample(struct bench_case *c, const struct sample *sample)
{
    c->sample = *sample;
    if (!sample->expected) /* depends on the machine: no native one is made */
        return;
    snprintf(c->library, sizeof(c->library), "%s/%.*s.so", BCC_BENCH_NATIVE_DIR,
             (int)(strlen(sample->script) - strlen(".bc")), sample->script);
    if (sample_locate(sample, NULL, &c->files))
        die(sample->name, "not built");
    run_case(c);
}

int main(int argc, char **argv)
{
    char dir[] = P_tmpdir "/bcc-bench-XXXXXX", entry[ENTRY_SIZE];
    const struct sample *table;
    size_t n_samples;

    /* So that libm's symbols are the process's, for both sides. */
    if (!dlopen("libm.so.6", RTLD_NOW | RTLD_GLOBAL))
        die("libm.so.6", dlerror());
    if (!mkdtemp(dir))
        die(dir, "cannot be made");
    table = sample_table(&n_samples);
    for (size_t i = 0; i < n_samples + (size_t)argc - 1; i++) {
        struct bench_case c = {.cache_dir = dir, .entry = entry};

        entry[0] = '\0';
        if (i < n_samples)
            run_sample(&c, &table[i]);
        else
            run_program(&c, argv[i - n_samples + 1]);
        unlink(entry);
    }
    rmdir(dir);
    return 0;
}
