/* All items of a group must reach a barrier before any of them goes on. With
 * all items in one loop that is loop fission:
 *
 *     for (x) { a(x); barrier(); b(x); }
 *
 * becomes
 *
 *     for (x) a(x);
 *     for (x) b(x);
 *
 * The code between two barriers is a region. A value that an item computes in
 * one region and needs in a later one is kept in private memory, a row for each
 * item; so are variables whose address is taken.
 *
 * This needs barriers that all items pass, each once: not in a loop, not under
 * a condition. Then each region begins in one block and ends in one. */
#include "kernels.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_frame.h"
#include "llvm_glue.h"

enum { MAX_REGIONS = 32, MAX_BLOCKS = 1024, MAX_KEPT = 512, NOWHERE = -1 };

static const char not_uniform[] =
    "it waits at a barrier that lies in a loop or under a condition";

struct region {
    LLVMBasicBlockRef header; /* with the phi */
    LLVMBasicBlockRef start;  /* first block of the kernel */
    LLVMBasicBlockRef stop;   /* last block of the kernel */
    LLVMValueRef x, next;
    LLVMValueRef row; /* the item's row of private memory; NULL: not needed */
};

struct kept {
    LLVMValueRef value;
    int region; /* the region that computes it; NOWHERE: a variable */
    uint64_t offset;
};

struct work {
    const struct fission *fission;
    LLVMContextRef context;
    LLVMBuilderRef builder;
    LLVMTypeRef word;
    LLVMValueRef private_memory;         /* loaded in the form's first block */
    LLVMBasicBlockRef before, end, done; /* of the loop */
    /* Blocks that end at a barrier, and the blocks behind them. */
    LLVMBasicBlockRef stop[MAX_REGIONS], behind[MAX_REGIONS];
    unsigned n_barriers;
    struct region region[MAX_REGIONS];
    unsigned n_regions;
    struct {
        LLVMBasicBlockRef block;
        int region;
    } block[MAX_BLOCKS];
    unsigned n_blocks;
    struct kept kept[MAX_KEPT];
    unsigned n_kept;
    uint64_t size, align; /* of a row */
    const char *fault;
};

static LLVMBasicBlockRef add_block(const struct work *w)
{
    return LLVMAppendBasicBlockInContext(w->context, w->fission->form, "");
}

static LLVMValueRef number(const struct work *w, uint64_t value)
{
    return LLVMConstInt(w->word, value, false);
}

/* ---- Cutting ---- */

/* Make a new phi: the blocks of a phi cannot be changed. */
static LLVMValueRef rebuild_phi(const struct work *w, LLVMValueRef phi,
                                LLVMBasicBlockRef old, LLVMBasicBlockRef now)
{
    LLVMValueRef copy;

    LLVMPositionBuilderBefore(w->builder, phi);
    copy = LLVMBuildPhi(w->builder, LLVMTypeOf(phi), "");
    for (unsigned i = 0; i < LLVMCountIncoming(phi); i++) {
        LLVMValueRef value = LLVMGetIncomingValue(phi, i);
        LLVMBasicBlockRef block = LLVMGetIncomingBlock(phi, i);

        block = block == old ? now : block;
        LLVMAddIncoming(copy, &value, &block, 1);
    }
    LLVMReplaceAllUsesWith(phi, copy);
    LLVMInstructionEraseFromParent(phi);
    return copy;
}

static void rename_predecessor(struct work *w, LLVMBasicBlockRef block,
                               LLVMBasicBlockRef old, LLVMBasicBlockRef now,
                               LLVMValueRef *x)
{
    LLVMValueRef at = LLVMGetFirstInstruction(block), next;

    for (; at && LLVMIsAPHINode(at); at = next) {
        LLVMValueRef copy;

        next = LLVMGetNextInstruction(at);
        copy = rebuild_phi(w, at, old, now);
        if (at == *x)
            *x = copy;
    }
}

/* Remove the barrier; the code behind it becomes a block of its own. */
static void cut(struct work *w, LLVMValueRef barrier, LLVMValueRef *x)
{
    LLVMBasicBlockRef block = LLVMGetInstructionParent(barrier);
    LLVMBasicBlockRef behind = add_block(w);
    LLVMValueRef at = LLVMGetNextInstruction(barrier), next, end;

    LLVMPositionBuilderAtEnd(w->builder, behind);
    for (; at; at = next) {
        next = LLVMGetNextInstruction(at);
        LLVMInstructionRemoveFromParent(at);
        LLVMInsertIntoBuilder(w->builder, at);
    }
    LLVMInstructionEraseFromParent(barrier);
    end = LLVMGetBasicBlockTerminator(behind);
    for (unsigned i = 0; i < LLVMGetNumSuccessors(end); i++)
        rename_predecessor(w, LLVMGetSuccessor(end, i), block, behind, x);
    w->stop[w->n_barriers] = block;
    w->behind[w->n_barriers++] = behind;
}

