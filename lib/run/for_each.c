/* A range is cut into tiles of neighbours, x fastest. A tile is runs of x, one
 * for each row that it touches, and each run is one call of the kernel's
 * expanded form.
 *
 *        x ->          tile 0: rows 0 and 1, up to the bar
 *     y  0 0 0 0 0 0   tile 1: the rest of row 1, ...
 *     |  0 0|1 1 1 1
 *     v  1 1 1|2 2 2
 *
 * The tiles depend on the range alone, not on the workers. All arguments are
 * checked before the first tile runs. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "function_list.h"
#include "kernel.h"

enum {
    LEAST_TILE = 1024, /* elements: some microseconds of a simple kernel */
    MAX_TILES = 256,   /* enough for 64 workers to share evenly */
    CACHE_LINE = 64,
};

static const char axis_names[] = "xyz";

/* A buffer, and all its strides. */
struct elements {
    uint8_t *data;
    uint64_t stride[3];
    uint64_t size; /* of an element */
    uint64_t end;  /* bytes from data to the end of the last element */
};

struct job {
    BCCKernelRef kernel;
    uint64_t begin[3], extent[3];
    uint64_t n_elements;
    uint32_t n_tiles;
    unsigned n_operands;
    struct elements operand[KERNEL_MAX_OPERANDS];
    void *user;
    /* Accumulators, one for each tile. */
    uint8_t *accumulators;
    size_t accumulator_step;
    const BCCReduction *reduction;
    /* Work items: */
    const BCCGrid *grid;
    const BCCValue *arguments;
    uint64_t local[3];    /* items of a work group, in x, y, z */
    uint64_t group_items; /* all of them */
    uint8_t *memory;      /* of work groups, for each worker */
    size_t memory_size;
    /* The lowest tile that failed, and where. */
    atomic_flag is_locked;
    bool has_failed;
    uint32_t failed_tile;
    uint64_t failed_place[3];
};

/* ---- Running ---- */

static void note_failure(struct job *job, uint32_t tile,
                         const uint64_t place[3])
{
    while (atomic_flag_test_and_set_explicit(&job->is_locked,
                                             memory_order_acquire))
        ;
    if (!job->has_failed || tile < job->failed_tile) {
        job->has_failed = true;
        job->failed_tile = tile;
        memcpy(job->failed_place, place, sizeof(job->failed_place));
    }
    atomic_flag_clear_explicit(&job->is_locked, memory_order_release);
}

/* Set the addresses of the row of y and z, in all buffers. */
static void set_row(const struct job *job, struct kernel_frame *frame,
                    uint64_t y, uint64_t z)
{
    frame->y = y;
    frame->z = z;
    for (unsigned i = 0; i < job->n_operands; i++) {
        const struct elements *e = &job->operand[i];

        frame->operand[i].base.pointer =
            e->data + y * e->stride[1] + z * e->stride[2];
        frame->operand[i].stride = e->stride[0];
    }
}

/* The elements of one tile. Tiles are as even as possible. */
static void find_share(uint64_t n, uint32_t n_tiles, uint32_t tile,
                       uint64_t *ret_begin, uint64_t *ret_end)
{
    const uint64_t each = n / n_tiles, rest = n % n_tiles;

    *ret_begin = each * tile + (tile < rest ? tile : rest);
    *ret_end = *ret_begin + each + (tile < rest);
}

static int run_rows(struct job *job, struct kernel_frame *frame, uint32_t tile)
{
    uint64_t at, end;

    find_share(job->n_elements, job->n_tiles, tile, &at, &end);
    while (at < end) {
        const uint64_t row = at / job->extent[0];
        const uint64_t first = at % job->extent[0];
        uint64_t last = job->extent[0];
        int32_t result;

        if (last - first > end - at)
            last = first + (end - at);
        set_row(job, frame, job->begin[1] + row % job->extent[1],
                job->begin[2] + row / job->extent[1]);
        result = job->kernel->expand(frame, job->begin[0] + first,
                                     job->begin[0] + last);
        if (result) {
            note_failure(
                job, tile,
                (const uint64_t[]){frame->failed_x, frame->y, frame->z});
            return result;
        }
        at += last - first;
    }
    return 0;
}

