/* Whether a product and a sum become one operation, with one rounding, is
 * decided here, before anything is optimised: baseline code and the best code
 * compute the same then, to the last bit. LLVM alone decides late. Where the
 * front end marked both operations (-ffp-contract=fast, Fortran), the code
 * generator joins them, but not the fast one; and llvm.fmuladd, which clang
 * writes by default, is one operation wherever the optimiser knows all the
 * operands, and two on a CPU that has no such operation.
 *
 *   the CPU has it:    marked pairs -> llvm.fmuladd; llvm.fmuladd stays
 *   it does not:       llvm.fmuladd -> product and sum
 *   both:              no pair is marked any more
 *
 * Operations that may be computed in another order, too (-ffast-math), stay as
 * they are. Their results depend on what the optimiser does with them, and auto
 * makes no baseline code for their module. So do those of 32-bit ARM, where the
 * CPU's vectors round otherwise than its scalars. */
#include "module_passes.h"

#include <elf.h>
#include <string.h>

struct contraction {
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    bool fuses; /* in the function that is looked at */
};

/* ---- What the CPU has ---- */

static bool has_feature(const struct target *target, const char *name)
{
    struct cpu_features wanted = {{0}}, has;

    return target_cpu_features(target, &has, NULL) == STATUS_OK &&
           cpu_features_add(&wanted, target->elf_machine, name, strlen(name)) &&
           cpu_features_missing(&wanted, &has) < 0;
}

static bool machine_fuses(const struct target *target)
{
    return target->elf_machine == EM_AARCH64 || has_feature(target, "fma") ||
           has_feature(target, "fma4") || has_feature(target, "avx512f");
}

/* Functions for other CPUs than the program's, which check before they call. */
static bool function_fuses(LLVMValueRef function)
{
    static const char name[] = "target-features";
    LLVMAttributeRef attribute = LLVMGetStringAttributeAtIndex(
        function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, name,
        sizeof(name) - 1);
    unsigned size;

    return attribute &&
           (strstr(LLVMGetStringAttributeValue(attribute, &size), "+fma") ||
            strstr(LLVMGetStringAttributeValue(attribute, &size), "+avx512f"));
}

/* Of types for which a CPU that has it at all has it. */
static bool is_fusible(LLVMTypeRef type)
{
    if (LLVMGetTypeKind(type) == LLVMVectorTypeKind)
        type = LLVMGetElementType(type);
    return LLVMGetTypeKind(type) == LLVMFloatTypeKind ||
           LLVMGetTypeKind(type) == LLVMDoubleTypeKind;
}

/* ---- Instructions ---- */

static bool is_fmuladd(LLVMValueRef at)
{
    static const char name[] = "llvm.fmuladd.";
    LLVMValueRef callee = LLVMIsACallInst(at) ? LLVMGetCalledValue(at) : NULL;

    return callee && LLVMIsAFunction(callee) &&
           strncmp(glue_name(callee), name, sizeof(name) - 1) == 0;
}

/* May be contracted, and nothing that changes more. */
static bool is_marked(LLVMValueRef at)
{
    return LLVMIsAInstruction(at) && LLVMCanValueUseFastMathFlags(at) &&
           (LLVMGetFastMathFlags(at) &
            (LLVMFastMathAllowContract | LLVMFastMathAllowReassoc)) ==
               LLVMFastMathAllowContract;
}

static bool is_marked_product(LLVMValueRef at)
{
    LLVMUseRef use = LLVMIsAInstruction(at) ? LLVMGetFirstUse(at) : NULL;

    return use && !LLVMGetNextUse(use) && is_marked(at) &&
           LLVMGetInstructionOpcode(at) == LLVMFMul;
}

static LLVMValueRef build_fmuladd(struct contraction *c, LLVMValueRef a,
                                  LLVMValueRef b, LLVMValueRef addend)
{
    LLVMTypeRef type = LLVMTypeOf(a);
    unsigned id = LLVMLookupIntrinsicID("llvm.fmuladd", 12);
    LLVMValueRef callee = LLVMGetIntrinsicDeclaration(c->module, id, &type, 1);
    LLVMValueRef arguments[] = {a, b, addend};

    return LLVMBuildCall2(c->builder, LLVMGlobalGetValueType(callee), callee,
                          arguments, 3, "");
}

