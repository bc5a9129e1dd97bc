/* Contraction: a product and a sum become one operation with one rounding. It
 * is decided here, before anything is optimised, so that baseline code and the
 * best code compute the same, to the last bit. LLVM alone decides late. If the
 * front end marked both operations (-ffp-contract=fast, Fortran), the
 * optimising code generator joins them, and the fast one does not. And
 * llvm.fmuladd, which clang writes by default, becomes two operations where the
 * optimiser knows the product; on a CPU without the joined operation it becomes
 * one where the optimiser knows all operands.
 *
 *   the CPU has it:    marked pairs, llvm.fmuladd -> llvm.fma
 *   it does not:       llvm.fmuladd -> product and sum
 *   both:              no pair is marked any more
 *
 * Operations that may also be computed in another order (-ffast-math) are not
 * changed. Their results depend on what the optimiser does with them, and the
 * automatic tier makes no baseline code for their module. Nor are those of
 * 32-bit ARM changed, where vector operations round otherwise than scalar ones.
 *
 * With is_off every function is treated as if the CPU lacked the operation, and
 * no operation stays marked. llvm.fma stays, as the program asks for it. */
#include "module_passes.h"

#include <elf.h>
#include <string.h>

struct contraction {
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    bool is_off;
    bool fuses; /* the current function has joined operations */
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

/* Does the function's CPU have the operation? Some functions are for other CPUs
 * than the program's, and are called after a check. */
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

/* Remove an attribute with which older LLVMs join whatever they can. */
static void drop_unsafe(LLVMValueRef function)
{
    LLVMRemoveStringAttributeAtIndex(
        function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
        "unsafe-fp-math", strlen("unsafe-fp-math"));
}

/* Is the type one of those for which CPUs have the operation? */
static bool is_fusible(LLVMTypeRef type)
{
    if (LLVMGetTypeKind(type) == LLVMVectorTypeKind)
        type = LLVMGetElementType(type);
    return LLVMGetTypeKind(type) == LLVMFloatTypeKind ||
           LLVMGetTypeKind(type) == LLVMDoubleTypeKind;
}

/* ---- Instructions ---- */

static bool calls(LLVMValueRef at, const char *prefix)
{
    LLVMValueRef callee = LLVMIsACallInst(at) ? LLVMGetCalledValue(at) : NULL;

    return callee && LLVMIsAFunction(callee) &&
           strncmp(glue_name(callee), prefix, strlen(prefix)) == 0;
}

static bool is_fmuladd(LLVMValueRef at)
{
    return calls(at, "llvm.fmuladd.");
}

/* Is it llvm.fmuladd of a function with a rounding mode of its own? */
static bool is_constrained_fmuladd(LLVMValueRef at)
{
    return calls(at, "llvm.experimental.constrained.fmuladd.");
}

static unsigned flags_of(LLVMValueRef at)
{
    return LLVMIsAInstruction(at) && LLVMCanValueUseFastMathFlags(at)
               ? LLVMGetFastMathFlags(at)
               : 0;
}

/* May the operation be contracted, and not reordered? */
static bool is_marked(LLVMValueRef at)
{
    return (flags_of(at) &
            (LLVMFastMathAllowContract | LLVMFastMathAllowReassoc)) ==
           LLVMFastMathAllowContract;
}

static bool is_marked_product(LLVMValueRef at)
{
    LLVMUseRef use = LLVMIsAInstruction(at) ? LLVMGetFirstUse(at) : NULL;

    return use && !LLVMGetNextUse(use) && is_marked(at) &&
           LLVMGetInstructionOpcode(at) == LLVMFMul;
}

static void replace(LLVMValueRef at, LLVMValueRef by)
{
    LLVMReplaceAllUsesWith(at, by);
    LLVMInstructionEraseFromParent(at);
}

/* Make the operation anew without the mark: LLVM's C API sets flags and clears
 * none. On other instructions the mark has no meaning. */
static void drop_mark(struct contraction *c, LLVMValueRef at)
{
    const unsigned flags = flags_of(at) & ~(unsigned)LLVMFastMathAllowContract;
    const LLVMOpcode opcode = LLVMGetInstructionOpcode(at);
    LLVMValueRef plain;

    if (opcode != LLVMFAdd && opcode != LLVMFSub && opcode != LLVMFMul)
        return;
    LLVMPositionBuilderBefore(c->builder, at);
    plain = LLVMBuildBinOp(c->builder, opcode, LLVMGetOperand(at, 0),
                           LLVMGetOperand(at, 1), "");
    if (flags && LLVMIsAInstruction(plain))
        LLVMSetFastMathFlags(plain, flags);
    replace(at, plain);
}

static LLVMValueRef build_call(struct contraction *c, const char *name,
                               LLVMValueRef *arguments, unsigned n)
{
    LLVMTypeRef type = LLVMTypeOf(arguments[0]);
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMValueRef callee = LLVMGetIntrinsicDeclaration(c->module, id, &type, 1);

    return LLVMBuildCall2(c->builder, LLVMGlobalGetValueType(callee), callee,
                          arguments, n, "");
}

static LLVMValueRef build_fma(struct contraction *c, LLVMValueRef a,
                              LLVMValueRef b, LLVMValueRef addend)
{
    LLVMValueRef arguments[] = {a, b, addend};

    return build_call(c, "llvm.fma", arguments, 3);
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
    replace(sum, build_fma(c, a, b, addend));
    LLVMInstructionEraseFromParent(product);
    return true;
}

static void split(struct contraction *c, LLVMValueRef call)
{
    const unsigned flags =
        flags_of(call) & ~(unsigned)LLVMFastMathAllowContract;
    LLVMValueRef product, sum;

    LLVMPositionBuilderBefore(c->builder, call);
    product = LLVMBuildFMul(c->builder, LLVMGetOperand(call, 0),
                            LLVMGetOperand(call, 1), "");
    sum = LLVMBuildFAdd(c->builder, product, LLVMGetOperand(call, 2), "");
    for (unsigned i = 0; flags && i < 2; i++)
        if (LLVMIsAInstruction(i ? sum : product))
            LLVMSetFastMathFlags(i ? sum : product, flags);
    replace(call, sum);
}

static void fuse(struct contraction *c, LLVMValueRef call)
{
    const unsigned flags = flags_of(call);
    LLVMValueRef fma;

    LLVMPositionBuilderBefore(c->builder, call);
    fma = build_fma(c, LLVMGetOperand(call, 0), LLVMGetOperand(call, 1),
                    LLVMGetOperand(call, 2));
    if (flags)
        LLVMSetFastMathFlags(fma, flags);
    replace(call, fma);
}

/* The last two operands are rounding mode and exceptions. */
static LLVMValueRef build_constrained(struct contraction *c, const char *name,
                                      LLVMValueRef *arguments, unsigned n)
{
    const unsigned kind =
        LLVMGetEnumAttributeKindForName("strictfp", strlen("strictfp"));
    LLVMAttributeRef attribute =
        LLVMCreateEnumAttribute(LLVMGetModuleContext(c->module), kind, 0);
    LLVMValueRef call = build_call(c, name, arguments, n);

    LLVMAddCallSiteAttribute(
        call, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, attribute);
    return call;
}

static void split_constrained(struct contraction *c, LLVMValueRef call)
{
    LLVMValueRef arguments[] = {
        LLVMGetOperand(call, 0), LLVMGetOperand(call, 1),
        LLVMGetOperand(call, 3), LLVMGetOperand(call, 4)};

    LLVMPositionBuilderBefore(c->builder, call);
    arguments[0] = build_constrained(c, "llvm.experimental.constrained.fmul",
                                     arguments, 4);
    arguments[1] = LLVMGetOperand(call, 2);
    replace(call, build_constrained(c, "llvm.experimental.constrained.fadd",
                                    arguments, 4));
}

static void fuse_constrained(struct contraction *c, LLVMValueRef call)
{
    LLVMValueRef arguments[5];

    for (unsigned i = 0; i < 5; i++)
        arguments[i] = LLVMGetOperand(call, i);
    LLVMPositionBuilderBefore(c->builder, call);
    replace(call, build_constrained(c, "llvm.experimental.constrained.fma",
                                    arguments, 5));
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
        if (!(flags_of(at) & LLVMFastMathAllowReassoc))
            (fuses ? fuse : split)(c, at);
        return;
    }
    if (is_constrained_fmuladd(at)) {
        (fuses ? fuse_constrained : split_constrained)(c, at);
        return;
    }
    if (!is_marked(at) || (fuses && is_sum(at) && join(c, at)))
        return;
    /* A product may still be joined with a sum that follows. */
    if (!is_marked_product(at) || !fuses)
        drop_mark(c, at);
}

