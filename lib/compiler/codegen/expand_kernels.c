/* The expanded form is this loop, twice:
 *
 *     for (x = x1; x < x2; x++)
 *         kernel(in + x * stride_in, out + x * stride_out, user, x, y, z);
 *
 * In the first loop the kernel is inlined and the strides are constants, the
 * sizes of the elements: it can be vectorised. It runs if the host's strides
 * are equal. The second loop calls the kernel, for any other strides; a large
 * kernel has only this one.
 *
 * Sizes of elements: a kernel that takes elements by value has them in its
 * type. For a pointer, debug information tells, if there is any; else the bytes
 * that the kernel reads and writes through the pointer are the least size. A
 * wrong guess costs time, never correctness. The alignment of elements is that
 * of what the kernel reads and writes. */
#include "kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/DebugInfo.h>

#include "call_shapes.h"
#include "signature_text.h"
#include "kernel_frame.h"
#include "llvm_glue.h"

enum { MAX_PARAMETERS = 32, MAX_NAME = 1024 };

/* ---- Parameters ---- */

static const struct {
    char word[8];
    unsigned bit;
} words[] = {
    {"in", KERNEL_IN},
    {"out", KERNEL_OUT},
    {"data", KERNEL_DATA},
    {"x", KERNEL_X},
    {"y", KERNEL_Y},
    {"z", KERNEL_Z},
    {"value", KERNEL_BY_VALUE},
    {"accum", KERNEL_ACCUMULATOR},
    {"item", KERNEL_ITEM},
};

enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

static unsigned bit_of(const char *word, size_t size)
{
    for (size_t i = 0; i < N_WORDS; i++)
        if (strlen(words[i].word) == size &&
            memcmp(words[i].word, word, size) == 0)
            return words[i].bit;
    return 0;
}

bool kernel_parse(const char *text, unsigned *ret_bits, unsigned *ret_inputs)
{
    unsigned bits = 0, n_inputs = 0;

    for (size_t size; text += strspn(text, ", "), *text; text += size) {
        unsigned bit;

        size = strcspn(text, ", ");
        bit = bit_of(text, size);
        n_inputs += bit == KERNEL_IN;
        if (!bit || (bits & bit && bit != KERNEL_IN))
            return false;
        bits |= bit;
    }
    *ret_bits = bits;
    *ret_inputs = n_inputs;
    return n_inputs <= KERNEL_MAX_INPUTS;
}

/* The roles of parameters. */
enum role { ROLE_ACCUMULATOR, ROLE_IN, ROLE_OUT, ROLE_DATA, ROLE_PLACE };

struct parameter {
    enum role role;
    unsigned index;   /* of an operand; of a place: 0 x, 1 y, 2 z */
    LLVMTypeRef type; /* of an element by value; NULL: pointed to */
};

/* The elements of one operand: an input, or the output. */
struct operand {
    uint64_t size, align; /* align 0: unknown */
    bool is_exact;
    LLVMTypeRef type; /* of the output that is returned; NULL: none */
};

struct plan {
    const struct kernel *kernel;
    LLVMTargetDataRef layout;
    struct parameter parameter[MAX_PARAMETERS];
    unsigned n_parameters;
    struct operand operand[KERNEL_MAX_OPERANDS];
    unsigned n_operands, n_inputs;
    bool has_result;
    const char *refusal;
};

static void add(struct plan *plan, enum role role, unsigned index)
{
    if (plan->n_parameters < MAX_PARAMETERS)
        plan->parameter[plan->n_parameters] =
            (struct parameter){.role = role, .index = index};
    plan->n_parameters++;
}

static bool returns_output(const struct plan *plan)
{
    LLVMTypeRef type =
        LLVMGetReturnType(LLVMGlobalGetValueType(plan->kernel->function));

    return (plan->kernel->bits & KERNEL_BY_VALUE) &&
           (plan->kernel->bits & KERNEL_OUT) &&
           LLVMGetTypeKind(type) != LLVMVoidTypeKind;
}

static unsigned count_others(const struct plan *plan)
{
    const unsigned bits = plan->kernel->bits;
    unsigned n = (unsigned)__builtin_popcount(
        bits & ~(unsigned)(KERNEL_IN | KERNEL_BY_VALUE | KERNEL_ITEM));

    return n - returns_output(plan);
}

