/* K1 to K4: calls by name, and kernels over many elements.
 *
 *   K1  bccInvoke() of an (i32)->i32, resolved once, against libffi's
 *       ffi_call() and a call through a pointer; CALLS calls a round
 *   K2  what bccForEach() costs beside its elements: one tile of one element;
 *       two tiles for two workers
 *   K3  a kernel bound by memory and one bound by arithmetic, against OpenMP's
 *       static schedule of the same loop, by the clang of the same version;
 *       both with as many threads as there are CPUs. A side is LOOPS loops, so
 *       that OpenMP's threads may wait for the next one as they like:
 *       OMP_WAIT_POLICY, "passive" unless it is set
 *   K4  one worker, against the loop written in the script */
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include <bcc/bcc_run.h>
#include <ffi.h>

#include "artefact.h"
#include "statistics.h"

enum { CALLS = 10000, LOOPS = 4, ELEMENTS = 4 << 20, QUICK_ELEMENTS = 1 << 14 };

typedef void (*loop_fn)(const float *in, float *out, int64_t n);

static struct {
    BCCScriptRef script;
    BCCCallRef step_call;
    int (*step)(int value);
    ffi_cif cif;
    float *in, *out;
    int64_t n;
    int sum;
} state;

static bool open_script(void)
{
    static const char include[] = "-I" BCC_BENCH_SOURCES "/../../include";
    static const char *const more[] = {include, NULL};
    struct artefact bitcode;

    if (state.script)
        return true;
    if (!artefact_compile("kernels.bc", BCC_BENCH_SOURCES "/kernels.c", more,
                          &bitcode))
        return false;
    state.n = bench_is_quick() ? QUICK_ELEMENTS : ELEMENTS;
    state.in = aligned_alloc(64, (size_t)state.n * sizeof(float));
    state.out = aligned_alloc(64, (size_t)state.n * sizeof(float));
    if (!state.in || !state.out)
        return bench_refuse("out of memory");
    for (int64_t i = 0; i < state.n; i++)
        state.in[i] = state.out[i] = (float)(i % 1000) / 1000;
    state.script = bccCreateScript();
    if (bccReadFile(state.script, bitcode.path, 0) ||
        bccPrepareExecutable(state.script, NULL, NULL, 0))
        return bench_refuse("%s", bccGetErrorMessage(state.script));
    return true;
}

static double median_ns(const struct bench_side *side, double per_round)
{
    return (double)percentile(side->in.ns, side->in.n, 50) / per_round;
}

/* ---- K1 ---- */

static bool invoke_many(void *context)
{
    BCCValue value = {.type = BCC_I32}, result;

    (void)context;
    for (int i = 0; i < CALLS; i++) {
        value.u.i = i;
        if (bccInvoke(state.step_call, &value, 1, &result, NULL))
            return false;
        state.sum += (int)result.u.i;
    }
    return true;
}

static bool ffi_many(void *context)
{
    (void)context;
    for (int i = 0; i < CALLS; i++) {
        void *arguments[] = {&i};
        ffi_arg result;

        ffi_call(&state.cif, FFI_FN(state.step), &result, arguments);
        state.sum += (int)result;
    }
    return true;
}

static bool call_many(void *context)
{
    int (*volatile step)(int) = state.step;

    (void)context;
    for (int i = 0; i < CALLS; i++)
        state.sum += step(i);
    return true;
}

bool run_k1(void)
{
    static ffi_type *types[] = {&ffi_type_sint};
    BCCRunError error;
    struct bench_side sides[] = {
        {.enter_name = "bccInvoke, 10,000 times", .enter = invoke_many},
        {.enter_name = "ffi_call, 10,000 times", .enter = ffi_many},
        {.enter_name = "call, 10,000 times", .enter = call_many},
    };

    if (!open_script())
        return false;
    state.step_call = bccGetCall(state.script, "step", NULL, &error);
    if (!state.step_call ||
        bccFindFunc(state.script, "step", "i32 -> i32", &state.step, &error))
        return bench_refuse("%s", error.message);
    if (ffi_prep_cif(&state.cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) !=
        FFI_OK)
        return bench_refuse("libffi refuses int (int)");
    if (!bench_rounds(sides, 3, (struct bench_plan){10, 200}))
        return false;
    bench_value("bccInvoke / call", median_ns(&sides[0], CALLS),
                median_ns(&sides[2], CALLS), "ns", AT_MOST(15));
    bench_ratio((struct bench_comparison){"bccInvoke / ffi_call", &sides[0].in,
                                          &sides[1].in, .goal = AT_MOST(0.5)});
    bench_ratio((struct bench_comparison){"bccInvoke / call", &sides[0].in,
                                          &sides[2].in, .goal = NO_GOAL});
    bench_release(sides, 3);
    bccDisposeCall(state.step_call);
    return true;
}

/* ---- Kernels ---- */

struct side {
    BCCKernelRef kernel; /* or */
    loop_fn loop;
    BCCPoolRef pool;
    int64_t n;
    uint64_t tile_size;
    int n_calls;
    bool is_openmp;
};

static bool run_kernel(void *context)
{
    const struct side *side = context;
    const uint64_t size = (uint64_t)side->n * sizeof(float);
    const BCCBuffer in = {state.in, size, sizeof(float), {0}};
    const BCCBuffer out = {state.out, size, sizeof(float), {0}};
    const BCCForEach work = {.size = sizeof(work),
                             .pool = side->pool,
                             .range = {.end = {(uint64_t)side->n}},
                             .in = &in,
                             .nIn = 1,
                             .out = &out,
                             .tileSize = side->tile_size};

    for (int i = 0; i < side->n_calls; i++)
        if (bccForEach(side->kernel, &work, NULL))
            return false;
    return true;
}

