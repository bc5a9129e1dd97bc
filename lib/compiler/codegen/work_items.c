/* The functions by which an OpenCL kernel asks for its place. A kernel's
 * expanded form gets the kernel and its helpers inlined first; then each call
 * in it is replaced by the loop's x, or by what the frame says. */
#include <stdio.h>
#include <string.h>

#include "expand_kernels.h"
#include "kernel_frame.h"
#include "llvm_glue.h"

enum { MAX_NAME = 1024, N_DIMENSIONS = 3 };

enum question {
    GLOBAL_ID,
    LOCAL_ID,
    GROUP_ID,
    GLOBAL_SIZE,
    LOCAL_SIZE,
    NUM_GROUPS,
    GLOBAL_OFFSET,
    WORK_DIM,
};

/* As the Itanium C++ ABI mangles them; PoCL's library before its own names. */
static const struct {
    char name[40];
    enum question question;
} questions[] = {
    {"_Z13get_global_idj", GLOBAL_ID},
    {"_Z12get_local_idj", LOCAL_ID},
    {"_Z12get_group_idj", GROUP_ID},
    {"_Z15get_global_sizej", GLOBAL_SIZE},
    {"_Z14get_local_sizej", LOCAL_SIZE},
    {"_Z23get_enqueued_local_sizej", LOCAL_SIZE},
    {"_Z14get_num_groupsj", NUM_GROUPS},
    {"_Z17get_global_offsetj", GLOBAL_OFFSET},
    {"_Z12get_work_dimv", WORK_DIM},
};

enum { N_QUESTIONS = sizeof(questions) / sizeof(questions[0]) };

static int find_question(const char *name)
{
    for (int i = 0; i < N_QUESTIONS; i++)
        if (strcmp(questions[i].name, name) == 0)
            return i;
    return -1;
}

static bool is_barrier(const char *name)
{
    return (strncmp(name, "_Z", 2) == 0 || strncmp(name, "pocl", 4) == 0) &&
           strstr(name, "barrier");
}

bool kernel_is_item(LLVMValueRef function)
{
    return function &&
           glue_function_metadata(function, "kernel_arg_addr_space");
}

/* ---- Before inlining ---- */

static unsigned kind_of(const char *name)
{
    return LLVMGetEnumAttributeKindForName(name, strlen(name));
}

static void remove_attribute(LLVMValueRef function, const char *name)
{
    LLVMRemoveEnumAttributeAtIndex(function, LLVMAttributeFunctionIndex,
                                   kind_of(name));
}

static void force_inlining(LLVMValueRef function)
{
    remove_attribute(function, "noinline");
    remove_attribute(function, "optnone");
    LLVMAddAttributeAtIndex(
        function, LLVMAttributeFunctionIndex,
        LLVMCreateEnumAttribute(LLVMGetTypeContext(LLVMTypeOf(function)),
                                kind_of("alwaysinline"), 0));
}

static LLVMValueRef function_of(LLVMValueRef instruction)
{
    return LLVMGetBasicBlockParent(LLVMGetInstructionParent(instruction));
}

/* Kernels stay functions of their own. */
static void force_callers(LLVMValueRef function)
{
    LLVMUseRef use = LLVMGetFirstUse(function);

    for (; use; use = LLVMGetNextUse(use)) {
        LLVMValueRef caller;

        if (!LLVMIsACallInst(LLVMGetUser(use)))
            continue;
        caller = function_of(LLVMGetUser(use));
        if (kernel_is_item(caller) || find_question(glue_name(caller)) >= 0 ||
            LLVMGetEnumAttributeAtIndex(caller, LLVMAttributeFunctionIndex,
                                        kind_of("alwaysinline")))
            continue;
        force_inlining(caller);
    }
}

/* PoCL's definitions of the questions read variables that a kernel's launcher
 * has to define. */
static bool is_answer_of_pocl(const char *name)
{
    static const char *const prefixes[] = {"_global_offset_", "_local_size_",
                                           "_group_id_", "_local_id_",
                                           "_num_groups_"};
    size_t length;

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        length = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], length) == 0 && name[length] >= 'x' &&
            name[length] <= 'z' && !name[length + 1])
            return true;
    }
    return strcmp(name, "_work_dim") == 0;
}

