/* Work over many elements, on all CPUs: pools of workers and tiles.
 *
 *     static int blur(void *context, uint32_t tile, unsigned worker) { ... }
 *
 *     BCCPoolRef pool = bccCreatePool(0);
 *     bccRunTiles(pool, n_rows, blur, &picture, NULL);
 *     bccDisposePool(pool);
 *
 * A *tile* is a part of the work that one worker does from beginning to end; a
 * *pool* is the workers. The host owns its pools: nothing here starts a thread
 * that no pool was made for. These functions are in libobccrun, which needs
 * libc alone.
 *
 * Threads: any thread may use any pool at any time, except while it is disposed
 * of. A pool runs one call of bccRunTiles() at a time with all its workers. A
 * call that finds the pool busy, and a call from inside a tile, run in the
 * calling thread alone. */
#ifndef BCC_BCC_RUN_H
#define BCC_BCC_RUN_H

#include <stdint.h>

#include <bcc/bcc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Pools ---- */

typedef struct BCCOpaquePool *BCCPoolRef;

/* Make a pool. n_workers counts the thread that calls bccRunTiles(), which
 * takes part. 0: as many as CPUs are left to this process by its affinity and
 * by the quota of its control groups; at most 256. Threads are started by the
 * first call that has work for them. A child of fork() starts its own. The
 * caller owns the pool and disposes of it. NULL: out of memory, or there are
 * 255 pools. */
BCC_API BCCPoolRef bccCreatePool(unsigned n_workers);

/* End the pool's threads and free it. NULL and a pool that is gone already are
 * allowed. No call of bccRunTiles() with this pool may be running. */
BCC_API void bccDisposePool(BCCPoolRef pool);

/* The number of workers, the calling thread included; 0 for a pool that is
 * gone. NULL stands for the calling thread alone: 1. */
BCC_API unsigned bccGetPoolWorkers(BCCPoolRef pool);

/* ---- Tiles ---- */

/* Do tile number `tile`. `worker` is below bccGetPoolWorkers(): no two tiles
 * run at the same time with the same number, so that it can index scratch
 * memory. Nonzero is a failure. Exceptions must not leave the function. */
typedef int (*BCCTileFn)(void *context, uint32_t tile, unsigned worker);

/* What bccRunTiles() returns. Values never change. */
enum {
    BCC_RUN_DONE = 0,      /* every tile returned 0 */
    BCC_RUN_FAILED = 1,    /* a tile returned something else */
    BCC_RUN_CANCELLED = 2, /* bccCancelPool(): tiles were left out */
    BCC_RUN_INVALID = 3    /* run is NULL, or the pool is gone */
};

typedef struct BCCTileFailure {
    uint32_t tile; /* the lowest one that failed */
    int result;    /* of that tile */
} BCCTileFailure;

/* Run tiles 0 to n_tiles - 1, each once, and return when they are done. With
 * workers to spare each gets a run of neighbours, and takes half of another's
 * run when its own is finished. A single tile runs in the calling thread, and
 * wakes no other.
 *
 * Workers compute with the caller's floating-point environment (rounding,
 * subnormal numbers, traps).
 *
 * After a failure, tiles above it are left out if they did not begin yet; those
 * below are run. So which failure is the lowest does not depend on the number
 * of workers. failure may be NULL; it is only set for BCC_RUN_FAILED. */
BCC_API int bccRunTiles(BCCPoolRef pool, uint32_t n_tiles, BCCTileFn run,
                        void *context, BCCTileFailure *failure);

/* Leave out the tiles of the running call that did not begin yet: it returns
 * BCC_RUN_CANCELLED. Without a running call nothing happens. Any thread may
 * call this, tiles too; signal handlers may. */
BCC_API void bccCancelPool(BCCPoolRef pool);

#ifdef __cplusplus
}
#endif

#endif
