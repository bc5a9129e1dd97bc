/* The cost of each check of a hit, compared with a hit that does only the
 * checks of every launch.
 *
 *     bench_safety BCC SCRIPT.bc...
 *
 *   plain       the script's stamp is the entry's, the code was
 *               checked since the machine was started
 *   no_stat     the script is a copy of equal content: its SHA-1 decides
 *   payload     every checksum is compared (BCC_VERIFY)
 *   signed      only entries with an Ed25519 signature count (trustedKeys)
 *   layers_N    N directories that lack the entry are searched before
 *
 * In turn in each round, after warm-up, page cache warm; a hit is
 * bccCreateScript .. bccPrepareExecutable. For each script one line of JSON a
 * case, times in microseconds, "ratio" of the medians to plain. Needs the
 * openssl command, for a key. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "figures.h"

enum { N_WARM_UP = 50, N_ROUNDS = 2000, PATH_SIZE = 160, MAX_LAYERS = 6 };

static const struct bench_case {
    const char *name;
    bool is_copy, is_signed;
    unsigned long flags;
    int n_layers;
} cases[] = {
    {.name = "plain"},
    {.name = "no_stat", .is_copy = true},
    {.name = "payload", .flags = BCC_VERIFY},
    {.name = "signed", .is_signed = true},
    {.name = "layers_1", .n_layers = 1},
    {.name = "layers_3", .n_layers = 3},
    {.name = "layers_6", .n_layers = MAX_LAYERS},
};

enum { N_CASES = sizeof(cases) / sizeof(cases[0]) };

static uint64_t samples[N_CASES][N_ROUNDS];
static char base[PATH_SIZE / 2], copy[PATH_SIZE];
static char cache[PATH_SIZE], signed_cache[PATH_SIZE];
static char *layers[MAX_LAYERS + 1]; /* paths of so many directories */
static char key[65];

static void shell(const char *command)
{
    if (system(command) != 0) {
        fprintf(stderr, "failed: %s\n", command);
        exit(1);
    }
}

/* ---- Entries ---- */

static void make_directories(void)
{
    const char *parent = getenv("TMPDIR");

    snprintf(base, sizeof(base), "%s/bench-safety-XXXXXX",
             parent && *parent ? parent : "/tmp");
    if (!mkdtemp(base)) {
        perror(base);
        exit(1);
    }
    snprintf(cache, sizeof(cache), "%s/cache", base);
    snprintf(signed_cache, sizeof(signed_cache), "%s/signed", base);
    snprintf(copy, sizeof(copy), "%s/copy.bc", base);
    mkdir(cache, 0700);
    mkdir(signed_cache, 0700);
    for (int i = 0; i < MAX_LAYERS; i++) {
        char layer[PATH_SIZE];

        snprintf(layer, sizeof(layer), "%s/layer%d", base, i);
        mkdir(layer, 0700);
        if (asprintf(&layers[i + 1], "%s%s%s", i ? layers[i] : "", i ? ":" : "",
                     layer) < 0)
            exit(1);
    }
}

static void make_key(void)
{
    char command[4 * PATH_SIZE];
    FILE *file;

    snprintf(command, sizeof(command),
             "openssl genpkey -algorithm ed25519 -out '%s/key.pem' && openssl "
             "pkey -in '%s/key.pem' -pubout -outform DER | tail -c 32 | od "
             "-An -v -tx1 | tr -d ' \\n'",
             base, base);
    file = popen(command, "r");
    if (!file || fread(key, 1, 64, file) != 64 || pclose(file) != 0) {
        fprintf(stderr, "no key from openssl\n");
        exit(1);
    }
}

static uint64_t launch(const char *bitcode, const struct bench_case *which)
{
    const BCCOptions options = {
        .size = sizeof(options),
        .trustedKeys = which->is_signed ? key : NULL,
    };
    uint64_t start = figures_now_ns(), end;
    BCCScriptRef script = bccCreateScript();

    if (bccReadFile(script, which->is_copy ? copy : bitcode, 0) ||
        bccSetOptions(script, &options) ||
        bccSetCachePath(script,
                        which->n_layers ? layers[which->n_layers] : "") ||
        bccPrepareExecutable(script, which->is_signed ? signed_cache : cache,
                             "entry", BCC_PROCESS_SYMBOLS | which->flags)) {
        fprintf(stderr, "%s: %s: %s\n", bitcode, which->name,
                bccGetErrorMessage(script));
        exit(1);
    }
    end = figures_now_ns();
    bccDisposeScript(script);
    return end - start;
}

static void make_entries(const char *bcc, const char *bitcode)
{
    char command[8 * PATH_SIZE];

    launch(bitcode, &cases[0]);
    snprintf(command, sizeof(command),
             "cp '%s' '%s' && cp '%s/entry.oBCC' '%s' && '%s' sign --key "
             "'%s/key.pem' '%s/entry.oBCC'",
             bitcode, copy, cache, signed_cache, bcc, base, signed_cache);
    shell(command);
}

/* ---- Figures ---- */

static void print_figures(const char *bitcode)
{
    const char *slash = strrchr(bitcode, '/');
    double plain = 0;

    for (int i = 0; i < N_CASES; i++) {
        double median;

        figures_sort(samples[i], N_ROUNDS);
        median = (double)samples[i][N_ROUNDS / 2] / 1e3;
        if (i == 0)
            plain = median;
        printf("{\"case\":\"safety/%s\",\"script\":\"%s\",\"n\":%d,"
               "\"min\":%.1f,\"median\":%.1f,\"p99\":%.1f,\"more\":%.1f,"
               "\"ratio\":%.2f}\n",
               cases[i].name, slash ? slash + 1 : bitcode, N_ROUNDS,
               (double)samples[i][0] / 1e3, median,
               (double)samples[i][N_ROUNDS * 99 / 100] / 1e3, median - plain,
               median / plain);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char command[2 * PATH_SIZE];

    if (argc < 3) {
        fprintf(stderr, "usage: bench_safety BCC SCRIPT.bc...\n");
        return 2;
    }
    make_directories();
    make_key();
    for (int file = 2; file < argc; file++) {
        make_entries(argv[1], argv[file]);
        for (int round = -N_WARM_UP; round < N_ROUNDS; round++)
            for (int i = 0; i < N_CASES; i++) {
                uint64_t ns = launch(argv[file], &cases[i]);
                if (round >= 0)
                    samples[i][round] = ns;
            }
        print_figures(argv[file]);
    }
    snprintf(command, sizeof(command), "rm -r '%s'", base);
    shell(command);
    return 0;
}
