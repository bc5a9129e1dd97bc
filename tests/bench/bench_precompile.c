/* Install time: what a second worker is worth to bcc precompile.
 *
 *     bench_precompile BCC CLANG
 *
 * Each round compiles the same modules into an empty directory in three ways,
 * in turn: -j1; -j2; and as two processes with -j1, each with half of the
 * modules and a directory of its own, which share nothing but the machine.
 * So a ratio below 2 can be told from a machine that has no second processor
 * to give: "machine" is the ratio of the two processes. "cpu_ratio" compares
 * the processor time of -j1 and -j2: below 1 the second worker makes work of
 * its own. Medians of the rounds; one line of JSON for each size of module.
 * Files are made in $TMPDIR or /tmp: its file system is a part of the figure.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "figures.h"

enum { N_ROUNDS = 7, PATH_SIZE = 256 };

enum way { ONE_WORKER, TWO_WORKERS, TWO_PROCESSES, N_WAYS };

static const struct bench {
    const char *name;
    int n_modules; /* even */
    int n_functions;
} benches[] = {{"small", 60, 1}, {"medium", 24, 60}};

struct run {
    uint64_t wall_ns, cpu_ns;
};

static const char *bcc, *clang;
static char base[PATH_SIZE / 2];

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static void shell(const char *command)
{
    if (system(command) != 0) {
        fprintf(stderr, "failed: %s\n", command);
        exit(1);
    }
}

/* ---- Modules ---- */

static void write_source(FILE *out, int n_functions)
{
    for (int i = 0; i < n_functions; i++)
        fprintf(out,
                "static int f%d(int n) { int s = 1; for (int i = 0; i < n; "
                "i++) { s = s * %d + (i ^ n); if (s %% %d == 0) s += n; } "
                "return s; }\n",
                i, i + 3, i + 7);
    fputs("int main(int argc, char **argv) { int s = !argv;\n", out);
    for (int i = 0; i < n_functions; i++)
        fprintf(out, "s += f%d(argc + s %% 7);\n", i);
    fputs("return s & 1; }\n", out);
}

/* In base/a and base/b, half of them in each: the entry of a file is named by
 * its path, so copies are as good as others. */
static void make_modules(const struct bench *bench)
{
    char command[4 * PATH_SIZE];
    FILE *source;

    snprintf(command, sizeof(command),
             "mkdir '%s/a' '%s/b' && '%s' -O1 -x c -c -emit-llvm - -o '%s/m'",
             base, base, clang, base);
    source = popen(command, "w");
    if (!source)
        give_up(clang);
    write_source(source, bench->n_functions);
    if (pclose(source) != 0)
        exit(1);
    for (int i = 0; i < bench->n_modules; i++) {
        snprintf(command, sizeof(command), "cp '%s/m' '%s/%c/m%d.bc'", base,
                 base, "ab"[i % 2], i);
        shell(command);
    }
}

static void remove_modules(void)
{
    char command[2 * PATH_SIZE];

    snprintf(command, sizeof(command), "rm -r '%s/a' '%s/b' '%s/m'", base, base,
             base);
    shell(command);
}

/* ---- Runs ---- */

static pid_t start(const char *cache, const char *jobs, bool with_a,
                   bool with_b)
{
    char cache_dir[PATH_SIZE], a[PATH_SIZE], b[PATH_SIZE];
    const char *argv[9] = {bcc,       "precompile", "--cache-dir",
                           cache_dir, "-j",         jobs};
    int n = 6;
    pid_t pid;

    snprintf(cache_dir, sizeof(cache_dir), "%s/%s", base, cache);
    snprintf(a, sizeof(a), "%s/a", base);
    snprintf(b, sizeof(b), "%s/b", base);
    if (with_a)
        argv[n++] = a;
    if (with_b)
        argv[n++] = b;
    if (mkdir(cache_dir, 0700) < 0)
        give_up(cache_dir);
    pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        execv(bcc, (char **)argv);
        perror(bcc);
        _exit(127);
    }
    return pid;
}

static uint64_t wait_for(pid_t pid)
{
    struct rusage use;
    int status;

    if (wait4(pid, &status, 0, &use) != pid || status != 0) {
        fprintf(stderr, "%s: failed\n", bcc);
        exit(1);
    }
    return (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000000u +
           (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000u;
}

static struct run run_once(enum way way)
{
    char command[2 * PATH_SIZE];
    uint64_t begin;
    struct run run;
    pid_t first, second = 0;

    sync(); /* what the last one wrote is none of this one's business */
    begin = figures_now_ns();
    if (way == TWO_PROCESSES) {
        first = start("cache-a", "1", true, false);
        second = start("cache-b", "1", false, true);
    } else {
        first = start("cache-a", way == ONE_WORKER ? "1" : "2", true, true);
    }
    run.cpu_ns = wait_for(first);
    if (second)
        run.cpu_ns += wait_for(second);
    run.wall_ns = figures_now_ns() - begin;
    snprintf(command, sizeof(command), "rm -r '%s'/cache-*", base);
    shell(command);
    return run;
}

static double median_ms(const struct run runs[N_ROUNDS], bool cpu)
{
    uint64_t samples[N_ROUNDS];

    for (int i = 0; i < N_ROUNDS; i++)
        samples[i] = cpu ? runs[i].cpu_ns : runs[i].wall_ns;
    figures_sort(samples, N_ROUNDS);
    return (double)samples[N_ROUNDS / 2] / 1e6;
}

static void measure(const struct bench *bench)
{
    struct run runs[N_WAYS][N_ROUNDS];
    double wall[N_WAYS];

    make_modules(bench);
    run_once(TWO_WORKERS); /* warm-up */
    for (int round = 0; round < N_ROUNDS; round++)
        for (int way = 0; way < N_WAYS; way++)
            runs[way][round] = run_once((enum way)way);
    for (int way = 0; way < N_WAYS; way++)
        wall[way] = median_ms(runs[way], false);
    printf("{\"case\":\"precompile/%s\",\"n\":%d,\"modules\":%d,"
           "\"j1_ms\":%.0f,\"j2_ms\":%.0f,\"two_processes_ms\":%.0f,"
           "\"ratio\":%.2f,\"machine\":%.2f,\"cpu_ratio\":%.2f}\n",
           bench->name, N_ROUNDS, bench->n_modules, wall[ONE_WORKER],
           wall[TWO_WORKERS], wall[TWO_PROCESSES],
           wall[ONE_WORKER] / wall[TWO_WORKERS],
           wall[ONE_WORKER] / wall[TWO_PROCESSES],
           median_ms(runs[ONE_WORKER], true) /
               median_ms(runs[TWO_WORKERS], true));
    fflush(stdout);
    remove_modules();
}

int main(int argc, char **argv)
{
    const char *parent = getenv("TMPDIR");

    if (argc != 3) {
        fprintf(stderr, "usage: bench_precompile BCC CLANG\n");
        return 2;
    }
    bcc = argv[1];
    clang = argv[2];
    snprintf(base, sizeof(base), "%s/bench-precompile-XXXXXX",
             parent && *parent ? parent : "/tmp");
    if (!mkdtemp(base))
        give_up(base);
    for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
        measure(&benches[i]);
    return rmdir(base) != 0;
}
