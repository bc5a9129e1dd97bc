/* Leaving out functions that an optimiser has simplified before.
 *
 * Bitcode of clang -O2 was simplified function by function. Linking and
 * internalising change few functions: those into which others are inlined, and
 * those whose arguments turn out to be constant. To simplify all the others
 * again takes most of the time of the pipeline's first half, and changes next
 * to nothing. So each such function gets a mark that depends on its
 * instructions, and is left out of the passes that prepare functions for
 * inlining. Then the passes run that work on the module as a whole. Functions
 * that still fit their marks are left out of the rest of the first half: they
 * are "optnone" meanwhile, which LLVM's pass manager honours for passes of
 * functions and loops.
 *
 * A mark depends on addresses, and so differs from compile to compile. Whether
 * it fits does not. It is an attribute of the function, because passes replace
 * functions by others, which inherit the attributes. */
#include "module_passes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llvm_glue.h"

static const LLVMAttributeIndex on_function =
    (LLVMAttributeIndex)LLVMAttributeFunctionIndex;

static const char mark_name[] = "bcc-mark";
static const char hidden_name[] = "bcc-hidden"; /* value: "1": it was noinline
                                                   before */

/* ---- Attributes ---- */

static unsigned kind_of(const char *name)
{
    return LLVMGetEnumAttributeKindForName(name, strlen(name));
}

static bool has(LLVMValueRef function, const char *name)
{
    return LLVMGetEnumAttributeAtIndex(function, on_function, kind_of(name));
}

static void add(LLVMValueRef function, const char *name)
{
    LLVMContextRef context = LLVMGetTypeContext(LLVMTypeOf(function));

    LLVMAddAttributeAtIndex(function, on_function,
                            LLVMCreateEnumAttribute(context, kind_of(name), 0));
}

static void drop(LLVMValueRef function, const char *name)
{
    LLVMRemoveEnumAttributeAtIndex(function, on_function, kind_of(name));
}

static void note(LLVMValueRef function, const char *name, const char *value)
{
    LLVMContextRef context = LLVMGetTypeContext(LLVMTypeOf(function));

    LLVMAddAttributeAtIndex(
        function, on_function,
        LLVMCreateStringAttribute(context, name, (unsigned)strlen(name), value,
                                  (unsigned)strlen(value)));
}

/* The value is "" if the function has no attribute of that name. */
static void read_note(LLVMValueRef function, const char *name, char *ret_value,
                      size_t size)
{
    const LLVMAttributeRef attribute = LLVMGetStringAttributeAtIndex(
        function, on_function, name, (unsigned)strlen(name));
    unsigned length = 0;
    const char *value =
        attribute ? LLVMGetStringAttributeValue(attribute, &length) : "";

    snprintf(ret_value, size, "%.*s", (int)length, value);
}

static void forget_note(LLVMValueRef function, const char *name)
{
    LLVMRemoveStringAttributeAtIndex(function, on_function, name,
                                     (unsigned)strlen(name));
}

/* ---- Marks ---- */

enum { MARK_SIZE = 17 };

static uint64_t mix(uint64_t mark, const void *address)
{
    mark = (mark ^ (uintptr_t)address) * UINT64_C(0x9e3779b97f4a7c15);
    return mark ^ mark >> 29;
}

static uint64_t mix_instruction(uint64_t mark, LLVMValueRef at)
{
    const unsigned n = (unsigned)LLVMGetNumOperands(at);

    mark = mix(mark, at);
    for (unsigned i = 0; i < n; i++)
        mark = mix(mark, LLVMGetOperand(at, i));
    return mark;
}

static void make_mark(LLVMValueRef function, char ret_mark[MARK_SIZE])
{
    uint64_t mark = 0;
    LLVMValueRef at = NULL;

    while ((at = glue_next_instruction(function, at)))
        mark = mix_instruction(mark, at);
    snprintf(ret_mark, MARK_SIZE, "%" PRIx64, mark);
}

/* Has the function attributes that exclude "optnone"? */
static bool is_special(LLVMValueRef function)
{
    static const char *const names[] = {"alwaysinline", "minsize", "optsize",
                                        "optnone", "optdebug"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (kind_of(names[i]) && has(function, names[i]))
            return true;
    return false;
}

/* Small functions take little time, and may still be inlined. */
enum { FEW_INSTRUCTIONS = 60 };

static bool is_finished(LLVMValueRef function)
{
    size_t n_instructions;

    return !LLVMIsDeclaration(function) && !is_special(function) &&
           function_is_optimised(function, &n_instructions) &&
           n_instructions > FEW_INSTRUCTIONS;
}

/* ---- Hiding ---- */

static void hide(LLVMValueRef function)
{
    note(function, hidden_name, has(function, "noinline") ? "1" : "0");
    add(function, "noinline");
    add(function, "optnone");
}

void finished_mark(LLVMModuleRef module)
{
    char mark[MARK_SIZE];

    for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
         at = LLVMGetNextFunction(at)) {
        if (!is_finished(at))
            continue;
        make_mark(at, mark);
        note(at, mark_name, mark);
        hide(at);
    }
}

static bool fits(LLVMValueRef function)
{
    char before[MARK_SIZE], now[MARK_SIZE];

    read_note(function, mark_name, before, sizeof(before));
    if (!*before)
        return false;
    forget_note(function, mark_name);
    make_mark(function, now);
    return strcmp(before, now) == 0;
}

void finished_hide(LLVMModuleRef module)
{
    for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
         at = LLVMGetNextFunction(at))
        if (fits(at) && !LLVMIsDeclaration(at))
            hide(at);
}

void finished_show(LLVMModuleRef module)
{
    char was_noinline[2];

    for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
         at = LLVMGetNextFunction(at)) {
        read_note(at, hidden_name, was_noinline, sizeof(was_noinline));
        if (!*was_noinline)
            continue;
        forget_note(at, hidden_name);
        drop(at, "optnone");
        if (*was_noinline == '0')
            drop(at, "noinline");
    }
}
