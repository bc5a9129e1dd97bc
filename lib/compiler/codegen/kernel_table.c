/* The table is constant data:
 *
 *     header {size, version, required, sanitizers, n, kernels, cpu[2]}
 *     kernel {size, line, file, name, signature, parameters, form, run,
 *             memory, tile[3], reserved}
 *
 *     header *bcc_library_query(i32 version, i64 features)
 *
 * The query returns NULL unless the caller knows version 1 and has all required
 * features, so a host that ignores the header still cannot use the code.
 *
 * Sanitizers are derived from what the module imports, not from attributes: a
 * function may have the attribute and no check. */
#include "kernels.h"

#include <stdlib.h>
#include <string.h>

#include <llvm-c/DebugInfo.h>

#include "call_shapes.h"
#include "llvm_glue.h"

enum { VERSION = 1, FEATURE_TILES = 1, FEATURE_GROUPS = 2 };

/* Prefixes of a runtime's functions; the bits are BCC_SANITIZER_... */
static const struct {
    char prefix[20];
    uint32_t bit;
} runtimes[] = {
    {"__asan_", 1}, {"__hwasan_", 2},        {"__tsan_", 4},
    {"__msan_", 8}, {"__ubsan_handle_", 16}, {"__dfsan_", 32},
};

static uint32_t find_sanitizers(LLVMModuleRef module)
{
    LLVMValueRef at = NULL;
    uint32_t bits = 0;

    while ((at = glue_next_global(module, at)))
        for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
            if (LLVMIsDeclaration(at) && LLVMGetFirstUse(at) &&
                strncmp(glue_name(at), runtimes[i].prefix,
                        strlen(runtimes[i].prefix)) == 0)
                bits |= runtimes[i].bit;
    return bits;
}

/* ---- Words of a kernel's text ---- */

void kernel_append_place(struct buffer *text, LLVMValueRef function)
{
    LLVMMetadataRef program = LLVMGetSubprogram(function);
    LLVMMetadataRef file = program ? LLVMDIScopeGetFile(program) : NULL;
    unsigned size;
    const char *name = file ? LLVMDIFileGetFilename(file, &size) : NULL;

    if (name)
        buffer_printf(text, " at:%u:%.*s", LLVMDISubprogramGetLine(program),
                      (int)size, name);
}

/* The text between the word and the file's name, which may contain any word. */
static const char *word_after(const char *text, const char *word)
{
    const char *end = strstr(text, " at:");
    const char *at = strstr(text, word);

    return at && (!end || at <= end) ? at + strlen(word) : NULL;
}

static void read_numbers(const char *text, const char *word, uint64_t *numbers,
                         unsigned n)
{
    const char *at = word_after(text, word);
    char *end;

    for (unsigned i = 0; at && i < n; i++) {
        numbers[i] = strtoull(at, &end, 10);
        at = *end == ',' ? end + 1 : NULL;
    }
}

/* ---- Constants ---- */

struct building {
    const struct kernel_table *table;
    LLVMContextRef context;
    LLVMTypeRef half, word, pointer; /* 32 and 64 bits; an address */
};

static LLVMValueRef add_constant(const struct building *b, LLVMValueRef value)
{
    LLVMValueRef variable =
        LLVMAddGlobal(b->table->module, LLVMTypeOf(value), "");

    LLVMSetInitializer(variable, value);
    LLVMSetGlobalConstant(variable, true);
    LLVMSetLinkage(variable, LLVMPrivateLinkage);
    return variable;
}

static LLVMValueRef text_pointer(const struct building *b, const char *text)
{
    if (!text)
        return LLVMConstNull(b->pointer);
    return add_constant(b, LLVMConstStringInContext(b->context, text,
                                                    (unsigned)strlen(text),
                                                    false));
}

static LLVMValueRef number(LLVMTypeRef type, uint64_t value)
{
    return LLVMConstInt(type, value, false);
}

static LLVMValueRef kernel_row(const struct building *b,
                               const struct cache_function *row,
                               LLVMValueRef run)
{
    const char *place = strstr(row->kernel, " at:");
    const char *file = place ? strchr(place + 4, ':') : NULL;
    uint64_t memory = 0, tile[3] = {0, 0, 0}, line = 0;
    LLVMValueRef fields[12];

    read_numbers(row->kernel, "memory:", &memory, 1);
    read_numbers(row->kernel, "tile:", tile, 3);
    read_numbers(row->kernel, "group:", tile, 3);
    read_numbers(row->kernel, " at:", &line, 1);
    fields[1] = number(b->half, line);
    fields[2] = text_pointer(b, file ? file + 1 : NULL);
    fields[3] = text_pointer(b, row->name);
    fields[4] = text_pointer(b, row->signature);
    fields[5] = text_pointer(b, row->parameters);
    fields[6] = text_pointer(b, row->kernel);
    fields[7] = run;
    fields[8] = number(b->word, memory);
    for (int i = 0; i < 3; i++)
        fields[9 + i] = number(b->half, tile[i]);
    fields[0] = number(b->half, 0);
    return LLVMConstStructInContext(b->context, fields, 12, false);
}

