/* Corrections of what front ends and LLVM's linker write, which would cost a
 * script its speed or its meaning.
 *
 * Functions of OpenCL C have SPIR's calling convention. Code generators treat
 * it as C's, but LLVM's optimiser compares the names: a C script's call of an
 * OpenCL runtime would be "undefined behaviour", and all code after it would be
 * deleted silently. So such functions become C functions, and all calls of them
 * C calls, indirect ones too.
 *
 * Runtime libraries are built with -fno-builtin, because a library must not
 * take its own sinf for C's. Each function then has the attribute
 * "no-builtins", and LLVM does not inline it into a function without the
 * attribute; but these libraries are meant to be inlined.
 *
 * The attribute forbids two things: to treat a call as that of a C function of
 * the same name, and to make calls of C functions out of loops (memset,
 * strlen). In a function that calls no function with a C name and has no loop
 * it forbids nothing, and is removed. Most functions worth inlining are like
 * that:
 *
 *     float4 mix(float4 a, float4 b, float t) { return a + (b - a) * t; } */
#include "module_passes.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include <llvm-c/Comdat.h>

#include "llvm_glue.h"

/* ---- Calling conventions ---- */

static void normalise_calls(LLVMValueRef function)
{
    LLVMValueRef at = NULL;

    while ((at = glue_next_instruction(function, at)))
        if (glue_is_call(at) &&
            LLVMGetInstructionCallConv(at) == LLVMSPIRFUNCCallConv)
            LLVMSetInstructionCallConv(at, LLVMCCallConv);
}

void normalise_conventions(LLVMModuleRef module)
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

/* ---- Builtins ---- */

static const char no_builtins[] = "no-builtins";

/* Larger functions are not inlined anyway. */
enum { MAX_BLOCKS = 32 };

/* A function of C++ or of OpenCL C (_Z3dotDv4_fS_). LLVM knows operators of
 * C++, which have no digit there (_Znwm). */
static bool has_mangled_name(LLVMValueRef function)
{
    const char *name = glue_name(function);

    return name[0] == '_' && name[1] == 'Z' && isdigit((unsigned char)name[2]);
}

static bool may_be_builtin(LLVMValueRef instruction)
{
    LLVMValueRef callee;

    if (!glue_is_call(instruction))
        return false;
    callee = LLVMGetCalledValue(instruction);
    return LLVMIsAFunction(callee) && !LLVMGetIntrinsicID(callee) &&
           !has_mangled_name(callee);
}

/* Do all branches of the block lead to later blocks, as front ends write them?
 * A function in which all do has no loop. */
static bool leads_forward(LLVMBasicBlockRef block,
                          const LLVMBasicBlockRef *before, unsigned n_before)
{
    LLVMValueRef terminator = LLVMGetBasicBlockTerminator(block);
    unsigned n = terminator ? LLVMGetNumSuccessors(terminator) : 0;

    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < n_before; j++)
            if (LLVMGetSuccessor(terminator, i) == before[j])
                return false;
    return true;
}

static bool is_plain(LLVMValueRef function)
{
    LLVMBasicBlockRef seen[MAX_BLOCKS];
    LLVMBasicBlockRef block = LLVMGetFirstBasicBlock(function);
    unsigned n = 0;

    for (; block; block = LLVMGetNextBasicBlock(block)) {
        LLVMValueRef at = LLVMGetFirstInstruction(block);
        if (n == MAX_BLOCKS)
            return false;
        seen[n++] = block;
        if (!leads_forward(block, seen, n))
            return false;
        for (; at; at = LLVMGetNextInstruction(at))
            if (may_be_builtin(at))
                return false;
    }
    return true;
}

void normalise_builtins(LLVMModuleRef module)
{
    LLVMAttributeIndex index = (LLVMAttributeIndex)LLVMAttributeFunctionIndex;
    unsigned size = (unsigned)strlen(no_builtins);
    LLVMValueRef at;

    for (at = LLVMGetFirstFunction(module); at; at = LLVMGetNextFunction(at)) {
        if (LLVMIsDeclaration(at) ||
            !LLVMGetStringAttributeAtIndex(at, index, no_builtins, size))
            continue;
        if (is_plain(at))
            LLVMRemoveStringAttributeAtIndex(at, index, no_builtins, size);
    }
}

/* ---- Constructors ---- */

/* In another variable behind all, which has no name yet. */
static LLVMValueRef copy_behind_all(LLVMModuleRef module, LLVMValueRef list,
                                    LLVMValueRef content)
{
    LLVMValueRef copy = LLVMAddGlobal(module, LLVMGlobalGetValueType(list), "");

    LLVMSetInitializer(copy, content);
    LLVMSetLinkage(copy, LLVMAppendingLinkage);
    return copy;
}

/* Constructors of one priority without a variable share a section, which lies
 * where its first one is: in the object of a file, others follow them. */