static void cut_all(struct work *w, LLVMValueRef *x)
{
    LLVMValueRef barriers[MAX_REGIONS], at = NULL;
    unsigned n = 0;

    while ((at = glue_next_instruction(w->fission->form, at)))
        if (glue_is_call(at) && w->fission->is_barrier(at)) {
            if (n == MAX_REGIONS - 1) {
                w->fault = "it has too many barriers";
                return;
            }
            barriers[n++] = at;
        }
    for (unsigned i = 0; i < n; i++) {
        if (LLVMIsATerminatorInst(barriers[i]) ||
            LLVMGetFirstUse(barriers[i])) {
            w->fault = "its barrier is not void, or may throw";
            return;
        }
        cut(w, barriers[i], x);
    }
}

/* ---- Regions ---- */

static int region_of(const struct work *w, LLVMBasicBlockRef block)
{
    for (unsigned i = 0; i < w->n_blocks; i++)
        if (w->block[i].block == block)
            return w->block[i].region;
    return NOWHERE;
}

static bool add_to_region(struct work *w, LLVMBasicBlockRef block, int region)
{
    if (w->n_blocks == MAX_BLOCKS) {
        w->fault = "it has too many blocks";
        return false;
    }
    w->block[w->n_blocks].block = block;
    w->block[w->n_blocks++].region = region;
    return true;
}

static int find_barrier(const struct work *w, LLVMBasicBlockRef stop)
{
    for (unsigned i = 0; i < w->n_barriers; i++)
        if (w->stop[i] == stop)
            return (int)i;
    return NOWHERE;
}

static void visit(struct work *w, struct region *region, int index,
                  LLVMBasicBlockRef block)
{
    const int known = region_of(w, block);

    if (known == index)
        return;
    if (known != NOWHERE)
        w->fault = not_uniform;
    else if (add_to_region(w, block, index) &&
             (block == w->end || find_barrier(w, block) != NOWHERE)) {
        if (region->stop)
            w->fault = not_uniform;
        region->stop = block;
    }
}

/* Visit all blocks from the start to the next barriers, or to the end. */
static void walk(struct work *w, int index)
{
    struct region *region = &w->region[index];
    const unsigned first = w->n_blocks;

    visit(w, region, index, region->start);
    for (unsigned i = first; i < w->n_blocks && !w->fault; i++) {
        LLVMBasicBlockRef block = w->block[i].block;
        LLVMValueRef end = LLVMGetBasicBlockTerminator(block);

        if (!end || block == w->end)
            continue;
        for (unsigned j = 0; j < LLVMGetNumSuccessors(end); j++)
            visit(w, region, index, LLVMGetSuccessor(end, j));
    }
    if (!region->stop && !w->fault)
        w->fault = not_uniform;
}

static void find_regions(struct work *w, LLVMBasicBlockRef loop)
{
    w->region[0].start = w->region[0].header = loop;
    for (w->n_regions = 1; !w->fault; w->n_regions++) {
        const int index = (int)w->n_regions - 1;
        int barrier;

        walk(w, index);
        if (w->fault)
            return;
        barrier = find_barrier(w, w->region[index].stop);
        if (barrier == NOWHERE)
            break;
        w->region[index + 1].start = w->behind[barrier];
    }
    if (w->n_regions != w->n_barriers + 1)
        w->fault = not_uniform;
}

/* ---- Loops ---- */

static void build_headers(struct work *w, LLVMValueRef x)
{
    LLVMValueRef first = LLVMGetIncomingValue(x, 0);

    LLVMPositionBuilderBefore(w->builder, x);
    w->region[0].x = LLVMBuildPhi(w->builder, w->word, "");
    LLVMAddIncoming(w->region[0].x, &first, &w->before, 1);
    LLVMReplaceAllUsesWith(x, w->region[0].x);
    LLVMInstructionEraseFromParent(x);
    for (unsigned i = 1; i < w->n_regions; i++) {
        struct region *region = &w->region[i];

        region->header = add_block(w);
        LLVMPositionBuilderAtEnd(w->builder, region->header);
        region->x = LLVMBuildPhi(w->builder, w->word, "");
        LLVMAddIncoming(region->x, &first, &w->region[i - 1].stop, 1);
        LLVMBuildBr(w->builder, region->start);
        (void)add_to_region(w, region->header, (int)i);
    }
}

