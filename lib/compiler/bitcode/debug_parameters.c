/* A function's debug information is a tree of metadata nodes. LLVM's C API has
 * no getters for most of it, so operands are taken by their place:
 *
 *   DISubprogram     7: list of variables, parameters first
 *   DILocalVariable  1: name, 3: type
 *   DIDerivedType    the first type from 3 on: what a typedef names, a
 *                    const qualifies, a pointer points to
 *
 * Unoptimised functions have an empty list; there the variables are those of
 * the first block's declarations. Structs that the machine's rules made several
 * parameters, or none, have no name here: then sizes differ. */
#include "signature_text.h"

#include <llvm-c/DebugInfo.h>
#include <string.h>

#include "llvm_compat.h"
#include "llvm_glue.h"

enum {
    MAX_OPERANDS = 64,
    MAX_PARAMETERS = 32,
    MAX_DEPTH = 16,
    PLACE_NAME = 1,
    PLACE_TYPE = 3,
    PLACE_VARIABLES = 7,
};

struct node {
    LLVMValueRef operand[MAX_OPERANDS];
    unsigned n;
};

/* False: the node has too many operands. */
static bool read_node(LLVMContextRef context, LLVMMetadataRef metadata,
                      struct node *node)
{
    LLVMValueRef value = LLVMMetadataAsValue(context, metadata);

    node->n = LLVMGetMDNodeNumOperands(value);
    if (node->n > MAX_OPERANDS)
        return false;
    LLVMGetMDNodeOperands(value, node->operand);
    return true;
}

static LLVMMetadataRef operand(const struct node *node, unsigned place)
{
    return place < node->n && node->operand[place]
               ? LLVMValueAsMetadata(node->operand[place])
               : NULL;
}

static bool is_type(LLVMMetadataRef metadata)
{
    switch (LLVMGetMetadataKind(metadata)) {
    case LLVMDIBasicTypeMetadataKind:
    case LLVMDIDerivedTypeMetadataKind:
    case LLVMDICompositeTypeMetadataKind:
        return true;
    default:
        return false;
    }
}

/* The type to which a derived type refers. NULL: void, or no derived type. */
static LLVMMetadataRef base_type(LLVMContextRef context, LLVMMetadataRef type)
{
    struct node node;

    if (LLVMGetMetadataKind(type) != LLVMDIDerivedTypeMetadataKind ||
        !read_node(context, type, &node))
        return NULL;
    for (unsigned i = PLACE_TYPE; i < node.n; i++) {
        LLVMMetadataRef base = operand(&node, i);

        if (base && is_type(base))
            return base;
    }
    return NULL;
}

/* Typedefs and qualifiers have no size of their own. */
static uint64_t size_in_bits(LLVMContextRef context, LLVMMetadataRef type)
{
    for (int i = 0; type && i < MAX_DEPTH; i++) {
        const uint64_t bits = LLVMDITypeGetSizeInBits(type);

        if (bits)
            return bits;
        type = base_type(context, type);
    }
    return 0;
}

/* ---- Variables ---- */

static unsigned list_retained(LLVMContextRef context, LLVMMetadataRef program,
                              LLVMMetadataRef *variables)
{
    struct node node, list;
    LLVMMetadataRef retained;
    unsigned n = 0;

    if (!read_node(context, program, &node))
        return 0;
    retained = operand(&node, PLACE_VARIABLES);
    if (!retained || !read_node(context, retained, &list))
        return 0;
    while (n < list.n && n < MAX_PARAMETERS) {
        variables[n] = operand(&list, n);
        if (!variables[n])
            break;
        n++;
    }
    return n;
}

static unsigned list_declared(LLVMValueRef function, LLVMMetadataRef *variables)
{
    LLVMValueRef at = LLVMGetFirstInstruction(LLVMGetEntryBasicBlock(function));
    unsigned n = 0;

    for (; at; at = LLVMGetNextInstruction(at)) {
        LLVMDbgRecordRef record = compat_first_record(at);

        for (; record && n < MAX_PARAMETERS;
             record = compat_next_record(record)) {
            variables[n] = compat_declared_variable(record);
            n += variables[n] != NULL;
        }
    }
    return n;
}

