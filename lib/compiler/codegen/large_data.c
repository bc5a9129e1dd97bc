/* x86-64 instructions reach 2 GiB to either side. A program with more bytes of
 * variables does not link natively unless it is compiled with -mcmodel=medium,
 * which puts large variables into sections of their own (.ldata, .lbss,
 * .lrodata; psABI, "Medium code model"). Code adds a 64-bit offset to the
 * address of the GOT to reach these, and all others stay near.
 *
 * Here all sizes are known before code is made, so the user need not choose a
 * model: if the variables of a module sum to more than 1 GiB, the largest ones
 * are marked large, as many as needed for the rest to fit. Code of other
 * programs does not change, and modules compiled for either model run.
 *
 * LLVM treats a variable as large by its mark code_model "large" or by its
 * section's name. The C API cannot set the mark, and a named section always has
 * bytes in the file, even if they are zeros. So a variable of zeros is replaced
 * by one that was read as text, with the mark; variables with bytes get the
 * section. */
#include "module_passes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"

/* 1 GiB: leaves as much for code and constants. */
static const uint64_t max_near_size = UINT64_C(1) << 30;

/* 16 MiB: what a file may hold in zeros. Larger ones are writable memory. */
static const uint64_t max_constant_zeros = UINT64_C(1) << 24;

struct plan {
    LLVMTargetDataRef layout;
    uint64_t max_size; /* of a variable that stays in reach */
};

/* ---- Which variables ---- */

static uint64_t size_of(const struct plan *plan, LLVMValueRef global)
{
    return LLVMABISizeOfType(plan->layout, LLVMGlobalGetValueType(global));
}

static bool takes_memory(LLVMValueRef global)
{
    return !LLVMIsDeclaration(global) && !LLVMIsThreadLocal(global) &&
           LLVMGetLinkage(global) != LLVMAvailableExternallyLinkage &&
           LLVMGetLinkage(global) != LLVMAppendingLinkage &&
           LLVMGetPointerAddressSpace(LLVMTypeOf(global)) == 0;
}

/* A variable with a section of its own is not moved. */
static bool is_large(const struct plan *plan, LLVMValueRef global)
{
    const char *section = LLVMGetSection(global);

    return takes_memory(global) && !(section && *section) &&
           size_of(plan, global) > plan->max_size;
}

static uint64_t near_size(const struct plan *plan, LLVMModuleRef module)
{
    uint64_t total = 0;
    LLVMValueRef at;

    for (at = LLVMGetFirstGlobal(module); at; at = LLVMGetNextGlobal(at)) {
        uint64_t size;

        if (!takes_memory(at) || is_large(plan, at))
            continue;
        size = size_of(plan, at);
        if (size > max_near_size - total)
            return UINT64_MAX;
        total += size;
    }
    return total;
}

/* Halve the bound until the rest fits; 0 if nothing else helps. */
static void choose_bound(struct plan *plan, LLVMModuleRef module)
{
    plan->max_size = UINT64_MAX;
    while (plan->max_size && near_size(plan, module) > max_near_size)
        plan->max_size /= 2;
}

/* ---- Variables of zeros ---- */

static bool is_zeros(LLVMValueRef global)
{
    LLVMValueRef initializer = LLVMGetInitializer(global);

    return !LLVMIsGlobalConstant(global) &&
           (LLVMIsNull(initializer) || LLVMIsUndef(initializer));
}

/* Make variables of zeros writable. Constant zeros are bytes in the file, and
 * the optimiser makes a variable constant that is never written. */
static void free_constant_zeros(const struct plan *plan, LLVMModuleRef module)
{
    LLVMValueRef at;

    for (at = LLVMGetFirstGlobal(module); at; at = LLVMGetNextGlobal(at))
        if (takes_memory(at) && LLVMIsGlobalConstant(at) &&
            size_of(plan, at) > max_constant_zeros &&
            LLVMIsNull(LLVMGetInitializer(at)))
            LLVMSetGlobalConstant(at, false);
}