static void list_parameters(struct plan *plan)
{
    const unsigned bits = plan->kernel->bits;
    const unsigned n = LLVMCountParams(plan->kernel->function);
    const unsigned n_others = count_others(plan);
    const bool has_pointer = (bits & KERNEL_OUT) && !returns_output(plan);
    static const unsigned places[] = {KERNEL_X, KERNEL_Y, KERNEL_Z};

    plan->n_inputs = plan->kernel->n_inputs;
    if ((bits & KERNEL_IN) && !plan->n_inputs && n > n_others)
        plan->n_inputs = n - n_others;
    if (plan->n_inputs > KERNEL_MAX_INPUTS)
        plan->n_inputs = KERNEL_MAX_INPUTS;
    plan->n_operands = plan->n_inputs + ((bits & KERNEL_OUT) != 0);
    if (bits & KERNEL_ACCUMULATOR)
        add(plan, ROLE_ACCUMULATOR, 0);
    if (has_pointer && (bits & KERNEL_BY_VALUE))
        add(plan, ROLE_OUT, plan->n_inputs); /* sret comes first */
    for (unsigned i = 0; i < plan->n_inputs; i++)
        add(plan, ROLE_IN, i);
    if (has_pointer && !(bits & KERNEL_BY_VALUE))
        add(plan, ROLE_OUT, plan->n_inputs);
    if (bits & KERNEL_DATA)
        add(plan, ROLE_DATA, 0);
    for (unsigned i = 0; i < 3; i++)
        if (bits & places[i])
            add(plan, ROLE_PLACE, i);
    if ((bits & KERNEL_ACCUMULATOR) && (bits & (KERNEL_DATA | KERNEL_OUT)))
        plan->refusal = "accum excludes out and data";
    else if (plan->n_parameters != n)
        plan->refusal = "the function has another number of parameters";
}

/* Bytes of an element of that type in memory, as C lays it out: a struct of
 * three bytes is passed as i24. */
static uint64_t element_size(LLVMTargetDataRef layout, LLVMTypeRef type)
{
    return LLVMGetTypeKind(type) == LLVMIntegerTypeKind
               ? LLVMStoreSizeOfType(layout, type)
               : LLVMABISizeOfType(layout, type);
}

static LLVMTypeRef copied_type(LLVMValueRef function, unsigned index)
{
    static const char *const names[] = {"byval", "sret"};

    for (int i = 0; i < 2; i++) {
        LLVMAttributeRef attribute = LLVMGetEnumAttributeAtIndex(
            function, index + 1,
            LLVMGetEnumAttributeKindForName(names[i], strlen(names[i])));

        if (attribute)
            return LLVMGetTypeAttributeValue(attribute);
    }
    return NULL;
}

/* Elements lie one behind the other, so each is aligned only if the size is. */
static void limit_align(struct operand *operand)
{
    while (operand->align > 1 && operand->size % operand->align)
        operand->align /= 2;
}

static void measure_value(struct plan *plan, struct operand *operand,
                          LLVMTypeRef type)
{
    operand->size = element_size(plan->layout, type);
    operand->align = LLVMABIAlignmentOfType(plan->layout, type);
    /* A struct that is passed as an integer or a vector may be aligned less. */
    limit_align(operand);
    operand->is_exact = LLVMGetTypeKind(type) != LLVMIntegerTypeKind;
}

static void measure_pointee(struct plan *plan, struct operand *operand,
                            unsigned index)
{
    LLVMValueRef function = plan->kernel->function;
    const uint64_t least = access_extent(LLVMGetParam(function, index),
                                         plan->layout, &operand->align);

    operand->size = debug_pointee_size(function, index, plan->layout);
    operand->is_exact = operand->size != 0;
    if (!operand->size)
        operand->size = least;
    limit_align(operand);
}

static void measure_parameter(struct plan *plan, unsigned index)
{
    LLVMValueRef function = plan->kernel->function;
    struct parameter *parameter = &plan->parameter[index];
    struct operand *operand = &plan->operand[parameter->index];
    LLVMTypeRef type = LLVMTypeOf(LLVMGetParam(function, index));
    LLVMTypeRef copied = copied_type(function, index);

    if (LLVMGetTypeKind(type) != LLVMPointerTypeKind) {
        parameter->type = type;
        measure_value(plan, operand, type);
    } else if (copied) {
        measure_value(plan, operand, copied);
    } else {
        measure_pointee(plan, operand, index);
    }
}

