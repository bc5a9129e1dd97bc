/* The compiler process's parts. */
#ifndef BCC_TOOLS_BCCC_H
#define BCC_TOOLS_BCCC_H

struct compile_limits;

/* main(), for any limits. */
int bccc_run(int argc, char **argv, const struct compile_limits *limits);

/* `bccc compile`: answer the request on the descriptors of request.h, and end
 * this process. */
_Noreturn void serve_request(const struct compile_limits *limits);

/* From now on those who wait for this compile see that it goes on. */
void start_beat(void);

/* Fill page tables before pages are touched: of all that this process has
 * mapped privately and may read; memory that it may write too becomes its own,
 * if it was not yet. Nothing but time is different afterwards. Allocates
 * nothing. */
void populate_pages(void);

/* `bccc disassemble FILE`: to standard output. Returns the exit status. */
int disassemble_file(const char *path);

/* `bccc prune DIRECTORY BYTES`: leave the work to a child, which has no
 * parent to wait for it. Returns the exit status, in both. */
int prune_cache(const char *dir, const char *limit);

#endif
