#include "kernels.h"

#include <stdbool.h>
#include <string.h>

#include "llvm_glue.h"

enum { MAX_DEPTH = 8, MAX_EXTENT = 1 << 16 };

struct extent {
    LLVMTargetDataRef layout;
    uint64_t size, align;
    bool is_inspected; /* the address, too: code may depend on its alignment */
};

static void reach(struct extent *extent, uint64_t offset, uint64_t size,
                  uint64_t align)
{
    if (offset + size > extent->size && offset + size <= MAX_EXTENT)
        extent->size = offset + size;
    if (align > extent->align && offset % align == 0)
        extent->align = align;
}

static void reach_value(struct extent *extent, LLVMValueRef access,
                        LLVMTypeRef type, uint64_t offset)
{
    reach(extent, offset, LLVMABISizeOfType(extent->layout, type),
          LLVMGetAlignment(access));
}

/* memcpy and its like. */
static void reach_bytes(struct extent *extent, LLVMValueRef call,
                        LLVMValueRef pointer, uint64_t offset)
{
    static const char word[] = "align";
    const LLVMAttributeIndex index = LLVMGetOperand(call, 0) == pointer ? 1 : 2;
    LLVMValueRef size = LLVMGetOperand(call, 2);
    LLVMAttributeRef align = LLVMGetCallSiteEnumAttribute(
        call, index, LLVMGetEnumAttributeKindForName(word, strlen(word)));

    if (LLVMIsAConstantInt(size) &&
        LLVMConstIntGetZExtValue(size) <= MAX_EXTENT)
        reach(extent, offset, LLVMConstIntGetZExtValue(size),
              align ? LLVMGetEnumAttributeValue(align) : 1);
}

/* The offset of an index into *type; *type becomes the type of the indexed
 * part. */
static bool step(LLVMTargetDataRef layout, LLVMTypeRef *type, uint64_t index,
                 uint64_t *offset)
{
    switch (LLVMGetTypeKind(*type)) {
    case LLVMStructTypeKind:
        if (index >= LLVMCountStructElementTypes(*type))
            return false;
        *offset += LLVMOffsetOfElement(layout, *type, (unsigned)index);
        *type = LLVMStructGetTypeAtIndex(*type, (unsigned)index);
        return true;
    case LLVMArrayTypeKind:
    case LLVMVectorTypeKind:
        *type = LLVMGetElementType(*type);
        *offset += index * LLVMABISizeOfType(layout, *type);
        return true;
    default:
        return false;
    }
}

/* False: the offset is not constant, or negative. */
static bool add_offset(struct extent *extent, LLVMValueRef gep,
                       uint64_t *offset)
{
    LLVMTypeRef type = LLVMGetGEPSourceElementType(gep);
    const int n = LLVMGetNumOperands(gep);

    for (int i = 1; i < n; i++) {
        LLVMValueRef index = LLVMGetOperand(gep, (unsigned)i);
        uint64_t value;

        if (!LLVMIsAConstantInt(index))
            return false;
        value = LLVMConstIntGetZExtValue(index);
        if (value > MAX_EXTENT)
            return false;
        if (i == 1)
            *offset += value * LLVMABISizeOfType(extent->layout, type);
        else if (!step(extent->layout, &type, value, offset))
            return false;
    }
    return *offset <= MAX_EXTENT;
}

static void follow(struct extent *extent, LLVMValueRef pointer, uint64_t offset,
                   int depth);

/* Unoptimised code keeps the parameter in a variable of the stack and loads it
 * for each use. */
// NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH
static void follow_variable(struct extent *extent, LLVMValueRef variable,
                            uint64_t offset, int depth)
{
    LLVMUseRef use = LLVMGetFirstUse(variable);

    if (!LLVMIsAAllocaInst(variable))
        return;
    for (; use; use = LLVMGetNextUse(use))
        if (LLVMIsALoadInst(LLVMGetUser(use)))
            follow(extent, LLVMGetUser(use), offset, depth + 1);
}

// NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH
static void follow_use(struct extent *extent, LLVMValueRef user,
                       LLVMValueRef pointer, uint64_t offset, int depth)
{
    if (LLVMIsALoadInst(user)) {
        reach_value(extent, user, LLVMTypeOf(user), offset);
    } else if (LLVMIsAStoreInst(user)) {
        LLVMValueRef value = LLVMGetOperand(user, 0);

        if (value == pointer)
            follow_variable(extent, LLVMGetOperand(user, 1), offset, depth);
        else
            reach_value(extent, user, LLVMTypeOf(value), offset);
    } else if (LLVMIsAMemIntrinsic(user)) {
        reach_bytes(extent, user, pointer, offset);
    } else if (LLVMIsAGetElementPtrInst(user)) {
        LLVMTypeRef type = LLVMGetGEPSourceElementType(user);

        if (offset == 0 && LLVMGetTypeKind(type) == LLVMStructTypeKind)
            reach(extent, 0, LLVMABISizeOfType(extent->layout, type), 1);
        if (add_offset(extent, user, &offset))
            follow(extent, user, offset, depth + 1);
    } else if (LLVMIsAPtrToIntInst(user)) {
        extent->is_inspected = true;
    } else if (LLVMIsACastInst(user) || LLVMIsAPHINode(user) ||
               LLVMIsASelectInst(user)) {
        follow(extent, user, offset, depth + 1);
    }
}

// NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH
static void follow(struct extent *extent, LLVMValueRef pointer, uint64_t offset,
                   int depth)
{
    LLVMUseRef use = LLVMGetFirstUse(pointer);

    for (; use && depth < MAX_DEPTH; use = LLVMGetNextUse(use))
        follow_use(extent, LLVMGetUser(use), pointer, offset, depth);
}

uint64_t access_extent(LLVMValueRef pointer, LLVMTargetDataRef layout,
                       uint64_t *ret_align)
{
    struct extent extent = {.layout = layout, .size = 1, .align = 1};

    follow(&extent, pointer, 0, 0);
    *ret_align = extent.is_inspected ? 1 : extent.align;
    return extent.size;
}