static void check_parameter(struct plan *plan, unsigned index)
{
    LLVMTypeRef type = LLVMTypeOf(LLVMGetParam(plan->kernel->function, index));
    const LLVMTypeKind kind = LLVMGetTypeKind(type);

    switch (plan->parameter[index].role) {
    case ROLE_PLACE:
        if (kind != LLVMIntegerTypeKind || (LLVMGetIntTypeWidth(type) != 32 &&
                                            LLVMGetIntTypeWidth(type) != 64))
            plan->refusal = "x, y and z must be integers of 32 or 64 bits";
        return;
    case ROLE_IN:
        if (!(plan->kernel->bits & KERNEL_BY_VALUE) &&
            kind != LLVMPointerTypeKind)
            plan->refusal = "in must be a pointer, without the word value";
        measure_parameter(plan, index);
        return;
    case ROLE_OUT:
        measure_parameter(plan, index);
        /* fall through */
    default:
        if (kind != LLVMPointerTypeKind)
            plan->refusal = "out, data and accum must be pointers";
        return;
    }
}

static void check_result(struct plan *plan)
{
    LLVMTypeRef type =
        LLVMGetReturnType(LLVMGlobalGetValueType(plan->kernel->function));
    const LLVMTypeKind kind = LLVMGetTypeKind(type);
    struct operand *output = &plan->operand[plan->n_inputs];

    if (returns_output(plan)) {
        output->type = type;
        measure_value(plan, output, type);
    } else if (kind == LLVMIntegerTypeKind && LLVMGetIntTypeWidth(type) == 32) {
        plan->has_result = true;
    } else if (kind != LLVMVoidTypeKind) {
        plan->refusal = "a kernel returns void, or int: 0 if all is well";
    }
}

static void make_plan(struct plan *plan)
{
    LLVMValueRef function = plan->kernel->function;

    if (LLVMIsFunctionVarArg(LLVMGlobalGetValueType(function)))
        plan->refusal = "the function is variadic";
    else if (!(plan->kernel->bits & KERNEL_ITEM))
        list_parameters(plan);
    else if (LLVMCountParams(function) > MAX_PARAMETERS)
        plan->refusal = "too many parameters";
    for (unsigned i = 0; !plan->refusal && i < plan->n_parameters; i++)
        check_parameter(plan, i);
    if (!plan->refusal)
        check_result(plan);
}

/* ---- Text ---- */

static bool has_restrict(LLVMValueRef function)
{
    for (unsigned i = 0; i < LLVMCountParams(function); i++)
        if (!copied_type(function, i) &&
            LLVMGetEnumAttributeAtIndex(
                function, i + 1, LLVMGetEnumAttributeKindForName("noalias", 7)))
            return true;
    return false;
}

static void append_operand(struct buffer *text, const char *word,
                           const struct operand *operand)
{
    buffer_printf(text, "%s%s%llu", word, operand->is_exact ? "=" : ">=",
                  (unsigned long long)operand->size);
    if (operand->align > 1)
        buffer_printf(text, "/%llu", (unsigned long long)operand->align);
    buffer_append_string(text, " ");
}

static void append_locals(struct buffer *text, LLVMValueRef function)
{
    enum { LOCAL = 3 };
    LLVMValueRef node =
        glue_function_metadata(function, "kernel_arg_addr_space");
    LLVMValueRef spaces[MAX_PARAMETERS];

    if (!node || LLVMGetMDNodeNumOperands(node) > MAX_PARAMETERS)
        return;
    LLVMGetMDNodeOperands(node, spaces);
    for (unsigned j = 0; j < LLVMGetMDNodeNumOperands(node); j++)
        if (LLVMIsAConstantInt(spaces[j]) &&
            LLVMConstIntGetZExtValue(spaces[j]) == LOCAL)
            buffer_printf(text, "local:%u ", j);
}

/* Does an element take long? Without loops and calls it takes some nanoseconds;
 * with them it may take any time, and small tiles share the work evenly. */
