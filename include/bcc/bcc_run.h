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

/* A pool of workers. */
typedef struct BCCOpaquePool *BCCPoolRef;

/* Make a pool. n_workers, at most 256, includes the thread that calls
 * bccRunTiles(). 0: as many as the CPUs that this process may use, by its
 * affinity and by the quota of its control groups. Threads are started by the
 * first call that has work for them. A child of fork() starts its own. The
 * caller *owns* the pool and disposes of it. NULL: out of memory, or there are
 * 255 pools. */
BCC_API BCCPoolRef bccCreatePool(unsigned n_workers);

/* End the pool's threads and free it. NULL and a pool that was disposed of
 * before are allowed. No call of bccRunTiles() with this pool may be running.
 */
BCC_API void bccDisposePool(BCCPoolRef pool);

/* The number of workers, the calling thread included; 0 for a pool that was
 * disposed of. NULL stands for the calling thread alone: 1. */
BCC_API unsigned bccGetPoolWorkers(BCCPoolRef pool);

/* ---- Tiles ---- */

/* Do tile number `tile`. `worker` is below bccGetPoolWorkers(): no two tiles
 * run at the same time with the same number, so that it can index scratch
 * memory. Nonzero is a failure. Exceptions must not leave the function. */
typedef int (*BCCTileFn)(void *context, uint32_t tile, unsigned worker);

/* What bccRunTiles() returns. Values never change. */
enum BCCRunResult {
    BCC_RUN_DONE = 0,      /* every tile returned 0 */
    BCC_RUN_FAILED = 1,    /* a tile returned another number */
    BCC_RUN_CANCELLED = 2, /* bccCancelPool(): tiles were left out */
    BCC_RUN_INVALID = 3    /* run is NULL, or the pool was disposed of */
};

/* A failure of bccRunTiles(). */
typedef struct BCCTileFailure {
    uint32_t tile; /* the lowest one that failed */
    int result;    /* of that tile */
} BCCTileFailure;

/* Run tiles 0 to n_tiles - 1, each once, and return when they are done: a
 * BCC_RUN_.... Each worker gets a run of neighbouring tiles, and takes half of
 * another worker's run when its own is finished. A single tile runs in the
 * calling thread, and no other thread is woken. context is passed to run.
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

/* ---- Errors ---- */

/* The error of a function below; filled only on failure. Wherever a function
 * takes one, it may be NULL. */
typedef struct BCCRunError {
    char message[232]; /* one line */
    int32_t result;    /* of a kernel that failed */
    uint32_t reserved; /* 0 */
    uint64_t place[3]; /* its x, y, z */
} BCCRunError;

/* ---- Signatures ----
 *
 * The type of an exported function or kernel as the compiler passes values, as
 * text: the parameters, "->", the result.
 *
 *     i32 f64 ptr -> i32          int f(int, double, char *)
 *     -> void                     void f(void)
 *     ptr ... -> i32              int f(const char *, ...)
 *     <4 x f32> i8:zext -> f32    vectors; small integers, extended
 *     ptr:byval(24,8) -> void     a struct of 24 bytes by value, by its address
 *
 * A struct may be several parameters, or a vector, by the machine's calling
 * convention. The script *owns* returned text.
 *
 * Functions that are called "before a prepare" return nothing: like
 * bccMarkExternalSymbol(), they set INVALID_VALUE (NULL, or a name with a
 * space), INVALID_OPERATION (already prepared) or OUT_OF_MEMORY on the script.
 * They copy their arguments, which become part of the cache key. */

/* The signature of a function. NULL: there is no such function, or none is
 * recorded. */
BCC_API const char *bccGetFuncSignature(BCCScriptRef script, const char *name);

/* The names of the parameters with ' ' between them, "_" for one without. NULL:
 * there was no debug information. */
BCC_API const char *bccGetFuncParameters(BCCScriptRef script, const char *name);

/* Store the address of a function at function, a pointer to a function pointer,
 * if its signature is this one. Returns 0 or 1. */
BCC_API int bccFindFunc(BCCScriptRef script, const char *name,
                        const char *signature, void *function,
                        BCCRunError *error);

