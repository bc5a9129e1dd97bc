/* Kernels over many elements (bcc_run.h): ranges, grids, reductions. */
#include "api_fixture.h"

#include <fenv.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bcc/bcc_run.h>

static const char *bitcode = "kernels.bc";

static BCCScriptRef open_kernels(struct fixture *f)
{
    BCCScriptRef script = open_script(bitcode_path(bitcode).text, NULL);

    bccMarkKernel(script, "negate", "in, out");
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "k", 0));
    return script;
}

static BCCKernelRef get_kernel(BCCScriptRef script, const char *name)
{
    BCCRunError error = {.message = ""};
    BCCKernelRef kernel = bccGetKernel(script, name, &error);

    if (!kernel)
        fail_msg("%s", error.message);
    return kernel;
}

#define BUFFER(array)                                                          \
    {                                                                          \
        .data = (array), .size = sizeof(array),                                \
        .elementSize = sizeof((array)[0])                                      \
    }

static void run(BCCKernelRef kernel, const BCCForEach *work)
{
    BCCRunError error = {.message = ""};

    if (bccForEach(kernel, work, &error) != BCC_RUN_DONE)
        fail_msg("%s", error.message);
}

static void is_invalid(BCCKernelRef kernel, const BCCForEach *work,
                       const char *fact)
{
    BCCRunError error = {.message = ""};

    assert_int_equal(bccForEach(kernel, work, &error), BCC_RUN_INVALID);
    if (!strstr(error.message, fact))
        fail_msg("'%s' does not say '%s'", error.message, fact);
}

/* ---- Ranges ---- */

enum { NX = 37, NY = 11, NZ = 5, N = NX * NY * NZ };

static void check_places(BCCPoolRef pool, BCCKernelRef kernel,
                         const BCCRange *range)
{
    static int32_t in[N], out[N];
    const BCCBuffer input = {
        .data = in,
        .size = sizeof(in),
        .elementSize = sizeof(in[0]),
        .stride = {0, NX * sizeof(in[0]), NX * NY * sizeof(in[0])}};
    BCCBuffer output = input;
    int32_t seven = 7;
    BCCForEach work = {.size = sizeof(work),
                       .pool = pool,
                       .range = *range,
                       .in = &input,
                       .nIn = 1,
                       .out = &output,
                       .data = &seven,
                       .tileSize = 13};

    output.data = out;
    for (int32_t i = 0; i < N; i++) {
        in[i] = i;
        out[i] = -1;
    }
    run(kernel, &work);
    for (uint64_t i = 0; i < N; i++) {
        const uint64_t p[] = {i % NX, i / NX % NY, i / NX / NY};
        bool is_in = true;

        for (int d = 0; d < 3; d++)
            is_in &= p[d] >= range->begin[d] && p[d] < range->end[d];
        assert_int_equal(
            out[i],
            is_in ? (int32_t)(i + 7 + p[0] + 100 * p[1] + 10000 * p[2]) : -1);
    }
}

static void every_place_of_a_range_is_done_once(void **state)
{
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "place");
    const BCCRange ranges[] = {
        {{0, 0, 0}, {NX, NY, NZ}},
        {{3, 2, 1}, {NX - 1, NY - 3, NZ - 1}},
        {{5, 4, 3}, {6, 5, 4}},
        {{5, 0, 0}, {5, NY, NZ}},
    };

    for (unsigned workers = 1; workers <= 4; workers++) {
        BCCPoolRef pool = bccCreatePool(workers);

        for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
            check_places(pool, kernel, &ranges[i]);
        bccDisposePool(pool);
    }
    check_places(NULL, kernel, &ranges[0]);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

static void structs_and_other_strides(void **state)
{
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "grey");
    static uint8_t in[100][4], out[100][7];
    const BCCBuffer input = BUFFER(in);
    const BCCBuffer output = {out, sizeof(out), 4, {7, 0, 0}};
    BCCForEach work = {.size = sizeof(work),
                       .range = {.end = {100}},
                       .in = &input,
                       .nIn = 1,
                       .out = &output};

    for (int i = 0; i < 100; i++)
        memcpy(in[i], (uint8_t[]){(uint8_t)i, 10, 20, 30}, 4);
    run(kernel, &work);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(out[i][0], (i + 30) / 3);
        assert_int_equal(out[i][3], 30);
        assert_int_equal(out[i][4], 0);
    }
    /* In place. */
    work.out = &input;
    run(kernel, &work);
    assert_int_equal(in[99][1], (99 + 30) / 3);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

static void several_inputs_by_value(void **state)
{
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "blend");
    static float first[1000], second[1000], out[1000];
    const BCCBuffer inputs[] = {BUFFER(first), BUFFER(second)};
    const BCCBuffer output = BUFFER(out);
    const BCCForEach work = {.size = sizeof(work),
                             .range = {.end = {1000}},
                             .in = inputs,
                             .nIn = 2,
                             .out = &output};

    for (int i = 0; i < 1000; i++) {
        first[i] = (float)i;
        second[i] = 0.5f;
    }
    run(kernel, &work);
    for (int i = 0; i < 1000; i++)
        assert_true(out[i] == 3 * (float)i + 0.5f);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

