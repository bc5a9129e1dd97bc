/* LLVM's code generator writes a trampoline into the memory that
 * llvm.init.trampoline is given, mostly on the stack, and asks for an
 * executable stack. But libbcc must not change a host's stack. So this memory
 * gets the address of a piece of code that was made before
 * (routines/trampoline.c). llvm.adjust.trampoline, which turns the memory's
 * address into that of code, reads it from there. On machines without a
 * register for the static chain, no piece of code could pass it, and such a
 * module is refused. */
#include "module_passes.h"

#include <stdbool.h>
#include <string.h>

#include "llvm_glue.h"

static const char routine[] = "__bcc_init_trampoline";

/* The name may end with the type of the address, depending on LLVM's
 * version. */
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

    LLVMSetAlignment(load, 1); /* the front end may have chosen any alignment */
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

enum status trampolines_lower(LLVMModuleRef module, const struct target *target,
                              const char *name, struct error *err)
{
    LLVMValueRef next, at = LLVMGetFirstFunction(module);

    for (; at; at = next) {
        const bool is_init = is_intrinsic(at, "llvm.init.trampoline");

        next = LLVMGetNextFunction(at);
        if (!is_init && !is_intrinsic(at, "llvm.adjust.trampoline"))
            continue;
        if (!target->kind->has_trampolines)
            return error_set(err, STATUS_UNSUPPORTED,
                             "%s: takes the address of a nested function, "
                             "which is not handled for '%s'",
                             name, target->triple);
        lower_calls(module, at, is_init);
        LLVMDeleteFunction(at);
    }
    return STATUS_OK;
}