static bool has_attribute(LLVMValueRef function, unsigned parameter,
                          const char *name)
{
    return LLVMGetEnumAttributeAtIndex(
               function, parameter + 1,
               LLVMGetEnumAttributeKindForName(name, strlen(name))) != NULL;
}

static bool agrees(LLVMValueRef function, unsigned parameter,
                   LLVMMetadataRef type, LLVMTargetDataRef layout)
{
    LLVMTypeRef passed = LLVMTypeOf(LLVMGetParam(function, parameter));
    LLVMContextRef context = LLVMGetTypeContext(passed);
    uint64_t bits = type ? size_in_bits(context, type) : 0;

    if (has_attribute(function, parameter, "byval"))
        return true;
    return bits &&
           (bits + 7) / 8 == (LLVMSizeOfTypeInBits(layout, passed) + 7) / 8;
}

/* Fills variables[i] for each parameter, NULL for a hidden one. */
static bool list_parameters(LLVMValueRef function, LLVMTargetDataRef layout,
                            LLVMMetadataRef *variables)
{
    LLVMContextRef context = LLVMGetTypeContext(LLVMTypeOf(function));
    LLVMMetadataRef program = LLVMGetSubprogram(function);
    LLVMMetadataRef found[MAX_PARAMETERS];
    const unsigned n = LLVMCountParams(function);
    unsigned n_found, next = 0;

    if (!program || n > MAX_PARAMETERS || LLVMIsDeclaration(function))
        return false;
    n_found = list_retained(context, program, found);
    if (!n_found)
        n_found = list_declared(function, found);
    for (unsigned i = 0; i < n; i++) {
        struct node node;

        variables[i] = NULL;
        if (has_attribute(function, i, "sret"))
            continue;
        if (next == n_found || !read_node(context, found[next], &node) ||
            !agrees(function, i, operand(&node, PLACE_TYPE), layout))
            return false;
        variables[i] = found[next++];
    }
    return true;
}

/* ---- Answers ---- */

static void append_name(struct buffer *out, LLVMContextRef context,
                        LLVMMetadataRef variable)
{
    struct node node;
    const char *text = NULL;
    unsigned size = 0;

    if (variable && read_node(context, variable, &node) &&
        node.operand[PLACE_NAME])
        text = LLVMGetMDString(node.operand[PLACE_NAME], &size);
    if (text && size && !memchr(text, ' ', size))
        buffer_append(out, text, size);
    else
        buffer_append_string(out, "_");
}

bool debug_append_parameter_names(struct buffer *out, LLVMValueRef function,
                                  LLVMTargetDataRef layout)
{
    LLVMContextRef context = LLVMGetTypeContext(LLVMTypeOf(function));
    LLVMMetadataRef variables[MAX_PARAMETERS];

    if (LLVMCountParams(function) == 0 ||
        !list_parameters(function, layout, variables))
        return false;
    for (unsigned i = 0; i < LLVMCountParams(function); i++) {
        buffer_append_string(out, i ? " " : "");
        append_name(out, context, variables[i]);
    }
    return true;
}

uint64_t debug_pointee_size(LLVMValueRef function, unsigned parameter,
                            LLVMTargetDataRef layout)
{
    LLVMContextRef context = LLVMGetTypeContext(LLVMTypeOf(function));
    LLVMMetadataRef variables[MAX_PARAMETERS], type;
    struct node node;

    if (!list_parameters(function, layout, variables) ||
        !variables[parameter] ||
        !read_node(context, variables[parameter], &node))
        return 0;
    type = operand(&node, PLACE_TYPE);
    /* Typedefs and qualifiers of the pointer come first. */
    for (int i = 0; type && i < MAX_DEPTH; i++) {
        const bool is_pointer = LLVMDITypeGetSizeInBits(type) != 0;

        type = base_type(context, type);
        if (is_pointer)
            break;
    }
    return type ? size_in_bits(context, type) / 8 : 0;
}