static bool is_lengthy(LLVMValueRef function)
{
    LLVMBasicBlockRef block = LLVMGetFirstBasicBlock(function);
    LLVMValueRef at = NULL;

    while ((at = glue_next_instruction(function, at)))
        if (LLVMIsACallInst(at) &&
            !(LLVMIsAFunction(LLVMGetCalledValue(at)) &&
              LLVMGetIntrinsicID(LLVMGetCalledValue(at))))
            return true;
    /* A loop has a branch to a block that is above it. */
    for (; block; block = LLVMGetNextBasicBlock(block)) {
        LLVMValueRef end = LLVMGetBasicBlockTerminator(block);

        for (unsigned i = 0; i < LLVMGetNumSuccessors(end); i++)
            for (LLVMBasicBlockRef above = block; above;
                 above = LLVMGetPreviousBasicBlock(above))
                if (above == LLVMGetSuccessor(end, i))
                    return true;
    }
    return false;
}

/* "group:8,8,1" from a node of three numbers. */
static void append_sizes(struct buffer *text, LLVMValueRef function,
                         const char *kind, const char *word)
{
    LLVMValueRef node = glue_function_metadata(function, kind), size[3];

    if (!node || LLVMGetMDNodeNumOperands(node) != 3)
        return;
    LLVMGetMDNodeOperands(node, size);
    for (int i = 0; i < 3; i++)
        if (!LLVMIsAConstantInt(size[i]))
            return;
    buffer_printf(
        text, "%s%llu,%llu,%llu ", word, LLVMConstIntGetZExtValue(size[0]),
        LLVMConstIntGetZExtValue(size[1]), LLVMConstIntGetZExtValue(size[2]));
}

static void append_tile(struct buffer *text, const struct plan *plan)
{
    LLVMValueRef function = plan->kernel->function;

    if (plan->kernel->bits & KERNEL_ITEM) {
        append_sizes(text, function, "work_group_size_hint", "tile:");
        append_sizes(text, function, "reqd_work_group_size", "group:");
    } else {
        buffer_append_string(text, is_lengthy(function) ? "tile:64,1,1 "
                                                        : "tile:1024,1,1 ");
    }
}

static void append_text(struct buffer *text, const struct plan *plan)
{
    static const char places[] = "xyz";
    LLVMValueRef function = plan->kernel->function;
    const unsigned bits = plan->kernel->bits;

    for (unsigned i = 0; i < plan->n_inputs; i++)
        append_operand(text, "in", &plan->operand[i]);
    if (bits & KERNEL_OUT)
        append_operand(text, "out", &plan->operand[plan->n_inputs]);
    buffer_append_string(text, bits & KERNEL_DATA ? "data " : "");
    buffer_append_string(text, bits & KERNEL_ACCUMULATOR ? "accum " : "");
    for (unsigned i = 0; i < plan->n_parameters; i++)
        if (plan->parameter[i].role == ROLE_PLACE)
            buffer_printf(
                text, "%c%s ", places[plan->parameter[i].index],
                LLVMGetIntTypeWidth(LLVMTypeOf(LLVMGetParam(function, i))) == 64
                    ? "64"
                    : "");
    buffer_append_string(text, plan->n_operands > 1 && has_restrict(function)
                                   ? "restrict "
                                   : "");
    buffer_append_string(text, plan->has_result ? "result " : "");
    if (bits & KERNEL_ITEM)
        append_locals(text, function);
    append_tile(text, plan);
    buffer_append_string(text, bits & KERNEL_ITEM ? "item" : "kernel");
}

/* ---- Code ---- */

struct expansion {
    const struct plan *plan;
    LLVMContextRef context;
    LLVMBuilderRef builder;
    LLVMValueRef function; /* the expanded form */
    LLVMTypeRef word;      /* i64 */
    LLVMTypeRef pointer;
    LLVMValueRef place[3]; /* x: in the loop; y, z */
    LLVMValueRef user;
    LLVMValueRef base[KERNEL_MAX_OPERANDS];
    LLVMValueRef stride[KERNEL_MAX_OPERANDS]; /* the host's */
    LLVMValueRef argument[MAX_PARAMETERS];    /* of a work item */
    LLVMBasicBlockRef done;
    bool is_fast;
};

static LLVMValueRef constant(const struct expansion *e, uint64_t value)
{
    return LLVMConstInt(e->word, value, false);
}

static LLVMValueRef at_offset(const struct expansion *e, LLVMValueRef pointer,
                              LLVMValueRef offset)
{
    return LLVMBuildInBoundsGEP2(e->builder, LLVMInt8TypeInContext(e->context),
                                 pointer, &offset, 1, "");
}

