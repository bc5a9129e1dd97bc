/* The parts of the compiler process. */
#ifndef BCC_TOOLS_BCCC_H
#define BCC_TOOLS_BCCC_H

#include "arena.h"
#include "compile.h"
#include "early_facts.h"
#include "request.h"

struct candidates; /* candidates.h */

/* main() with the given limits. */
int bccc_run(int argc, char **argv, const struct compile_limits *limits);

/* `bccc compile`: answer the request on the descriptors of request.h, and end
 * this process. */
_Noreturn void serve_request(const struct compile_limits *limits);

/* Fill page tables before pages are touched: for all memory that this process
 * has mapped privately and may read. Pages that it may write are copied if they
 * are still shared. Only the time of later accesses changes. Allocates
 * nothing. */
void populate_pages(void);

/* `bccc disassemble FILE`: print to standard output. Returns the exit
 * status. */
int disassemble_file(const char *path);

/* `bccc prune DIRECTORY BYTES`: leave the work to a child for which nothing
 * waits. Returns the exit status, in both processes. */
int prune_cache(const char *dir, const char *limit);

/* ---- Parts of a large module ---- */

/* A make_parts_fn: compiles each part in a process of its own, and runs as many
 * processes at once as this process has CPUs. Also NO_MEMORY, IO. */
enum status parts_make(size_t n_parts, part_fn make, void *context,
                       struct buffer *ret_out, struct error *err) MUST_CHECK;

/* ---- Undefined symbols ---- */

/* Tells a host that asks for them which symbols are undefined, before the code
 * is made. A zeroed struct tells nothing. */
struct missing {
    int fd; /* the host's memfd; 0: the host does not ask */
    const struct candidates *candidates;
    const char *script; /* its name */
    struct arena *arena;
    struct undefined_asker asker;
};

/* Call this while the process may still open files. */
void missing_open(struct missing *missing, const struct request *request,
                  const struct candidates *candidates, struct arena *arena);

/* For struct compile_job. NULL: the host does not ask. */
const struct undefined_asker *missing_asker(struct missing *missing);

#endif