/* A host that only runs expanded forms need not define these. */
static void weaken_imports(LLVMModuleRef module)
{
    LLVMValueRef at = LLVMGetFirstGlobal(module);

    for (; at; at = LLVMGetNextGlobal(at))
        if (LLVMIsDeclaration(at) && is_answer_of_pocl(glue_name(at)))
            LLVMSetLinkage(at, LLVMExternalWeakLinkage);
    for (at = LLVMGetFirstFunction(module); at; at = LLVMGetNextFunction(at))
        if (LLVMIsDeclaration(at) &&
            (find_question(glue_name(at)) >= 0 || is_barrier(glue_name(at))))
            LLVMSetLinkage(at, LLVMExternalWeakLinkage);
}

void kernel_items_prepare(LLVMModuleRef module)
{
    /* A helper of a helper is found in the next round. */
    enum { N_ROUNDS = 8 };

    weaken_imports(module);
    for (int i = 0; i < N_QUESTIONS; i++) {
        LLVMValueRef asked = LLVMGetNamedFunction(module, questions[i].name);

        if (!asked)
            continue;
        remove_attribute(asked, "alwaysinline");
        force_callers(asked);
    }
    for (int round = 0; round < N_ROUNDS; round++)
        for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
             at = LLVMGetNextFunction(at))
            if (LLVMGetEnumAttributeAtIndex(at, LLVMAttributeFunctionIndex,
                                            kind_of("alwaysinline")) &&
                LLVMGetLinkage(at) == LLVMInternalLinkage)
                force_callers(at);
}

/* ---- After it ---- */

struct answer {
    LLVMBuilderRef builder;
    LLVMValueRef form; /* the expanded one */
    LLVMValueRef x;    /* the loop's */
    LLVMTypeRef word;
};

static LLVMValueRef field(const struct answer *a, uint64_t offset)
{
    LLVMValueRef index = LLVMConstInt(a->word, offset, false);
    LLVMValueRef value = LLVMBuildLoad2(
        a->builder, a->word,
        LLVMBuildInBoundsGEP2(
            a->builder, LLVMInt8TypeInContext(LLVMGetTypeContext(a->word)),
            LLVMGetParam(a->form, 0), &index, 1, ""),
        "");

    LLVMSetAlignment(value, 8);
    return value;
}

static LLVMValueRef of_dimension(const struct answer *a, size_t list,
                                 unsigned dimension)
{
    return field(a, list + dimension * sizeof(uint64_t));
}

static LLVMValueRef global_id(const struct answer *a, unsigned dimension)
{
    static const size_t places[] = {0, offsetof(struct kernel_frame, y),
                                    offsetof(struct kernel_frame, z)};

    return dimension ? field(a, places[dimension]) : a->x;
}

static LLVMValueRef answer_of(const struct answer *a, enum question question,
                              unsigned d)
{
    LLVMValueRef inside;

    switch (question) {
    case GLOBAL_ID:
        return global_id(a, d);
    case LOCAL_ID:
    case GROUP_ID:
        inside = LLVMBuildSub(
            a->builder, global_id(a, d),
            of_dimension(a, offsetof(struct kernel_frame, offset), d), "");
        return question == LOCAL_ID
                   ? LLVMBuildURem(
                         a->builder, inside,
                         of_dimension(
                             a, offsetof(struct kernel_frame, local_size), d),
                         "")
                   : LLVMBuildUDiv(
                         a->builder, inside,
                         of_dimension(
                             a, offsetof(struct kernel_frame, local_size), d),
                         "");
    case GLOBAL_SIZE:
        return of_dimension(a, offsetof(struct kernel_frame, global_size), d);
    case LOCAL_SIZE:
        return of_dimension(a, offsetof(struct kernel_frame, local_size), d);
    case NUM_GROUPS:
        return of_dimension(a, offsetof(struct kernel_frame, n_groups), d);
    case GLOBAL_OFFSET:
        return of_dimension(a, offsetof(struct kernel_frame, offset), d);
    default:
        return LLVMConstInt(a->word, N_DIMENSIONS, false);
    }
}

static LLVMValueRef beyond(const struct answer *a, enum question question)
{
    const bool is_size = question == GLOBAL_SIZE || question == LOCAL_SIZE ||
                         question == NUM_GROUPS;

    return LLVMConstInt(a->word, is_size, false);
}