/* Before a prepare: the host's function `name` has this signature. If the
 * script calls it in another way, the prepare fails with COMPILE_ERROR. */
BCC_API void bccDeclareImport(BCCScriptRef script, const char *name,
                              const char *signature);

/* Before a prepare: a variable of the script, a number of size bytes (1 to 16),
 * is constant and has that value. It is compiled into the code. */
BCC_API void bccSetConstant(BCCScriptRef script, const char *name,
                            const void *value, size_t size);

/* ---- Calls by name ---- */

/* Types of values. */
#define BCC_INT(bits) (0x10000u | (bits)) /* up to 128 */
enum BCCValueType {
    BCC_VOID = 0,
    BCC_I1 = 0x10001,
    BCC_I8 = 0x10008,
    BCC_I16 = 0x10010,
    BCC_I32 = 0x10020,
    BCC_I64 = 0x10040,
    BCC_I128 = 0x10080,
    BCC_F16 = 0x20010,
    BCC_F32 = 0x20020,
    BCC_F64 = 0x20040,
    BCC_F80 = 0x20050, /* of x87 */
    BCC_F128 = 0x20080,
    BCC_BF16 = 0x30010,
    BCC_PTR = 0x40000,
    BCC_STRUCT = 0x50000, /* an argument: p is its address; a result: bytes */
    BCC_LOCAL = 0x60000   /* bccDispatch(): i bytes for each work group */
};

/* A value of an argument or a result. */
typedef struct BCCValue {
    uint32_t type;
    uint32_t lanes; /* of a vector; 0: no vector */
    union {
        int64_t i; /* integers of at most 64 bits */
        float f;
        double d;
        void *p;
        uint16_t h;    /* the bits of a BCC_F16 or BCC_BF16 */
        uint8_t v[64]; /* the bytes of any other, and of vectors */
        uint64_t w[8];
    } u;
} BCCValue;

/* A function that bccInvoke() can call. */
typedef struct BCCOpaqueCall *BCCCallRef;

/* Before a prepare: make the functions of the script callable by bccInvoke().
 * This is not needed for scripts that list their exports, by metadata or with
 * bcc_script.h. bccAllowCall() is for one way to call a variadic function, as
 * in ("printf", "ptr i32 -> i32"). */
BCC_API void bccAllowCalls(BCCScriptRef script);
BCC_API void bccAllowCall(BCCScriptRef script, const char *name,
                          const char *signature);

/* Look up a function, to call it any number of times while the script lives.
 * signature: NULL, or the one that the function must have; for a variadic
 * function, the one given to bccAllowCall(). The caller *owns* the result, and
 * disposes of it; NULL may be disposed of, too. NULL: see error. */
BCC_API BCCCallRef bccGetCall(BCCScriptRef script, const char *name,
                              const char *signature, BCCRunError *error);
BCC_API void bccDisposeCall(BCCCallRef call);

/* Call the function. The n arguments must have the types of its signature and
 * be in range; nothing is converted. result may be NULL. Returns 0; or 1:
 * nothing was called, see error. *Thread-safe*. */
BCC_API int bccInvoke(BCCCallRef call, const BCCValue *arguments, size_t n,
                      BCCValue *result, BCCRunError *error);

/* ---- Kernels ---- */

/* A kernel that bccForEach(), bccReduce() or bccDispatch() can run. Any number
 * of threads may use it at once. */
typedef struct BCCOpaqueKernel *BCCKernelRef;

/* Before a prepare: the function is a kernel with these parameters, written as
 * for BCC_KERNEL() of bcc_script.h. "item": a work item of OpenCL C; not needed
 * for kernels compiled as OpenCL. */
BCC_API void bccMarkKernel(BCCScriptRef script, const char *name,
                           const char *parameters);

/* The text by which the compiler describes a kernel; NULL if the function is
 * not a kernel. The script *owns* the text. */
BCC_API const char *bccGetKernelText(BCCScriptRef script, const char *name);

/* Look up a kernel, by name or by its slot in bccGetExportForEachList(). The
 * caller *owns* the result, which is valid while the script lives, and disposes
 * of it; NULL may be disposed of, too. NULL: see error. */
