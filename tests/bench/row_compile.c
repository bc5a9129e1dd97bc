/* C1, C2, C5: compiling, as whole processes.
 *
 *   C1  `bcc compile` against `clang -O3 -march=native -c` of the same, already
 *       linked bitcode; and against opt and llc of the same LLVM, which is what
 *       both drive. bcc also makes the image and syncs it to the disk.
 *   C2  a script that calls nine functions of PoCL's kernel library, with the
 *       library and without it, where they stay undefined. The difference is
 *       what finding, linking, optimising and generating them costs: where the
 *       index of the library has them, which is the goal, and where the index
 *       is made.
 *   C5  `bcc precompile` of 32 modules with two workers, and with one. */
#include <dirent.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "generate.h"
#include "launchers.h"
#include "programs.h"

/* ---- C1 ---- */

/* Names of the files that the sides write. */
struct outputs {
    char entry[BENCH_PATH_SIZE], object[BENCH_PATH_SIZE];
    char optimised[BENCH_PATH_SIZE], compiled[BENCH_PATH_SIZE];
};

static void name_outputs(const char *name, struct outputs *ret_outputs)
{
    const struct {
        char *path;
        const char *suffix;
    } table[] = {{ret_outputs->entry, ".oBCC"},
                 {ret_outputs->object, ".clang.o"},
                 {ret_outputs->optimised, ".opt.bc"},
                 {ret_outputs->compiled, ".llc.o"}};

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        snprintf(table[i].path, BENCH_PATH_SIZE, "%.900s/%.60s%s", bench_dir(),
                 name, table[i].suffix);
}

/* That clang compiles what bcc compiles, for the same CPU at the same level:
 * an object is made once more, with its origin. */
static bool is_same_compile(const char *name, const struct artefact *bitcode,
                            const char *const *clang_argv,
                            const char *entry_path)
{
    const char *argv[12] = {NULL};
    struct artefact object;
    struct entry entry;
    char file[64];

    snprintf(file, sizeof(file), "%s.once.o", name);
    for (size_t i = 0; clang_argv[i]; i++)
        argv[i] = clang_argv[i + 1] ? clang_argv[i] : artefact_out;
    return artefact_make(file, (const struct artefact *const[]){bitcode, NULL},
                         argv, &object) &&
           entry_read(entry_path, &entry) &&
           provenance_is_same("the entry", &entry.from, "clang's object",
                              &object.from);
}

static bool compare_compilers(const char *name, const struct artefact *bitcode,
                              const char *what, const char *llvm_what,
                              double goal, size_t n_rounds)
{
    struct outputs out;
    const char *const bcc_argv[] = {BCC_BENCH_BCC, "compile", "-O3",
                                    "--entry",     "main",    bitcode->path,
                                    "-o",          out.entry, NULL};
    const char *const clang_argv[] = {
        BCC_BENCH_CLANG, "-O3", "-march=native", "-c",
        bitcode->path,   "-o",  out.object,      NULL};
    const char *const llvm_argv[] = {
        "/bin/sh",
        "-c",
        "\"$0\" -O3 -mcpu=native \"$2\" -o \"$3\" && "
        "\"$1\" -O3 -mcpu=native -relocation-model=pic -filetype=obj \"$3\" "
        "-o \"$4\"",
        BCC_BENCH_OPT,
        BCC_BENCH_LLC,
        bitcode->path,
        out.optimised,
        out.compiled,
        NULL};
    struct program bcc = {.argv = bcc_argv}, clang = {.argv = clang_argv};
    struct program llvm = {.argv = llvm_argv};
    struct bench_side sides[] = {program_side("bcc compile", &bcc),
                                 program_side("clang", &clang),
                                 program_side("opt + llc", &llvm)};

    name_outputs(name, &out);
    if (!program_enter(&bcc) ||
        !is_same_compile(name, bitcode, clang_argv, out.entry) ||
        !bench_rounds(
            sides, 3,
            (struct bench_plan){.n_warm_up = 1, .n_rounds = n_rounds}))
        return false;
    bench_ratio((struct bench_comparison){what, &sides[0].in, &sides[1].in,
                                          .goal = AT_MOST(goal)});
    bench_ratio((struct bench_comparison){llvm_what, &sides[0].in, &sides[2].in,
                                          .goal = NO_GOAL});
    bench_release(sides, 3);
    return true;
}

bool run_c1(void)
{
    struct artefact trivial, interpreter;

    if (!artefact_compile("trivial.bc", BCC_BENCH_SOURCES "/trivial.c", NULL,
                          &trivial) ||
        !artefact_source(trivial.path, &trivial) ||
        !compare_compilers("trivial", &trivial, "bcc compile / clang, trivial",
                           "bcc compile / opt + llc, trivial", 0.5, 50))
        return false;
    /* Minutes, and nothing that the trivial one does not show. */
    if (bench_is_quick())
        return true;
    return artefact_source(BCC_BENCH_INTERPRETER, &interpreter) &&
           compare_compilers("interpreter", &interpreter,
                             "bcc compile / clang, 0.7 MB",
                             "bcc compile / opt + llc, 0.7 MB", 0.6, 5);
}

/* ---- C2 ---- */

/* A cache directory, and the command that makes the script's entry in it. */
struct miss {
    char cache[BENCH_PATH_SIZE], entry[BENCH_PATH_SIZE];
    const char *argv[10];
    struct program program;
};

