/* The functions by which an OpenCL kernel asks for its ids and sizes. First the
 * kernel and its helpers are inlined into the expanded form. Then each call of
 * such a function is replaced by the loop's x, or by a value of the frame. */
#include <stdio.h>
#include <string.h>

#include "kernels.h"
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

/* Names mangled as in the Itanium C++ ABI; PoCL's library has a prefix before
 * its own. */
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

static bool is_barrier_name(const char *name)
{
    return (strncmp(name, "_Z", 2) == 0 || strncmp(name, "pocl", 4) == 0) &&
           strstr(name, "barrier");
}

static bool is_barrier(LLVMValueRef call)
{
    return LLVMIsAFunction(LLVMGetCalledValue(call)) &&
           is_barrier_name(glue_name(LLVMGetCalledValue(call)));
}

/* Is it the body of a kernel? clang 21 and later put that into a function of
 * its own, which the kernel calls; both have the kernel's metadata. */
static bool is_body(LLVMValueRef function)
{
    static const char prefix[] = "__clang_ocl_kern_imp_";

    return strncmp(glue_name(function), prefix, strlen(prefix)) == 0;
}

bool kernel_is_item(LLVMValueRef function)
{
    return function && !is_body(function) &&
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

/* Force inlining of the function's callers, except for kernels, which stay
 * functions of their own. */
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

/* Is it PoCL's definition of one of these functions? It reads variables that a
 * kernel's launcher has to define. */
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

/* Make imports weak that only kernels need: a host that only runs expanded
 * forms need not define them. */
static void weaken_imports(LLVMModuleRef module)
{
    LLVMValueRef at = LLVMGetFirstGlobal(module);

    for (; at; at = LLVMGetNextGlobal(at))
        if (LLVMIsDeclaration(at) && is_answer_of_pocl(glue_name(at)))
            LLVMSetLinkage(at, LLVMExternalWeakLinkage);
    for (at = LLVMGetFirstFunction(module); at; at = LLVMGetNextFunction(at))
        if (LLVMIsDeclaration(at) && (find_question(glue_name(at)) >= 0 ||
                                      is_barrier_name(glue_name(at))))
            LLVMSetLinkage(at, LLVMExternalWeakLinkage);
}

void kernel_items_prepare(LLVMModuleRef module)
{
    /* A helper that only another helper calls is found in the next round. */
    enum { N_ROUNDS = 8 };

    weaken_imports(module);
    for (int i = 0; i < N_QUESTIONS; i++) {
        LLVMValueRef asked = LLVMGetNamedFunction(module, questions[i].name);

        if (!asked)
            continue;
        remove_attribute(asked, "alwaysinline");
        force_callers(asked);
    }
    for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
         at = LLVMGetNextFunction(at)) {
        if (LLVMIsDeclaration(at) && is_barrier_name(glue_name(at)))
            force_callers(at);
        /* Attributes of -O0, which exclude inlining. */
        if (kernel_is_item(at)) {
            remove_attribute(at, "noinline");
            remove_attribute(at, "optnone");
        }
    }
    for (int round = 0; round < N_ROUNDS; round++)
        for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
             at = LLVMGetNextFunction(at))
            if (LLVMGetEnumAttributeAtIndex(at, LLVMAttributeFunctionIndex,
                                            kind_of("alwaysinline")) &&
                (LLVMGetLinkage(at) == LLVMInternalLinkage || is_body(at)))
                force_callers(at);
}

/* ---- After it ---- */