BCC_API BCCKernelRef bccGetKernel(BCCScriptRef script, const char *name,
                                  BCCRunError *error);
BCC_API BCCKernelRef bccGetKernelAt(BCCScriptRef script, size_t slot,
                                    BCCRunError *error);
BCC_API void bccDisposeKernel(BCCKernelRef kernel);

/* ---- Tables of kernels ----
 *
 * Shared objects made by `bcc compile --shared`, and entries of scripts that
 * bccExportTable() was called for, have the function
 *
 *     const BCCKernelTable *bcc_library_query(uint32_t version,
 *                                             uint64_t features);
 *
 * It returns the newest table whose version is at most the given one. NULL:
 * there is none, or the code needs a feature that is not among the given ones.
 * Versions only add fields at the end, so hosts must use the sizes in the
 * structs. Tables are constant and live as long as the code. */

enum BCCTableVersion { BCC_TABLE_VERSION = 1 };

/* Features that code may need of its host; libobccrun has all of these. */
enum BCCTableFeature {
    BCC_FEATURE_TILES = 1, /* runs of elements */
    BCC_FEATURE_GROUPS = 2 /* work groups */
};

/* Sanitizers with which code was built, as its imports show. */
enum BCCSanitizer {
    BCC_SANITIZER_ADDRESS = 1,
    BCC_SANITIZER_HWADDRESS = 2,
    BCC_SANITIZER_THREAD = 4,
    BCC_SANITIZER_MEMORY = 8,
    BCC_SANITIZER_UNDEFINED = 16,
    BCC_SANITIZER_DATAFLOW = 32
};

/* A kernel in a table. */
typedef struct BCCKernelInfo {
    uint32_t size;    /* bytes of this struct */
    uint32_t line;    /* of the source; 0: unknown */
    const char *file; /* NULL: unknown */
    const char *name;
    const char *signature;
    const char *parameters; /* names with ' ' between them; NULL: unknown */
    const char *form;       /* the text of bccGetKernelText() */
    void (*run)(void);      /* for libobccrun */
    uint64_t localMemory;   /* bytes for each group, arguments left out */
    uint32_t tile[3];       /* preferred elements of a tile, or the size of a
                               group; 0: any */
} BCCKernelInfo;

/* The kernels of a shared object or an entry. */
typedef struct BCCKernelTable {
    uint32_t size; /* bytes of this struct */
    uint32_t version;
    uint64_t required;   /* BCC_FEATURE_... */
    uint32_t sanitizers; /* BCC_SANITIZER_... */
    uint32_t nKernels;
    uint64_t cpuFeatures[2];      /* that the code may use */
    const BCCKernelInfo *kernels; /* by name; the next is size bytes further */
} BCCKernelTable;

/* The type of bcc_library_query(). */
typedef const BCCKernelTable *(*BCCQueryFn)(uint32_t version,
                                            uint64_t features);

/* Before a prepare: the script exports a table. */
BCC_API void bccExportTable(BCCScriptRef script);

/* Describe a kernel of a script. The caller sets info->size; fields beyond it
 * are not changed. info->name borrows name; the script *owns* the other text.
 * Returns 0, or 1: see error. */
BCC_API int bccGetKernelInfo(BCCScriptRef script, const char *name,
                             BCCKernelInfo *info, BCCRunError *error);

/* Ask for the table, and check that this process can run the code: required
 * features, sanitizers, CPU. NULL: see error. */
BCC_API const BCCKernelTable *bccQueryKernels(BCCQueryFn query,
                                              BCCRunError *error);

/* As bccGetKernel(). The code must stay loaded while the kernel is used. */
BCC_API BCCKernelRef bccGetTableKernel(const BCCKernelTable *table,
                                       const char *name, BCCRunError *error);

/* Load a shared object that has a table. Its imports are looked up in this
 * process, which must have loaded the libraries that it needs. The caller
 * *owns* the result, and closes it when no kernel of it is used any more; NULL
 * may be closed, too. NULL: see error. */
typedef struct BCCOpaqueKernelLibrary *BCCKernelLibraryRef;
BCC_API BCCKernelLibraryRef bccOpenKernelLibrary(const char *path,
                                                 BCCRunError *error);