static void build_ends(struct work *w)
{
    LLVMInstructionEraseFromParent(LLVMGetBasicBlockTerminator(w->end));
    for (unsigned i = 0; i < w->n_regions; i++) {
        struct region *region = &w->region[i];
        LLVMBasicBlockRef then =
            i + 1 < w->n_regions ? w->region[i + 1].header : w->done;

        LLVMPositionBuilderAtEnd(w->builder, region->stop);
        region->next = LLVMBuildNUWAdd(w->builder, region->x, number(w, 1), "");
        LLVMBuildCondBr(w->builder,
                        LLVMBuildICmp(w->builder, LLVMIntULT, region->next,
                                      LLVMGetParam(w->fission->form, 2), ""),
                        region->header, then);
        LLVMAddIncoming(region->x, &region->next, &region->stop, 1);
    }
}

/* ---- What is kept ---- */

static void replace_in_region(const struct work *w, int region,
                              LLVMValueRef old, LLVMValueRef now)
{
    for (LLVMUseRef use = LLVMGetFirstUse(old), next; use; use = next) {
        LLVMValueRef user = LLVMGetUser(use);

        next = LLVMGetNextUse(use);
        if (region_of(w, LLVMGetInstructionParent(user)) != region)
            continue;
        for (int i = 0; i < LLVMGetNumOperands(user); i++)
            if (LLVMGetOperand(user, (unsigned)i) == old)
                LLVMSetOperand(user, (unsigned)i, now);
        next = LLVMGetFirstUse(old); /* the list has changed */
        if (!next)
            return;
        while (next && region_of(w, LLVMGetInstructionParent(
                                        LLVMGetUser(next))) != region)
            next = LLVMGetNextUse(next);
    }
}

static bool is_used_elsewhere(const struct work *w, LLVMValueRef value,
                              int region)
{
    LLVMUseRef use = LLVMGetFirstUse(value);

    for (; use; use = LLVMGetNextUse(use))
        if (region_of(w, LLVMGetInstructionParent(LLVMGetUser(use))) != region)
            return true;
    return false;
}

static void keep(struct work *w, LLVMValueRef value, int region,
                 LLVMTypeRef type)
{
    const uint64_t align = LLVMABIAlignmentOfType(w->fission->layout, type);

    if (w->n_kept == MAX_KEPT) {
        w->fault = "too many of its values are needed after a barrier";
        return;
    }
    w->align = align > w->align ? align : w->align;
    w->size = (w->size + align - 1) / align * align;
    w->kept[w->n_kept++] = (struct kept){value, region, w->size};
    w->size += LLVMABISizeOfType(w->fission->layout, type);
}

/* Variables are before the loop, where the marks of their lifetime would be
 * wrong. */
static void drop_lifetimes(LLVMValueRef variable)
{
    for (LLVMUseRef use = LLVMGetFirstUse(variable), next; use; use = next) {
        LLVMValueRef user = LLVMGetUser(use);
        LLVMValueRef called =
            LLVMIsACallInst(user) ? LLVMGetCalledValue(user) : NULL;

        next = LLVMGetNextUse(use);
        if (called && LLVMIsAFunction(called) &&
            strncmp(glue_name(called), "llvm.lifetime.", 14) == 0)
            LLVMInstructionEraseFromParent(user);
    }
}

static void keep_variable(struct work *w, LLVMValueRef variable)
{
    LLVMUseRef use;
    int region;

    drop_lifetimes(variable);
    use = LLVMGetFirstUse(variable);
    if (!use)
        return;
    region = region_of(w, LLVMGetInstructionParent(LLVMGetUser(use)));
    if (!LLVMIsAConstantInt(LLVMGetOperand(variable, 0)) ||
        LLVMConstIntGetZExtValue(LLVMGetOperand(variable, 0)) != 1)
        w->fault = "it has an array whose size is computed";
    else if (is_used_elsewhere(w, variable, region))
        keep(w, variable, NOWHERE, LLVMGetAllocatedType(variable));
}

static bool is_kept_type(LLVMTypeRef type)
{
    return LLVMTypeIsSized(type) && LLVMGetTypeKind(type) != LLVMVoidTypeKind;
}

static void find_kept(struct work *w)
{
    LLVMValueRef at = NULL;

    while (!w->fault && (at = glue_next_instruction(w->fission->form, at))) {
        const int region = region_of(w, LLVMGetInstructionParent(at));

        if (LLVMIsAAllocaInst(at)) {
            if (region == NOWHERE)
                keep_variable(w, at);
            else
                w->fault = "it has a variable of changing size";
        } else if (region != NOWHERE && is_used_elsewhere(w, at, region)) {
            if (!is_kept_type(LLVMTypeOf(at)) || LLVMIsATerminatorInst(at))
                w->fault = "a value is needed after a barrier that cannot be "
                           "kept";
            else
                keep(w, at, region, LLVMTypeOf(at));
        }
    }
}

/* ---- Rows ---- */