static void a_kernel_that_the_host_named(void **state)
{
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "negate");
    int32_t in[10] = {1, -2, 3}, out[10];
    const BCCBuffer input = BUFFER(in), output = BUFFER(out);
    const BCCForEach work = {.size = sizeof(work),
                             .range = {.end = {10}},
                             .in = &input,
                             .nIn = 1,
                             .out = &output};

    run(kernel, &work);
    assert_true(out[0] == -1 && out[1] == 2 && out[9] == 0);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

static void a_slot_is_as_good_as_a_name(void **state)
{
    BCCScriptRef script = open_kernels(*state);
    BCCRunError error = {.message = ""};
    BCCKernelRef kernel = bccGetKernelAt(script, 5, &error);
    uint64_t out[3];
    const BCCBuffer output = BUFFER(out);
    const BCCForEach work = {
        .size = sizeof(work), .range = {.end = {3}}, .out = &output};

    assert_string_equal(bccGetExportForEachName(script, 5), "squares");
    assert_non_null(kernel);
    run(kernel, &work);
    assert_int_equal(out[2], 4);
    bccDisposeKernel(kernel);
    assert_null(bccGetKernelAt(script, 99, &error));
    assert_null(bccGetKernel(script, "absent", &error));
    assert_string_equal(error.message, "absent: no kernel of that name");
    bccDisposeScript(script);
}

static void the_lowest_failure_is_told(void **state)
{
    enum { SIZE = 100 };
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "positive");
    static int32_t in[SIZE * SIZE];
    const BCCBuffer input = BUFFER(in);
    BCCForEach work = {.size = sizeof(work),
                       .range = {.end = {SIZE, SIZE}},
                       .in = &input,
                       .nIn = 1,
                       .tileSize = 64};

    in[55 * SIZE + 44] = -3;
    in[56 * SIZE + 2] = -4;
    in[99 * SIZE + 99] = -5;
    for (unsigned workers = 1; workers <= 4; workers++) {
        BCCPoolRef pool = bccCreatePool(workers);
        BCCRunError error = {.message = ""};

        work.pool = pool;
        assert_int_equal(bccForEach(kernel, &work, &error), BCC_RUN_FAILED);
        assert_int_equal(error.result, -3);
        assert_true(error.place[0] == 44 && error.place[1] == 55);
        assert_string_equal(error.message,
                            "positive: returned -3 at x 44, y 55, z 0");
        bccDisposePool(pool);
    }
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

/* ---- Large ranges ---- */

static void places_may_have_more_than_32_bits(void **state)
{
    enum { COUNT = 3000 };
    const uint64_t begin = (UINT64_C(1) << 32) - 7;
    const uint64_t size = (begin + COUNT) * sizeof(uint64_t);
    BCCScriptRef script;
    BCCKernelRef kernel;
    uint64_t *out;
    BCCBuffer output = {.elementSize = sizeof(*out)};
    BCCForEach work = {.size = sizeof(work),
                       .range = {{begin}, {begin + COUNT}},
                       .out = &output};

    if (size > SIZE_MAX / 2)
        return; /* of an address space of 32 bits */
    out = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(out != MAP_FAILED);
    script = open_kernels(*state);
    kernel = get_kernel(script, "squares");
    output.data = out;
    output.size = size;
    work.pool = bccCreatePool(2);
    run(kernel, &work);
    for (uint64_t i = begin; i < begin + COUNT; i++)
        assert_true(out[i] == i * i);
    output.size = size - 1;
    is_invalid(kernel, &work, "does not fit");
    bccDisposePool(work.pool);
    munmap(out, (size_t)size);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

/* 65,536 x 65,536 places: their number has 33 bits. */
static void a_range_may_have_more_than_2_32_places(void **state)
{
    enum { SIDE = 65536 };
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "positive");
    static int32_t in[2 * SIDE];
    /* Rows overlap, which is allowed for an input. */
    const BCCBuffer input = {in, sizeof(in), 4, {4, 4, 0}};
    const BCCForEach work = {.size = sizeof(work),
                             .range = {.end = {SIDE, SIDE}},
                             .in = &input,
                             .nIn = 1};
    BCCRunError error = {.message = ""};

    in[3] = -1;
    assert_int_equal(bccForEach(kernel, &work, &error), BCC_RUN_FAILED);
    assert_true(error.result == -1 && error.place[0] == 3 &&
                error.place[1] == 0);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

/* ---- Kernels that call the host ---- */

enum { N_VISITS = 4000 };

static struct {
    BCCKernelRef kernel;
    BCCForEach work;
    atomic_int n_visits, n_nested;
    enum { DO_COUNT, DO_NEST, DO_CANCEL } what;
} visits;

static int host_visit(uint32_t x)
{
    atomic_fetch_add(&visits.n_visits, 1);
    if (visits.what == DO_CANCEL && x == 70)
        bccCancelPool(visits.work.pool);
    if (visits.what == DO_NEST && x % 1000 == 7) {
        const BCCForEach inner = {.size = sizeof(inner),
                                  .pool = visits.work.pool,
                                  .range = {.end = {10}},
                                  .in = visits.work.in,
                                  .nIn = 1,
                                  .out = visits.work.out};

        /* These places do not nest again, as x is below 10 but for 7. */
        if (x != 7 && bccForEach(visits.kernel, &inner, NULL))
            return -1;
        atomic_fetch_add(&visits.n_nested, x != 7);
    }
    return 0;
}

static void *find_visit(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "host_visit") == 0 ? (void *)host_visit : NULL;
}