/* Store the size of the struct in its first field. */
static LLVMValueRef set_size(const struct building *b, LLVMValueRef value)
{
    const unsigned n = LLVMCountStructElementTypes(LLVMTypeOf(value));
    LLVMValueRef fields[16];

    for (unsigned i = 0; i < n; i++)
        fields[i] = LLVMGetOperand(value, i);
    fields[0] =
        number(b->half, LLVMABISizeOfType(b->table->layout, LLVMTypeOf(value)));
    return LLVMConstStructInContext(b->context, fields, n, false);
}

static LLVMValueRef expanded_form(LLVMModuleRef module, const char *name)
{
    const size_t size = strlen(name) + sizeof(".expand");
    char *expanded = malloc(size);
    LLVMValueRef form = NULL;

    if (expanded) {
        memcpy(expanded, name, strlen(name) + 1);
        memcpy(expanded + strlen(name), ".expand", sizeof(".expand"));
        form = LLVMGetNamedFunction(module, expanded);
    }
    free(expanded);
    return form;
}

/* Rows are in the order of their names, as functions are. */
static unsigned list_kernels(const struct building *b, LLVMValueRef *rows,
                             uint64_t *ret_required)
{
    unsigned n = 0;

    for (size_t i = 0; i < b->table->n_functions; i++) {
        const struct cache_function *row = &b->table->functions[i];
        LLVMValueRef run =
            row->kernel ? expanded_form(b->table->module, row->name) : NULL;

        if (!run)
            continue;
        *ret_required |=
            word_after(row->kernel, "item") ? FEATURE_GROUPS : FEATURE_TILES;
        rows[n++] = set_size(b, kernel_row(b, row, run));
    }
    return n;
}

static LLVMValueRef build_header(const struct building *b, LLVMValueRef *rows,
                                 uint64_t *ret_required)
{
    const unsigned n = list_kernels(b, rows, ret_required);
    const struct kernel_table *table = b->table;
    LLVMValueRef list = LLVMConstNull(b->pointer), fields[8];

    if (n)
        list = add_constant(b, LLVMConstArray(LLVMTypeOf(rows[0]), rows, n));
    fields[0] = number(b->half, 0);
    fields[1] = number(b->half, VERSION);
    fields[2] = number(b->word, *ret_required);
    fields[3] = number(b->half, find_sanitizers(table->module));
    fields[4] = number(b->half, n);
    fields[5] = number(b->word, table->cpu_features.word[0]);
    fields[6] = number(b->word, table->cpu_features.word[1]);
    fields[7] = list;
    return add_constant(
        b, set_size(b, LLVMConstStructInContext(b->context, fields, 8, false)));
}

/* ---- The query ---- */

static void build_query(const struct building *b, LLVMValueRef header,
                        uint64_t required)
{
    LLVMTypeRef parameters[] = {b->half, b->word};
    LLVMValueRef query =
        LLVMAddFunction(b->table->module, KERNEL_TABLE_QUERY,
                        LLVMFunctionType(b->pointer, parameters, 2, false));
    LLVMBuilderRef builder = LLVMCreateBuilderInContext(b->context);
    LLVMValueRef is_known, has_all;

    LLVMSetVisibility(query, LLVMHiddenVisibility);
    call_set_unwind_table(query);
    LLVMPositionBuilderAtEnd(
        builder, LLVMAppendBasicBlockInContext(b->context, query, ""));
    is_known = LLVMBuildICmp(builder, LLVMIntUGE, LLVMGetParam(query, 0),
                             number(b->half, VERSION), "");
    has_all = LLVMBuildICmp(builder, LLVMIntEQ,
                            LLVMBuildAnd(builder, LLVMGetParam(query, 1),
                                         number(b->word, required), ""),
                            number(b->word, required), "");
    LLVMBuildRet(builder,
                 LLVMBuildSelect(builder,
                                 LLVMBuildAnd(builder, is_known, has_all, ""),
                                 header, LLVMConstNull(b->pointer), ""));
    LLVMDisposeBuilder(builder);
}

bool kernel_table_define(const struct kernel_table *table)
{
    LLVMContextRef context = LLVMGetModuleContext(table->module);
    const struct building b = {
        .table = table,
        .context = context,
        .half = LLVMInt32TypeInContext(context),
        .word = LLVMInt64TypeInContext(context),
        .pointer = LLVMPointerTypeInContext(context, 0),
    };
    LLVMValueRef *rows, header;
    uint64_t required = 0;

    if (LLVMGetNamedFunction(table->module, KERNEL_TABLE_QUERY))
        return false;
    rows = calloc(table->n_functions + 1, sizeof(LLVMValueRef));
    if (!rows)
        return false;
    header = build_header(&b, rows, &required);
    build_query(&b, header, required);
    free(rows);
    return true;
}