static unsigned alignment_of(const struct plan *plan, LLVMValueRef global)
{
    const unsigned align = LLVMGetAlignment(global);

    return align ? align : LLVMPreferredAlignmentOfGlobal(plan->layout, global);
}

enum { MAX_NAME = 40 };

static void name_replacement(size_t index, char ret_name[MAX_NAME])
{
    snprintf(ret_name, MAX_NAME, "bcc.large.%zu", index);
}

static void append_definition(struct buffer *text, const struct plan *plan,
                              LLVMValueRef global, size_t index)
{
    char name[MAX_NAME];
    char line[256];
    int size;

    name_replacement(index, name);
    size = snprintf(line, sizeof(line),
                    "@%s = global [%" PRIu64 " x i8] zeroinitializer, "
                    "align %u, code_model \"large\"\n",
                    name, size_of(plan, global), alignment_of(plan, global));
    buffer_append(text, line, (size_t)size);
}

static enum status link_definitions(struct glue *glue, LLVMModuleRef module,
                                    struct span text, const char *name,
                                    struct error *err)
{
    LLVMModuleRef definitions;
    enum status status = glue_read_text(glue, text, name, &definitions, err);

    if (status)
        return status;
    LLVMSetTarget(definitions, LLVMGetTarget(module));
    LLVMSetDataLayout(definitions, LLVMGetDataLayoutStr(module));
    return glue_link(glue, module, definitions, name, err);
}

/* Replace global by `large`, and delete it. */
static void replace(LLVMValueRef global, LLVMValueRef large)
{
    char *name = LLVMCreateMessage(glue_name(global));

    LLVMSetLinkage(large, LLVMGetLinkage(global));
    LLVMSetVisibility(large, LLVMGetVisibility(global));
    LLVMSetUnnamedAddress(large, LLVMGetUnnamedAddress(global));
    glue_copy_metadata(global, large);
    LLVMReplaceAllUsesWith(global, large);
    LLVMDeleteGlobal(global);
    LLVMSetValueName2(large, name, strlen(name));
    LLVMDisposeMessage(name);
}

/* The linked variables come behind the last one of the module. */
static void replace_zeros(const struct plan *plan, LLVMModuleRef module,
                          LLVMValueRef last)
{
    LLVMValueRef next = LLVMGetFirstGlobal(module);
    LLVMValueRef at;
    size_t index = 0;

    do {
        char name[MAX_NAME];

        at = next;
        next = LLVMGetNextGlobal(at);
        if (!is_large(plan, at) || !is_zeros(at))
            continue;
        name_replacement(index++, name);
        replace(at, LLVMGetNamedGlobal(module, name));
    } while (at != last);
}

/* ---- All of them ---- */

enum status large_data_mark(struct glue *glue, LLVMModuleRef module,
                            const struct target *target, const char *name,
                            struct error *err)
{
    struct plan plan = {.layout = target->layout};
    LLVMValueRef last = LLVMGetLastGlobal(module);
    enum status status = STATUS_OK;
    struct buffer text;
    size_t n_zeros = 0;

    free_constant_zeros(&plan, module);
    if (!target->kind->has_large_data)
        return STATUS_OK;
    choose_bound(&plan, module);
    if (plan.max_size == UINT64_MAX)
        return STATUS_OK;
    buffer_init(&text);
    for (LLVMValueRef at = LLVMGetFirstGlobal(module); at;
         at = LLVMGetNextGlobal(at)) {
        if (!is_large(&plan, at))
            continue;
        if (is_zeros(at))
            append_definition(&text, &plan, at, n_zeros++);
        else
            LLVMSetSection(at,
                           LLVMIsGlobalConstant(at) ? ".lrodata" : ".ldata");
    }
    if (buffer_failed(&text))
        status = error_no_memory(err);
    else if (n_zeros)
        status = link_definitions(glue, module, buffer_span(&text), name, err);
    if (status == STATUS_OK && n_zeros)
        replace_zeros(&plan, module, last);
    buffer_release(&text);
    return status;
}
