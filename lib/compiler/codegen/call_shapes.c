/* A host that knows a function only by its signature cannot call it in C. So
 * for each distinct signature a trampoline is made here, as LLVM IR. The code
 * generator then applies the same rules of the machine (registers, alignment,
 * structs in registers, vectors) to the trampoline and to the function.
 *
 * Arguments are in memory as the host wrote them, BCCValue after BCCValue. All
 * targets are little-endian, so a narrow integer has the address of a wide one.
 * A parameter that is a struct in LLVM's sense, or passed by a copy (byval), is
 * given by its address. */
#include "call_shapes.h"

#include <stdio.h>
#include <string.h>

#include "kernel_frame.h"
#include "llvm_glue.h"
#include "signature_text.h"

enum { MAX_PARAMETERS = 32, MAX_VALUE = 64, SLOT_ALIGN = 8, MAX_NAME = 2048 };

/* ---- Attributes ---- */

static unsigned attribute_kind(const char *name)
{
    return LLVMGetEnumAttributeKindForName(name, strlen(name));
}

void call_copy_attributes(LLVMValueRef from, LLVMValueRef to)
{
    enum { MAX_ATTRIBUTES = 64 };
    LLVMAttributeRef attributes[MAX_ATTRIBUTES];
    const unsigned n =
        LLVMGetAttributeCountAtIndex(from, LLVMAttributeFunctionIndex);

    if (n > MAX_ATTRIBUTES)
        return;
    LLVMGetAttributesAtIndex(from, LLVMAttributeFunctionIndex, attributes);
    for (unsigned i = 0; i < n; i++)
        if (LLVMIsStringAttribute(attributes[i]))
            LLVMAddAttributeAtIndex(to, LLVMAttributeFunctionIndex,
                                    attributes[i]);
}

void call_set_unwind_table(LLVMValueRef function)
{
    LLVMContextRef context = LLVMGetTypeContext(LLVMTypeOf(function));
    const uint64_t asynchronous = 2;

    LLVMAddAttributeAtIndex(function, LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(context,
                                                    attribute_kind("uwtable"),
                                                    asynchronous));
}

/* Copy the attributes that change how a value is passed. */
static void copy_passing(LLVMValueRef function, LLVMValueRef call,
                         unsigned index)
{
    const unsigned align_kind = attribute_kind("align");

    for (unsigned i = 0; i < n_passings; i++) {
        LLVMAttributeRef attribute = LLVMGetEnumAttributeAtIndex(
            function, index, attribute_kind(passings[i].attribute));
        LLVMAttributeRef align =
            LLVMGetEnumAttributeAtIndex(function, index, align_kind);

        if (attribute)
            LLVMAddCallSiteAttribute(call, index, attribute);
        if (attribute && passings[i].has_type && align)
            LLVMAddCallSiteAttribute(call, index, align);
    }
}

/* Does an attribute need more than a value from the caller? */
static bool has_hard_passing(LLVMValueRef function)
{
    static const char *const hard[] = {"swifterror", "swiftasync", "inalloca",
                                       "preallocated"};

    for (unsigned i = 0; i <= LLVMCountParams(function); i++)
        for (size_t j = 0; j < sizeof(hard) / sizeof(hard[0]); j++)
            if (LLVMGetEnumAttributeAtIndex(function, i,
                                            attribute_kind(hard[j])))
                return true;
    return false;
}

/* ---- Values ---- */

static bool is_aggregate(LLVMTypeRef type)
{
    return LLVMGetTypeKind(type) == LLVMStructTypeKind ||
           LLVMGetTypeKind(type) == LLVMArrayTypeKind;
}

static bool is_bits_of_bytes(LLVMTypeRef type)
{
    LLVMTypeRef element = LLVMGetElementType(type);

    return LLVMGetTypeKind(element) != LLVMIntegerTypeKind ||
           LLVMGetIntTypeWidth(element) % 8 == 0;
}

static bool fits_slot(LLVMTargetDataRef layout, LLVMTypeRef type)
{
    switch (LLVMGetTypeKind(type)) {
    case LLVMHalfTypeKind:
    case LLVMBFloatTypeKind:
    case LLVMFloatTypeKind:
    case LLVMDoubleTypeKind:
    case LLVMX86_FP80TypeKind:
    case LLVMFP128TypeKind:
    case LLVMPPC_FP128TypeKind:
    case LLVMPointerTypeKind:
        return true;
    case LLVMIntegerTypeKind:
        return LLVMGetIntTypeWidth(type) <= 128;
    case LLVMVectorTypeKind:
        return is_bits_of_bytes(type) &&
               LLVMStoreSizeOfType(layout, type) <= MAX_VALUE;
    default:
        return false;
    }
}

static LLVMValueRef slot_of(LLVMBuilderRef builder, LLVMValueRef arguments,
                            unsigned index)
{
    LLVMContextRef context = LLVMGetTypeContext(LLVMTypeOf(arguments));
    LLVMValueRef offset = LLVMConstInt(
        LLVMInt64TypeInContext(context),
        (uint64_t)index * KERNEL_ARGUMENT_SIZE + KERNEL_ARGUMENT_VALUE, false);

    return LLVMBuildInBoundsGEP2(builder, LLVMInt8TypeInContext(context),
                                 arguments, &offset, 1, "");
}

static LLVMValueRef load(LLVMBuilderRef builder, LLVMTypeRef type,
                         LLVMValueRef address, unsigned align)
{
    LLVMValueRef value = LLVMBuildLoad2(builder, type, address, "");

    LLVMSetAlignment(value, align);
    return value;
}

