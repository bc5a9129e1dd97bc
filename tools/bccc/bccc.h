/* The parts of the compiler process. */
#ifndef BCC_TOOLS_BCCC_H
#define BCC_TOOLS_BCCC_H

struct compile_limits;

/* main() with the given limits. */
int bccc_run(int argc, char **argv, const struct compile_limits *limits);

/* `bccc compile`: answer the request on the descriptors of request.h, and end
 * this process. */
_Noreturn void serve_request(const struct compile_limits *limits);

/* Fill page tables before pages are touched: for all memory that this process
 * has mapped privately and may read; pages that it may write are copied, if
 * they were still shared. Nothing changes but the time that later accesses
 * take. Allocates nothing. */
void populate_pages(void);

/* `bccc disassemble FILE`: print to standard output. Returns the exit
 * status. */
int disassemble_file(const char *path);

/* `bccc prune DIRECTORY BYTES`: leave the work to a child without a parent that
 * waits. Returns the exit status, in both processes. */
int prune_cache(const char *dir, const char *limit);

#endif
