/* From a request to a cache file: the common part of the compiler process and
 * libobcc-llvm.so. */
#ifndef BCC_COMPILER_ENTRY_H
#define BCC_COMPILER_ENTRY_H

#include "arena.h"
#include "buffer.h"
#include "candidates.h"
#include "compile.h"
#include "error.h"
#include "indexes.h"
#include "inputs.h"
#include "request.h"

/* One entry to make. The caller zeroes it, fills the first members, and calls
 * entry_init(), entry_read(), entry_open() and entry_make(), in this order;
 * entry_release() in any case. The other members are for these functions, and
 * for later.h in a copy of the process. */
struct entry {
    const struct compile_limits *limits;
    const int *input_fds; /* of the request's inputs */
    int output_fd;        /* the cache file to write, empty */
    int dir_fd;           /* the cache directory; else not a directory */
    struct compile_ways ways;

    struct arena arena;
    struct span message;
    size_t identity_size;
    struct request request;
    struct inputs inputs;
    struct indexes indexes;
    struct candidates candidates;
    struct compile_result result;
    struct needed needed;
    struct buffer file;
};

void entry_init(struct entry *entry);
void entry_release(struct entry *entry);

/* Parse the message, which is borrowed. UNSUPPORTED if another version of the
 * library wrote it; errors of request_parse(). */
enum status entry_read(struct entry *entry, struct span message,
                       struct error *err) MUST_CHECK;

/* Open every file by its name, and look for the indexes. After this only
 * indexes_begin() opens files. Errors of inputs_open(), candidates_open() and
 * indexes_open(). */
enum status entry_open(struct entry *entry, struct error *err) MUST_CHECK;

/* Compile, and write the file. Fills tier and stages of *reply. Errors of
 * compile(); UNSUPPORTED; IO; STALE if an input was changed meanwhile. */
enum status entry_make(struct entry *entry, struct reply *reply,
                       struct error *err) MUST_CHECK;

#endif
