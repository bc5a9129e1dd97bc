/* C3: steady state. The programs in compute/ under `bcc run`, warm, against
 * executables of `clang -O3 -march=native`. Of each source, bitcode is made in
 * two ways:
 *   NAME.bc      -O3 -Xclang -disable-llvm-passes: what README advises, for the
 *                engine then optimises for the CPU that it finds
 *   NAME.O3.bc   -O3: already vectorised, for the narrow vectors that every
 *                x86-64 CPU has, which nothing widens later
 *
 * What counts is the CPU time of the whole process, from wait4(): unlike the
 * time of day it does not hold what else the machine does. All three have to
 * print the same. */
#include <glob.h>
#include <math.h>
#include <string.h>

#include "programs.h"

enum { NATIVE, BCC, BCC_O3, N_SIDES };

enum { NAME_SIZE = 64 };

struct case_files {
    char name[64];
    struct artefact source, executable, bitcode, bitcode_o3;
};

static size_t add_flags(const char *source, const char **argv)
{
    const bool is_cpp = strstr(source, ".cpp") != NULL;
    size_t n = 0;

    argv[n++] = BCC_BENCH_CLANG;
    if (is_cpp)
        argv[n++] = "--driver-mode=g++";
    argv[n++] = is_cpp ? "-std=gnu++20" : "-std=gnu11";
    argv[n++] = "-O3";
    argv[n++] = source;
    argv[n++] = "-o";
    argv[n++] = artefact_out;
    return n;
}

static bool make_file(const struct case_files *files, const char *suffix,
                      const char *const *more, struct artefact *ret_artefact)
{
    const struct artefact *const inputs[] = {&files->source, NULL};
    const char *argv[16] = {NULL};
    size_t n = add_flags(files->source.path, argv);
    char name[80];

    while (*more)
        argv[n++] = *more++;
    snprintf(name, sizeof(name), "%s%s", files->name, suffix);
    return artefact_make(name, inputs, argv, ret_artefact);
}

static bool make_files(const char *source, struct case_files *ret_files)
{
    static const char *const native[] = {"-march=native", "-Wl,--as-needed",
                                         "-lm", NULL};
    static const char *const left[] = {"-emit-llvm", "-c", "-Xclang",
                                       "-disable-llvm-passes", NULL};
    static const char *const optimised[] = {"-emit-llvm", "-c", NULL};
    const char *base = strrchr(source, '/') + 1;

    snprintf(ret_files->name, sizeof(ret_files->name), "%.*s",
             (int)strcspn(base, "."), base);
    return artefact_source(source, &ret_files->source) &&
           make_file(ret_files, ".native", native, &ret_files->executable) &&
           make_file(ret_files, ".bc", left, &ret_files->bitcode) &&
           make_file(ret_files, ".O3.bc", optimised, &ret_files->bitcode_o3);
}

/* The entry is of this bitcode, this of the same source as the executable, and
 * the CPU and level of the two compilers are the same. */
static bool is_same(const struct twin *twin)
{
    struct provenance from = twin->bitcode.from;
    char digest[ORIGIN_SIZE];

    if (!artefact_digest(twin->bitcode.path, digest))
        return false;
    if (strcmp(digest, twin->entry.from.origin[0]) != 0)
        return bench_refuse("the entry is of other bitcode");
    memcpy(from.cpu, twin->entry.from.cpu, sizeof(from.cpu));
    memcpy(from.opt, twin->entry.from.opt, sizeof(from.opt));
    return provenance_is_same("the entry", &from, "the executable",
                              &twin->executable.from);
}

static bool make_twin(const struct case_files *files,
                      const struct artefact *bitcode, const char *suffix,
                      struct twin *ret_twin)
{
    static const char *const no_arguments[] = {NULL};
    char name[80];

    snprintf(name, sizeof(name), "%s%s", files->name, suffix);
    return twin_make_with(name, bitcode, &files->executable, no_arguments,
                          ret_twin) &&
           is_same(ret_twin);
}

struct logs {
    double left, optimised;
    size_t n;
};

static bool measure(const char *source, struct logs *logs)
{
    struct case_files files;
    struct twin left, optimised;
    struct bench_side sides[N_SIDES];
    char names[N_SIDES][NAME_SIZE], what[NAME_SIZE];

    if (!make_files(source, &files) ||
        !make_twin(&files, &files.bitcode, "", &left) ||
        !make_twin(&files, &files.bitcode_o3, ".O3", &optimised))
        return false;
    left.native.counts_cpu_time = left.bcc.counts_cpu_time = true;
    optimised.bcc.counts_cpu_time = true;
    snprintf(names[NATIVE], NAME_SIZE, "native, %.30s", files.name);
    snprintf(names[BCC], NAME_SIZE, "bcc run, %.30s", files.name);
    snprintf(names[BCC_O3], NAME_SIZE, "bcc run, %.30s after -O3", files.name);
    sides[NATIVE] = program_side(names[NATIVE], &left.native);
    sides[BCC] = program_side(names[BCC], &left.bcc);
    sides[BCC_O3] = program_side(names[BCC_O3], &optimised.bcc);
    if (!bench_rounds(sides, N_SIDES,
                      (struct bench_plan){.n_warm_up = 0, .n_rounds = 7}))
        return false;
    logs->left += log(bench_ratio((struct bench_comparison){
        files.name, &sides[BCC].in, &sides[NATIVE].in, .goal = NO_GOAL}));
    snprintf(what, sizeof(what), "%.40s, after clang -O3", files.name);
    logs->optimised += log(bench_ratio((struct bench_comparison){
        what, &sides[BCC_O3].in, &sides[NATIVE].in, .goal = NO_GOAL}));
    logs->n++;
    bench_release(sides, N_SIDES);
    return true;
}

bool run_c3(void)
{
    struct logs logs = {0, 0, 0};
    glob_t sources;
    bool ok = true;

    if (glob(BCC_BENCH_SOURCES "/compute/*.c*", 0, NULL, &sources) != 0)
        return bench_refuse("no programs");
    for (size_t i = 0; i < sources.gl_pathc && ok; i++)
        if (!bench_is_quick() || strstr(sources.gl_pathv[i], "/sieve."))
            ok = measure(sources.gl_pathv[i], &logs);
    globfree(&sources);
    if (!ok)
        return false;
    bench_combined("geometric mean", exp(logs.left / (double)logs.n),
                   AT_MOST(1));
    bench_combined("geometric mean, after clang -O3",
                   exp(logs.optimised / (double)logs.n), NO_GOAL);
    return true;
}