static bool run_loop(void *context)
{
    const struct side *side = context;

    for (int i = 0; i < side->n_calls; i++)
        side->loop(state.in, state.out, side->n);
    return true;
}

/* Otherwise OpenMP's threads look for work for 0.2 s after a loop, on the CPU
 * that the other side's worker needs. */
static bool let_threads_sleep(void *context)
{
    const struct timespec longer = {.tv_nsec = 250000000};
    const char *policy = getenv("OMP_WAIT_POLICY");

    (void)context;
    if (!policy || strcasecmp(policy, "passive") != 0)
        nanosleep(&longer, NULL);
    return true;
}

static BCCKernelRef find_kernel(const char *name)
{
    BCCRunError error;
    BCCKernelRef kernel = bccGetKernel(state.script, name, &error);

    if (!kernel)
        bench_refuse("%s", error.message);
    return kernel;
}

bool run_k2(void)
{
    enum { ROUND = 1000 };
    BCCPoolRef pool = bccCreatePool(2);
    struct side one = {.n = 1, .n_calls = ROUND};
    struct side two = {.pool = pool, .n = 2, .tile_size = 1, .n_calls = ROUND};
    struct bench_side sides[] = {
        {.enter_name = "one tile, 1,000 times",
         .context = &one,
         .enter = run_kernel},
        {.enter_name = "two workers, 1,000 times",
         .context = &two,
         .enter = run_kernel},
    };

    if (!open_script())
        return false;
    one.kernel = two.kernel = find_kernel("scale");
    if (!one.kernel || !bench_rounds(sides, 2, (struct bench_plan){10, 200}))
        return false;
    bench_value("one tile, inline", median_ns(&sides[0], ROUND), (double)NAN,
                "ns", AT_MOST(100));
    bench_value("two workers", median_ns(&sides[1], ROUND) / 1000, (double)NAN,
                "us", AT_MOST(5));
    bench_release(sides, 2);
    bccDisposeKernel(one.kernel);
    bccDisposePool(pool);
    return true;
}

static loop_fn find_loop(void *library, const char *name)
{
    void *address =
        library ? dlsym(library, name) : bccGetFuncAddr(state.script, name);
    loop_fn loop;

    *(void **)&loop = address;
    return loop;
}

static bool compare(const char *what, struct side *kernel, struct side *loop,
                    struct bench_goal goal, bool inverse)
{
    struct bench_side sides[] = {
        {.enter_name = "bccForEach", .context = kernel, .enter = run_kernel},
        {.enter_name = "the loop",
         .context = loop,
         .enter = run_loop,
         .check = loop->is_openmp ? let_threads_sleep : NULL},
    };

    if (!kernel->kernel || !loop->loop)
        return bench_refuse("%s: no such code", what);
    if (!bench_rounds(sides, 2, (struct bench_plan){3, 40}))
        return false;
    bench_ratio((struct bench_comparison){what, &sides[0].in, &sides[1].in,
                                          .inverse = inverse, .goal = goal});
    bench_release(sides, 2);
    return true;
}

static void *open_openmp(void)
{
    static const char name[] = "kernels_openmp.so";
    struct artefact source, library;
    static const char source_path[] = BCC_BENCH_SOURCES "/kernels.c";
    const char *const argv[] = {BCC_BENCH_CLANG, "-O3",       "-march=native",
                                "-fPIC",         "-shared",   "-fopenmp",
                                "-DYARDSTICK",   source_path, "-o",
                                artefact_out,    NULL};
    const struct artefact *inputs[] = {&source, NULL};

    if (!artefact_source(source_path, &source) ||
        !artefact_make(name, inputs, argv, &library))
        return NULL;
    setenv("OMP_WAIT_POLICY", "passive", 0);
    return dlopen(library.path, RTLD_NOW | RTLD_LOCAL);
}

bool run_k3(void)
{
    BCCPoolRef pool = bccCreatePool(0);
    struct side kernel = {.pool = pool, .n_calls = LOOPS};
    struct side loop = {.n_calls = LOOPS, .is_openmp = true};
    void *library;
    bool ok;

    if (!open_script())
        return false;
    library = open_openmp();
    if (!library)
        return bench_refuse("no OpenMP: libomp-dev of clang's version");
    kernel.n = loop.n = state.n;
    kernel.kernel = find_kernel("scale");
    loop.loop = find_loop(library, "scale_loop");
    ok = compare("bound by memory, rate", &kernel, &loop, AT_LEAST(0.95), true);
    bccDisposeKernel(kernel.kernel);
    kernel.kernel = find_kernel("iterate");
    loop.loop = find_loop(library, "iterate_loop");
    ok = ok && compare("bound by arithmetic, rate", &kernel, &loop,
                       AT_LEAST(0.95), true);
    bccDisposeKernel(kernel.kernel);
    bccDisposePool(pool);
    return ok;
}

bool run_k4(void)
{
    struct side kernel = {.n_calls = 1}, loop = {.n_calls = 1};
    bool ok;

    if (!open_script())
        return false;
    kernel.n = loop.n = state.n;
    kernel.kernel = find_kernel("scale");
    loop.loop = find_loop(NULL, "scale_loop");
    ok = compare("forEach / loop in the script", &kernel, &loop, AT_MOST(1.05),
                 false);
    bccDisposeKernel(kernel.kernel);
    return ok;
}