static LLVMValueRef load_field(const struct expansion *e, LLVMTypeRef type,
                               uint64_t offset)
{
    LLVMValueRef value = LLVMBuildLoad2(
        e->builder, type,
        at_offset(e, LLVMGetParam(e->function, 0), constant(e, offset)), "");

    LLVMSetAlignment(value, 8);
    return value;
}

/* False: an argument of a work item has a type that cannot be passed. */
static bool load_frame(struct expansion *e)
{
    const struct plan *plan = e->plan;
    LLVMValueRef kernel = plan->kernel->function;

    e->place[1] = load_field(e, e->word, offsetof(struct kernel_frame, y));
    e->place[2] = load_field(e, e->word, offsetof(struct kernel_frame, z));
    e->user = load_field(e, e->pointer, offsetof(struct kernel_frame, user));
    for (unsigned i = 0; i < plan->n_operands; i++) {
        const uint64_t at = offsetof(struct kernel_frame, operand) +
                            i * sizeof(struct kernel_operand);

        e->base[i] = load_field(e, e->pointer, at);
        e->stride[i] = load_field(e, e->word, at + sizeof(uint64_t));
    }
    for (unsigned i = 0;
         (plan->kernel->bits & KERNEL_ITEM) && i < LLVMCountParams(kernel);
         i++) {
        /* Each call makes the copy of the struct, as for any caller. */
        e->argument[i] =
            call_argument_load(e->builder, plan->layout, e->user, i,
                               LLVMTypeOf(LLVMGetParam(kernel, i)));
        if (!e->argument[i])
            return false;
    }
    return true;
}

static LLVMValueRef element(const struct expansion *e, unsigned operand)
{
    LLVMValueRef stride = e->is_fast
                              ? constant(e, e->plan->operand[operand].size)
                              : e->stride[operand];

    return at_offset(e, e->base[operand],
                     LLVMBuildMul(e->builder, e->place[0], stride, ""));
}

static unsigned alignment(const struct operand *operand)
{
    return operand->align ? (unsigned)operand->align : 1;
}

static LLVMValueRef argument_of(const struct expansion *e, unsigned index)
{
    const struct parameter *parameter = &e->plan->parameter[index];
    LLVMTypeRef type =
        LLVMTypeOf(LLVMGetParam(e->plan->kernel->function, index));
    LLVMValueRef value;

    switch (parameter->role) {
    case ROLE_PLACE:
        return LLVMBuildTruncOrBitCast(e->builder, e->place[parameter->index],
                                       type, "");
    case ROLE_IN:
    case ROLE_OUT:
        value = element(e, parameter->index);
        if (!parameter->type)
            return value;
        value = LLVMBuildLoad2(e->builder, parameter->type, value, "");
        LLVMSetAlignment(value, alignment(&e->plan->operand[parameter->index]));
        return value;
    default:
        return e->user;
    }
}

static void set_inlining(const struct expansion *e, LLVMValueRef call)
{
    const char *name = e->is_fast ? "alwaysinline" : "noinline";

    LLVMAddCallSiteAttribute(
        call, LLVMAttributeFunctionIndex,
        LLVMCreateEnumAttribute(
            e->context, LLVMGetEnumAttributeKindForName(name, strlen(name)),
            0));
}

static void copy_type_attributes(const struct expansion *e, LLVMValueRef call)
{
    static const char *const names[] = {"byval",   "sret",  "zeroext",
                                        "signext", "inreg", "align"};
    LLVMValueRef kernel = e->plan->kernel->function;

    for (unsigned i = 0; i <= LLVMCountParams(kernel); i++)
        for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
            LLVMAttributeRef attribute = LLVMGetEnumAttributeAtIndex(
                kernel, i,
                LLVMGetEnumAttributeKindForName(names[j], strlen(names[j])));

            if (attribute)
                LLVMAddCallSiteAttribute(call, i, attribute);
        }
}

static LLVMValueRef build_kernel_call(const struct expansion *e)
{
    const struct plan *plan = e->plan;
    LLVMValueRef kernel = plan->kernel->function;
    const unsigned n = LLVMCountParams(kernel);
    LLVMValueRef arguments[MAX_PARAMETERS], call;

    for (unsigned i = 0; i < n; i++)
        arguments[i] = plan->kernel->bits & KERNEL_ITEM ? e->argument[i]
                                                        : argument_of(e, i);
    call = LLVMBuildCall2(e->builder, LLVMGlobalGetValueType(kernel), kernel,
                          arguments, n, "");
    LLVMSetInstructionCallConv(call, LLVMGetFunctionCallConv(kernel));
    copy_type_attributes(e, call);
    set_inlining(e, call);
    return call;
}