static void turn_off(struct contraction *c, LLVMValueRef at)
{
    if (is_fmuladd(at))
        split(c, at);
    else if (is_constrained_fmuladd(at))
        split_constrained(c, at);
    else if (flags_of(at) & LLVMFastMathAllowContract)
        drop_mark(c, at);
}

static void unmark(struct contraction *c, LLVMValueRef at)
{
    if (is_marked(at))
        drop_mark(c, at);
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
            (c->is_off ? turn_off : decide)(c, at);
        }
    for (block = LLVMGetFirstBasicBlock(function); block;
         block = LLVMGetNextBasicBlock(block))
        for (at = LLVMGetFirstInstruction(block); at; at = next) {
            next = LLVMGetNextInstruction(at);
            unmark(c, at);
        }
}

void contraction_decide(LLVMModuleRef module, const struct target *target,
                        bool is_off)
{
    const bool fuses = machine_fuses(target);
    struct contraction c = {.module = module, .is_off = is_off};

    if (target->elf_machine == EM_ARM && !is_off)
        return;
    c.builder = LLVMCreateBuilderInContext(LLVMGetModuleContext(module));
    for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
         at = LLVMGetNextFunction(at)) {
        if (is_off)
            drop_unsafe(at);
        c.fuses = fuses || function_fuses(at);
        decide_function(&c, at);
    }
    LLVMDisposeBuilder(c.builder);
}