static BCCScriptRef open_visits(struct fixture *f)
{
    static float in[N_VISITS], out[N_VISITS];
    static BCCBuffer input = BUFFER(in), output = BUFFER(out);
    BCCScriptRef script = open_script(bitcode_path("visits.bc").text, NULL);

    assert_succeeds(script,
                    bccRegisterSymbolCallback(script, find_visit, NULL));
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "v", 0));
    for (int i = 0; i < N_VISITS; i++)
        in[i] = (float)i;
    visits.kernel = get_kernel(script, "visit");
    visits.work = (BCCForEach){.size = sizeof(visits.work),
                               .pool = bccCreatePool(2),
                               .range = {.end = {N_VISITS}},
                               .in = &input,
                               .nIn = 1,
                               .out = &output,
                               .tileSize = 32};
    visits.n_visits = visits.n_nested = 0;
    visits.what = DO_COUNT;
    return script;
}

static void close_visits(BCCScriptRef script)
{
    bccDisposePool(visits.work.pool);
    bccDisposeKernel(visits.kernel);
    bccDisposeScript(script);
}

static void a_kernel_may_call_for_each(void **state)
{
    BCCScriptRef script = open_visits(*state);

    visits.what = DO_NEST;
    run(visits.kernel, &visits.work);
    assert_int_equal(visits.n_nested, 3);
    assert_int_equal(visits.n_visits, N_VISITS + 3 * 10);
    close_visits(script);
}

static void a_kernel_may_cancel(void **state)
{
    BCCScriptRef script = open_visits(*state);
    BCCRunError error = {.message = ""};

    visits.what = DO_CANCEL;
    assert_int_equal(bccForEach(visits.kernel, &visits.work, &error),
                     BCC_RUN_CANCELLED);
    assert_true(visits.n_visits < N_VISITS);
    /* The next call is not cancelled. */
    visits.what = DO_COUNT;
    visits.n_visits = 0;
    run(visits.kernel, &visits.work);
    assert_int_equal(visits.n_visits, N_VISITS);
    close_visits(script);
}

static void kernels_round_as_the_caller_does(void **state)
{
    BCCScriptRef script = open_visits(*state);
    const float *out = visits.work.out->data;
    volatile float third = 3;
    const int before = fegetround();

    fesetround(FE_UPWARD);
    run(visits.kernel, &visits.work);
    for (int i = 0; i < N_VISITS; i++)
        assert_true(out[i] == (float)i / third);
    fesetround(before);
    assert_true(out[5] > 5.0f / third);
    close_visits(script);
}

