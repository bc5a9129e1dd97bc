/* The host side of the OpenCL sample: work items, and the arithmetic of the
 * kernels once more, in C.
 *
 * PoCL's get_global_id() adds up variables which PoCL's own compiler lays out
 * for each kernel. bccDispatch() supplies the function itself. Where the kernel
 * is called by its address, the variables are the host's: imports of data. A
 * work group has 64 items.
 *
 * sqrt, fma and clamp are exact. For sin and exp OpenCL allows 4 and 3 ulp;
 * the reference is computed in double. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rs_host.h"
#include "samples.h"

enum { N_ITEMS = 1024, GROUP_SIZE = 64, N_LANES = 4 };

/* In the order x, y, z of each. */
static _Thread_local struct {
    size_t local_id[3];
    size_t local_size[3];
    size_t group_id[3];
    size_t global_offset[3];
} item;

void *opencl_lookup(void *context, const char *name)
{
    static const char *const base[] = {"_local_id_", "_local_size_",
                                       "_group_id_", "_global_offset_"};
    size_t *const variable[] = {item.local_id, item.local_size, item.group_id,
                                item.global_offset};
    size_t length;

    (void)context;
    for (int i = 0; i < 4; i++) {
        length = strlen(base[i]);
        if (strncmp(name, base[i], length) == 0 && name[length] >= 'x' &&
            name[length] <= 'z' && !name[length + 1])
            return &variable[i][name[length] - 'x'];
    }
    return NULL;
}

#define POCL(variant)                                                          \
    "/usr/share/pocl/kernel-x86_64-pc-linux-gnu-" variant ".bc"

/* The richest variant that this machine can run. */
const char *opencl_find_library(void)
{
    static const char *const path[] = {POCL("avx2"), POCL("sse2"),
                                       POCL("GENERIC")};
    int first = 1;

#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        first = 0;
    for (int i = first; i < 3; i++) {
        if (access(path[i], R_OK) == 0)
            return path[i];
    }
#else
    (void)path;
    (void)first;
#endif
    return NULL;
}

/* As in filter.cl. */
struct result {
    float root[N_LANES];
    float sine[N_LANES];
    float power[N_LANES];
    float blend[N_LANES];
    float sum;
    int32_t item;
    int32_t padding[2];
};

struct buffers {
    _Alignas(16) float in[N_ITEMS][N_LANES];
    _Alignas(16) struct result out[N_ITEMS];
    float x[N_ITEMS];
    float y[N_ITEMS];
};

/* Distance in units in the last place of the reference. */
static double ulps(float value, double reference)
{
    float at = fabsf((float)reference);
    double unit = (double)nextafterf(at, HUGE_VALF) - (double)at;

    return fabs((double)value - reference) / unit;
}

static float blend(float v)
{
    return fminf(fmaxf(fmaf(v, v, 0.5f), 0.6f), 9.0f);
}

static void check_lane(struct sample_code *code, const struct buffers *b, int i,
                       int lane)
{
    const struct result *out = &b->out[i];
    float v = b->in[i][lane];

    if (out->root[lane] != sqrtf(fabsf(v)))
        sample_fail(code, "sqrt(%g) is %g", fabs((double)v),
                    (double)out->root[lane]);
    if (!(ulps(out->sine[lane], sin((double)v)) <= 4.0))
        sample_fail(code, "sin(%g) is %.9g", (double)v,
                    (double)out->sine[lane]);
    if (!(ulps(out->power[lane], exp((double)v)) <= 3.0))
        sample_fail(code, "exp(%g) is %.9g", (double)v,
                    (double)out->power[lane]);
    if (out->blend[lane] != blend(v))
        sample_fail(code, "clamp(fma(%g)) is %.9g", (double)v,
                    (double)out->blend[lane]);
}

static void check_item(struct sample_code *code, const struct buffers *b, int i)
{
    const float *in = b->in[i];
    double sum = (double)in[0] + 2.0 * (double)in[1] + 4.0 * (double)in[2] +
                 8.0 * (double)in[3];

    for (int lane = 0; lane < N_LANES; lane++)
        check_lane(code, b, i, lane);
    /* The order of the additions is free, and terms may cancel. */
    if (!(fabs((double)b->out[i].sum - sum) < 1e-4))
        sample_fail(code, "dot is %g, not %g", (double)b->out[i].sum, sum);
    if (b->out[i].item != i)
        sample_fail(code, "item %d says %d", i, (int)b->out[i].item);
    if (b->y[i] != fmaf(2.5f, b->x[i], 1.0f))
        sample_fail(code, "saxpy of item %d is %g", i, (double)b->y[i]);
}

static void dispatch(struct sample_code *code, const char *name,
                     const BCCValue *arguments, size_t n)
{
    const BCCGrid grid = {.globalSize = {N_ITEMS}, .localSize = {GROUP_SIZE}};
    BCCKernelRef kernel = sample_kernel(code, name);
    BCCPoolRef pool = bccCreatePool(2);
    BCCRunError error;

    if (kernel && bccDispatch(kernel, pool, &grid, arguments, n, &error))
        sample_fail(code, "%s", error.message);
    bccDisposePool(pool);
    bccDisposeKernel(kernel);
}

static void dispatch_all(struct sample_code *code, struct buffers *b)
{
    const BCCValue saxpy[] = {{.type = BCC_F32, .u.f = 2.5f},
                              {.type = BCC_PTR, .u.p = b->x},
                              {.type = BCC_PTR, .u.p = b->y}};
    const BCCValue filter[] = {{.type = BCC_PTR, .u.p = b->in},
                               {.type = BCC_PTR, .u.p = b->out}};

    dispatch(code, "saxpy", saxpy, 3);
    dispatch(code, "filter", filter, 2);
}

/* Native code: all items in turn. */
static void call_all(struct sample_code *code, struct buffers *b)
{
    void (*saxpy)(float, const float *, float *) = sample_find(code, "saxpy");
    void (*filter)(const float(*)[N_LANES], struct result *) =
        sample_find(code, "filter");

    for (size_t i = 0; saxpy && filter && i < N_ITEMS; i++) {
        item.group_id[0] = i / GROUP_SIZE;
        item.local_id[0] = i % GROUP_SIZE;
        saxpy(2.5f, b->x, b->y);
        filter((const float(*)[N_LANES])b->in, b->out);
    }
}

uint64_t run_opencl(struct sample_code *code)
{
    static _Thread_local struct buffers b;

    memset(&b, 0, sizeof(b));
    memset(&item, 0, sizeof(item));
    for (int i = 0; i < 3; i++)
        item.local_size[i] = GROUP_SIZE;
    for (int i = 0; i < N_ITEMS; i++) {
        for (int lane = 0; lane < N_LANES; lane++)
            b.in[i][lane] = (float)(i * N_LANES + lane - 2048) / 256.0f;
        b.x[i] = (float)i / 3.0f;
        b.y[i] = 1.0f;
    }
    if (code->script)
        dispatch_all(code, &b);
    else
        call_all(code, &b);
    for (int i = 0; i < N_ITEMS; i++)
        check_item(code, &b, i);
    return rs_hash(rs_hash(RS_HASH_START, b.out, sizeof(b.out)), b.y,
                   sizeof(b.y));
}
