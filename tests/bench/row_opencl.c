/* K5: a kernel of OpenCL C, by bccDispatch() and by PoCL.
 *
 * Launch: one work item, from the call to its end; PoCL is asked by
 * clEnqueueNDRangeKernel() and clFinish(). Rate: a work item for each element,
 * on all CPUs, in the same memory (CL_MEM_USE_HOST_PTR).
 *
 * PoCL is optional, and is looked for when the row runs: without it the row has
 * figures of libbcc alone, and says so. What is used of OpenCL's interface is
 * declared here: version 1.2 is frozen, and the headers are another package. */
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_run.h>

#include "artefact.h"
#include "statistics.h"

enum {
    ELEMENTS = 4 << 20,
    QUICK_ELEMENTS = 1 << 14,
    LAUNCHES = 20,
    CPU_DEVICE = 1 << 1, /* CL_DEVICE_TYPE_CPU */
    READ_WRITE = 1 << 0, /* CL_MEM_READ_WRITE */
    USE_HOST_PTR = 1 << 3,
    PLATFORM_NAME = 0x0902,
    MAX_PLATFORMS = 8,
};

/* ---- OpenCL ---- */

static struct opencl {
    int (*clGetPlatformIDs)(unsigned n, void **platforms, unsigned *ret_n);
    int (*clGetPlatformInfo)(void *platform, unsigned what, size_t size,
                             void *value, size_t *ret_size);
    int (*clGetDeviceIDs)(void *platform, uint64_t type, unsigned n,
                          void **devices, unsigned *ret_n);
    void *(*clCreateContext)(const intptr_t *properties, unsigned n,
                             void *const *devices, void *notify, void *context,
                             int *error);
    void *(*clCreateCommandQueue)(void *context, void *device,
                                  uint64_t properties, int *error);
    void *(*clCreateProgramWithSource)(void *context, unsigned n,
                                       const char **texts, const size_t *sizes,
                                       int *error);
    int (*clBuildProgram)(void *program, unsigned n, void *const *devices,
                          const char *options, void *notify, void *context);
    void *(*clCreateKernel)(void *program, const char *name, int *error);
    void *(*clCreateBuffer)(void *context, uint64_t flags, size_t size,
                            void *memory, int *error);
    int (*clSetKernelArg)(void *kernel, unsigned index, size_t size,
                          const void *value);
    int (*clEnqueueNDRangeKernel)(void *queue, void *kernel, unsigned n,
                                  const size_t *offset, const size_t *global,
                                  const size_t *local, unsigned n_waits,
                                  void *const *waits, void **event);
    int (*clFinish)(void *queue);
} cl;

static const char *const cl_names[] = {
    "clGetPlatformIDs", "clGetPlatformInfo",      "clGetDeviceIDs",
    "clCreateContext",  "clCreateCommandQueue",   "clCreateProgramWithSource",
    "clBuildProgram",   "clCreateKernel",         "clCreateBuffer",
    "clSetKernelArg",   "clEnqueueNDRangeKernel", "clFinish",
};

static struct {
    BCCScriptRef script;
    float *in, *out;
    size_t n;
    void *queue, *program, *buffers[2]; /* of PoCL */
} state;

static bool load_opencl(void)
{
    void *library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    void **functions = (void **)&cl;

    for (size_t i = 0; i < sizeof(cl_names) / sizeof(cl_names[0]); i++) {
        functions[i] = library ? dlsym(library, cl_names[i]) : NULL;
        if (!functions[i])
            return false;
    }
    return true;
}

static void *find_device(void)
{
    void *platforms[MAX_PLATFORMS], *device;
    unsigned n = 0;

    if (cl.clGetPlatformIDs(MAX_PLATFORMS, platforms, &n))
        return NULL;
    for (unsigned i = 0; i < n && i < MAX_PLATFORMS; i++) {
        char name[64] = "";

        cl.clGetPlatformInfo(platforms[i], PLATFORM_NAME, sizeof(name) - 1,
                             name, NULL);
        if (strstr(name, "Portable Computing Language") &&
            cl.clGetDeviceIDs(platforms[i], CPU_DEVICE, 1, &device, NULL) == 0)
            return device;
    }
    return NULL;
}

static bool build_program(void *context, void *device, const char *source)
{
    int error = 0;

    state.queue = cl.clCreateCommandQueue(context, device, 0, &error);
    state.program =
        error ? NULL
              : cl.clCreateProgramWithSource(context, 1, &source, NULL, &error);
    return !error && cl.clBuildProgram(state.program, 1, &device,
                                       "-cl-std=CL1.2", NULL, NULL) == 0;
}

static bool make_buffers(void *context)
{
    float *const memory[] = {state.in, state.out};
    int error = 0;

    for (int i = 0; i < 2 && !error; i++)
        state.buffers[i] =
            cl.clCreateBuffer(context, READ_WRITE | USE_HOST_PTR,
                              state.n * sizeof(float), memory[i], &error);
    return !error;
}

static char *read_source(const char *path)
{
    enum { MAX_SOURCE = 4096 };
    char *text = calloc(1, MAX_SOURCE);
    FILE *file = fopen(path, "r");

    if (text && file)
        text[fread(text, 1, MAX_SOURCE - 1, file)] = '\0';
    if (file)
        fclose(file);
    return text;
}

