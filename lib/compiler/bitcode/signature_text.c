/* The text of a function's type holds all that decides how it is called:
 *
 *   signature = [cc(NUMBER)] {type} ["..."] "->" type
 *   type      = (iN | f16 | bf16 | f32 | f64 | f80 | f128 | ptr | ptr(SPACE)
 *               | <N x type> | {type, ...} | [N x type]) {:attribute}
 *
 * Two functions with the same text are called alike. Types are LLVM's, after
 * the front end applied the machine's calling convention: a struct may be two
 * integers. */
#include "signature_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const struct passing passings[] = {
    {"zeroext", "zext", false},
    {"signext", "sext", false},
    {"inreg", "inreg", false},
    {"byval", "byval", true},
    {"sret", "sret", true},
    {"nest", "nest", false},
    {"swiftself", "swiftself", false},
    {"swifterror", "swifterror", false},
    {"swiftasync", "swiftasync", false},
    {"inalloca", "inalloca", true},
    {"preallocated", "preallocated", true},
};
const unsigned n_passings = sizeof(passings) / sizeof(passings[0]);

static const struct {
    LLVMTypeKind kind;
    char name[8];
} simple_types[] = {
    {LLVMVoidTypeKind, "void"},   {LLVMHalfTypeKind, "f16"},
    {LLVMBFloatTypeKind, "bf16"}, {LLVMFloatTypeKind, "f32"},
    {LLVMDoubleTypeKind, "f64"},  {LLVMX86_FP80TypeKind, "f80"},
    {LLVMFP128TypeKind, "f128"},  {LLVMPPC_FP128TypeKind, "ppcf128"},
};

enum { N_SIMPLE = sizeof(simple_types) / sizeof(simple_types[0]) };

/* ---- Writing ---- */

static void append_fields(struct buffer *out, LLVMTypeRef type)
{
    const unsigned n = LLVMCountStructElementTypes(type);

    buffer_append_string(out, LLVMIsPackedStruct(type) ? "<{" : "{");
    for (unsigned i = 0; i < n; i++) {
        buffer_append_string(out, i ? ", " : "");
        signature_append_type(out, LLVMStructGetTypeAtIndex(type, i));
    }
    buffer_append_string(out, LLVMIsPackedStruct(type) ? "}>" : "}");
}

static void append_simple(struct buffer *out, LLVMTypeKind kind)
{
    for (size_t i = 0; i < N_SIMPLE; i++)
        if (simple_types[i].kind == kind) {
            buffer_append_string(out, simple_types[i].name);
            return;
        }
    buffer_append_string(out, "?");
}

// NOLINTNEXTLINE(misc-no-recursion): types nest as deep as their source does
void signature_append_type(struct buffer *out, LLVMTypeRef type)
{
    const LLVMTypeKind kind = LLVMGetTypeKind(type);

    switch (kind) {
    case LLVMIntegerTypeKind:
        buffer_printf(out, "i%u", LLVMGetIntTypeWidth(type));
        return;
    case LLVMPointerTypeKind:
        buffer_append_string(out, "ptr");
        if (LLVMGetPointerAddressSpace(type))
            buffer_printf(out, "(%u)", LLVMGetPointerAddressSpace(type));
        return;
    case LLVMVectorTypeKind:
    case LLVMScalableVectorTypeKind:
        buffer_printf(out,
                      kind == LLVMVectorTypeKind ? "<%u x " : "<vscale x %u x ",
                      LLVMGetVectorSize(type));
        signature_append_type(out, LLVMGetElementType(type));
        buffer_append_string(out, ">");
        return;
    case LLVMArrayTypeKind:
        buffer_printf(out, "[%llu x ",
                      (unsigned long long)LLVMGetArrayLength2(type));
        signature_append_type(out, LLVMGetElementType(type));
        buffer_append_string(out, "]");
        return;
    case LLVMStructTypeKind:
        append_fields(out, type);
        return;
    default:
        append_simple(out, kind);
        return;
    }
}

static LLVMAttributeRef find_attribute(LLVMValueRef function, unsigned index,
                                       const char *name)
{
    return LLVMGetEnumAttributeAtIndex(
        function, index, LLVMGetEnumAttributeKindForName(name, strlen(name)));
}

