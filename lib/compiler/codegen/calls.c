/* OpenCL C's functions carry SPIR's calling convention. Code generators treat
 * it as C's, but LLVM's optimiser compares the names: a C script's call of an
 * OpenCL runtime would be "undefined behaviour", and all that follows it would
 * be deleted without a word. So where a module has such functions they become
 * C functions, and all calls of them C calls, indirect ones too. */
#include "calls.h"

bool calls_is_call(LLVMValueRef instruction)
{
    switch (LLVMGetInstructionOpcode(instruction)) {
    case LLVMCall:
    case LLVMInvoke:
    case LLVMCallBr:
        return true;
    default:
        return false;
    }
}

static void normalise_calls(LLVMValueRef function)
{
    LLVMBasicBlockRef block = LLVMGetFirstBasicBlock(function);

    for (; block; block = LLVMGetNextBasicBlock(block)) {
        LLVMValueRef at = LLVMGetFirstInstruction(block);
        for (; at; at = LLVMGetNextInstruction(at))
            if (calls_is_call(at) &&
                LLVMGetInstructionCallConv(at) == LLVMSPIRFUNCCallConv)
                LLVMSetInstructionCallConv(at, LLVMCCallConv);
    }
}

void calls_normalise(LLVMModuleRef module)
{
    LLVMValueRef at;
    bool any = false;

    for (at = LLVMGetFirstFunction(module); at; at = LLVMGetNextFunction(at)) {
        if (LLVMGetFunctionCallConv(at) != LLVMSPIRFUNCCallConv)
            continue;
        LLVMSetFunctionCallConv(at, LLVMCCallConv);
        any = true;
    }
    if (!any)
        return;
    for (at = LLVMGetFirstFunction(module); at; at = LLVMGetNextFunction(at))
        normalise_calls(at);
}
