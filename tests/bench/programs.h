/* Whole processes as sides. */
#ifndef BCC_BENCH_PROGRAMS_H
#define BCC_BENCH_PROGRAMS_H

#include "artefact.h"
#include "process.h"

struct program {
    const char *const *argv;
    const char *expected_out; /* refused if it prints something else; NULL */
    bool is_hit;              /* refused unless its report says so */
    bool counts_cpu_time;     /* in place of the time of day */
    struct process_result result;
};

bool program_enter(void *program);
bool program_round(void *program, struct bench_cost *ret_cost);
struct bench_side program_side(const char *name, struct program *program);

/* A program in bitcode, run in ways that have to print the same: under
 * `bcc run` with its entry present, and as a native executable. */
struct twin {
    struct artefact bitcode, executable;
    struct entry entry;
    char cache[BENCH_PATH_SIZE], expected[PROCESS_TEXT_SIZE];
    const char *bcc_argv[13], *native_argv[4];
    struct program bcc, native;
};

/* From the bitcode, which is linked already; arguments end with NULL. Runs
 * both once, and refuses what does not come from the same. */
bool twin_make(const char *name, const struct artefact *bitcode,
               const char *const *arguments, struct twin *ret_twin);

/* The same with an executable made some other way. */
bool twin_make_with(const char *name, const struct artefact *bitcode,
                    const struct artefact *executable,
                    const char *const *arguments, struct twin *ret_twin);

#endif