static bool make_miss(const char *name, const struct hit *script,
                      bool with_library, struct miss *ret_miss)
{
    const char *file = strrchr(script->files.script, '/');
    const char **argv = ret_miss->argv;

    if (!bench_open_cache(name, ret_miss->cache))
        return false;
    file = file ? file + 1 : script->files.script;
    snprintf(ret_miss->entry, sizeof(ret_miss->entry), "%.900s/%.*s.oBCC",
             ret_miss->cache, (int)strcspn(file, "."), file);
    *argv++ = BCC_BENCH_BCC;
    *argv++ = "precompile";
    *argv++ = "--rebuild";
    *argv++ = "--exports";
    *argv++ = "--cache-dir";
    *argv++ = ret_miss->cache;
    if (with_library) {
        *argv++ = "--lib";
        *argv++ = script->files.library;
    }
    *argv++ = script->files.script;
    *argv = NULL;
    ret_miss->program = (struct program){.argv = ret_miss->argv};
    return true;
}

/* The library's index is the only one. */
static bool remove_index(const char *cache)
{
    char path[BENCH_PATH_SIZE * 2];
    const struct dirent *entry;
    DIR *listing = opendir(cache);
    size_t n_removed = 0;

    while (listing && (entry = readdir(listing))) {
        const char *dot = strrchr(entry->d_name, '.');

        if (!dot || strcmp(dot, ".iBCC") != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", cache, entry->d_name);
        n_removed += unlink(path) == 0;
    }
    if (listing)
        closedir(listing);
    return n_removed == 1;
}

/* A round in which the index is made. */
static bool make_index(void *context, struct bench_cost *ret_cost)
{
    struct miss *miss = context;

    return (remove_index(miss->cache) ||
            bench_refuse("there was no index to remove")) &&
           program_round(&miss->program, ret_cost);
}

/* That the library was linked: it is an input of the one entry, which has more
 * code. */
static bool is_linked(const struct miss *with, const struct miss *without)
{
    struct entry with_entry, without_entry;

    if (!entry_read(with->entry, &with_entry) ||
        !entry_read(without->entry, &without_entry))
        return false;
    return (with_entry.from.n_origins == 2 &&
            without_entry.from.n_origins == 1 &&
            with_entry.file_size > without_entry.file_size) ||
           bench_refuse("nothing of the library was linked");
}

bool run_c2(void)
{
    struct miss indexed, making, without;
    struct hit script;
    struct bench_side sides[3];
    struct bench_cost cost;

    if (!hit_find_sample("OpenCL", &script) ||
        !make_miss("runtime.indexed", &script, true, &indexed) ||
        !make_miss("runtime.making", &script, true, &making) ||
        !make_miss("runtime.without", &script, false, &without) ||
        !program_round(&indexed.program, &cost) ||
        !program_round(&making.program, &cost))
        return false;
    sides[0] = program_side("with 9 MB library, index there", &indexed.program);
    sides[1] = (struct bench_side){.enter_name = "index made",
                                   .context = &making,
                                   .whole = make_index,
                                   .is_process = true};
    sides[2] = program_side("without", &without.program);
    if (!bench_rounds(sides, 3,
                      (struct bench_plan){.n_warm_up = 1, .n_rounds = 31}) ||
        !is_linked(&indexed, &without) || !is_linked(&making, &without))
        return false;
    bench_difference((struct bench_comparison){
        "what nine functions of it cost, index there", &sides[0].in,
        &sides[2].in, .goal = AT_MOST(30)});
    bench_difference(
        (struct bench_comparison){"the same where the index is made",
                                  &sides[1].in, &sides[2].in, .goal = NO_GOAL});
    bench_release(sides, 3);
    return true;
}

/* ---- C5 ---- */

/* DIR/0.bc, DIR/1.bc ... */
static bool make_modules(unsigned n, char ret_dir[BENCH_PATH_SIZE])
{
    snprintf(ret_dir, BENCH_PATH_SIZE, "%.1000s/%s", bench_dir(),
             bench_is_quick() ? "few_modules" : "modules");
    mkdir(ret_dir, 0755);
    for (unsigned i = 0; i < n; i++) {
        struct artefact bitcode;
        char name[64];

        snprintf(name, sizeof(name), "%s/%u",
                 bench_is_quick() ? "few_modules" : "modules", i);
        if (!generate_bitcode(
                name,
                (struct generated){bench_is_quick() ? 3 : 60, 40, .seed = i},
                &bitcode))
            return false;
    }
    return true;
}

bool run_c5(void)
{
    char modules[BENCH_PATH_SIZE], cache[2][BENCH_PATH_SIZE];
    const char *const two_argv[] = {BCC_BENCH_BCC, "precompile", "--rebuild",
                                    "--exports",   "-j2",        "--cache-dir",
                                    cache[0],      modules,      NULL};
    const char *const one_argv[] = {BCC_BENCH_BCC, "precompile", "--rebuild",
                                    "--exports",   "-j1",        "--cache-dir",
                                    cache[1],      modules,      NULL};
    struct program two = {.argv = two_argv}, one = {.argv = one_argv};
    struct bench_side sides[] = {program_side("precompile -j2", &two),
                                 program_side("precompile -j1", &one)};

    if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
        return bench_refuse("two workers need two CPUs");
    if (!make_modules(bench_is_quick() ? 4 : 32, modules) ||
        !bench_open_cache("precompile.two", cache[0]) ||
        !bench_open_cache("precompile.one", cache[1]) ||
        !bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 0, .n_rounds = 7}))
        return false;
    bench_ratio((struct bench_comparison){"rate, -j2 / -j1", &sides[0].in,
                                          &sides[1].in, .inverse = true,
                                          .goal = AT_LEAST(1.8)});
    bench_release(sides, 2);
    return true;
}