BCC_API const BCCKernelTable *bccGetLibraryKernels(BCCKernelLibraryRef library);
BCC_API void bccCloseKernelLibrary(BCCKernelLibraryRef library);

/* ---- Elements ---- */

/* Elements in memory. A field that is 0 has the value in brackets. */
typedef struct BCCBuffer {
    void *data;           /* element 0, 0, 0 */
    uint64_t size;        /* bytes from there on */
    uint64_t elementSize; /* bytes */
    uint64_t stride[3];   /* bytes from one element to the next in x
                             [elementSize], y [a row], z [a plane] */
} BCCBuffer;

/* begin[i] <= place < end[i] for x, y, z. Both 0: the one place 0. */
typedef struct BCCRange {
    uint64_t begin[3];
    uint64_t end[3];
} BCCRange;

typedef struct BCCForEach {
    size_t size;     /* sizeof(BCCForEach) */
    BCCPoolRef pool; /* NULL: the calling thread */
    BCCRange range;
    const BCCBuffer *in; /* nIn inputs */
    size_t nIn;
    const BCCBuffer *out; /* NULL: none */
    void *data;           /* passed through */
    uint64_t tileSize;    /* elements of a tile; 0: 1024 or more */
} BCCForEach;

/* Call the kernel for each place of the range, and return when all are done.
 * Everything is checked before: BCC_RUN_INVALID, and nothing was written, if a
 * place lies outside a buffer, an element has the wrong size or alignment, or
 * in and out overlap in another way than element by element.
 *
 * If a kernel returns a number other than 0: BCC_RUN_FAILED, with the number
 * and the place of the first failure in the order x, y, z of the lowest tile.
 * The tiles depend on the range and tileSize alone, so this does not depend on
 * the number of workers. Places above may have been done, too. */
BCC_API int bccForEach(BCCKernelRef kernel, const BCCForEach *work,
                       BCCRunError *error);

/* Global sizes, in x, y, z; 0 counts as 1. Each must be a multiple of the local
 * size. */
typedef struct BCCGrid {
    uint64_t globalSize[3];
    uint64_t localSize[3];
    uint64_t offset[3];
} BCCGrid;

/* Run an OpenCL C kernel for each work item of the grid, with these n
 * arguments. pool may be NULL: the calling thread. Results as bccForEach(). */
BCC_API int bccDispatch(BCCKernelRef kernel, BCCPoolRef pool,
                        const BCCGrid *grid, const BCCValue *arguments,
                        size_t n, BCCRunError *error);

/* The functions by which the accumulators of tiles become one result. */
typedef struct BCCReduction {
    size_t size;                           /* sizeof(BCCReduction) */
    size_t accumulatorSize;                /* bytes */
    void (*initialize)(void *accumulator); /* NULL: zero bytes */
    /* NULL: the kernel combines, as its elements are accumulators. */
    void (*combine)(void *accumulator, const void *other);
    void *result; /* written if all tiles are done */
    /* Writes the result; NULL: the accumulatorSize bytes are copied. */
    void (*convert)(void *result, const void *accumulator);
} BCCReduction;

/* Look up a reduction that the script lists, with BCC_REDUCE() of bcc_script.h
 * or RenderScript's metadata (#rs_export_reduce). Returns its accumulating
 * kernel, as bccGetKernel() does, and fills *reduction except for result. A
 * halter, which RenderScript has to stop early, is not called. NULL: see
 * error. */
BCC_API BCCKernelRef bccGetReduction(BCCScriptRef script, const char *name,
                                     BCCReduction *reduction,
                                     BCCRunError *error);

/* Run an accumulating kernel (BCC_KERNEL("accum, in, ...")): each tile begins
 * with a new accumulator, and accumulators are combined in the order of the
 * tiles. The result has the same bits with any number of workers. work->data is
 * ignored. Results as bccForEach(). */
BCC_API int bccReduce(BCCKernelRef kernel, const BCCForEach *work,
                      const BCCReduction *reduction, BCCRunError *error);

#ifdef __cplusplus
}
#endif

#endif