static void append_passing(struct buffer *out, LLVMValueRef function,
                           unsigned index, LLVMTargetDataRef layout)
{
    for (unsigned i = 0; i < n_passings; i++) {
        LLVMAttributeRef attribute =
            find_attribute(function, index, passings[i].attribute);
        LLVMAttributeRef align = find_attribute(function, index, "align");
        LLVMTypeRef type;

        if (!attribute)
            continue;
        buffer_printf(out, ":%s", passings[i].text);
        if (!passings[i].has_type)
            continue;
        type = LLVMGetTypeAttributeValue(attribute);
        buffer_printf(out, "(%llu,%llu)", LLVMABISizeOfType(layout, type),
                      align
                          ? (unsigned long long)LLVMGetEnumAttributeValue(align)
                          : LLVMABIAlignmentOfType(layout, type));
    }
}

void signature_append(struct buffer *out, LLVMValueRef function,
                      LLVMTargetDataRef layout)
{
    LLVMTypeRef type = LLVMGlobalGetValueType(function);
    const unsigned convention = LLVMGetFunctionCallConv(function);

    if (convention != LLVMCCallConv)
        buffer_printf(out, "cc(%u) ", convention);
    for (unsigned i = 0; i < LLVMCountParams(function); i++) {
        signature_append_type(out, LLVMTypeOf(LLVMGetParam(function, i)));
        append_passing(out, function, i + 1, layout);
        buffer_append_string(out, " ");
    }
    buffer_append_string(out, LLVMIsFunctionVarArg(type) ? "... -> " : "-> ");
    signature_append_type(out, LLVMGetReturnType(type));
    append_passing(out, function, LLVMAttributeReturnIndex, layout);
}

/* ---- Reading ---- */

static LLVMTypeRef simple_type(LLVMContextRef context, LLVMTypeKind kind)
{
    switch (kind) {
    case LLVMVoidTypeKind:
        return LLVMVoidTypeInContext(context);
    case LLVMHalfTypeKind:
        return LLVMHalfTypeInContext(context);
    case LLVMBFloatTypeKind:
        return LLVMBFloatTypeInContext(context);
    case LLVMFloatTypeKind:
        return LLVMFloatTypeInContext(context);
    case LLVMDoubleTypeKind:
        return LLVMDoubleTypeInContext(context);
    case LLVMX86_FP80TypeKind:
        return LLVMX86FP80TypeInContext(context);
    case LLVMFP128TypeKind:
        return LLVMFP128TypeInContext(context);
    default:
        return NULL;
    }
}

/* Is the whole next word of the text this one? */
static bool is_next(const char *text, const char *word)
{
    const size_t size = strlen(word);

    return strncmp(text, word, size) == 0 &&
           (text[size] == '\0' || strchr(" >:", text[size]));
}

static LLVMTypeRef parse_scalar(LLVMContextRef context, const char **text)
{
    if (is_next(*text, "ptr")) {
        *text += strlen("ptr");
        return LLVMPointerTypeInContext(context, 0);
    }
    for (size_t i = 0; i < N_SIMPLE; i++)
        if (is_next(*text, simple_types[i].name)) {
            *text += strlen(simple_types[i].name);
            return simple_type(context, simple_types[i].kind);
        }
    if (**text == 'i') {
        char *end;
        const unsigned long bits = strtoul(*text + 1, &end, 10);

        if (end == *text + 1 || bits == 0 || bits > 128)
            return NULL;
        *text = end;
        return LLVMIntTypeInContext(context, (unsigned)bits);
    }
    return NULL;
}

LLVMTypeRef signature_parse_type(LLVMContextRef context, const char **text)
{
    LLVMTypeRef element;
    unsigned long n;
    char *end;

    if (**text != '<')
        return parse_scalar(context, text);
    n = strtoul(*text + 1, &end, 10);
    if (n == 0 || n > 64 || strncmp(end, " x ", 3) != 0)
        return NULL;
    *text = end + 3;
    element = parse_scalar(context, text);
    if (!element || **text != '>')
        return NULL;
    ++*text;
    return LLVMVectorType(element, (unsigned)n);
}
