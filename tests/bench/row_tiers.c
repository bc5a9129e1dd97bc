/* F1 to F6: the first launch, and what follows from it.
 *
 *   F1, F2  a whole process that finds no entry, beside lli, eager and lazy:
 *           the interpreter (its bitcode was optimised by clang), a trivial
 *           program
 *   F3      the same of 400 KB and of 10 MB of bitcode, of which five functions
 *           run: compiled when they are called
 *   F4      from the start of a first launch until the best code is published,
 *           against a launch of the last commit without tiers, which waited
 *           for the best code; time of day, and CPU time of all processes
 *   F5      CPU time of programs that compute, in baseline code and in the best
 *   F6      the launch after that is a hit with the best code
 *
 * Between rounds nothing is compiled: each waits, untimed, for the best code,
 * and for the end of the processes that made it. */
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bcc/bcc_cache.h>

#include "former.h"
#include "generate.h"
#include "programs.h"

enum { N_FIRST_ROUNDS = 5, WAIT_MS = 5, MAX_WAITS = 300000 / WAIT_MS };

/* How a launch compiles. */
struct way {
    const char *tier, *jit;
};

struct first {
    char cache[BENCH_PATH_SIZE];
    const char *argv[15];
    struct program program;
    bool until_best; /* a round ends when the best code is there */
    bool is_final;   /* no better code follows */
};

static struct way by_process(const char *tier)
{
    return (struct way){tier, "process"};
}

/* ---- One launch ---- */