static bool has_shared_section(LLVMValueRef element)
{
    return LLVMGetNumOperands(element) == 3 &&
           LLVMIsNull(LLVMGetOperand(element, 2));
}

/* Move those that share the section of element number `first` behind it. */
static unsigned gather(LLVMValueRef array, unsigned first, LLVMValueRef *row,
                       bool *done)
{
    const unsigned n = (unsigned)LLVMGetNumOperands(array);
    LLVMValueRef element = LLVMGetOperand(array, first);
    unsigned n_rows = 0;

    row[n_rows++] = element;
    if (!has_shared_section(element))
        return n_rows;
    for (unsigned i = first + 1; i < n; i++) {
        LLVMValueRef other = LLVMGetOperand(array, i);

        if (has_shared_section(other) &&
            LLVMGetOperand(other, 0) == LLVMGetOperand(element, 0)) {
            row[n_rows++] = other;
            done[i] = true;
        }
    }
    return n_rows;
}

static enum status order_list(LLVMValueRef list, struct arena *arena,
                              struct error *err)
{
    LLVMValueRef array = list ? LLVMGetInitializer(list) : NULL, *row;
    const unsigned n = array ? (unsigned)LLVMGetNumOperands(array) : 0;
    unsigned n_rows = 0;
    bool *done;

    if (n < 2 || LLVMGetTypeKind(LLVMTypeOf(array)) != LLVMArrayTypeKind)
        return STATUS_OK;
    row = arena_alloc(arena, n, sizeof(LLVMValueRef));
    done = arena_alloc(arena, n, sizeof(bool));
    if (!row || !done)
        return error_no_memory(err);
    memset(done, 0, n * sizeof(bool));
    for (unsigned i = 0; i < n; i++)
        if (!done[i])
            n_rows += gather(array, i, row + n_rows, done);
    LLVMSetInitializer(list, LLVMConstArray2(LLVMTypeOf(row[0]), row, n));
    return STATUS_OK;
}

enum status normalise_file_constructors(LLVMModuleRef module,
                                        struct arena *arena, struct error *err)
{
    enum status status =
        order_list(LLVMGetNamedGlobal(module, "llvm.global_ctors"), arena, err);

    if (status)
        return status;
    return order_list(LLVMGetNamedGlobal(module, "llvm.global_dtors"), arena,
                      err);
}

/* Its third field, the variable with which it comes and goes, makes LLVM put a
 * constructor into a section of its own; then constructors of later files can
 * run before those of earlier ones. Linking has decided by now, so it is left
 * out. The function stays, even if an object that was compiled before has the
 * variable, too: the guard that both share lets one of the two run. */
static LLVMValueRef without_section(LLVMModuleRef module, LLVMValueRef element)
{
    LLVMValueRef field[3];

    if (LLVMGetNumOperands(element) != 3)
        return element;
    for (unsigned i = 0; i < 3; i++)
        field[i] = LLVMGetOperand(element, i);
    if (LLVMIsNull(field[2]))
        return element;
    field[2] = LLVMConstNull(LLVMTypeOf(field[2]));
    if (LLVMIsAFunction(field[1]) &&
        LLVMGetLinkage(field[1]) == LLVMInternalLinkage)
        LLVMSetComdat(field[1], NULL);
    return LLVMConstStructInContext(LLVMGetModuleContext(module), field, 3,
                                    false);
}

static LLVMValueRef normalise_elements(LLVMModuleRef module, LLVMValueRef array,
                                       bool turned_around, struct arena *arena)
{
    const unsigned n = (unsigned)LLVMGetNumOperands(array);
    LLVMValueRef *element = arena_alloc(arena, n, sizeof(LLVMValueRef));

    if (!element || n == 0)
        return n == 0 ? array : NULL;
    for (unsigned i = 0; i < n; i++)
        element[turned_around ? n - 1 - i : i] =
            without_section(module, LLVMGetOperand(array, i));
    return LLVMConstArray2(LLVMTypeOf(element[0]), element, n);
}

static enum status normalise_list(LLVMModuleRef module, const char *name,
                                  const struct target *target,
                                  struct arena *arena, struct error *err)
{
    LLVMValueRef list = LLVMGetNamedGlobal(module, name), content, moved;

    content = list ? LLVMGetInitializer(list) : NULL;
    if (!content)
        return STATUS_OK;
    content = normalise_elements(module, content,
                                 target->kind->turns_lists_around, arena);
    if (!content)
        return error_no_memory(err);
    moved = copy_behind_all(module, list, content);
    LLVMDeleteGlobal(list);
    LLVMSetValueName2(moved, name, strlen(name));
    return STATUS_OK;
}

enum status normalise_constructors(LLVMModuleRef module,
                                   const struct target *target,
                                   struct arena *arena, struct error *err)
{
    enum status status =
        normalise_list(module, "llvm.global_ctors", target, arena, err);

    if (status)
        return status;
    return normalise_list(module, "llvm.global_dtors", target, arena, err);
}