#ifndef __SANITIZE_THREAD__ /* its runtime has no threads after fork() */
static void a_child_runs_kernels_too(void **state)
{
    BCCScriptRef script = open_visits(*state);
    int status = -1;
    pid_t child;

    run(visits.kernel, &visits.work);
    child = fork();
    if (child == 0) {
        visits.n_visits = 0;
        _exit(bccForEach(visits.kernel, &visits.work, NULL) != BCC_RUN_DONE ||
              visits.n_visits != N_VISITS);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    run(visits.kernel, &visits.work);
    assert_int_equal(visits.n_visits, 2 * N_VISITS);
    close_visits(script);
}
#endif

/* ---- Wrong use ---- */

static void wrong_buffers_are_refused(void **state)
{
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "copied");
    float in[10] = {1}, out[10] = {0};
    BCCBuffer input = BUFFER(in), output = BUFFER(out);
    BCCForEach work = {.size = sizeof(work),
                       .range = {.end = {11}},
                       .in = &input,
                       .nIn = 1,
                       .out = &output};

    is_invalid(kernel, &work, "does not fit a buffer of 40 bytes");
    work.range.end[0] = UINT64_MAX;
    work.range.end[1] = UINT64_MAX;
    is_invalid(kernel, &work, "range");
    work.range.end[1] = 0;
    is_invalid(kernel, &work, "does not fit");
    work.range = (BCCRange){{5}, {3}};
    is_invalid(kernel, &work, "x ends at 3 and begins at 5");
    work.range = (BCCRange){{0}, {10}};
    input.elementSize = 2;
    is_invalid(kernel, &work, "bytes, given 2");
    input.elementSize = 4;
    work.nIn = 0;
    is_invalid(kernel, &work, "wanted 1 inputs, given 0");
    work.nIn = 1;
    work.out = NULL;
    is_invalid(kernel, &work, "an output is needed");
    work.out = &output;
    output.data = NULL;
    is_invalid(kernel, &work, "no data");
    output.data = in;
    is_invalid(kernel, &work, "restrict");
    output.data = out;
    work.size = 1;
    is_invalid(kernel, &work, "size");
    for (int i = 0; i < 10; i++)
        assert_true(out[i] == 0);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

static void elements_of_the_output_in_each_other_are_refused(void **state)
{
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "grey");
    uint8_t in[10][4] = {{1}}, out[10][4] = {{0}};
    BCCBuffer input = BUFFER(in), output = BUFFER(out);
    const BCCForEach work = {.size = sizeof(work),
                             .range = {.end = {10}},
                             .in = &input,
                             .nIn = 1,
                             .out = &output};

    output.stride[0] = 2;
    is_invalid(kernel, &work, "lie in each other");
    output.stride[0] = 0;
    run(kernel, &work);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

/* Kernels with pointers have the alignment of what they read and write. */
static void unaligned_elements_are_refused(void **state)
{
    BCCScriptRef script = open_kernels(*state);
    static _Alignas(16) char in[256], out[256];
    static const struct {
        const char *kernel;
        unsigned size, shift, stride;
        const char *message;
    } cases[] = {
        {"quadruple", 16, 0, 0, NULL},
        {"quadruple", 16, 8, 0, "in 0: data or stride not aligned to 16"},
        {"quadruple", 16, 0, 24, "in 0: data or stride not aligned to 16"},
        {"negate", 4, 2, 0, "in 0: data or stride not aligned to 4"},
        {"negate", 4, 4, 0, NULL},
        {"packed", 5, 1, 5, NULL},  /* says that it is not aligned */
        {"looks", 16, 1, 17, NULL}, /* looks at the address itself */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        BCCKernelRef kernel = get_kernel(script, cases[i].kernel);
        const BCCBuffer input = {.data = in + cases[i].shift,
                                 .size = sizeof(in) - cases[i].shift,
                                 .elementSize = cases[i].size,
                                 .stride = {cases[i].stride}};
        const BCCBuffer output = {
            .data = out, .size = sizeof(out), .elementSize = cases[i].size};
        const BCCForEach work = {.size = sizeof(work),
                                 .range = {.end = {10}},
                                 .in = &input,
                                 .nIn = 1,
                                 .out = &output};

        if (cases[i].message)
            is_invalid(kernel, &work, cases[i].message);
        else
            run(kernel, &work);
        bccDisposeKernel(kernel);
    }
    bccDisposeScript(script);
}

static void shifted_overlap_is_refused(void **state)
{
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "negate");
    int32_t both[11] = {1};
    const BCCBuffer input = {both, 40, 4, {0}}, output = {both + 1, 40, 4, {0}};
    const BCCForEach work = {.size = sizeof(work),
                             .range = {.end = {10}},
                             .in = &input,
                             .nIn = 1,
                             .out = &output};

    is_invalid(kernel, &work, "not element by element");
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

static void a_disposed_pool_and_long_ranges_are_refused(void **state)
{
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "blend");
    BCCPoolRef pool = bccCreatePool(2);
    float one[1] = {0};
    const BCCBuffer inputs[] = {BUFFER(one), BUFFER(one)};
    BCCForEach work = {.size = sizeof(work),
                       .pool = pool,
                       .range = {.end = {1}},
                       .in = inputs,
                       .nIn = 2,
                       .out = inputs};

    bccDisposePool(pool);
    is_invalid(kernel, &work, "the pool was disposed of");
    work.pool = NULL;
    work.range.end[0] = (UINT64_C(1) << 32) + 1;
    is_invalid(kernel, &work, "32 bits");
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

/* ---- Reductions ---- */

struct total {
    float sum;
    uint32_t n;
};

static void a_sum_has_the_same_bits_for_any_workers(void **state)
{
    enum { COUNT = 100000 };
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "add_up");
    float *in = calloc(COUNT, sizeof(*in));
    const BCCBuffer input = {in, COUNT * sizeof(*in), sizeof(*in), {0}};
    BCCForEach work = {.size = sizeof(work),
                       .range = {.end = {COUNT}},
                       .in = &input,
                       .nIn = 1};
    struct total total, first = {0, 0};
    BCCReduction reduction = {.size = sizeof(reduction),
                              .accumulatorSize = sizeof(total),
                              .result = &total};

    assert_non_null(in);
    assert_int_equal(bccFindFunc(script, "add_totals", "ptr ptr -> void",
                                 &reduction.combine, NULL),
                     0);
    for (int i = 0; i < COUNT; i++)
        in[i] = 1.0f / (float)(i + 1);
    for (unsigned workers = 1; workers <= 8; workers++) {
        BCCRunError error = {.message = ""};

        work.pool = bccCreatePool(workers);
        if (bccReduce(kernel, &work, &reduction, &error))
            fail_msg("%s", error.message);
        bccDisposePool(work.pool);
        if (workers == 1)
            first = total;
        assert_memory_equal(&total, &first, sizeof(total));
    }
    assert_int_equal(total.n, COUNT);
    assert_true(total.sum > 12.09f && total.sum < 12.1f);
    work.pool = NULL;
    is_invalid(kernel, &work, "use bccReduce()");
    free(in);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

/* What the script lists. */
static void reduce(BCCScriptRef script, const char *name, BCCForEach *work,
                   void *result)
{
    BCCRunError error = {.message = ""};
    BCCReduction reduction;
    BCCKernelRef kernel = bccGetReduction(script, name, &reduction, &error);

    if (!kernel)
        fail_msg("%s", error.message);
    reduction.result = result;
    if (bccReduce(kernel, work, &reduction, &error))
        fail_msg("%s", error.message);
    bccDisposeKernel(kernel);
}

static void a_reduction_is_refused(BCCScriptRef script, const char *name,
                                   const char *fact)
{
    BCCRunError error = {.message = ""};
    BCCReduction reduction;

    assert_null(bccGetReduction(script, name, &reduction, &error));
    if (!strstr(error.message, fact))
        fail_msg("'%s' does not say '%s'", error.message, fact);
}

static void reductions_that_the_script_lists(void **state)
{
    enum { COUNT = 5000 };
    BCCScriptRef script = open_kernels(*state);
    static float in[COUNT];
    const BCCBuffer input = BUFFER(in);
    BCCForEach work = {.size = sizeof(work),
                       .pool = bccCreatePool(3),
                       .range = {.end = {COUNT}},
                       .in = &input,
                       .nIn = 1,
                       .tileSize = 64};
    double mean;
    float product;

    for (int i = 0; i < COUNT; i++)
        in[i] = i % 2 ? 1 : 3;
    reduce(script, "mean", &work, &mean);
    assert_true(mean == 2);
    /* Without a combiner accumulators are elements of the kernel. */
    for (int i = 0; i < COUNT; i++)
        in[i] = i % 500 ? 1 : 2;
    reduce(script, "product", &work, &product);
    assert_true(product == 1024);
    a_reduction_is_refused(script, "unfit", "no combiner");
    a_reduction_is_refused(script, "absent", "no reduction of that name");
    a_reduction_is_refused(script, NULL, "no reduction");
    bccDisposePool(work.pool);
    bccDisposeScript(script);
}

static void reductions_of_renderscript(void **state)
{
    enum { COUNT = 3000 };
    struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("reduce.ll").text, NULL);
    static int32_t whole[COUNT];
    static float a[COUNT], b[COUNT];
    const BCCBuffer number = BUFFER(whole);
    const BCCBuffer pair[] = {BUFFER(a), BUFFER(b)};
    BCCForEach work = {
        .size = sizeof(work), .range = {.end = {COUNT}}, .tileSize = 100};
    int32_t sum, places[2];
    float dot, first = 0;

    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "r", 0));
    for (int i = 0; i < COUNT; i++) {
        whole[i] = i;
        a[i] = (float)(i * 7919 % COUNT);
        b[i] = 1.0f / (float)(i + 1);
    }
    for (unsigned workers = 1; workers <= 4; workers++) {
        work.pool = bccCreatePool(workers);
        work.in = &number;
        work.nIn = 1;
        reduce(script, "sum", &work, &sum);
        assert_int_equal(sum, COUNT * (COUNT - 1) / 2);
        work.in = pair;
        reduce(script, "range", &work, places);
        assert_true(a[places[0]] == 0 && a[places[1]] == COUNT - 1);
        work.nIn = 2;
        reduce(script, "dot", &work, &dot);
        first = workers == 1 ? dot : first;
        assert_memory_equal(&dot, &first, sizeof(dot));
        bccDisposePool(work.pool);
    }
    a_reduction_is_refused(script, "lost", "no accumulating kernel");
    a_reduction_is_refused(script, "old_form", "no reduction");
    bccDisposeScript(script);
}

