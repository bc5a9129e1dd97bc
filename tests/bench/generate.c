#include "generate.h"

bool generate_bitcode(const char *name, struct generated generated,
                      struct artefact *ret_bitcode)
{
    char text[4][16], file[64];
    struct artefact generator;
    const char *const argv[] = {
        "/bin/sh",      "-c",    "\"$0\" $1 $2 $3 $4 | \"$5\" -o \"$6\"",
        generator.path, text[0], text[1],
        text[2],        text[3], BCC_BENCH_LLVM_AS,
        artefact_out,   NULL};

    snprintf(text[0], sizeof(text[0]), "%u", generated.n_functions);
    snprintf(text[1], sizeof(text[1]), "%u", generated.n_operations);
    snprintf(text[2], sizeof(text[2]), "%u", generated.seed);
    text[3][0] = '\0'; /* no word for the shell */
    if (generated.n_calls)
        snprintf(text[3], sizeof(text[3]), "%u", generated.n_calls);
    snprintf(file, sizeof(file), "%s.bc", name);
    return artefact_source(BCC_BENCH_GENERATE, &generator) &&
           artefact_make(file,
                         (const struct artefact *const[]){&generator, NULL},
                         argv, ret_bitcode) &&
           artefact_source(ret_bitcode->path, ret_bitcode);
}
