/* LLVM's code generator writes a trampoline into the memory given to
 * llvm.init.trampoline, mostly on the stack, and requests an executable stack.
 * libbcc must not change the stack of a host. So the memory gets the address of
 * a piece of code that was made beforehand (routines/trampoline.c), and
 * llvm.adjust.trampoline, which natively returns the memory's own address,
 * reads the address from it. */
#include "module_passes.h"

#include <stdbool.h>
#include <string.h>

#include "llvm_glue.h"

static const char routine[] = "__bcc_init_trampoline";

/* With or without the type of the address behind it, by LLVM's version. */
static bool is_intrinsic(LLVMValueRef function, const char *name)
{
    const char *its_name = glue_name(function);
    const size_t size = strlen(name);

    return strncmp(its_name, name, size) == 0 &&
           (its_name[size] == '\0' || its_name[size] == '.');
}

static LLVMValueRef find_routine(LLVMModuleRef module, LLVMTypeRef type)
{
    LLVMValueRef function = LLVMGetNamedFunction(module, routine);

    if (function)
        return function;
    function = LLVMAddFunction(module, routine, type);
    LLVMSetVisibility(function, LLVMHiddenVisibility);
    return function;
}

static void lower_init(LLVMModuleRef module, LLVMBuilderRef builder,
                       LLVMValueRef call)
{
    LLVMTypeRef type = LLVMGetCalledFunctionType(call);
    LLVMValueRef operands[3];

    for (unsigned i = 0; i < 3; i++)
        operands[i] = LLVMGetOperand(call, i);
    LLVMBuildCall2(builder, type, find_routine(module, type), operands, 3, "");
}

static void lower_adjust(LLVMBuilderRef builder, LLVMValueRef call)
{
    LLVMValueRef load =
        LLVMBuildLoad2(builder, LLVMTypeOf(call), LLVMGetOperand(call, 0), "");

    LLVMSetAlignment(load, 1); /* whatever the front end asked for */
    LLVMReplaceAllUsesWith(call, load);
}

static void lower_calls(LLVMModuleRef module, LLVMValueRef intrinsic,
                        bool is_init)
{
    LLVMBuilderRef builder =
        LLVMCreateBuilderInContext(LLVMGetModuleContext(module));
    LLVMUseRef use;

    while ((use = LLVMGetFirstUse(intrinsic))) {
        LLVMValueRef call = LLVMGetUser(use);

        LLVMPositionBuilderBefore(builder, call);
        if (is_init)
            lower_init(module, builder, call);
        else
            lower_adjust(builder, call);
        LLVMInstructionEraseFromParent(call);
    }
    LLVMDisposeBuilder(builder);
}

void trampolines_lower(LLVMModuleRef module)
{
    LLVMValueRef next, at = LLVMGetFirstFunction(module);

    for (; at; at = next) {
        const bool is_init = is_intrinsic(at, "llvm.init.trampoline");

        next = LLVMGetNextFunction(at);
        if (!is_init && !is_intrinsic(at, "llvm.adjust.trampoline"))
            continue;
        lower_calls(module, at, is_init);
        LLVMDeleteFunction(at);
    }
}
