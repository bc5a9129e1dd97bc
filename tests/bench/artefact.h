/* The files that the sides run, and their origin.
 *
 * Two sides are only compared if their code comes from the same bitcode, for
 * the same CPU, at the same level. Each file that the benchmark makes carries
 * these facts, from the sources on; a cache file contains them. */
#ifndef BCC_BENCH_ARTEFACT_H
#define BCC_BENCH_ARTEFACT_H

#include "bench.h"

enum { MAX_ORIGINS = 8, ORIGIN_SIZE = 41 };

struct provenance {
    char origin[MAX_ORIGINS][ORIGIN_SIZE]; /* SHA-1 of what was there first */
    size_t n_origins;
    char cpu[32]; /* "native"; "" if nothing was generated yet */
    char opt[4];  /* "3" */
};

struct artefact {
    char path[BENCH_PATH_SIZE];
    struct provenance from;
};

/* A file that was there before: its content is where all begins. */
bool artefact_source(const char *path, struct artefact *ret_artefact);

/* In an argument list, the file to make. */
extern const char artefact_out[];

/* Make <bench_dir>/<name> with a command, unless the same command made it from
 * the same content before: then it is taken as it is. inputs, with NULL behind
 * the last, are the files that argv names. CPU and level are read from argv. */
bool artefact_make(const char *name, const struct artefact *const *inputs,
                   const char *const *argv, struct artefact *ret_artefact);

/* One source in C or C++ to bitcode, position independent, with clang -O3
 * -march=native or, for "-disable-llvm-passes" in more, up to where that begins
 * to optimise. more, if not NULL, ends with NULL. */
bool artefact_compile(const char *name, const char *source,
                      const char *const *more, struct artefact *ret_bitcode);

/* A shared library of linked bitcode that exports the functions named, as one
 * who cares would make it: everything else is internal before the optimiser
 * runs, no symbols but dynamic ones. extra, if not NULL, is one more option for
 * the linker. */
bool artefact_library(const char *name, const struct artefact *bitcode,
                      const char *exports, const char *extra,
                      struct artefact *ret_library);

/* An executable of linked bitcode, made with the same care. */
bool artefact_program(const char *name, const struct artefact *bitcode,
                      struct artefact *ret_program);

/* ---- Cache files ---- */

struct entry {
    struct provenance from;
    uint64_t file_size;
    uint64_t data_offset; /* of the pages of the file with writable segments */
    uint64_t data_size;
};

bool entry_read(const char *path, struct entry *ret_entry);

/* CPU and level of the options of clang, opt, llc and lli, where there are. */
void provenance_read_options(const char *const *argv, struct provenance *from);

/* a, with what b was made from added. */
void provenance_add(struct provenance *a, const struct provenance *b);

/* Text of 40 digits. */
bool artefact_digest(const char *path, char ret_text[ORIGIN_SIZE]);

/* Refuse the row unless both come from the same. */
bool provenance_is_same(const char *a_name, const struct provenance *a,
                        const char *b_name, const struct provenance *b);

#endif