/* False: there is no PoCL, or it does not work. */
static bool open_pocl(void)
{
    char *source = read_source(BCC_BENCH_SOURCES "/items.cl");
    char cache[BENCH_PATH_SIZE + 8];
    void *device, *context;
    int error = 0;
    bool ok = false;

    snprintf(cache, sizeof(cache), "%s/pocl", bench_dir());
    setenv("POCL_CACHE_DIR", cache, 1);
    device = source && load_opencl() ? find_device() : NULL;
    if (device) {
        context = cl.clCreateContext(NULL, 1, &device, NULL, NULL, &error);
        ok = !error && build_program(context, device, source) &&
             make_buffers(context);
    }
    free(source);
    return ok;
}

/* ---- Sides ---- */

struct side {
    BCCKernelRef kernel;
    void *pocl_kernel;
    BCCPoolRef pool;
    size_t n;
    int n_calls;
};

/* Was it this side that wrote the output? */
static bool check(void *context)
{
    const struct side *side = context;
    const bool is_done = state.out[side->n - 1] > 0;

    state.out[side->n - 1] = -1;
    return is_done || bench_refuse("nothing was computed");
}

static bool dispatch(void *context)
{
    const struct side *side = context;
    const BCCGrid grid = {.globalSize = {side->n}};
    const BCCValue arguments[] = {{.type = BCC_PTR, .u.p = state.in},
                                  {.type = BCC_PTR, .u.p = state.out}};

    for (int i = 0; i < side->n_calls; i++)
        if (bccDispatch(side->kernel, side->pool, &grid, arguments, 2, NULL))
            return false;
    return true;
}

/* A whole round: system calls are counted in a child process, where PoCL has no
 * threads, and would wait for ever. */
static bool enqueue(void *context, struct bench_cost *ret_cost)
{
    const struct side *side = context;
    const uint64_t start = clock_monotonic_ns();

    for (int i = 0; i < side->n_calls; i++)
        if (cl.clEnqueueNDRangeKernel(state.queue, side->pocl_kernel, 1, NULL,
                                      &side->n, NULL, 0, NULL, NULL) ||
            cl.clFinish(state.queue))
            return false;
    *ret_cost = (struct bench_cost){.enter_ns = clock_monotonic_ns() - start};
    return check(context);
}

static bool find_kernels(struct side *side, const char *name, bool has_pocl)
{
    BCCRunError error;
    int status = 0;

    side->kernel = bccGetKernel(state.script, name, &error);
    if (!side->kernel)
        return bench_refuse("%s", error.message);
    if (!has_pocl)
        return true;
    side->pocl_kernel = cl.clCreateKernel(state.program, name, &status);
    for (unsigned i = 0; i < 2 && !status; i++)
        status = cl.clSetKernelArg(side->pocl_kernel, i, sizeof(void *),
                                   &state.buffers[i]);
    return !status || bench_refuse("%s: PoCL refuses the kernel", name);
}

static bool measure(struct side *side, const char *what, bool has_pocl,
                    struct bench_goal goal)
{
    struct bench_side sides[] = {
        {.enter_name = "bccDispatch",
         .context = side,
         .enter = dispatch,
         .check = check},
        {.enter_name = "PoCL", .context = side, .whole = enqueue},
    };
    const size_t n = has_pocl ? 2 : 1;

    if (!bench_rounds(sides, n, (struct bench_plan){3, 20}))
        return false;
    if (has_pocl)
        bench_ratio((struct bench_comparison){what, &sides[0].in, &sides[1].in,
                                              .inverse = true, .goal = goal});
    else
        bench_value(what,
                    (double)percentile(sides[0].in.ns, sides[0].in.n, 50) /
                        side->n_calls / 1000,
                    (double)NAN, "us", NO_GOAL);
    bench_release(sides, n);
    return true;
}

static bool open_script(void)
{
    static const char *const more[] = {"-cl-std=CL1.2", "-Xclang",
                                       "-finclude-default-header", NULL};
    struct artefact bitcode;

    if (!artefact_compile("items.bc", BCC_BENCH_SOURCES "/items.cl", more,
                          &bitcode))
        return false;
    state.n = bench_is_quick() ? QUICK_ELEMENTS : ELEMENTS;
    state.in = aligned_alloc(4096, state.n * sizeof(float));
    state.out = aligned_alloc(4096, state.n * sizeof(float));
    if (!state.in || !state.out)
        return bench_refuse("out of memory");
    for (size_t i = 0; i < state.n; i++)
        state.in[i] = state.out[i] = (float)(i % 1000 + 1) / 1000;
    state.script = bccCreateScript();
    if (bccReadFile(state.script, bitcode.path, 0) ||
        bccPrepareExecutable(state.script, NULL, NULL, 0))
        return bench_refuse("%s", bccGetErrorMessage(state.script));
    return true;
}

bool run_k5(void)
{
    struct side side = {.pool = bccCreatePool(0), .n = 1, .n_calls = LAUNCHES};
    bool has_pocl, ok;

    if (!open_script())
        return false;
    has_pocl = open_pocl();
    if (!has_pocl)
        fputs(" (no PoCL here, packages pocl-opencl-icd and "
              "ocl-icd-libopencl1: libbcc alone)",
              stderr);
    ok = find_kernels(&side, "scale", has_pocl) &&
         measure(&side, "launch of one work item", has_pocl, AT_LEAST(10));
    bccDisposeKernel(side.kernel);
    side.n = state.n;
    side.n_calls = 1;
    ok = ok && find_kernels(&side, "scale", has_pocl) &&
         measure(&side, "bound by memory, rate", has_pocl, AT_LEAST(1));
    ok = ok && find_kernels(&side, "iterate", has_pocl) &&
         measure(&side, "bound by arithmetic, rate", has_pocl, AT_LEAST(1));
    bccDisposePool(side.pool);
    bccDisposeScript(state.script);
    free(state.in);
    free(state.out);
    return ok;
}
