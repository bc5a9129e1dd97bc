/* Layers: what a hit costs with more directories to search before its own.
 *
 *     bench_layers SCRIPT.bc
 *
 * The entry is in the cache directory; 0, 1, 3 and 6 directories without it
 * are searched before. In turn in each round, after warm-up, page cache warm;
 * hit is bccCreateScript .. bccPrepareExecutable. One JSON line for each. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bcc/bcc.h>

enum { N_WARM_UP = 50, N_ROUNDS = 2000, PATH_SIZE = 128, MAX_LAYERS = 6 };

static const int n_layers[] = {0, 1, 3, MAX_LAYERS};

enum { N_CASES = sizeof(n_layers) / sizeof(n_layers[0]) };

static uint64_t samples[N_CASES][N_ROUNDS];
static char base[PATH_SIZE / 2] = "/tmp/bench-layers-XXXXXX";
static char cache[PATH_SIZE];
static char path[N_CASES][MAX_LAYERS * PATH_SIZE + 1];

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void make_directories(void)
{
    char layer[PATH_SIZE];

    if (!mkdtemp(base))
        exit(1);
    snprintf(cache, sizeof(cache), "%s/cache", base);
    mkdir(cache, 0700);
    for (int i = 0; i < MAX_LAYERS; i++) {
        snprintf(layer, sizeof(layer), "%s/layer%d", base, i);
        mkdir(layer, 0700);
        for (size_t j = 0; j < N_CASES; j++)
            if (i < n_layers[j])
                snprintf(path[j] + strlen(path[j]),
                         sizeof(path[j]) - strlen(path[j]), "%s%s",
                         i ? ":" : "", layer);
    }
}

static uint64_t launch(const char *bitcode, size_t which)
{
    uint64_t start = now_ns(), end;
    BCCScriptRef script = bccCreateScript();

    if (bccReadFile(script, bitcode, 0) ||
        bccSetCachePath(script, path[which]) ||
        bccPrepareExecutable(script, cache, "entry", BCC_PROCESS_SYMBOLS)) {
        fprintf(stderr, "%s\n", bccGetErrorMessage(script));
        exit(1);
    }
    end = now_ns();
    bccDisposeScript(script);
    return end - start;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    char command[PATH_SIZE * 2];

    if (argc != 2)
        return 2;
    make_directories();
    for (int round = -N_WARM_UP; round < N_ROUNDS; round++)
        for (size_t i = 0; i < N_CASES; i++) {
            uint64_t ns = launch(argv[1], i);
            if (round >= 0)
                samples[i][round] = ns;
        }
    for (size_t i = 0; i < N_CASES; i++) {
        qsort(samples[i], N_ROUNDS, sizeof(samples[i][0]), compare);
        printf("{\"case\":\"layers/%d\",\"n\":%d,\"min\":%.1f,"
               "\"median\":%.1f,\"p99\":%.1f}\n",
               n_layers[i], N_ROUNDS, (double)samples[i][0] / 1e3,
               (double)samples[i][N_ROUNDS / 2] / 1e3,
               (double)samples[i][N_ROUNDS * 99 / 100] / 1e3);
    }
    snprintf(command, sizeof(command), "rm -r '%s'", base);
    return system(command) != 0;
}