LLVMValueRef call_argument_load(LLVMBuilderRef builder,
                                LLVMTargetDataRef layout,
                                LLVMValueRef arguments, unsigned index,
                                LLVMTypeRef type)
{
    LLVMContextRef context = LLVMGetTypeContext(type);
    LLVMValueRef slot = slot_of(builder, arguments, index);

    if (is_aggregate(type))
        return load(builder, type,
                    load(builder, LLVMPointerTypeInContext(context, 0), slot,
                         SLOT_ALIGN),
                    1);
    if (!fits_slot(layout, type))
        return NULL;
    if (LLVMGetTypeKind(type) == LLVMIntegerTypeKind &&
        LLVMGetIntTypeWidth(type) % 8 != 0) {
        LLVMTypeRef whole = LLVMIntTypeInContext(
            context, (LLVMGetIntTypeWidth(type) + 7) / 8 * 8);

        return LLVMBuildTrunc(builder, load(builder, whole, slot, SLOT_ALIGN),
                              type, "");
    }
    return load(builder, type, slot, SLOT_ALIGN);
}

/* Store the function's result. Integers become 64 bits or more: sign-extended,
 * or zero-extended if the function says so. A struct fills the value's
 * bytes. */
static bool store_result(LLVMBuilderRef builder, LLVMTargetDataRef layout,
                         LLVMValueRef function, LLVMValueRef call,
                         LLVMValueRef result)
{
    LLVMTypeRef type = LLVMTypeOf(call);
    LLVMContextRef context = LLVMGetTypeContext(type);
    const bool is_integer = LLVMGetTypeKind(type) == LLVMIntegerTypeKind;

    if (LLVMGetTypeKind(type) == LLVMVoidTypeKind)
        return true;
    if (is_aggregate(type) ? LLVMABISizeOfType(layout, type) > MAX_VALUE
                           : !fits_slot(layout, type))
        return false;
    if (is_integer && LLVMGetIntTypeWidth(type) < 128) {
        const bool is_zero_extended =
            LLVMGetIntTypeWidth(type) == 1 ||
            LLVMGetEnumAttributeAtIndex(function, LLVMAttributeReturnIndex,
                                        attribute_kind("zeroext"));
        LLVMTypeRef wide = LLVMIntTypeInContext(
            context, LLVMGetIntTypeWidth(type) <= 64 ? 64 : 128);

        call = is_zero_extended ? LLVMBuildZExt(builder, call, wide, "")
                                : LLVMBuildSExt(builder, call, wide, "");
    }
    LLVMSetAlignment(LLVMBuildStore(builder, call, slot_of(builder, result, 0)),
                     SLOT_ALIGN);
    return true;
}

/* ---- Trampolines ---- */

static bool build_call(LLVMBuilderRef builder, LLVMTargetDataRef layout,
                       const struct call_shape *shape, LLVMValueRef trampoline)
{
    LLVMValueRef arguments[MAX_PARAMETERS], call;
    const unsigned n_fixed = LLVMCountParams(shape->function);

    for (unsigned i = 0; i < n_fixed + shape->n_extra; i++) {
        LLVMTypeRef type = i < n_fixed
                               ? LLVMTypeOf(LLVMGetParam(shape->function, i))
                               : shape->extra[i - n_fixed];

        arguments[i] = call_argument_load(builder, layout,
                                          LLVMGetParam(trampoline, 1), i, type);
        if (!arguments[i])
            return false;
    }
    call = LLVMBuildCall2(builder, LLVMGlobalGetValueType(shape->function),
                          LLVMGetParam(trampoline, 0), arguments,
                          n_fixed + shape->n_extra, "");
    LLVMSetInstructionCallConv(call, LLVMGetFunctionCallConv(shape->function));
    for (unsigned i = 0; i <= n_fixed; i++)
        copy_passing(shape->function, call, i);
    return store_result(builder, layout, shape->function, call,
                        LLVMGetParam(trampoline, 2));
}

bool call_shape_define(LLVMModuleRef module, LLVMTargetDataRef layout,
                       const struct call_shape *shape)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    LLVMTypeRef pointer = LLVMPointerTypeInContext(context, 0);
    LLVMTypeRef parameters[] = {pointer, pointer, pointer};
    LLVMBuilderRef builder;
    LLVMValueRef trampoline;
    char name[MAX_NAME];
    bool done;

    if (snprintf(name, sizeof(name), ".call %s", shape->text) >= MAX_NAME ||
        LLVMCountParams(shape->function) + shape->n_extra > MAX_PARAMETERS ||
        has_hard_passing(shape->function))
        return false;
    if (LLVMGetNamedFunction(module, name))
        return true;
    trampoline = LLVMAddFunction(
        module, name,
        LLVMFunctionType(LLVMVoidTypeInContext(context), parameters, 3, false));
    LLVMSetVisibility(trampoline, LLVMHiddenVisibility);
    call_copy_attributes(shape->function, trampoline);
    call_set_unwind_table(trampoline);
    builder = LLVMCreateBuilderInContext(context);
    LLVMPositionBuilderAtEnd(
        builder, LLVMAppendBasicBlockInContext(context, trampoline, ""));
    done = build_call(builder, layout, shape, trampoline);
    LLVMBuildRetVoid(builder);
    LLVMDisposeBuilder(builder);
    if (!done)
        LLVMDeleteFunction(trampoline);
    return done;
}