static void store_output(const struct expansion *e, LLVMValueRef value)
{
    const struct operand *output = &e->plan->operand[e->plan->n_inputs];

    if (output->type)
        LLVMSetAlignment(
            LLVMBuildStore(e->builder, value, element(e, e->plan->n_inputs)),
            alignment(output));
}

static LLVMBasicBlockRef add_block(const struct expansion *e)
{
    return LLVMAppendBasicBlockInContext(e->context, e->function, "");
}

/* Leave the loop with the kernel's result, if it is not 0. */
static void check_call_result(const struct expansion *e, LLVMValueRef result)
{
    LLVMBasicBlockRef failed = add_block(e), fine = add_block(e);
    LLVMValueRef store;

    LLVMBuildCondBr(e->builder,
                    LLVMBuildICmp(e->builder, LLVMIntNE, result,
                                  LLVMConstNull(LLVMTypeOf(result)), ""),
                    failed, fine);
    LLVMPositionBuilderAtEnd(e->builder, failed);
    store = LLVMBuildStore(
        e->builder, e->place[0],
        at_offset(e, LLVMGetParam(e->function, 0),
                  constant(e, offsetof(struct kernel_frame, failed_x))));
    LLVMSetAlignment(store, 8);
    LLVMBuildRet(e->builder, result);
    LLVMPositionBuilderAtEnd(e->builder, fine);
}

/* Ask for vectorisation of the loop. OpenCL's work items do not depend on each
 * other, so it pays to compare all pointers of a kernel before the loop,
 * however many there are. */
static void ask_for_vectors(const struct expansion *e, LLVMValueRef branch)
{
    static const char property[] = "llvm.loop.vectorize.enable";
    static const char name[] = "llvm.loop";
    LLVMMetadataRef pair[2], loop[2], node;

    pair[0] =
        LLVMMDStringInContext2(e->context, property, sizeof(property) - 1);
    pair[1] = LLVMValueAsMetadata(
        LLVMConstInt(LLVMInt1TypeInContext(e->context), 1, false));
    /* A loop's node refers to itself, which makes it unlike any other. */
    loop[0] = LLVMTemporaryMDNode(e->context, NULL, 0);
    loop[1] = LLVMMDNodeInContext2(e->context, pair, 2);
    node = LLVMMDNodeInContext2(e->context, loop, 2);
    LLVMMetadataReplaceAllUsesWith(loop[0], node);
    LLVMSetMetadata(
        branch, LLVMGetMDKindIDInContext(e->context, name, sizeof(name) - 1),
        LLVMMetadataAsValue(e->context, node));
}

static void build_loop(struct expansion *e, LLVMBasicBlockRef before)
{
    LLVMBasicBlockRef loop = LLVMGetInsertBlock(e->builder), end;
    LLVMValueRef x = LLVMBuildPhi(e->builder, e->word, "");
    LLVMValueRef call, next, branch, values[2];

    e->place[0] = x;
    call = build_kernel_call(e);
    store_output(e, call);
    if (e->plan->has_result)
        check_call_result(e, call);
    next = LLVMBuildNUWAdd(e->builder, x, constant(e, 1), "");
    end = LLVMGetInsertBlock(e->builder);
    branch = LLVMBuildCondBr(e->builder,
                             LLVMBuildICmp(e->builder, LLVMIntULT, next,
                                           LLVMGetParam(e->function, 2), ""),
                             loop, e->done);
    values[0] = LLVMGetParam(e->function, 1);
    values[1] = next;
    LLVMAddIncoming(x, values, (LLVMBasicBlockRef[]){before, end}, 2);
    if (e->plan->kernel->bits & KERNEL_ITEM)
        ask_for_vectors(e, branch);
}

/* Are all strides the sizes of elements? */
static LLVMValueRef build_choice(const struct expansion *e)
{
    LLVMValueRef all =
        LLVMConstInt(LLVMInt1TypeInContext(e->context), 1, false);

    for (unsigned i = 0; i < e->plan->n_operands; i++)
        all = LLVMBuildAnd(e->builder, all,
                           LLVMBuildICmp(e->builder, LLVMIntEQ, e->stride[i],
                                         constant(e, e->plan->operand[i].size),
                                         ""),
                           "");
    return all;
}