static void malformed_reductions_fail_the_compile(void **state)
{
    static const char *const rows[] = {
        "!0 = !{!\"sum\", !\"4\"}",
        "!0 = !{!\"sum\", !\"4x\", !1}\n!1 = !{!\"add\", !\"1\"}",
        "!0 = !{!\"sum\", !\"4\", !\"add\"}",
        "!0 = !{!\"sum\", !\"4\", !1}\n!1 = !{!\"add\"}",
        "!0 = !{!\"sum\", !\"4\", !1}\n!1 = !{!\"add\", null}",
        "!0 = !{null, !\"4\", !1}\n!1 = !{!\"add\", !\"1\"}",
    };
    struct fixture *f = *state;
    const struct path path = fixture_path(f, "bad.ll");
    char text[512];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        BCCScriptRef script;

        snprintf(text, sizeof(text), "!\\23rs_export_reduce = !{!0}\n%s\n",
                 rows[i]);
        write_whole(path.text, text, strlen(text));
        script = open_script(path.text, NULL);
        assert_fails(script, bccPrepareExecutable(script, f->cache, "b", 0),
                     BCC_COMPILE_ERROR);
        assert_non_null(
            strstr(bccGetErrorMessage(script), "#rs_export_reduce"));
        bccDisposeScript(script);
    }
}

