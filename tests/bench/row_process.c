/* L5, L6: a whole process, from before it is started until it was waited for.
 *
 *   bcc      `bcc run`, its entry present
 *   native   an executable of the same bitcode, -O3 -march=native
 *   lli      LLVM's runner of bitcode with its object cache warm; with MCJIT,
 *            which starts faster from that cache than its other engine
 *
 * A trivial program that prints a line, and the interpreter, which runs a
 * script of one line. What the three print must be the same.
 *
 * In L5 `bcc run` writes no report, as when people run programs: that takes
 * printf() and one more write(), a twentieth of the run. That each round is a
 * hit is known from the compiler: there is none, so a miss fails. In L6 it is
 * asked for its report in each round. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "programs.h"

static const char *const no_arguments[] = {NULL};
static const char *const one_line[] = {"-e", "print(1 + 1)", NULL};

static bool make_trivial(struct twin *ret_twin)
{
    struct artefact bitcode;

    return artefact_compile("trivial.bc", BCC_BENCH_SOURCES "/trivial.c", NULL,
                            &bitcode) &&
           artefact_source(bitcode.path, &bitcode) &&
           twin_make("trivial", &bitcode, no_arguments, ret_twin);
}

/* With --quick the trivial one stands for it. */
static bool make_interpreter(struct twin *ret_twin)
{
    struct artefact bitcode;

    if (bench_is_quick())
        return make_trivial(ret_twin);
    return artefact_source(BCC_BENCH_INTERPRETER, &bitcode) &&
           twin_make("interpreter.run", &bitcode, one_line, ret_twin);
}

/* ---- L5 ---- */

static void leave_report_out(struct twin *twin)
{
    const char **to = twin->bcc_argv;

    for (const char **from = to; *from; from++)
        if (strcmp(*from, "--report=json") != 0)
            *to++ = *from;
    *to = NULL;
    twin->bcc.is_hit = false;
}

static bool run_without_compiler(struct bench_side sides[2])
{
    bool ok;

    setenv("BCC_BCCC", "/dev/null/no-compiler", 1);
    ok = bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 20, .n_rounds = 1000});
    setenv("BCC_BCCC", BCC_BENCH_BCCC, 1);
    return ok;
}

static bool compare_native(struct twin *twin, const char *bcc_name,
                           const char *native_name, const char *what)
{
    struct bench_side sides[] = {program_side(bcc_name, &twin->bcc),
                                 program_side(native_name, &twin->native)};

    leave_report_out(twin);
    if (!run_without_compiler(sides))
        return false;
    bench_ratio((struct bench_comparison){what, &sides[0].in, &sides[1].in,
                                          .goal = AT_MOST(1.10)});
    bench_release(sides, 2);
    return true;
}

bool run_l5(void)
{
    struct twin twin;

    return make_trivial(&twin) &&
           compare_native(&twin, "bcc run, trivial", "native, trivial",
                          "bcc run / native, trivial") &&
           make_interpreter(&twin) &&
           compare_native(&twin, "bcc run, interpreter", "native, interpreter",
                          "bcc run / native, interpreter");
}

/* ---- L6 ---- */

/* lli keeps the object of /a/b.bc in DIR/a/b.o and believes in it. */
static bool stat_object(const char *objects, const char *bitcode,
                        struct stat *ret_st)
{
    char path[2 * BENCH_PATH_SIZE];

    snprintf(path, sizeof(path), "%s%.*s.o", objects,
             (int)(strlen(bitcode) - strlen(".bc")), bitcode);
    return stat(path, ret_st) == 0 ||
           bench_refuse("lli left no object %s", path);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return (a->st_ino == b->st_ino && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
            a->st_ctim.tv_nsec == b->st_ctim.tv_nsec) ||
           bench_refuse("lli's object cache was not warm");
}

/* A directory for this very bitcode: lli would not see that it changed. */
static bool open_objects(const char *bitcode, char ret_path[BENCH_PATH_SIZE])
{
    char digest[ORIGIN_SIZE], name[64];

    if (!artefact_digest(bitcode, digest))
        return false;
    snprintf(name, sizeof(name), "lli-%.12s", digest);
    return bench_open_cache(name, ret_path);
}

static bool compare_lli(struct twin *twin, const char *bcc_name,
                        const char *lli_name, const char *const *arguments,
                        struct bench_comparison comparison)
{
    char objects[BENCH_PATH_SIZE], option[BENCH_PATH_SIZE + 32];
    const char *argv[16] = {BCC_BENCH_LLI,     "-jit-kind=mcjit",       "-O3",
                            "-mcpu=native",    "-enable-cache-manager", option,
                            twin->bitcode.path};
    struct program lli = {.argv = argv, .expected_out = twin->expected};
    struct bench_side sides[] = {program_side(bcc_name, &twin->bcc),
                                 program_side(lli_name, &lli)};
    struct stat before, after;
    struct bench_cost cost;

    for (size_t i = 0; arguments[i]; i++)
        argv[7 + i] = arguments[i];
    if (!open_objects(twin->bitcode.path, objects))
        return false;
    snprintf(option, sizeof(option), "-object-cache-dir=%s", objects);
    if (!program_round(&lli, &cost) ||
        !stat_object(objects, twin->bitcode.path, &before) ||
        !bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 3, .n_rounds = 100}) ||
        !stat_object(objects, twin->bitcode.path, &after) ||
        !is_same_file(&before, &after))
        return false;
    comparison.measured = &sides[0].in;
    comparison.yardstick = &sides[1].in;
    comparison.inverse = true;
    bench_ratio(comparison);
    bench_release(sides, 2);
    return true;
}

bool run_l6(void)
{
    struct twin twin;

    return make_trivial(&twin) &&
           compare_lli(
               &twin, "bcc run, trivial", "lli, trivial", no_arguments,
               (struct bench_comparison){.what = "lli / bcc run, trivial",
                                         .goal = AT_LEAST(15)}) &&
           make_interpreter(&twin) &&
           compare_lli(
               &twin, "bcc run, interpreter", "lli, interpreter", one_line,
               (struct bench_comparison){.what = "lli / bcc run, interpreter",
                                         .goal = AT_LEAST(60)});
}