/* Is it worth inlining the kernel? A large kernel with loops or calls of its
 * own is not vectorised, and its call costs little: a copy would only be more
 * code. */
static bool pays_inlined(LLVMValueRef kernel)
{
    enum { FEW_INSTRUCTIONS = 100, FEW_BLOCKS = 8 };
    unsigned n_instructions = 0, n_calls = 0;
    LLVMValueRef at = NULL;

    while ((at = glue_next_instruction(kernel, at))) {
        LLVMValueRef called = LLVMIsACallInst(at) ? LLVMGetCalledValue(at) : at;

        n_instructions++;
        n_calls += called != at &&
                   !(LLVMIsAFunction(called) && LLVMGetIntrinsicID(called));
    }
    return n_instructions <= FEW_INSTRUCTIONS ||
           (n_calls == 0 && LLVMCountBasicBlocks(kernel) <= FEW_BLOCKS);
}

static bool build_body(struct expansion *e)
{
    const struct kernel *kernel = e->plan->kernel;
    const bool is_item = kernel->bits & KERNEL_ITEM;
    LLVMBasicBlockRef choice, fast, slow;

    LLVMPositionBuilderAtEnd(e->builder, add_block(e));
    if (!load_frame(e))
        return false;
    choice = add_block(e);
    fast = add_block(e);
    e->done = add_block(e);
    LLVMBuildCondBr(e->builder,
                    LLVMBuildICmp(e->builder, LLVMIntULT,
                                  LLVMGetParam(e->function, 1),
                                  LLVMGetParam(e->function, 2), ""),
                    choice, e->done);
    LLVMPositionBuilderAtEnd(e->builder, choice);
    if (!is_item && !pays_inlined(kernel->function)) {
        LLVMBuildBr(e->builder, fast);
        LLVMPositionBuilderAtEnd(e->builder, fast);
        build_loop(e, choice);
    } else if (e->plan->n_operands) {
        slow = add_block(e);
        LLVMBuildCondBr(e->builder, build_choice(e), fast, slow);
        LLVMPositionBuilderAtEnd(e->builder, slow);
        build_loop(e, choice);
    } else {
        LLVMBuildBr(e->builder, fast);
    }
    if (!LLVMGetFirstInstruction(fast)) {
        LLVMPositionBuilderAtEnd(e->builder, fast);
        e->is_fast = true;
        build_loop(e, choice);
    }
    LLVMPositionBuilderAtEnd(e->builder, e->done);
    LLVMBuildRet(e->builder,
                 LLVMConstInt(LLVMInt32TypeInContext(e->context), 0, false));
    return true;
}

static bool expanded_name(char *name, LLVMValueRef kernel)
{
    return snprintf(name, MAX_NAME, "%s.expand", glue_name(kernel)) < MAX_NAME;
}

static void define(LLVMModuleRef module, struct plan *plan)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    struct expansion e = {
        .plan = plan,
        .context = context,
        .word = LLVMInt64TypeInContext(context),
        .pointer = LLVMPointerTypeInContext(context, 0),
    };
    LLVMTypeRef parameters[] = {e.pointer, e.word, e.word};
    char name[MAX_NAME];

    if (!expanded_name(name, plan->kernel->function) ||
        LLVMGetNamedFunction(module, name)) {
        plan->refusal = "the script has a function NAME.expand";
        return;
    }
    e.function =
        LLVMAddFunction(module, name,
                        LLVMFunctionType(LLVMInt32TypeInContext(context),
                                         parameters, 3, false));
    LLVMSetVisibility(e.function, LLVMHiddenVisibility);
    call_copy_attributes(plan->kernel->function, e.function);
    call_set_unwind_table(e.function);
    e.builder = LLVMCreateBuilderInContext(context);
    if (!build_body(&e)) {
        plan->refusal = "a parameter has a type that is not passed";
        LLVMDeleteFunction(e.function);
    }
    LLVMDisposeBuilder(e.builder);
}

void kernel_expand(LLVMModuleRef module, LLVMTargetDataRef layout,
                   const struct kernel *kernel, struct buffer *text)
{
    struct plan plan = {.kernel = kernel, .layout = layout};

    make_plan(&plan);
    if (!plan.refusal)
        define(module, &plan);
    if (plan.refusal)
        buffer_printf(text, "refused: %s", plan.refusal);
    else
        append_text(text, &plan);
}