static void wrong_reductions_are_refused(void **state)
{
    BCCScriptRef script = open_kernels(*state);
    BCCKernelRef kernel = get_kernel(script, "add_up");
    float in[10] = {1};
    const BCCBuffer input = BUFFER(in);
    const BCCForEach work = {
        .size = sizeof(work), .range = {.end = {10}}, .in = &input, .nIn = 1};
    struct total total = {5, 5};
    BCCReduction reduction = {.size = sizeof(reduction),
                              .accumulatorSize = sizeof(total),
                              .result = &total};
    BCCRunError error = {.message = ""};

    assert_int_equal(bccReduce(kernel, &work, &reduction, &error),
                     BCC_RUN_INVALID);
    assert_non_null(strstr(error.message, "combine is needed"));
    reduction.size = 8;
    assert_int_equal(bccReduce(kernel, &work, &reduction, &error),
                     BCC_RUN_INVALID);
    assert_int_equal(bccReduce(kernel, &work, NULL, &error), BCC_RUN_INVALID);
    assert_int_equal(bccReduce(NULL, &work, &reduction, &error),
                     BCC_RUN_INVALID);
    assert_true(total.sum == 5 && total.n == 5);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

/* ---- Work items ---- */

static BCCScriptRef open_items(struct fixture *f)
{
    const bool is_debug = strcmp(bitcode, "kernels_debug.bc") == 0;
    BCCScriptRef script = open_script(
        bitcode_path(is_debug ? "items_debug.bc" : "items.bc").text, NULL);

    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "i", 0));
    return script;
}

static void check_items(BCCScriptRef script)
{
    BCCKernelRef kernel = get_kernel(script, "places");
    const BCCGrid grid = {.globalSize = {50, 20}, .localSize = {10, 1}};
    static int32_t out[1000];
    const BCCValue arguments[] = {{.type = BCC_PTR, .u.p = out},
                                  {.type = BCC_I32, .u.i = 5}};

    for (unsigned workers = 1; workers <= 3; workers++) {
        BCCPoolRef pool = bccCreatePool(workers);
        BCCRunError error = {.message = ""};

        memset(out, 0, sizeof(out));
        if (bccDispatch(kernel, pool, &grid, arguments, 2, &error))
            fail_msg("%s", error.message);
        for (int i = 0; i < 1000; i++)
            assert_int_equal(out[i], 5 + i % 50 + 100 * (i / 50));
        bccDisposePool(pool);
    }
    bccDisposeKernel(kernel);
}

static void work_items_know_their_place(void **state)
{
    BCCScriptRef script = open_items(*state);

    check_items(script);
    bccDisposeScript(script);
}

static void a_library_that_answers_by_variables_does_no_harm(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("items.bc").text, NULL);

    assert_succeeds(script,
                    bccLinkFile(script, bitcode_path("answers.bc").text, 0));
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "a", 0));
    check_items(script);
    bccDisposeScript(script);
}

