/* A cache directory with 100,000 entries: what it costs to find one, to look
 * at all of them, and to remove some.
 *
 *     bench_directory BCC SCRIPT.bc [N_ENTRIES]
 *
 *   lookup     a hit (bccCreateScript .. bccPrepareExecutable) there and in a
 *              directory with this one entry, in turn
 *   stats, gc  the whole process of bcc cache, and beside it the unlinks that
 *              it does, done by one thread that need not look at anything
 *
 * Entries are copies of one real entry, some hours old. One line of JSON for
 * each. Files are made in $TMPDIR or /tmp: its file system is a part of the
 * figure. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "figures.h"

enum { N_WARM_UP = 50, N_ROUNDS = 1000, N_LOOKS = 5, PATH_SIZE = 256 };

static const char *bcc, *script_path;
static char base[PATH_SIZE / 2], one[PATH_SIZE], many[PATH_SIZE];
static unsigned n_entries = 100000;
static time_t used_s; /* when the first entry was */

static struct {
    size_t size, disk_size;
    char *bytes;
} entry;

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- Directories ---- */

static void read_entry(void)
{
    char path[PATH_SIZE + 16];
    struct stat st;
    int fd;

    snprintf(path, sizeof(path), "%s/entry.oBCC", one);
    fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0)
        give_up(path);
    entry.size = (size_t)st.st_size;
    entry.disk_size = (size_t)st.st_blocks * 512;
    entry.bytes = malloc(entry.size);
    if (!entry.bytes || read(fd, entry.bytes, entry.size) != st.st_size)
        give_up(path);
    close(fd);
}

static void entry_name(unsigned i, char name[64])
{
    snprintf(name, 64, "program%06u-0123456789abcdef.oBCC", i);
}

/* Entries first .. end - 1, used the longer ago the lower their number. */
static void make_entries(const char *dir, unsigned first, unsigned end)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
    char name[64];

    for (unsigned i = first; i < end; i++) {
        const struct timespec times[2] = {{.tv_sec = used_s},
                                          {.tv_sec = used_s + i / 1000}};
        int fd;

        entry_name(i, name);
        fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (fd < 0 ||
            write(fd, entry.bytes, entry.size) != (ssize_t)entry.size ||
            futimens(fd, times) < 0)
            give_up(name);
        close(fd);
    }
    close(dir_fd);
    sync();
}

static uint64_t unlink_entries(const char *dir, unsigned n)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
    uint64_t start = figures_now_ns(), end;
    char name[64];

    for (unsigned i = 0; i < n; i++) {
        entry_name(i, name);
        if (unlinkat(dir_fd, name, 0) < 0)
            give_up(name);
    }
    end = figures_now_ns();
    close(dir_fd);
    return end - start;
}

static unsigned count_entries(void)
{
    unsigned n = 0;
    char name[64];
    int dir_fd = open(many, O_RDONLY | O_DIRECTORY);

    for (unsigned i = 0; i < n_entries; i++) {
        entry_name(i, name);
        n += faccessat(dir_fd, name, F_OK, 0) == 0;
    }
    close(dir_fd);
    return n;
}

/* ---- Lookup ---- */

static uint64_t launch(const char *dir)
{
    uint64_t start = figures_now_ns(), end;
    BCCScriptRef script = bccCreateScript();

    if (bccReadFile(script, script_path, 0) ||
        bccPrepareExecutable(script, dir, "entry", BCC_PROCESS_SYMBOLS)) {
        fprintf(stderr, "%s\n", bccGetErrorMessage(script));
        exit(1);
    }
    end = figures_now_ns();
    bccDisposeScript(script);
    return end - start;
}

static void measure_lookup(void)
{
    static uint64_t samples[2][N_ROUNDS];
    const char *const dirs[] = {one, many};
    double median[2];

    for (int round = -N_WARM_UP; round < N_ROUNDS; round++)
        for (int i = 0; i < 2; i++) {
            uint64_t ns = launch(dirs[i]);
            if (round >= 0)
                samples[i][round] = ns;
        }
    for (int i = 0; i < 2; i++) {
        figures_sort(samples[i], N_ROUNDS);
        median[i] = (double)samples[i][N_ROUNDS / 2] / 1e3;
    }
    printf("{\"case\":\"directory/lookup\",\"n\":%d,\"entries\":%u,"
           "\"median\":%.1f,\"one_entry\":%.1f,\"p99\":%.1f,"
           "\"one_entry_p99\":%.1f,\"ratio\":%.2f}\n",
           N_ROUNDS, n_entries, median[1], median[0],
           (double)samples[1][N_ROUNDS * 99 / 100] / 1e3,
           (double)samples[0][N_ROUNDS * 99 / 100] / 1e3,
           median[1] / median[0]);
    fflush(stdout);
}