/* The dimension is a constant in most kernels. */
static LLVMValueRef build_answer(const struct answer *a, LLVMValueRef call,
                                 enum question question)
{
    LLVMValueRef asked, value;

    if (question == WORK_DIM)
        return answer_of(a, question, 0);
    asked = LLVMGetOperand(call, 0);
    if (LLVMIsAConstantInt(asked)) {
        const unsigned long long d = LLVMConstIntGetZExtValue(asked);

        return d < N_DIMENSIONS ? answer_of(a, question, (unsigned)d)
                                : beyond(a, question);
    }
    value = beyond(a, question);
    for (unsigned d = 0; d < N_DIMENSIONS; d++)
        value = LLVMBuildSelect(
            a->builder,
            LLVMBuildICmp(a->builder, LLVMIntEQ, asked,
                          LLVMConstInt(LLVMTypeOf(asked), d, false), ""),
            answer_of(a, question, d), value, "");
    return value;
}

static void replace(struct answer *a, LLVMValueRef call, int index)
{
    LLVMValueRef value;

    LLVMPositionBuilderBefore(a->builder, call);
    value = build_answer(a, call, questions[index].question);
    if (LLVMTypeOf(call) != a->word)
        value = LLVMBuildTrunc(a->builder, value, LLVMTypeOf(call), "");
    LLVMReplaceAllUsesWith(call, value);
    LLVMInstructionEraseFromParent(call);
}

/* The loop's x is the first phi of the function that counts from the
 * parameter. */
static LLVMValueRef find_x(LLVMValueRef form)
{
    LLVMValueRef at = NULL;

    while ((at = glue_next_instruction(form, at)))
        if (LLVMIsAPHINode(at) &&
            LLVMGetIncomingValue(at, 0) == LLVMGetParam(form, 1))
            return at;
    return NULL;
}

/* A variable of the work group would be one for all groups. */
static bool is_group_variable(LLVMValueRef value, LLVMValueRef kernel)
{
    enum { LOCAL = 3 };
    const char *name = glue_name(kernel);
    const size_t size = strlen(name);

    if (!LLVMIsAGlobalVariable(value))
        return false;
    return LLVMGetPointerAddressSpace(LLVMTypeOf(value)) == LOCAL ||
           (strncmp(glue_name(value), name, size) == 0 &&
            glue_name(value)[size] == '.' && !LLVMIsGlobalConstant(value));
}

static void append_refusal(LLVMValueRef instruction, LLVMValueRef kernel,
                           struct buffer *reason)
{
    for (int i = 0; i < LLVMGetNumOperands(instruction); i++) {
        LLVMValueRef operand = LLVMGetOperand(instruction, (unsigned)i);

        if (operand && is_group_variable(operand, kernel) && !reason->size)
            buffer_printf(reason,
                          "refused: it has the local variable '%s'; pass "
                          "local memory as an argument",
                          glue_name(operand));
    }
    if (glue_is_call(instruction) &&
        LLVMIsAFunction(LLVMGetCalledValue(instruction)) && !reason->size) {
        const char *name = glue_name(LLVMGetCalledValue(instruction));

        if (is_barrier(name))
            buffer_printf(reason, "refused: it waits at a barrier, '%s'", name);
    }
}

void kernel_item_finish(LLVMModuleRef module, LLVMValueRef kernel,
                        struct buffer *reason)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    struct answer a = {.word = LLVMInt64TypeInContext(context)};
    LLVMValueRef at, next;
    char name[MAX_NAME];

    snprintf(name, sizeof(name), "%s.expand", glue_name(kernel));
    a.form = LLVMGetNamedFunction(module, name);
    if (!a.form)
        return;
    a.x = find_x(a.form);
    a.builder = LLVMCreateBuilderInContext(context);
    for (at = glue_next_instruction(a.form, NULL); at; at = next) {
        int index = -1;

        next = glue_next_instruction(a.form, at);
        append_refusal(at, kernel, reason);
        if (LLVMIsACallInst(at) && LLVMIsAFunction(LLVMGetCalledValue(at)))
            index = find_question(glue_name(LLVMGetCalledValue(at)));
        if (index >= 0 && a.x)
            replace(&a, at, index);
    }
    LLVMDisposeBuilder(a.builder);
    if (reason->size)
        LLVMDeleteFunction(a.form);
}