struct answer {
    LLVMBuilderRef builder;
    LLVMValueRef form; /* the expanded one */
    LLVMValueRef x;    /* the loop's */
    LLVMTypeRef word;
    bool is_grouped; /* x counts the items of a group */
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

/* X / (sizes of the dimensions below) % size of this dimension. */
static LLVMValueRef local_id_in_group(const struct answer *a,
                                      unsigned dimension)
{
    LLVMValueRef id = a->x;

    for (unsigned d = 0; d < dimension; d++)
        id = LLVMBuildUDiv(
            a->builder, id,
            of_dimension(a, offsetof(struct kernel_frame, local_size), d), "");
    return dimension == N_DIMENSIONS - 1
               ? id
               : LLVMBuildURem(
                     a->builder, id,
                     of_dimension(a, offsetof(struct kernel_frame, local_size),
                                  dimension),
                     "");
}

/* The id without the global offset. */
static LLVMValueRef place_in_grid(const struct answer *a, unsigned d)
{
    static const size_t places[] = {0, offsetof(struct kernel_frame, y),
                                    offsetof(struct kernel_frame, z)};
    const size_t size = offsetof(struct kernel_frame, local_size);

    if (a->is_grouped)
        return LLVMBuildAdd(
            a->builder,
            LLVMBuildMul(
                a->builder,
                of_dimension(a, offsetof(struct kernel_frame, group), d),
                of_dimension(a, size, d), ""),
            local_id_in_group(a, d), "");
    return LLVMBuildSub(
        a->builder, d ? field(a, places[d]) : a->x,
        of_dimension(a, offsetof(struct kernel_frame, offset), d), "");
}

static LLVMValueRef global_id(const struct answer *a, unsigned d)
{
    static const size_t places[] = {0, offsetof(struct kernel_frame, y),
                                    offsetof(struct kernel_frame, z)};

    if (a->is_grouped)
        return LLVMBuildAdd(
            a->builder, place_in_grid(a, d),
            of_dimension(a, offsetof(struct kernel_frame, offset), d), "");
    return d ? field(a, places[d]) : a->x;
}

static LLVMValueRef local_id(const struct answer *a, unsigned d)
{
    return a->is_grouped
               ? local_id_in_group(a, d)
               : LLVMBuildURem(
                     a->builder, place_in_grid(a, d),
                     of_dimension(a, offsetof(struct kernel_frame, local_size),
                                  d),
                     "");
}

static LLVMValueRef group_id(const struct answer *a, unsigned d)
{
    return a->is_grouped
               ? of_dimension(a, offsetof(struct kernel_frame, group), d)
               : LLVMBuildUDiv(
                     a->builder, place_in_grid(a, d),
                     of_dimension(a, offsetof(struct kernel_frame, local_size),
                                  d),
                     "");
}

static LLVMValueRef answer_of(const struct answer *a, enum question question,
                              unsigned d)
{
    switch (question) {
    case GLOBAL_ID:
        return global_id(a, d);
    case LOCAL_ID:
        return local_id(a, d);
    case GROUP_ID:
        return group_id(a, d);
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

/* The dimension of the question is a constant in most kernels. */
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

/* The loop's x: the first phi of the function that begins with the
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

/* ---- Variables of a work group ---- */

enum {
    LOCAL = 3
}; /* the address space of local memory, on targets that have it */

/* Is it a variable of the kernel's group? clang names these KERNEL.VARIABLE. */
static bool is_group_variable(LLVMValueRef variable, LLVMValueRef kernel)
{
    const char *name = glue_name(kernel);
    const size_t size = strlen(name);

    return LLVMGetPointerAddressSpace(LLVMTypeOf(variable)) == LOCAL ||
           (strncmp(glue_name(variable), name, size) == 0 &&
            glue_name(variable)[size] == '.' &&
            !LLVMIsGlobalConstant(variable));
}

/* Make group variables thread-local: a worker runs one group after the other,
 * so a variable of each thread is one of each group. Returns their total size
 * in bytes. */
static uint64_t separate_variables(LLVMModuleRef module,
                                   LLVMTargetDataRef layout,
                                   LLVMValueRef kernel)
{
    LLVMValueRef at = LLVMGetFirstGlobal(module);
    uint64_t size = 0;

    for (; at; at = LLVMGetNextGlobal(at)) {
        if (!is_group_variable(at, kernel))
            continue;
        LLVMSetThreadLocalMode(at, LLVMGeneralDynamicTLSModel);
        size += LLVMABISizeOfType(layout, LLVMGlobalGetValueType(at));
    }
    return size;
}

/* ---- The form ---- */

static bool has_barrier(LLVMValueRef form)
{
    LLVMValueRef at = NULL;

    while ((at = glue_next_instruction(form, at)))
        if (glue_is_call(at) && is_barrier(at))
            return true;
    return false;
}

static void answer_all(struct answer *a)
{
    LLVMValueRef at, next;

    for (at = glue_next_instruction(a->form, NULL); at; at = next) {
        int index = -1;

        next = glue_next_instruction(a->form, at);
        if (LLVMIsACallInst(at) && LLVMIsAFunction(LLVMGetCalledValue(at)))
            index = find_question(glue_name(LLVMGetCalledValue(at)));
        if (index >= 0)
            replace(a, at, index);
    }
}

/* Returns the reason why it cannot be done, or NULL: then the words are
 * appended. */
static const char *finish(struct answer *a, LLVMTargetDataRef layout,
                          struct buffer *text)
{
    const struct fission fission = {a->form, a->x, layout, is_barrier};
    uint64_t private_size = 0;
    const char *fault;

    if (!a->x)
        return "its loop is not as it was made";
    answer_all(a);
    if (!a->is_grouped)
        return NULL;
    fault = fission_make(&fission, &private_size);
    if (!fault)
        buffer_printf(text, " groups private:%llu",
                      (unsigned long long)private_size);
    return fault;
}

void kernel_item_finish(LLVMModuleRef module, LLVMTargetDataRef layout,
                        LLVMValueRef kernel, struct buffer *text)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    struct answer a = {.word = LLVMInt64TypeInContext(context)};
    char name[MAX_NAME];
    const char *fault;
    uint64_t size;

    snprintf(name, sizeof(name), "%s.expand", glue_name(kernel));
    a.form = LLVMGetNamedFunction(module, name);
    if (!a.form)
        return;
    a.x = find_x(a.form);
    a.is_grouped = has_barrier(a.form);
    a.builder = LLVMCreateBuilderInContext(context);
    fault = finish(&a, layout, text);
    LLVMDisposeBuilder(a.builder);
    size = separate_variables(module, layout, kernel);
    if (size)
        buffer_printf(text, " memory:%llu", (unsigned long long)size);
    if (!fault)
        return;
    text->size = 0;
    buffer_printf(text, "refused: %s", fault);
    LLVMDeleteFunction(a.form);
}