/* ---- Looking at all, and removing some ---- */

static uint64_t run_cache(const char *action, unsigned n_kept)
{
    /* What is above the limit goes, and a tenth of the limit more. */
    unsigned long long limit =
        (unsigned long long)n_kept * entry.disk_size * 10 / 9 + 9;
    uint64_t start = figures_now_ns();
    char size[32];
    int status;
    pid_t pid;

    snprintf(size, sizeof(size), "%llu", limit);
    pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        execl(bcc, bcc, "cache", action, "--cache-dir", many, "--max-size",
              size, (char *)NULL);
        perror(bcc);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "%s cache %s: failed\n", bcc, action);
        exit(1);
    }
    return figures_now_ns() - start;
}

static void measure_look(const char *action)
{
    uint64_t samples[N_LOOKS];

    for (int i = 0; i < N_LOOKS; i++)
        samples[i] = run_cache(action, n_entries);
    figures_sort(samples, N_LOOKS);
    printf("{\"case\":\"directory/%s\",\"n\":%d,\"entries\":%u,"
           "\"removed\":0,\"ms\":%.0f,\"max_ms\":%.0f}\n",
           action, N_LOOKS, n_entries, (double)samples[N_LOOKS / 2] / 1e6,
           (double)samples[N_LOOKS - 1] / 1e6);
    fflush(stdout);
}

static void measure_removal(unsigned n_removed)
{
    char yardstick[PATH_SIZE];
    uint64_t ns, unlink_ns;

    snprintf(yardstick, sizeof(yardstick), "%s/yardstick", base);
    if (mkdir(yardstick, 0700) < 0)
        give_up(yardstick);
    make_entries(yardstick, 0, n_entries);
    unlink_ns = unlink_entries(yardstick, n_removed);
    sync();
    /* The entry of the lookup is one more, and in use. */
    ns = run_cache("gc", n_entries - n_removed + 1);
    if (count_entries() != n_entries - n_removed) {
        fprintf(stderr, "gc removed %u instead of %u entries\n",
                n_entries - count_entries(), n_removed);
        exit(1);
    }
    printf("{\"case\":\"directory/gc\",\"n\":1,\"entries\":%u,"
           "\"removed\":%u,\"ms\":%.0f,\"unlink_ms\":%.0f,\"ratio\":%.2f}\n",
           n_entries, n_removed, (double)ns / 1e6, (double)unlink_ns / 1e6,
           (double)ns / (double)unlink_ns);
    fflush(stdout);
    for (unsigned i = n_removed; i < n_entries; i++) {
        char path[PATH_SIZE + 64], name[64];

        entry_name(i, name);
        snprintf(path, sizeof(path), "%s/%s", yardstick, name);
        unlink(path);
    }
    rmdir(yardstick);
    make_entries(many, 0, n_removed);
}

int main(int argc, char **argv)
{
    const char *parent = getenv("TMPDIR");
    char command[2 * PATH_SIZE];

    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: bench_directory BCC SCRIPT.bc [N_ENTRIES]\n");
        return 2;
    }
    bcc = argv[1];
    script_path = argv[2];
    if (argc == 4)
        n_entries = (unsigned)strtoul(argv[3], NULL, 10);
    snprintf(base, sizeof(base), "%s/bench-directory-XXXXXX",
             parent && *parent ? parent : "/tmp");
    if (!mkdtemp(base))
        give_up(base);
    snprintf(one, sizeof(one), "%s/one", base);
    snprintf(many, sizeof(many), "%s/many", base);
    if (mkdir(one, 0700) < 0 || mkdir(many, 0700) < 0)
        give_up(base);
    launch(one);
    launch(many);
    read_entry();
    used_s = time(NULL) - 100 * 3600;
    make_entries(many, 0, n_entries);

    measure_lookup();
    measure_look("stats");
    measure_look("gc");
    measure_removal(n_entries / 5);
    measure_removal(n_entries / 2);

    free(entry.bytes);
    snprintf(command, sizeof(command), "rm -r '%s'", base);
    return system(command) != 0;
}