static int run_tile(void *context, uint32_t tile, unsigned worker)
{
    struct job *job = context;
    struct kernel_frame frame;

    (void)worker;
    frame.user.word = 0;
    frame.user.pointer = job->user;
    if (job->accumulators) {
        void *accumulator =
            job->accumulators + (size_t)tile * job->accumulator_step;

        frame.user.pointer = accumulator;
        if (job->reduction->initialize)
            job->reduction->initialize(accumulator);
    }
    return run_rows(job, &frame, tile);
}

static uint64_t round_up(uint64_t size)
{
    return (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* Each worker has local memory of its own, so it has arguments of its own;
 * behind them is the private memory of its items. */
static void set_items(const struct job *job, unsigned worker,
                      BCCValue *arguments, struct kernel_frame *frame)
{
    uint8_t *memory = job->memory + worker * job->memory_size;

    memcpy(arguments, job->arguments,
           job->kernel->n_arguments * sizeof(arguments[0]));
    for (unsigned i = 0; i < job->kernel->n_arguments; i++) {
        if (arguments[i].type != BCC_LOCAL)
            continue;
        arguments[i].u.p = memory;
        memory += round_up((uint64_t)job->arguments[i].u.i);
    }
    frame->user.pointer = arguments;
    frame->y = frame->z = 0;
    frame->private_memory.word = 0;
    frame->private_memory.pointer = memory;
    for (unsigned i = 0; i < 3; i++) {
        frame->global_size[i] = job->extent[i];
        frame->local_size[i] = job->local[i];
        frame->offset[i] = job->begin[i];
        frame->n_groups[i] = job->extent[i] / frame->local_size[i];
    }
}

static int run_items(void *context, uint32_t tile, unsigned worker)
{
    struct job *job = context;
    BCCValue arguments[KERNEL_MAX_ARGUMENTS];
    struct kernel_frame frame;

    set_items(job, worker, arguments, &frame);
    return run_rows(job, &frame, tile);
}

/* Run tiles of a kernel with barriers: its form runs all items of one group. */
static int run_groups(void *context, uint32_t tile, unsigned worker)
{
    struct job *job = context;
    BCCValue arguments[KERNEL_MAX_ARGUMENTS];
    struct kernel_frame frame;
    uint64_t at, end;

    set_items(job, worker, arguments, &frame);
    find_share(job->n_elements / job->group_items, job->n_tiles, tile, &at,
               &end);
    for (; at < end; at++) {
        frame.group[0] = at % frame.n_groups[0];
        frame.group[1] = at / frame.n_groups[0] % frame.n_groups[1];
        frame.group[2] = at / frame.n_groups[0] / frame.n_groups[1];
        (void)job->kernel->expand(&frame, 0, job->group_items);
    }
    return 0;
}

static int run(struct job *job, BCCPoolRef pool, BCCTileFn tile,
               BCCRunError *error)
{
    BCCTileFailure failure;
    int result;

    if (job->n_elements == 0)
        return BCC_RUN_DONE;
    result = bccRunTiles(pool, job->n_tiles, tile, job, &failure);
    if (result == BCC_RUN_INVALID)
        run_fail(error, "%s: the pool was disposed of", job->kernel->name);
    if (result == BCC_RUN_FAILED) {
        const uint64_t *place = job->failed_place;

        run_fail(error,
                 "%s: returned %d at x %" PRIu64 ", y %" PRIu64 ", z %" PRIu64,
                 job->kernel->name, failure.result, place[0], place[1],
                 place[2]);
        if (error) {
            error->result = failure.result;
            memcpy(error->place, place, sizeof(error->place));
        }
    }
    return result;
}

/* ---- Checks ---- */

static int invalid(BCCRunError *error, const struct job *job, const char *fact)
{
    run_fail(error, "%s: %s", job->kernel->name, fact);
    return BCC_RUN_INVALID;
}

static int set_range(struct job *job, const BCCRange *range, BCCRunError *error)
{
    job->n_elements = 1;
    for (int i = 0; i < 3; i++) {
        uint64_t end = range->end[i];

        if (end == 0 && range->begin[i] == 0)
            end = 1;
        if (end < range->begin[i]) {
            run_fail(error,
                     "%s: range: %c ends at %" PRIu64 " and begins at %" PRIu64,
                     job->kernel->name, axis_names[i], end, range->begin[i]);
            return BCC_RUN_INVALID;
        }
        if (job->kernel->is_narrow[i] && end > UINT64_C(1) << 32) {
            run_fail(error,
                     "%s: range: %c ends at %" PRIu64
                     ", but the kernel takes it as 32 bits",
                     job->kernel->name, axis_names[i], end);
            return BCC_RUN_INVALID;
        }
        job->begin[i] = range->begin[i];
        job->extent[i] = end - range->begin[i];
        if (__builtin_mul_overflow(job->n_elements, job->extent[i],
                                   &job->n_elements))
            return invalid(error, job, "range: more than 2^64 places");
    }
    return BCC_RUN_DONE;
}

static void set_tiles(struct job *job, uint64_t tile_size)
{
    uint64_t n;

    if (tile_size == 0) {
        const uint32_t least = job->kernel->is_item ? 0 : job->kernel->tile[0];

        n = job->n_elements / (least ? least : LEAST_TILE);
        n = n > MAX_TILES ? MAX_TILES : n;
    } else {
        n = job->n_elements / tile_size + (job->n_elements % tile_size != 0);
        n = n > UINT32_MAX ? UINT32_MAX : n;
    }
    job->n_tiles = n ? (uint32_t)n : 1;
}

static const char *operand_name(const struct job *job, unsigned index)
{
    return index < job->kernel->n_inputs ? "in" : "out";
}

/* Find the bytes from the data to the end of the last element. */
static bool add_end(const struct job *job, struct elements *e)
{
    uint64_t end = e->size;

    for (int i = 0; i < 3; i++) {
        uint64_t last;

        if (__builtin_mul_overflow(job->begin[i] + job->extent[i] - 1,
                                   e->stride[i], &last) ||
            __builtin_add_overflow(end, last, &end))
            return false;
    }
    e->end = end;
    return true;
}

static bool add_strides(const struct job *job, const BCCBuffer *buffer,
                        struct elements *e)
{
    e->data = buffer->data;
    e->size = buffer->elementSize;
    e->stride[0] = buffer->stride[0] ? buffer->stride[0] : e->size;
    for (int i = 1; i < 3; i++) {
        e->stride[i] = buffer->stride[i];
        if (!e->stride[i] &&
            __builtin_mul_overflow(e->stride[i - 1],
                                   job->begin[i - 1] + job->extent[i - 1],
                                   &e->stride[i]))
            return false;
    }
    return add_end(job, e);
}

static bool is_aligned(const struct elements *e, uint64_t align)
{
    return (((uintptr_t)e->data | e->stride[0] | e->stride[1] | e->stride[2]) &
            (align - 1)) == 0;
}

/* Overlapping rows or elements of the output would be written by two
 * workers. */
static bool is_disjoint(const struct job *job, const struct elements *e)
{
    uint64_t size = e->size;

    for (int i = 0; i < 3; i++) {
        if (job->extent[i] > 1 && e->stride[i] < size)
            return false;
        size += e->stride[i] * (job->extent[i] - 1);
    }
    return true;
}

static int set_operand(struct job *job, const BCCBuffer *buffer,
                       BCCRunError *error)
{
    const unsigned index = job->n_operands;
    const struct kernel_element *wanted = &job->kernel->element[index];
    struct elements *e = &job->operand[index];
    const char *name = job->kernel->name, *role = operand_name(job, index);

    if (!buffer->data || buffer->elementSize == 0) {
        run_fail(error, "%s: %s %u: no data, or elementSize is 0", name, role,
                 index);
    } else if (wanted->is_exact ? buffer->elementSize != wanted->size
                                : buffer->elementSize < wanted->size) {
        run_fail(error,
                 "%s: %s %u: elements have %s%" PRIu64 " bytes, given %" PRIu64,
                 name, role, index, wanted->is_exact ? "" : "at least ",
                 wanted->size, buffer->elementSize);
    } else if (!add_strides(job, buffer, e) || e->end > buffer->size) {
        run_fail(error,
                 "%s: %s %u: the range does not fit a buffer of %" PRIu64
                 " bytes",
                 name, role, index, buffer->size);
    } else if (!is_aligned(e, wanted->align)) {
        run_fail(error, "%s: %s %u: data or stride not aligned to %" PRIu64,
                 name, role, index, wanted->align);
    } else {
        job->n_operands++;
        return BCC_RUN_DONE;
    }
    return BCC_RUN_INVALID;
}

static bool overlap(const struct elements *a, const struct elements *b)
{
    return (uintptr_t)a->data < (uintptr_t)b->data + b->end &&
           (uintptr_t)b->data < (uintptr_t)a->data + a->end;
}

static bool is_same(const struct elements *a, const struct elements *b)
{
    return a->data == b->data && a->size == b->size &&
           memcmp(a->stride, b->stride, sizeof(a->stride)) == 0;
}

static int check_output(const struct job *job, BCCRunError *error)
{
    const struct elements *out = &job->operand[job->kernel->n_inputs];

    if (!job->kernel->has_output)
        return BCC_RUN_DONE;
    if (!is_disjoint(job, out))
        return invalid(error, job, "out: elements lie in each other");
    for (unsigned i = 0; i < job->kernel->n_inputs; i++) {
        if (!overlap(&job->operand[i], out))
            continue;
        if (job->kernel->is_restrict)
            return invalid(error, job,
                           "in and out overlap, but the kernel has restrict");
        if (!is_same(&job->operand[i], out))
            return invalid(error, job,
                           "in and out overlap, but not element by element");
    }
    return BCC_RUN_DONE;
}

static int check_buffers(struct job *job, const BCCForEach *work,
                         BCCRunError *error)
{
    const BCCKernelRef kernel = job->kernel;
    int result = BCC_RUN_DONE;

    if (work->nIn != kernel->n_inputs || (work->nIn && !work->in)) {
        run_fail(error, "%s: wanted %u inputs, given %zu", kernel->name,
                 kernel->n_inputs, work->nIn);
        return BCC_RUN_INVALID;
    }
    if (kernel->has_output != (work->out != NULL))
        return invalid(error, job,
                       kernel->has_output ? "an output is needed"
                                          : "the kernel has no output");
    /* Without elements no buffer is checked. */
    if (job->n_elements == 0)
        return BCC_RUN_DONE;
    for (size_t i = 0; result == BCC_RUN_DONE && i < work->nIn; i++)
        result = set_operand(job, &work->in[i], error);
    if (result == BCC_RUN_DONE && work->out)
        result = set_operand(job, work->out, error);
    return result ? result : check_output(job, error);
}

static int begin(struct job *job, BCCKernelRef kernel, const BCCForEach *work,
                 BCCRunError *error)
{
    int result;

    if (!kernel || !work || work->size != sizeof(*work)) {
        run_fail(error, "no kernel, or size of BCCForEach is not set");
        return BCC_RUN_INVALID;
    }
    job->kernel = kernel;
    if (kernel->is_item)
        return invalid(error, job, "is a work item: use bccDispatch()");
    if (bccGetPoolWorkers(work->pool) == 0)
        return invalid(error, job, "the pool was disposed of");
    atomic_flag_clear(&job->is_locked);
    result = set_range(job, &work->range, error);
    if (result == BCC_RUN_DONE)
        result = check_buffers(job, work, error);
    set_tiles(job, work->tileSize);
    return result;
}

int bccForEach(BCCKernelRef kernel, const BCCForEach *work, BCCRunError *error)
{
    struct job job;
    int result;

    job.n_operands = 0;
    job.accumulators = NULL;
    job.has_failed = false;
    result = begin(&job, kernel, work, error);
    if (result)
        return result;
    if (kernel->accumulates)
        return invalid(error, &job, "accumulates: use bccReduce()");
    job.user = work->data;
    return run(&job, work->pool, run_tile, error);
}

/* ---- Reductions ---- */

/* Accumulate the other accumulator, as the only element. */
static int32_t accumulate(const struct job *job, void *other)
{
    struct kernel_frame frame;

    frame.user.word = 0;
    frame.user.pointer = job->accumulators;
    frame.y = frame.z = 0;
    frame.operand[0].base.pointer = other;
    frame.operand[0].stride = job->reduction->accumulatorSize;
    return job->kernel->expand(&frame, 0, 1);
}

/* Combine the accumulators in the order of the tiles. */
static int combine(const struct job *job, BCCRunError *error)
{
    const BCCReduction *reduction = job->reduction;

    for (uint32_t i = 1; i < job->n_tiles; i++) {
        uint8_t *other = job->accumulators + (size_t)i * job->accumulator_step;
        int32_t result = 0;

        if (reduction->combine)
            reduction->combine(job->accumulators, other);
        else
            result = accumulate(job, other);
        if (result) {
            run_fail(error, "%s: returned %d for an accumulator",
                     job->kernel->name, result);
            if (error)
                error->result = result;
            return BCC_RUN_FAILED;
        }
    }
    if (reduction->convert)
        reduction->convert(reduction->result, job->accumulators);
    else
        memcpy(reduction->result, job->accumulators,
               reduction->accumulatorSize);
    return BCC_RUN_DONE;
}

/* Are the kernel's elements accumulators? */
static bool combines_itself(const BCCKernelRef kernel,
                            const BCCReduction *reduction)
{
    const struct kernel_element *element = &kernel->element[0];

    return kernel->n_inputs == 1 &&
           element->size == reduction->accumulatorSize && !kernel->has_place;
}

static int check_reduction(const struct job *job, BCCRunError *error)
{
    const BCCReduction *reduction = job->reduction;

    if (!reduction || reduction->size != sizeof(*reduction) ||
        !reduction->result || !reduction->accumulatorSize)
        return invalid(error, job,
                       "BCCReduction: size, accumulatorSize and result are "
                       "needed");
    if (!job->kernel->accumulates)
        return invalid(error, job, "does not accumulate");
    if (!reduction->combine && !combines_itself(job->kernel, reduction))
        return invalid(error, job,
                       "BCCReduction: combine is needed, as elements are no "
                       "accumulators");
    return BCC_RUN_DONE;
}

static bool add_accumulators(struct job *job)
{
    const size_t size = job->reduction->accumulatorSize;
    size_t all;

    if (size > SIZE_MAX - CACHE_LINE)
        return false;
    job->accumulator_step = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    if (__builtin_mul_overflow(job->accumulator_step, (size_t)job->n_tiles,
                               &all))
        return false;
    job->accumulators = aligned_alloc(CACHE_LINE, all);
    if (job->accumulators)
        memset(job->accumulators, 0, all);
    return job->accumulators != NULL;
}

int bccReduce(BCCKernelRef kernel, const BCCForEach *work,
              const BCCReduction *reduction, BCCRunError *error)
{
    struct job job = {.reduction = reduction};
    int result = begin(&job, kernel, work, error);

    if (result == BCC_RUN_DONE)
        result = check_reduction(&job, error);
    if (result)
        return result;
    if (!add_accumulators(&job))
        return invalid(error, &job, "out of memory for accumulators");
    if (job.n_elements == 0 && reduction->initialize)
        reduction->initialize(job.accumulators);
    result = run(&job, work->pool, run_tile, error);
    if (result == BCC_RUN_DONE)
        result = combine(&job, error);
    free(job.accumulators);
    return result;
}

/* ---- Grids ---- */

static bool is_wanted(const struct job *job, unsigned index,
                      const BCCValue *value)
{
    if (job->kernel->locals >> index & 1)
        return value->type == BCC_LOCAL && value->u.i > 0 &&
               (uint64_t)value->u.i < SIZE_MAX / 4;
    return value_agrees(&job->kernel->argument[index], value);
}

static int check_arguments(struct job *job, size_t n, BCCRunError *error)
{
    const BCCKernelRef kernel = job->kernel;

    if (n != kernel->n_arguments || (n && !job->arguments)) {
        run_fail(error, "%s: wanted %u arguments, given %zu", kernel->name,
                 kernel->n_arguments, n);
        return BCC_RUN_INVALID;
    }
    for (unsigned i = 0; i < n; i++) {
        const BCCValue *value = &job->arguments[i];

        if (!is_wanted(job, i, value)) {
            if (kernel->locals >> i & 1)
                run_fail(error,
                         "%s: argument %u: wanted BCC_LOCAL with a number of "
                         "bytes",
                         kernel->name, i + 1);
            else
                value_explain(&kernel->argument[i], value, kernel->name, i,
                              error);
            return BCC_RUN_INVALID;
        }
        if (value->type == BCC_LOCAL &&
            __builtin_add_overflow(job->memory_size,
                                   ((size_t)value->u.i + CACHE_LINE - 1) /
                                       CACHE_LINE * CACHE_LINE,
                                   &job->memory_size))
            return invalid(error, job, "too much local memory");
    }
    return BCC_RUN_DONE;
}

static int refuse_local_size(const struct job *job, int axis,
                             BCCRunError *error)
{
    const uint32_t *wanted = job->kernel->group;

    if (wanted[axis])
        run_fail(error,
                 "%s: local size %" PRIu64 " in %c: the kernel requires %u",
                 job->kernel->name, job->grid->localSize[axis],
                 axis_names[axis], wanted[axis]);
    else
        run_fail(error,
                 "%s: global size %" PRIu64 " in %c is not a multiple of the "
                 "local size %" PRIu64,
                 job->kernel->name, job->grid->globalSize[axis],
                 axis_names[axis], job->local[axis]);
    return BCC_RUN_INVALID;
}

static int set_grid(struct job *job, BCCRunError *error)
{
    const BCCGrid *grid = job->grid;
    BCCRange range;

    for (int i = 0; i < 3; i++) {
        const uint64_t size = grid->globalSize[i] ? grid->globalSize[i] : 1;
        const uint32_t wanted = job->kernel->group[i];

        job->local[i] = grid->localSize[i] ? grid->localSize[i] : wanted;
        job->local[i] += job->local[i] == 0;
        if ((wanted && job->local[i] != wanted) || size % job->local[i])
            return refuse_local_size(job, i, error);
        range.begin[i] = grid->offset[i];
        if (__builtin_add_overflow(grid->offset[i], size, &range.end[i]))
            return invalid(error, job, "offset and size exceed 64 bits");
    }
    return set_range(job, &range, error);
}

/* A kernel with barriers keeps values of each item of a group: add memory for
 * these. */
static int add_private_memory(struct job *job, BCCRunError *error)
{
    uint64_t size;

    job->group_items = 1;
    for (int i = 0; i < 3; i++)
        if (__builtin_mul_overflow(job->group_items, job->local[i],
                                   &job->group_items))
            return invalid(error, job, "a group has more than 2^64 items");
    if (__builtin_mul_overflow(job->group_items, job->kernel->private_size,
                               &size) ||
        size > SIZE_MAX / 4 ||
        __builtin_add_overflow(job->memory_size, (size_t)round_up(size),
                               &job->memory_size))
        return invalid(error, job, "too much memory for the items of a group");
    return BCC_RUN_DONE;
}

static int run_grid(struct job *job, BCCPoolRef pool, BCCRunError *error)
{
    size_t all;
    int result;

    if (__builtin_mul_overflow(job->memory_size,
                               (size_t)bccGetPoolWorkers(pool), &all))
        return invalid(error, job, "too much local memory");
    if (all) {
        job->memory = aligned_alloc(CACHE_LINE, all);
        if (!job->memory)
            return invalid(error, job, "out of memory for local memory");
    }
    result =
        run(job, pool, job->kernel->is_grouped ? run_groups : run_items, error);
    free(job->memory);
    return result;
}

int bccDispatch(BCCKernelRef kernel, BCCPoolRef pool, const BCCGrid *grid,
                const BCCValue *arguments, size_t n, BCCRunError *error)
{
    struct job job = {.kernel = kernel, .grid = grid, .arguments = arguments};
    int result;

    if (!kernel || !grid) {
        run_fail(error, "no kernel, or no grid");
        return BCC_RUN_INVALID;
    }
    if (!kernel->is_item)
        return invalid(error, &job, "is no work item: use bccForEach()");
    if (bccGetPoolWorkers(pool) == 0)
        return invalid(error, &job, "the pool was disposed of");
    result = check_arguments(&job, n, error);
    if (result == BCC_RUN_DONE)
        result = set_grid(&job, error);
    if (result == BCC_RUN_DONE)
        result = add_private_memory(&job, error);
    if (result)
        return result;
    set_tiles(&job, 0);
    if (kernel->is_grouped) {
        const uint64_t n_groups = job.n_elements / job.group_items;

        job.n_tiles = n_groups < job.n_tiles ? (uint32_t)n_groups : job.n_tiles;
    }
    return run_grid(&job, pool, error);
}