static void groups_have_local_memory(void **state)
{
    BCCScriptRef script = open_items(*state);
    BCCKernelRef kernel = get_kernel(script, "groups");
    const BCCGrid grid = {.globalSize = {64}, .localSize = {8}};
    static int32_t out[64];
    BCCValue arguments[] = {{.type = BCC_PTR, .u.p = out},
                            {.type = BCC_LOCAL, .u.i = 8 * sizeof(int32_t)}};
    BCCRunError error = {.message = ""};

    if (bccDispatch(kernel, NULL, &grid, arguments, 2, &error))
        fail_msg("%s", error.message);
    for (int i = 0; i < 64; i++)
        assert_int_equal(out[i], i / 8 * 1000 + i % 8 * 10 + 8);
    arguments[1] = (BCCValue){.type = BCC_PTR, .u.p = out};
    assert_int_equal(bccDispatch(kernel, NULL, &grid, arguments, 2, &error),
                     BCC_RUN_INVALID);
    assert_non_null(strstr(error.message, "BCC_LOCAL"));
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

static void wrong_grids_and_arguments_are_refused(void **state)
{
    BCCScriptRef script = open_items(*state);
    BCCKernelRef kernel = get_kernel(script, "saxpy");
    BCCGrid grid = {.globalSize = {10}, .localSize = {3}};
    float x[10] = {1, 2}, y[10] = {0};
    BCCValue arguments[] = {{.type = BCC_F32, .u.f = 2},
                            {.type = BCC_PTR, .u.p = x},
                            {.type = BCC_PTR, .u.p = y}};
    BCCRunError error = {.message = ""};

    assert_int_equal(bccDispatch(kernel, NULL, &grid, arguments, 3, &error),
                     BCC_RUN_INVALID);
    assert_non_null(strstr(error.message, "not a multiple"));
    grid.localSize[0] = 0;
    arguments[0].type = BCC_F64;
    assert_int_equal(bccDispatch(kernel, NULL, &grid, arguments, 3, &error),
                     BCC_RUN_INVALID);
    assert_string_equal(error.message,
                        "saxpy: argument 1: wanted f32, given f64");
    arguments[0].type = BCC_F32;
    assert_int_equal(bccDispatch(kernel, NULL, &grid, arguments, 3, &error),
                     BCC_RUN_DONE);
    assert_true(y[0] == 2 && y[1] == 4 && y[2] == 0);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

static void a_disposed_pool_and_odd_groups_are_refused(void **state)
{
    BCCScriptRef script = open_items(*state);
    BCCKernelRef kernel = get_kernel(script, "fixed");
    BCCPoolRef pool = bccCreatePool(2);
    BCCGrid grid = {.globalSize = {8, 4}};
    int32_t out[32] = {0};
    const BCCValue arguments[] = {{.type = BCC_PTR, .u.p = out}};
    BCCRunError error = {.message = ""};

    grid.localSize[0] = 8;
    assert_int_equal(bccDispatch(kernel, pool, &grid, arguments, 1, &error),
                     BCC_RUN_INVALID);
    assert_string_equal(error.message,
                        "fixed: local size 8 in x: the kernel requires 4");
    grid.localSize[0] = 0;
    assert_int_equal(bccDispatch(kernel, pool, &grid, arguments, 1, &error),
                     BCC_RUN_DONE);
    for (int i = 0; i < 32; i++)
        assert_int_equal(out[i], i % 8 % 4 + 10 * (i / 8 % 2) + 400);
    bccDisposePool(pool);
    out[0] = 0;
    assert_int_equal(bccDispatch(kernel, pool, &grid, arguments, 1, &error),
                     BCC_RUN_INVALID);
    assert_non_null(strstr(error.message, "disposed of"));
    grid.globalSize[0] = UINT64_MAX - 3;
    grid.globalSize[1] = 1 << 20;
    assert_int_equal(bccDispatch(kernel, NULL, &grid, arguments, 1, &error),
                     BCC_RUN_INVALID);
    grid.offset[0] = 16;
    assert_int_equal(bccDispatch(kernel, NULL, &grid, arguments, 1, &error),
                     BCC_RUN_INVALID);
    assert_int_equal(bccDispatch(NULL, NULL, &grid, arguments, 1, &error),
                     BCC_RUN_INVALID);
    assert_int_equal(out[0], 0);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
}

static void run_grid(BCCScriptRef script, const char *name, const BCCGrid *grid,
                     unsigned workers, const BCCValue *arguments, size_t n)
{
    BCCKernelRef kernel = get_kernel(script, name);
    BCCPoolRef pool = bccCreatePool(workers);
    BCCRunError error = {.message = ""};

    if (bccDispatch(kernel, pool, grid, arguments, n, &error))
        fail_msg("%s", error.message);
    bccDisposePool(pool);
    bccDisposeKernel(kernel);
}

static void items_wait_at_barriers(void **state)
{
    enum { COUNT = 1024, GROUP = 16 };
    BCCScriptRef script = open_items(*state);
    const BCCGrid grid = {.globalSize = {COUNT}, .localSize = {GROUP}};
    static int32_t out[COUNT];
    const BCCValue arguments[] = {{.type = BCC_PTR, .u.p = out}};

    for (unsigned workers = 1; workers <= 3; workers++) {
        memset(out, 0, sizeof(out));
        run_grid(script, "waits", &grid, workers, arguments, 1);
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(out[i], i * 1000 + i / GROUP * GROUP);
    }
    bccDisposeScript(script);
}

static void groups_have_variables(void **state)
{
    enum { COUNT = 4096, GROUP = 64 };
    BCCScriptRef script = open_items(*state);
    const BCCGrid grid = {.globalSize = {COUNT}, .localSize = {GROUP}};
    static int32_t in[COUNT], out[COUNT];
    const BCCValue arguments[] = {{.type = BCC_PTR, .u.p = in},
                                  {.type = BCC_PTR, .u.p = out}};
    BCCKernelInfo info = {.size = sizeof(info)};

    for (int i = 0; i < COUNT; i++)
        in[i] = i;
    for (unsigned workers = 1; workers <= 3; workers++) {
        memset(out, 0, sizeof(out));
        run_grid(script, "reverses", &grid, workers, arguments, 2);
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(out[i], i / GROUP * GROUP + GROUP - 1 - i % GROUP);
    }
    assert_int_equal(bccGetKernelInfo(script, "reverses", &info, NULL), 0);
    assert_int_equal(info.localMemory, 64 * sizeof(int32_t));
    bccDisposeScript(script);
}

static void groups_have_two_dimensions(void **state)
{
    enum { NX_ = 40, NY_ = 24, SIDE = 8 };
    BCCScriptRef script = open_items(*state);
    const BCCGrid grid = {.globalSize = {NX_, NY_}, .localSize = {SIDE, SIDE}};
    static int32_t in[NY_][NX_], out[NX_][NY_];
    const BCCValue arguments[] = {
        {.type = BCC_PTR, .u.p = in},
        {.type = BCC_PTR, .u.p = out},
        {.type = BCC_LOCAL, .u.i = SIDE * SIDE * sizeof(int32_t)}};

    for (int y = 0; y < NY_; y++)
        for (int x = 0; x < NX_; x++)
            in[y][x] = 100 * y + x;
    for (unsigned workers = 1; workers <= 3; workers++) {
        memset(out, 0, sizeof(out));
        run_grid(script, "transposes", &grid, workers, arguments, 3);
        for (int y = 0; y < NY_; y++)
            for (int x = 0; x < NX_; x++)
                assert_int_equal(out[x][y], 100 * y + x);
    }
    bccDisposeScript(script);
}

static void items_keep_their_values_across_barriers(void **state)
{
    enum { COUNT = 1024, GROUP = 16 };
    BCCScriptRef script = open_items(*state);
    const BCCGrid grid = {.globalSize = {COUNT}, .localSize = {GROUP}};
    static int32_t in[COUNT], out[COUNT];
    const BCCValue arguments[] = {{.type = BCC_PTR, .u.p = in},
                                  {.type = BCC_PTR, .u.p = out}};

    for (int i = 0; i < COUNT; i++)
        in[i] = i % 37;
    run_grid(script, "keeps", &grid, 2, arguments, 2);
    for (int i = 0; i < COUNT; i++) {
        const int at = i % GROUP;
        int sum = 0;

        for (int j = 0; j <= at; j++)
            sum += in[i - at + j] * ((j & 3) + 1);
        assert_int_equal(out[i], sum * 100 + in[i] * (((at + 1) & 3) + 1));
    }
    bccDisposeScript(script);
}

static void barriers_that_not_all_items_reach_are_refused(void **state)
{
    BCCScriptRef script = open_items(*state);
    BCCRunError error = {.message = ""};

    assert_null(bccGetKernel(script, "waits_sometimes", &error));
    assert_non_null(strstr(error.message, "in a loop or under a condition"));
    assert_null(bccGetKernel(script, "waits_in_a_loop", &error));
    assert_non_null(strstr(error.message, "in a loop or under a condition"));
    bccDisposeScript(script);
}

static void calls_of_other_functions_are_no_barriers(void **state)
{
    BCCScriptRef script = open_items(*state);
    const BCCGrid grid = {.globalSize = {64}, .localSize = {8}};
    int32_t out[64] = {0};
    const BCCValue arguments[] = {{.type = BCC_PTR, .u.p = out}};

    run_grid(script, "calls_sometimes", &grid, 2, arguments, 1);
    for (int i = 0; i < 64; i++)
        assert_int_equal(out[i], i % 2 ? 3 * i : i % 4 ? i + 1 : 0);
    bccDisposeScript(script);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_place_of_a_range_is_done_once),
        TEST(structs_and_other_strides),
        TEST(several_inputs_by_value),
        TEST(a_kernel_that_the_host_named),
        TEST(a_slot_is_as_good_as_a_name),
        TEST(the_lowest_failure_is_told),
        TEST(places_may_have_more_than_32_bits),
        TEST(a_range_may_have_more_than_2_32_places),
        TEST(a_kernel_may_call_for_each),
        TEST(a_kernel_may_cancel),
        TEST(kernels_round_as_the_caller_does),
#ifndef __SANITIZE_THREAD__
        TEST(a_child_runs_kernels_too),
#endif
        TEST(wrong_buffers_are_refused),
        TEST(elements_of_the_output_in_each_other_are_refused),
        TEST(unaligned_elements_are_refused),
        TEST(shifted_overlap_is_refused),
        TEST(a_disposed_pool_and_long_ranges_are_refused),
        TEST(a_sum_has_the_same_bits_for_any_workers),
        TEST(reductions_that_the_script_lists),
        TEST(reductions_of_renderscript),
        TEST(malformed_reductions_fail_the_compile),
        TEST(wrong_reductions_are_refused),
        TEST(work_items_know_their_place),
        TEST(a_library_that_answers_by_variables_does_no_harm),
        TEST(groups_have_local_memory),
        TEST(wrong_grids_and_arguments_are_refused),
        TEST(a_disposed_pool_and_odd_groups_are_refused),
        TEST(items_wait_at_barriers),
        TEST(groups_have_variables),
        TEST(groups_have_two_dimensions),
        TEST(items_keep_their_values_across_barriers),
        TEST(barriers_that_not_all_items_reach_are_refused),
        TEST(calls_of_other_functions_are_no_barriers),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    bitcode = "kernels_debug.bc";
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