static void replace(LLVMValueRef at, LLVMValueRef by)
{
    LLVMReplaceAllUsesWith(at, by);
    LLVMInstructionEraseFromParent(at);
}

/* product + c, c + product, product - c, c - product */
static bool join(struct contraction *c, LLVMValueRef sum)
{
    const bool subtracts = LLVMGetInstructionOpcode(sum) == LLVMFSub;
    const bool is_first = is_marked_product(LLVMGetOperand(sum, 0));
    LLVMValueRef product = LLVMGetOperand(sum, is_first ? 0 : 1);
    LLVMValueRef addend = LLVMGetOperand(sum, is_first ? 1 : 0);
    LLVMValueRef a, b;

    if (!is_marked_product(product) || !is_fusible(LLVMTypeOf(sum)))
        return false;
    a = LLVMGetOperand(product, 0);
    b = LLVMGetOperand(product, 1);
    LLVMPositionBuilderBefore(c->builder, sum);
    if (subtracts && is_first)
        addend = LLVMBuildFNeg(c->builder, addend, "");
    else if (subtracts)
        a = LLVMBuildFNeg(c->builder, a, "");
    replace(sum, build_fmuladd(c, a, b, addend));
    LLVMInstructionEraseFromParent(product);
    return true;
}

static void split(struct contraction *c, LLVMValueRef call)
{
    LLVMValueRef product;

    LLVMPositionBuilderBefore(c->builder, call);
    product = LLVMBuildFMul(c->builder, LLVMGetOperand(call, 0),
                            LLVMGetOperand(call, 1), "");
    replace(call,
            LLVMBuildFAdd(c->builder, product, LLVMGetOperand(call, 2), ""));
}

static bool is_sum(LLVMValueRef at)
{
    return LLVMGetInstructionOpcode(at) == LLVMFAdd ||
           LLVMGetInstructionOpcode(at) == LLVMFSub;
}

static void decide(struct contraction *c, LLVMValueRef at)
{
    const bool fuses = c->fuses && is_fusible(LLVMTypeOf(at));

    if (is_fmuladd(at)) {
        if (!fuses && !(LLVMGetFastMathFlags(at) & LLVMFastMathAllowReassoc))
            split(c, at);
        return;
    }
    if (!is_marked(at) || (fuses && is_sum(at) && join(c, at)))
        return;
    /* A product may still be joined with a sum that follows. */
    if (!is_marked_product(at) || !fuses)
        LLVMSetFastMathFlags(at, LLVMGetFastMathFlags(at) &
                                     ~(unsigned)LLVMFastMathAllowContract);
}

static void unmark(LLVMValueRef at)
{
    if (is_marked(at))
        LLVMSetFastMathFlags(at, LLVMGetFastMathFlags(at) &
                                     ~(unsigned)LLVMFastMathAllowContract);
}

/* ---- All of it ---- */

static void decide_function(struct contraction *c, LLVMValueRef function)
{
    LLVMBasicBlockRef block;
    LLVMValueRef at, next;

    for (block = LLVMGetFirstBasicBlock(function); block;
         block = LLVMGetNextBasicBlock(block))
        for (at = LLVMGetFirstInstruction(block); at; at = next) {
            next = LLVMGetNextInstruction(at);
            decide(c, at);
        }
    for (block = LLVMGetFirstBasicBlock(function); block;
         block = LLVMGetNextBasicBlock(block))
        for (at = LLVMGetFirstInstruction(block); at;
             at = LLVMGetNextInstruction(at))
            unmark(at);
}

void contraction_decide(LLVMModuleRef module, const struct target *target)
{
    const bool fuses = machine_fuses(target);
    struct contraction c = {.module = module};

    if (target->elf_machine == EM_ARM)
        return;
    c.builder = LLVMCreateBuilderInContext(LLVMGetModuleContext(module));
    for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
         at = LLVMGetNextFunction(at)) {
        c.fuses = fuses || function_fuses(at);
        decide_function(&c, at);
    }
    LLVMDisposeBuilder(c.builder);
}