static void forget_entries(const char *dir)
{
    char pattern[BENCH_PATH_SIZE + 16];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/*.oBCC", dir);
    if (glob(pattern, GLOB_NOSORT, NULL, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

static bool has_best(const char *dir)
{
    char pattern[BENCH_PATH_SIZE + 16];
    struct obcc_header header = {.tier = obcc_le32(OBCC_TIER_BASELINE)};
    glob_t found;
    int fd;

    snprintf(pattern, sizeof(pattern), "%s/*.oBCC", dir);
    if (glob(pattern, GLOB_NOSORT, NULL, &found))
        return false;
    fd = open(found.gl_pathv[0], O_RDONLY | O_CLOEXEC);
    globfree(&found);
    if (fd < 0 || read(fd, &header, sizeof(header)) != sizeof(header))
        header.tier = obcc_le32(OBCC_TIER_BASELINE);
    if (fd >= 0)
        close(fd);
    return obcc_get32(header.tier) == OBCC_TIER_BEST;
}

static bool wait_for_best(const char *dir)
{
    const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000L};

    for (int i = 0; i < MAX_WAITS; i++) {
        if (has_best(dir))
            return true;
        nanosleep(&pause, NULL);
    }
    return bench_refuse("the best code never came");
}

static bool first_round(void *context, struct bench_cost *ret_cost)
{
    struct first *first = context;
    uint64_t start, cpu_start = process_children_ns();

    forget_entries(first->cache);
    start = clock_monotonic_ns();
    if (!program_round(&first->program, ret_cost) ||
        !(first->is_final || wait_for_best(first->cache)))
        return false;
    if (first->until_best)
        ret_cost->enter_ns = clock_monotonic_ns() - start;
    process_wait_all();
    ret_cost->leave_ns = process_children_ns() - cpu_start;
    return true;
}

/* At most 14 words in all. */
static void set_command(const char *const *command, const char *cache,
                        const struct artefact *bitcode,
                        const char *const *arguments, struct first *first)
{
    const char **at = first->argv;

    while (*command)
        *at++ = *command++;
    *at++ = "--cache-dir";
    *at++ = cache;
    *at++ = bitcode->path;
    while (*arguments)
        *at++ = *arguments++;
    first->program.argv = first->argv;
}

static bool make_first(const char *name, struct way way,
                       const struct artefact *bitcode,
                       const char *const *arguments, struct first *ret_first)
{
    const char *const command[] = {BCC_BENCH_BCC, "run",    "--report=json",
                                   "--tier",      way.tier, "--jit",
                                   way.jit,       NULL};

    memset(ret_first, 0, sizeof(*ret_first));
    if (!bench_open_cache(name, ret_first->cache))
        return false;
    set_command(command, ret_first->cache, bitcode, arguments, ret_first);
    ret_first->is_final = strcmp(way.tier, "baseline") == 0;
    return true;
}

static struct bench_side first_side(const char *name, struct first *first)
{
    return (struct bench_side){.enter_name = name,
                               .context = first,
                               .whole = first_round,
                               .is_process = true};
}

/* ---- F1, F2 ---- */

static const char *const no_arguments[] = {NULL};
static const char *const one_line[] = {"-e", "print(1 + 1)", NULL};

static bool make_trivial(struct artefact *ret_bitcode)
{
    return artefact_compile("trivial.bc", BCC_BENCH_SOURCES "/trivial.c", NULL,
                            ret_bitcode);
}

static bool make_interpreter(struct artefact *ret_bitcode)
{
    return bench_is_quick()
               ? make_trivial(ret_bitcode)
               : artefact_source(BCC_BENCH_INTERPRETER, ret_bitcode);
}

static const char *const *interpreter_arguments(void)
{
    return bench_is_quick() ? no_arguments : one_line;
}

/* n_sides: 2 leaves out the lazy one, which dies of the interpreter's labels
 * as values (LLVM 22). */
static bool compare_lli(const char *name, const struct artefact *bitcode,
                        struct way way, const char *const *arguments,
                        size_t n_sides, double limit)
{
    const char *eager_argv[8] = {BCC_BENCH_LLI, "-jit-kind=orc", bitcode->path};
    const char *lazy_argv[8] = {BCC_BENCH_LLI, "-jit-kind=orc-lazy",
                                bitcode->path};
    struct program eager = {.argv = eager_argv}, lazy = {.argv = lazy_argv};
    struct bench_side sides[3];
    struct first first;
    char what[64];

    for (size_t i = 0; arguments[i]; i++)
        eager_argv[3 + i] = lazy_argv[3 + i] = arguments[i];
    if (!make_first(name, way, bitcode, arguments, &first))
        return false;
    sides[0] = first_side("bcc run, first", &first);
    sides[1] = program_side("lli, eager", &eager);
    sides[2] = program_side("lli, lazy", &lazy);
    if (!bench_rounds(
            sides, n_sides,
            (struct bench_plan){.n_warm_up = 1, .n_rounds = N_FIRST_ROUNDS}))
        return false;
    for (size_t i = 1; i < n_sides; i++) {
        snprintf(what, sizeof(what), "bcc run / %s", sides[i].enter_name);
        bench_ratio((struct bench_comparison){what, &sides[0].in, &sides[i].in,
                                              .goal = AT_MOST(limit)});
    }
    bench_release(sides, n_sides);
    return true;
}

bool run_f1(void)
{
    struct artefact bitcode;

    return make_interpreter(&bitcode) &&
           compare_lli("first.interpreter", &bitcode, by_process("auto"),
                       interpreter_arguments(), 2, 0.30);
}

bool run_f2(void)
{
    struct artefact bitcode;

    return make_trivial(&bitcode) &&
           compare_lli("first.trivial", &bitcode, by_process("auto"),
                       no_arguments, 3, 0.90);
}

/* ---- F3 ---- */

/* The best code of 10 MB takes minutes: nobody waits for it between rounds. */
static bool make_little(const char *name, unsigned n_functions,
                        struct artefact *ret_bitcode)
{
    return generate_bitcode(
        name,
        (struct generated){bench_is_quick() ? 20 : n_functions, 18, .seed = 3,
                           .n_calls = 5},
        ret_bitcode);
}

bool run_f3(void)
{
    struct artefact middle, large;

    return make_little("little.400k", 1100, &middle) &&
           make_little("little.10m", 27500, &large) &&
           compare_lli("first.400k", &middle, (struct way){"auto", "lazy"},
                       no_arguments, 3, 0.80) &&
           compare_lli("first.10m", &large, (struct way){"baseline", "lazy"},
                       no_arguments, 3, 0.30);
}

/* ---- F4, F6 ---- */

/* The last commit that knew no tiers. */
static const char without_tiers[] = "7a4e022";

static bool make_former(const struct artefact *bitcode,
                        const char *const *arguments, struct former *former,
                        char *ret_compiler, struct first *ret_first)
{
    const char *const command[] = {"/usr/bin/env", ret_compiler, former->bcc,
                                   "run", NULL};

    memset(ret_first, 0, sizeof(*ret_first));
    if (!former_build(without_tiers, former) ||
        !bench_open_cache("first.former", ret_first->cache))
        return false;
    snprintf(ret_compiler, BENCH_PATH_SIZE, "BCC_BCCC=%.1000s", former->bccc);
    set_command(command, ret_first->cache, bitcode, arguments, ret_first);
    ret_first->is_final = true;
    return true;
}

static void compare_best(const char *what, const char *cpu_what,
                         const struct bench_side *side,
                         const struct bench_side *yardstick,
                         struct bench_goal goal)
{
    bench_ratio((struct bench_comparison){what, &side->in, &yardstick->in,
                                          .goal = goal});
    bench_ratio((struct bench_comparison){cpu_what, &side->out, &yardstick->out,
                                          .goal = goal});
}

bool run_f4(void)
{
    static struct former former;
    static char compiler[BENCH_PATH_SIZE];
    const bool has_former = !bench_is_quick() && former_is_known(without_tiers);
    struct bench_side sides[3];
    struct artefact bitcode;
    struct first later, at_once, before;

    if (!make_interpreter(&bitcode) ||
        !make_first("first.later", by_process("auto"), &bitcode,
                    interpreter_arguments(), &later) ||
        !make_first("first.best", by_process("best"), &bitcode,
                    interpreter_arguments(), &at_once) ||
        (has_former && !make_former(&bitcode, interpreter_arguments(), &former,
                                    compiler, &before)))
        return false;
    later.until_best = true;
    sides[0] = first_side("until the best code is there", &later);
    sides[1] = first_side("bcc run --tier=best, first", &at_once);
    sides[2] = first_side("without tiers (7a4e022)", &before);
    sides[0].leave_name = "until then, CPU time";
    sides[1].leave_name = "--tier=best, CPU time";
    sides[2].leave_name = "without tiers, CPU time";
    if (!bench_rounds(
            sides, has_former ? 3 : 2,
            (struct bench_plan){.n_warm_up = 0, .n_rounds = N_FIRST_ROUNDS}))
        return false;
    compare_best("best code ready / --tier=best", "the same, CPU time",
                 &sides[0], &sides[1], NO_GOAL);
    if (has_former)
        compare_best("best code ready / without tiers", "the same, CPU time",
                     &sides[0], &sides[2], AT_MOST(0.80));
    else if (!bench_is_quick())
        fprintf(stderr, " (no history here has %s: not compared with it)",
                without_tiers);
    bench_release(sides, has_former ? 3 : 2);
    return true;
}

bool run_f6(void)
{
    struct artefact bitcode;
    struct bench_cost cost;
    struct first first;
    bool is_best;

    if (!make_interpreter(&bitcode) ||
        !make_first("first.second", by_process("auto"), &bitcode,
                    interpreter_arguments(), &first) ||
        !first_round(&first, &cost))
        return false;
    first.program.is_hit = true;
    if (!program_round(&first.program, &cost))
        return false;
    is_best = strstr(first.program.result.err, "\"tier\":\"best\"") != NULL;
    bench_value("second launch has the best code", is_best, NAN, "",
                AT_LEAST(1));
    return true;
}

/* ---- F5 ---- */

static bool compare_tiers(const char *source, double *ret_ratio)
{
    static const char *const flags[] = {"-O2", NULL};
    const char *slash = strrchr(source, '/');
    struct first baseline, best;
    struct bench_side sides[2];
    struct artefact bitcode;
    char name[64], what[80];

    snprintf(name, sizeof(name), "%.40s.O2.bc", slash + 1);
    if (!artefact_compile(name, source, flags, &bitcode) ||
        !make_first("tier.baseline", by_process("baseline"), &bitcode,
                    no_arguments, &baseline) ||
        !make_first("tier.best", by_process("best"), &bitcode, no_arguments,
                    &best))
        return false;
    baseline.program.counts_cpu_time = best.program.counts_cpu_time = true;
    sides[0] = program_side("baseline", &baseline.program);
    sides[1] = program_side("best", &best.program);
    if (!bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 1, .n_rounds = 5}))
        return false;
    snprintf(what, sizeof(what), "baseline / best, %.40s", slash + 1);
    *ret_ratio = bench_ratio((struct bench_comparison){
        what, &sides[0].in, &sides[1].in, .goal = NO_GOAL});
    bench_release(sides, 2);
    return true;
}

bool run_f5(void)
{
    double log_sum = 0, ratio;
    size_t n = 0;
    glob_t found;
    bool ok = true;

    if (glob(BCC_BENCH_SOURCES "/compute/*.c", 0, NULL, &found))
        return bench_refuse("no programs");
    for (size_t i = 0; ok && i < found.gl_pathc; i++) {
        if (bench_is_quick() && i > 0)
            break;
        ok = compare_tiers(found.gl_pathv[i], &ratio);
        log_sum += ok ? log(ratio) : 0;
        n++;
    }
    globfree(&found);
    if (ok)
        bench_combined("baseline / best, geometric mean",
                       exp(log_sum / (double)n), AT_MOST(2.5));
    return ok;
}
