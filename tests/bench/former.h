/* This project as an earlier commit has it, built beside this build. */
#ifndef BCC_BENCH_FORMER_H
#define BCC_BENCH_FORMER_H

#include "bench.h"

struct former {
    char bcc[BENCH_PATH_SIZE], bccc[BENCH_PATH_SIZE];
};

/* Does the history that the sources come with have the commit? Sources without
 * history have none. */
bool former_is_known(const char *commit);

/* The tools of the commit, with the same LLVM, in <bench_dir>/COMMIT; built
 * once. */
bool former_build(const char *commit, struct former *ret_former);

#endif
