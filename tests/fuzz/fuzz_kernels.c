/* What libobccrun reads of an entry: signatures, texts of kernels and of
 * reductions (section 65), and the calls that follow them. The functions of
 * libobcc that it needs are here, and answer from the entry; its code is
 * replaced by functions that check what they are given. */
#include <string.h>

#include <bcc/bcc_run.h>

#include "cache_read.h"
#include "fuzz.h"
#include "kernel_frame.h"
#include "seal_cache.h"

enum { N_ELEMENTS = 40, ELEMENT = 8, BUFFER = N_ELEMENTS * ELEMENT };

static struct cache_view view;
static struct span whole;

/* Inputs and the output; nothing else may be touched. */
static _Alignas(64) uint8_t memory[KERNEL_MAX_OPERANDS][BUFFER];
static unsigned n_operands;

/* ---- libobcc ---- */

const void *bccGetSection(BCCScriptRef script, uint32_t kind, size_t *ret_size)
{
    const struct span part = kind == OBCC_STRING_POOL
                                 ? view.section[OBCC_STRING_POOL]
                                 : cache_extra_section(whole, kind);

    (void)script;
    *ret_size = part.size;
    return part.data;
}

static int32_t expand(struct kernel_frame *frame, uint64_t x1, uint64_t x2)
{
    fuzz_require(x1 < x2 && x2 <= N_ELEMENTS && frame->y == 0 && frame->z == 0);
    for (unsigned i = 0; i < n_operands; i++) {
        const struct kernel_operand *operand = &frame->operand[i];

        fuzz_require((uint8_t *)operand->base.pointer + x1 * operand->stride >=
                     memory[i]);
        fuzz_require((uint8_t *)operand->base.pointer +
                         (x2 - 1) * operand->stride + ELEMENT <=
                     memory[i] + BUFFER);
    }
    return 0;
}

static void trampoline(void *function, const BCCValue *arguments,
                       BCCValue *result)
{
    (void)arguments;
    fuzz_require(function && result);
}

void *bccGetFuncAddr(BCCScriptRef script, const char *name)
{
    void (*function)(void) = strncmp(name, ".call ", 6)
                                 ? (void (*)(void))expand
                                 : (void (*)(void))trampoline;
    void *address;

    (void)script;
    memcpy(&address, &function, sizeof(address));
    return address;
}

void bccMarkExternalSymbol(BCCScriptRef script, const char *name)
{
    (void)script;
    (void)name;
}

size_t bccGetExportForEachCount(BCCScriptRef script)
{
    (void)script;
    return cache_count(&view, OBCC_EXPORT_FOREACH_LIST);
}

const char *bccGetExportForEachName(BCCScriptRef script, size_t slot)
{
    (void)script;
    if (slot >= cache_count(&view, OBCC_EXPORT_FOREACH_LIST))
        return NULL;
    return cache_string(
        &view, obcc_get32(cache_symbol_at(&view, OBCC_EXPORT_FOREACH_LIST,
                                          (uint32_t)slot)
                              ->name));
}

/* ---- All that is done by name ---- */

static void run_for_each(BCCKernelRef kernel, unsigned n_inputs,
                         bool has_output)
{
    BCCBuffer buffers[KERNEL_MAX_OPERANDS];
    BCCRunError error;
    BCCForEach work = {.size = sizeof(work),
                       .range = {.end = {N_ELEMENTS}},
                       .in = buffers,
                       .nIn = n_inputs,
                       .out = has_output ? &buffers[n_inputs] : NULL,
                       .tileSize = 7};

    for (unsigned i = 0; i < KERNEL_MAX_OPERANDS; i++)
        buffers[i] = (BCCBuffer){memory[i], BUFFER, ELEMENT, {0}};
    n_operands = n_inputs + has_output;
    if (bccForEach(kernel, &work, &error) == BCC_RUN_INVALID)
        fuzz_require(error.message[0]);
}

static void try_kernel(const char *name)
{
    BCCRunError error = {.message = ""};
    BCCKernelRef kernel = bccGetKernel(NULL, name, &error);
    BCCKernelInfo info = {.size = sizeof(info)};
    const BCCGrid grid = {.globalSize = {12}};
    BCCValue arguments[4];

    if (!kernel) {
        fuzz_require(error.message[0]);
        return;
    }
    fuzz_require(bccGetKernelInfo(NULL, name, &info, &error) == 0);
    fuzz_require(info.form && info.signature);
    for (unsigned n = 0; n <= 2; n++) {
        run_for_each(kernel, n, false);
        run_for_each(kernel, n, true);
    }
    n_operands = 0;
    memset(arguments, 0, sizeof(arguments));
    for (size_t n = 0; n <= 4; n++)
        (void)bccDispatch(kernel, NULL, &grid, arguments, n, &error);
    bccDisposeKernel(kernel);
}

static void try_call(const char *name)
{
    BCCRunError error = {.message = ""};
    BCCCallRef call = bccGetCall(NULL, name, NULL, &error);
    BCCValue arguments[4], result;

    memset(arguments, 0, sizeof(arguments));
    for (size_t n = 0; call && n <= 4; n++)
        if (bccInvoke(call, arguments, n, &result, &error))
            fuzz_require(error.message[0]);
    fuzz_require(call || error.message[0]);
    bccDisposeCall(call);
}

static void try_reduction(const char *name)
{
    BCCRunError error = {.message = ""};
    BCCReduction reduction;
    BCCKernelRef kernel = bccGetReduction(NULL, name, &reduction, &error);

    fuzz_require(kernel || error.message[0]);
    bccDisposeKernel(kernel);
}

static void try_all(void)
{
    for (uint32_t i = 0; i < cache_count(&view, OBCC_STRING_POOL); i++) {
        const char *name = cache_string(&view, i);
        void (*function)(void);

        (void)bccGetFuncSignature(NULL, name);
        (void)bccGetFuncParameters(NULL, name);
        (void)bccFindFunc(NULL, name, "i32 -> i32", &function, NULL);
        try_kernel(name);
        try_call(name);
        try_reduction(strncmp(name, "reduce ", 7) ? name : name + 7);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct cache_layout layout;
    struct error err = {0};
    struct span head;

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    seal_cache(copy, size);
    whole = (struct span){copy, size};
    head = (struct span){copy, size < CACHE_HEAD_SIZE ? size : CACHE_HEAD_SIZE};
    if (cache_layout_read(head, size, false, "fuzz", &layout, &err) ==
            STATUS_OK &&
        cache_view_open(whole, &layout, 0, "fuzz", &view, &err) == STATUS_OK)
        try_all();
    free(copy);
    return 0;
}
