/* bcc_bench [--quick] [--busy-ok] [--dir DIR] [--json FILE] [--svg FILE]
 *           [--list] [ROW...]
 *
 * Run all rows of the goals, or those that are named ("L1 C2"), and print what
 * came out; see bench.h for what the numbers mean. Exit status: 0 if every row
 * was measured, whatever the verdicts, and even if a ratio is refused because
 * the machine was busy; 1 if one could not be; 2 for wrong usage.
 *
 *   --quick    few rounds of small things: shows that each row works. The
 *              numbers mean nothing.
 *   --busy-ok  print ratios although others are at work on the machine. Their
 *              verdicts are marked BUSY.
 *   --dir      where artefacts and caches are; that of the build otherwise
 *   --json, --svg   DIR/bench.json and DIR/bench.svg otherwise */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"
#include "report.h"

static const struct bench_row rows[] = {
    {"L1", run_l1}, {"L2", run_l2}, {"L3", run_l3}, {"L4", run_l4},
    {"L5", run_l5}, {"L6", run_l6}, {"L7", run_l7}, {"L8", run_l8},
    {"L9", run_l9}, {"F1", run_f1}, {"F2", run_f2}, {"F3", run_f3},
    {"F4", run_f4}, {"F5", run_f5}, {"F6", run_f6}, {"C1", run_c1},
    {"C2", run_c2}, {"C3", run_c3}, {"C4", run_c4}, {"C5", run_c5},
    {"K1", run_k1}, {"K2", run_k2}, {"K3", run_k3}, {"K4", run_k4},
    {"K5", run_k5}, {"M1", run_m1}, {"M2", run_m2}, {"M3", run_m3},
    {"M4", run_m4},
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

static struct {
    bool is_quick;
    const char *dir, *json, *svg;
} options = {.dir = BCC_BENCH_DIR};

bool bench_is_quick(void)
{
    return options.is_quick;
}

const char *bench_dir(void)
{
    return options.dir;
}

_Noreturn void bench_die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("bcc_bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

/* ---- The command line ---- */

static const struct bench_row *find_row(const char *id)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (strcasecmp(rows[i].id, id) == 0)
            return &rows[i];
    return NULL;
}

_Noreturn static void usage(void)
{
    fputs("usage: bcc_bench [--quick] [--busy-ok] [--dir DIR] [--json FILE] "
          "[--svg FILE] [--list] [ROW...]\nrows:",
          stderr);
    for (size_t i = 0; i < N_ROWS; i++)
        fprintf(stderr, " %s", rows[i].id);
    fputc('\n', stderr);
    exit(2);
}

static void parse(int argc, char **argv)
{
    static const struct option table[] = {
        {"quick", no_argument, NULL, 'q'},
        {"busy-ok", no_argument, NULL, 'b'},
        {"dir", required_argument, NULL, 'd'},
        {"json", required_argument, NULL, 'j'},
        {"svg", required_argument, NULL, 's'},
        {"list", no_argument, NULL, 'l'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (option) {
        case 'q':
            options.is_quick = true;
            break;
        case 'b':
            report_allow_busy(true);
            break;
        case 'd':
            options.dir = optarg;
            break;
        case 'j':
            options.json = optarg;
            break;
        case 's':
            options.svg = optarg;
            break;
        case 'l':
            for (size_t i = 0; i < N_ROWS; i++)
                puts(rows[i].id);
            exit(0);
        default:
            usage();
        }
    }
    for (int i = optind; i < argc; i++)
        if (!find_row(argv[i]))
            usage();
}

/* An empty directory would be made by the first command that writes there; a
 * relative one would not be what started processes take it for. */
static void enter_directory(void)
{
    static char absolute[BENCH_PATH_SIZE];
    char *found;

    if (mkdir(options.dir, 0755) < 0 && errno != EEXIST)
        bench_die("%s: %s", options.dir, strerror(errno));
    found = realpath(options.dir, NULL);
    if (!found || strlen(found) > BENCH_PATH_SIZE / 2)
        bench_die("%s: cannot be used", options.dir);
    snprintf(absolute, sizeof(absolute), "%s", found);
    free(found);
    options.dir = absolute;
}

/* What a user's environment says must not shape the figures. */
static void clean_environment(void)
{
    static const char *const names[] = {
        "BCC_CACHE_DIR", "BCC_CACHE_PATH",  "BCC_CACHE_SIZE", "BCC_LOG",
        "BCC_TEST_CPU",  "BCC_SAMPLES_DIR", "LD_PRELOAD",     "LD_BIND_NOW"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
    setenv("BCC_BCCC", BCC_BENCH_BCCC, 1);
}

static bool run_row(const struct bench_row *row)
{
    const uint64_t start = clock_monotonic_ns();
    bool ok;

    report_begin_row(row->id);
    fprintf(stderr, "%s ...", row->id);
    ok = row->run();
    watch_remove_all();
    fprintf(stderr, " %s, %.1f s\n", ok ? "done" : "not measured",
            (double)(clock_monotonic_ns() - start) / 1e9);
    return ok;
}

static void write_files(void)
{
    char json[BENCH_PATH_SIZE], svg[BENCH_PATH_SIZE];

    snprintf(json, sizeof(json), "%.1000s/bench.json", options.dir);
    snprintf(svg, sizeof(svg), "%.1000s/bench.svg", options.dir);
    if (!options.json)
        options.json = json;
    if (!options.svg)
        options.svg = svg;
    if (!report_write_json(options.json))
        bench_die("%s: cannot be written", options.json);
    if (!chart_write(options.svg))
        bench_die("%s: cannot be written", options.svg);
    printf("\n%s\n%s\n", options.json, options.svg);
}

int main(int argc, char **argv)
{
    bool ok = true;

    parse(argc, argv);
    enter_directory();
    clean_environment();
    process_adopt_orphans();
    for (int i = optind; i < argc; i++)
        ok &= run_row(find_row(argv[i]));
    for (size_t i = 0; i < N_ROWS && optind == argc; i++)
        ok &= run_row(&rows[i]);
    report_print();
    write_files();
    return ok ? 0 : 1;
}
