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
 * print the same.
 *
 * Where code lies counts, too: on an AMD EPYC (2026) the same instructions of
 * ackermann.c take 0.44 s or 0.49 s, depending on whether they begin 16 bytes
 * further on, natively as well as under `bcc run`. A program happens to lie at
 * one place in an executable, and at another in an image. So a round of a side
 * is the mean of two places, 16 bytes apart: shift.h moves the program. */
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "programs.h"

enum { NATIVE, BCC, BCC_O3, N_SIDES };

enum { NAME_SIZE = 64, N_PLACES = 2, PLACE_SIZE = 16 };

/* Of one program, at one place. */
struct case_files {
    char name[NAME_SIZE], shift[NAME_SIZE];
    struct artefact source, header, executable, bitcode, bitcode_o3;
};

struct place {
    struct case_files files;
    struct twin left, optimised;
};

/* What is a side. */
struct places {
    struct program *program[N_PLACES];
};

static size_t add_flags(const struct case_files *files, const char **argv)
{
    const char *source = files->source.path;
    const bool is_cpp = strstr(source, ".cpp") != NULL;
    size_t n = 0;

    argv[n++] = BCC_BENCH_CLANG;
    if (is_cpp)
        argv[n++] = "--driver-mode=g++";
    argv[n++] = is_cpp ? "-std=gnu++20" : "-std=gnu11";
    argv[n++] = "-O3";
    argv[n++] = "-include";
    argv[n++] = files->header.path;
    argv[n++] = files->shift;
    argv[n++] = source;
    argv[n++] = "-o";
    argv[n++] = artefact_out;
    return n;
}

static bool make_file(const struct case_files *files, const char *suffix,
                      const char *const *more, struct artefact *ret_artefact)
{
    const struct artefact *const inputs[] = {&files->source, &files->header,
                                             NULL};
    const char *argv[24] = {NULL};
    size_t n = add_flags(files, argv);
    char name[80];

    while (*more)
        argv[n++] = *more++;
    snprintf(name, sizeof(name), "%s%s", files->name, suffix);
    return artefact_make(name, inputs, argv, ret_artefact);
}

static bool make_files(const char *source, size_t place,
                       struct case_files *ret_files)
{
    static const char *const native[] = {"-march=native", "-Wl,--as-needed",
                                         "-lm", NULL};
    static const char *const left[] = {"-emit-llvm", "-c", "-Xclang",
                                       "-disable-llvm-passes", NULL};
    static const char *const optimised[] = {"-emit-llvm", "-c", NULL};
    const char *base = strrchr(source, '/') + 1;

    snprintf(ret_files->name, sizeof(ret_files->name), "%.*s.%zu",
             (int)strcspn(base, "."), base, place);
    snprintf(ret_files->shift, sizeof(ret_files->shift), "-DBENCH_SHIFT=%zu",
             (place + 1) * PLACE_SIZE);
    return artefact_source(source, &ret_files->source) &&
           artefact_source(BCC_BENCH_SOURCES "/compute/shift.h",
                           &ret_files->header) &&
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

static bool make_place(const char *source, size_t index,
                       struct place *ret_place)
{
    const struct case_files *files = &ret_place->files;

    if (!make_files(source, index, &ret_place->files) ||
        !make_twin(files, &files->bitcode, "", &ret_place->left) ||
        !make_twin(files, &files->bitcode_o3, ".O3", &ret_place->optimised))
        return false;
    ret_place->left.native.counts_cpu_time = true;
    ret_place->left.bcc.counts_cpu_time = true;
    ret_place->optimised.bcc.counts_cpu_time = true;
    return true;
}

static bool enter_first(void *context)
{
    return program_enter(((struct places *)context)->program[0]);
}

static bool run_all(void *context, struct bench_cost *ret_cost)
{
    const struct places *places = context;
    struct bench_cost sum = {0}, cost = {0};

    for (size_t i = 0; i < N_PLACES; i++) {
        if (!program_round(places->program[i], &cost))
            return false;
        sum.enter_ns += cost.enter_ns;
        sum.enter_faults += cost.enter_faults;
    }
    ret_cost->enter_ns = sum.enter_ns / N_PLACES;
    ret_cost->enter_faults = sum.enter_faults / N_PLACES;
    return true;
}

struct logs {
    double left, optimised;
    size_t n;
};

static bool measure_at(struct place *place, const char *name, struct logs *logs)
{
    struct places places[N_SIDES] = {0};
    struct bench_side sides[N_SIDES];
    char names[N_SIDES][NAME_SIZE], what[NAME_SIZE];

    for (size_t i = 0; i < N_PLACES; i++) {
        places[NATIVE].program[i] = &place[i].left.native;
        places[BCC].program[i] = &place[i].left.bcc;
        places[BCC_O3].program[i] = &place[i].optimised.bcc;
    }
    snprintf(names[NATIVE], NAME_SIZE, "native, %.30s", name);
    snprintf(names[BCC], NAME_SIZE, "bcc run, %.30s", name);
    snprintf(names[BCC_O3], NAME_SIZE, "bcc run, %.30s after -O3", name);
    for (size_t i = 0; i < N_SIDES; i++)
        sides[i] = (struct bench_side){.enter_name = names[i],
                                       .context = &places[i],
                                       .enter = enter_first,
                                       .whole = run_all,
                                       .is_process = true};
    if (!bench_rounds(sides, N_SIDES,
                      (struct bench_plan){.n_warm_up = 0, .n_rounds = 5}))
        return false;
    logs->left += log(bench_ratio((struct bench_comparison){
        name, &sides[BCC].in, &sides[NATIVE].in, .goal = NO_GOAL}));
    snprintf(what, sizeof(what), "%.40s, after clang -O3", name);
    logs->optimised += log(bench_ratio((struct bench_comparison){
        what, &sides[BCC_O3].in, &sides[NATIVE].in, .goal = NO_GOAL}));
    logs->n++;
    bench_release(sides, N_SIDES);
    return true;
}

static bool measure(const char *source, struct logs *logs)
{
    struct place *places = calloc(N_PLACES, sizeof(*places));
    const char *base = strrchr(source, '/') + 1;
    char name[NAME_SIZE];
    bool ok = places || bench_refuse("no memory");

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(base, "."), base);
    for (size_t i = 0; i < N_PLACES && ok; i++)
        ok = make_place(source, i, &places[i]);
    ok = ok && measure_at(places, name, logs);
    free(places);
    return ok;
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