static LLVMValueRef at_offset(const struct work *w, LLVMValueRef pointer,
                              LLVMValueRef offset)
{
    return LLVMBuildInBoundsGEP2(w->builder, LLVMInt8TypeInContext(w->context),
                                 pointer, &offset, 1, "");
}

static void load_private_memory(struct work *w)
{
    LLVMBasicBlockRef first = LLVMGetEntryBasicBlock(w->fission->form);

    LLVMPositionBuilderBefore(w->builder, LLVMGetBasicBlockTerminator(first));
    w->private_memory = LLVMBuildLoad2(
        w->builder, LLVMPointerTypeInContext(w->context, 0),
        at_offset(w, LLVMGetParam(w->fission->form, 0),
                  number(w, offsetof(struct kernel_frame, private_memory))),
        "");
}

/* In the region's header, behind its phis. */
static void position_at_start(const struct work *w, const struct region *region)
{
    LLVMValueRef at = LLVMGetFirstInstruction(region->header);

    while (LLVMIsAPHINode(at))
        at = LLVMGetNextInstruction(at);
    LLVMPositionBuilderBefore(w->builder, at);
}

static void build_rows(struct work *w)
{
    load_private_memory(w);
    for (unsigned i = 0; i < w->n_regions; i++) {
        struct region *region = &w->region[i];

        position_at_start(w, region);
        region->row = at_offset(
            w, w->private_memory,
            LLVMBuildNUWMul(w->builder, region->x, number(w, w->size), ""));
    }
}

static LLVMValueRef place_of(const struct work *w, int region,
                             const struct kept *kept)
{
    return at_offset(w, w->region[region].row, number(w, kept->offset));
}

/* Behind the value, in the row of its region's item. */
static void store_kept(const struct work *w, const struct kept *kept)
{
    LLVMValueRef at = LLVMGetNextInstruction(kept->value);

    while (LLVMIsAPHINode(at))
        at = LLVMGetNextInstruction(at);
    LLVMPositionBuilderBefore(w->builder, at);
    LLVMBuildStore(w->builder, kept->value, place_of(w, kept->region, kept));
}

static bool is_used_in(const struct work *w, LLVMValueRef value, int region)
{
    LLVMUseRef use = LLVMGetFirstUse(value);

    for (; use; use = LLVMGetNextUse(use))
        if (region_of(w, LLVMGetInstructionParent(LLVMGetUser(use))) == region)
            return true;
    return false;
}

static void use_kept(const struct work *w, const struct kept *kept)
{
    for (int i = 0; i < (int)w->n_regions; i++) {
        LLVMValueRef now;

        if (i == kept->region || !is_used_in(w, kept->value, i))
            continue;
        /* Behind the row. */
        LLVMPositionBuilderBefore(w->builder,
                                  LLVMGetNextInstruction(w->region[i].row));
        now = place_of(w, i, kept);
        if (kept->region != NOWHERE)
            now = LLVMBuildLoad2(w->builder, LLVMTypeOf(kept->value), now, "");
        replace_in_region(w, i, kept->value, now);
    }
}

/* ---- All of it ---- */

static void make(struct work *w)
{
    LLVMValueRef x = w->fission->x, branch;
    LLVMBasicBlockRef loop = LLVMGetInstructionParent(x);

    cut_all(w, &x);
    if (w->fault)
        return;
    w->before = LLVMGetIncomingBlock(x, 0);
    w->end = LLVMGetIncomingBlock(x, 1);
    branch = LLVMGetBasicBlockTerminator(w->end);
    w->done = LLVMGetSuccessor(branch, 1);
    find_regions(w, loop);
    if (w->fault)
        return;
    build_headers(w, x);
    build_ends(w);
    for (unsigned i = 1; i < w->n_regions; i++)
        replace_in_region(w, (int)i, w->region[0].x, w->region[i].x);
    find_kept(w);
    if (w->fault || w->n_kept == 0)
        return;
    w->size = (w->size + w->align - 1) / w->align * w->align;
    build_rows(w);
    for (unsigned i = 0; i < w->n_kept; i++) {
        if (w->kept[i].region != NOWHERE)
            store_kept(w, &w->kept[i]);
        use_kept(w, &w->kept[i]);
    }
}

const char *fission_make(const struct fission *fission, uint64_t *ret_private)
{
    struct work *w = calloc(1, sizeof(*w));
    const char *fault;

    if (!w)
        return "out of memory";
    w->fission = fission;
    w->context = LLVMGetTypeContext(LLVMTypeOf(fission->form));
    w->word = LLVMInt64TypeInContext(w->context);
    w->builder = LLVMCreateBuilderInContext(w->context);
    make(w);
    LLVMDisposeBuilder(w->builder);
    fault = w->fault;
    *ret_private = w->size;
    free(w);
    return fault;
}
