/* Modules made up for their size: see bench_generate.c. */
#ifndef BCC_BENCH_GENERATE_H
#define BCC_BENCH_GENERATE_H

#include "artefact.h"

struct generated {
    unsigned n_functions, n_operations, seed;
    unsigned n_calls; /* by a program's main(); 0: no program */
};

/* As bitcode. */
bool generate_bitcode(const char *name, struct generated generated,
                      struct artefact *ret_bitcode);

#endif
