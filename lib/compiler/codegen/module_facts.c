/* Front ends write each local variable to memory, and leave it to the optimiser
 * to find those that a register can hold. If many instructions still load or
 * store a whole variable of the stack, no optimiser has run: they are 30 to 50
 * of 100 in the output of front ends, 1 to 3 of 100 after clang -O1 (2026). */
#include "module_passes.h"

enum { MANY_STACK_ACCESSES = 10 /* of 100 instructions */ };

struct counts {
    size_t n_instructions, n_stack_accesses;
    bool is_inexact;
};

static bool is_stack_access(LLVMValueRef at)
{
    LLVMValueRef pointer = NULL;

    if (LLVMIsALoadInst(at))
        pointer = LLVMGetOperand(at, 0);
    else if (LLVMIsAStoreInst(at))
        pointer = LLVMGetOperand(at, 1);
    return pointer && LLVMIsAAllocaInst(pointer);
}

static bool is_inexact(LLVMValueRef at)
{
    return LLVMCanValueUseFastMathFlags(at) &&
           (LLVMGetFastMathFlags(at) &
            (LLVMFastMathAllowReassoc | LLVMFastMathAllowReciprocal |
             LLVMFastMathApproxFunc));
}

static void count(LLVMValueRef function, struct counts *counts)
{
    LLVMBasicBlockRef block;
    LLVMValueRef at;

    for (block = LLVMGetFirstBasicBlock(function); block;
         block = LLVMGetNextBasicBlock(block))
        for (at = LLVMGetFirstInstruction(block); at;
             at = LLVMGetNextInstruction(at)) {
            counts->n_instructions++;
            counts->n_stack_accesses += is_stack_access(at);
            counts->is_inexact |= is_inexact(at);
        }
}

static bool has_few_accesses(const struct counts *counts)
{
    return counts->n_stack_accesses * 100 <=
           counts->n_instructions * MANY_STACK_ACCESSES;
}

bool function_is_optimised(LLVMValueRef function, size_t *ret_n_instructions)
{
    struct counts counts = {0};

    count(function, &counts);
    *ret_n_instructions = counts.n_instructions;
    return has_few_accesses(&counts);
}

struct module_facts module_facts_collect(LLVMModuleRef module)
{
    struct counts counts = {0};

    for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
         at = LLVMGetNextFunction(at))
        count(at, &counts);
    return (struct module_facts){
        .n_instructions = counts.n_instructions,
        .is_optimised = has_few_accesses(&counts),
        .is_inexact = counts.is_inexact,
    };
}
