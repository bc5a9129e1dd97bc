/* Steady state: compute programs under `bcc run`, warm, against executables of
 * `clang -O3 -march=native`.
 *
 *     bench_compute BCC DIR NAME...
 *
 * Of each source, DIR holds NAME, the executable, and bitcode made in two ways:
 *   NAME.bc     -O3 -Xclang -disable-llvm-passes: what README advises, for the
 *               engine then optimises for the CPU that it finds
 *   NAME-O3.bc  -O3: already vectorised, for the narrow vectors that every
 *               x86-64 CPU has, which nothing widens later
 *
 * The three are run in turn, N_ROUNDS times after one to warm up, each round
 * beginning with another one. What counts is the CPU time of the whole process,
 * from wait4(): unlike the time of day it does not hold what else the machine
 * does. A run that is no hit, or whose output is not that of the executable,
 * ends the bench. One JSON line for each side, ratios of medians for each
 * program, and the geometric means. */
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_ROUNDS = 7, PATH_SIZE = 4096, TEXT_SIZE = 4096 };

enum side { NATIVE, BCC, BCC_O3, N_SIDES };

static const char *const side_names[N_SIDES] = {"native", "bcc", "bcc-O3"};

/* What follows the program's name. */
static const char *const suffixes[N_SIDES] = {"", ".bc", "-O3.bc"};

/* One run of a program: what it printed and what it cost. */
struct run {
    char out[TEXT_SIZE];
    char err[TEXT_SIZE];
    double cpu_ms;
};

_Noreturn static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_compute: %s: %s\n", what, why);
    exit(1);
}

static void read_text(int fd, char text[TEXT_SIZE])
{
    const ssize_t size = pread(fd, text, TEXT_SIZE - 1, 0);

    text[size < 0 ? 0 : size] = '\0';
    close(fd);
}

static double milliseconds(struct timeval t)
{
    return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static void run(const char *const *argv, struct run *ret_run)
{
    const int out = memfd_create("out", MFD_CLOEXEC);
    const int err = memfd_create("err", MFD_CLOEXEC);
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    int status;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    if (out < 0 || err < 0 ||
        posix_spawn(&pid, argv[0], &actions, NULL, (char **)argv, environ) != 0)
        die(argv[0], "cannot be started");
    posix_spawn_file_actions_destroy(&actions);
    if (wait4(pid, &status, 0, &usage) != pid)
        die(argv[0], "is lost");
    read_text(out, ret_run->out);
    read_text(err, ret_run->err);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        die(argv[0], ret_run->err);
    ret_run->cpu_ms =
        milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double report(const char *name, enum side side, double ms[N_ROUNDS])
{
    qsort(ms, N_ROUNDS, sizeof(*ms), compare);
    printf("{\"case\":\"compute/%s/%s\",\"n\":%d,\"min_ms\":%.1f,"
           "\"p50_ms\":%.1f,\"max_ms\":%.1f}\n",
           name, side_names[side], N_ROUNDS, ms[0], ms[N_ROUNDS / 2],
           ms[N_ROUNDS - 1]);
    return ms[N_ROUNDS / 2];
}

/* Medians of CPU time to p50. */
static void bench(const char *bcc, const char *cache, const char *dir,
                  const char *name, double p50[N_SIDES])
{
    double ms[N_SIDES][N_ROUNDS];

    for (int round = -1; round < N_ROUNDS; round++) {
        struct run runs[N_SIDES];

        for (int i = 0; i < N_SIDES; i++) {
            const enum side side = (enum side)((i + round + 1) % N_SIDES);
            char path[PATH_SIZE];
            const char *const argv[] = {
                bcc, "run", "--report=json", "--cache-dir", cache, path, NULL};

            snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffixes[side]);
            run(side == NATIVE ? &argv[5] : argv, &runs[side]);
            if (round < 0)
                continue;
            ms[side][round] = runs[side].cpu_ms;
            if (side != NATIVE && !strstr(runs[side].err, "{\"cache\":\"hit\""))
                die(path, runs[side].err);
        }
        for (int side = 0; side < N_SIDES; side++)
            if (strcmp(runs[NATIVE].out, runs[side].out) != 0)
                die(name, "prints something else under bcc run");
    }
    for (int side = 0; side < N_SIDES; side++)
        p50[side] = report(name, (enum side)side, ms[side]);
}

int main(int argc, char **argv)
{
    char cache[] = P_tmpdir "/bcc-bench-XXXXXX", command[PATH_SIZE];
    double(*p50)[N_SIDES] = calloc((size_t)argc, sizeof(*p50));
    double logs = 0, logs_o3 = 0;
    int n = argc - 3;

    if (n < 1 || !p50 || !mkdtemp(cache))
        die("usage", "bench_compute BCC DIR NAME...");
    for (int i = 0; i < n; i++)
        bench(argv[1], cache, argv[2], argv[3 + i], p50[i]);
    puts("CPU time of `bcc run`, warm / of clang -O3 -march=native\n"
         "              left to bcc   after clang -O3");
    for (int i = 0; i < n; i++) {
        printf("%-12s %8.3f x %13.3f x\n", argv[3 + i],
               p50[i][BCC] / p50[i][NATIVE], p50[i][BCC_O3] / p50[i][NATIVE]);
        logs += log(p50[i][BCC] / p50[i][NATIVE]);
        logs_o3 += log(p50[i][BCC_O3] / p50[i][NATIVE]);
    }
    printf("%-12s %8.3f x %13.3f x\n", "geomean", exp(logs / n),
           exp(logs_o3 / n));
    free(p50);
    snprintf(command, sizeof(command), "rm -rf %s", cache);
    return system(command) == 0 ? 0 : 1;
}
