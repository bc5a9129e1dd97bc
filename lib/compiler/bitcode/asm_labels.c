/* An assembler's label belongs to its file. Here all files become one,
 * functions are inlined into those of other files, perhaps twice, and two
 * labels of one name are an error. So labels get other names as soon as the
 * functions of a file are linked:
 *
 *   .Lhere     .Lhere.u${:uid}   where all statements that have the label
 *                                define it; LLVM puts a number for ${:uid}
 *                                that each copy of the statement has for itself
 *   .Lshared   .Lshared.2        where another statement of the file refers to
 *                                it; with the suffix of the file
 *
 * Labels of the file's module assembly were renamed before, if another file has
 * them too (link_objects.c, link_runtime.c); references to them are renamed
 * here. A name in IR, or in a .globl directive, is a symbol and no label.
 *
 * LLVM's linker appends functions. So a mark is put after the last function
 * before linking, and all functions after it belong to this file. */
#include "assembly.h"

#include <string.h>

#include "name_map.h"

static const char own_suffix[] = ".u${:uid}";

struct label {
    const char *suffix;        /* NULL: the label keeps its name */
    LLVMValueRef last_defined; /* the last statement that was counted */
    LLVMValueRef last_named;
    unsigned n_defined, n_named; /* numbers of statements */
};

struct settling {
    LLVMModuleRef dest;
    const struct asm_file *file;
    struct arena arena;
    struct name_map labels;   /* struct label */
    struct buffer statements; /* LLVMValueRef: calls of inline assembly */
    struct buffer own;        /* the file's module assembly */
    LLVMValueRef statement;   /* the current one; NULL: the module assembly */
    size_t n_labels;
    bool failed;
};

/* ---- Statements ---- */

static LLVMValueRef assembly_of(LLVMValueRef call)
{
    LLVMValueRef called = LLVMGetCalledValue(call);

    return LLVMIsAInlineAsm(called) ? called : NULL;
}

static void collect(struct settling *settling, LLVMValueRef function)
{
    LLVMValueRef at = NULL;

    while ((at = glue_next_instruction(function, at)))
        if (glue_is_call(at) && assembly_of(at))
            buffer_append(&settling->statements, &at, sizeof(at));
}

static LLVMValueRef statement_at(const struct settling *settling, size_t index)
{
    LLVMValueRef call;

    memcpy(&call, settling->statements.data + index * sizeof(call),
           sizeof(call));
    return call;
}

static size_t count_statements(const struct settling *settling)
{
    return settling->statements.size / sizeof(LLVMValueRef);
}

static struct span text_of(LLVMValueRef call)
{
    size_t size;
    const char *text = LLVMGetInlineAsmAsmString(assembly_of(call), &size);

    return (struct span){(const uint8_t *)text, size};
}

/* ---- Labels ---- */

static struct label *add_label(struct settling *settling, const char *name)
{
    void **place = name_map_insert(&settling->labels, name);

    if (place && !*place)
        *place = arena_alloc(&settling->arena, 1, sizeof(struct label));
    settling->failed |= !place || !*place;
    settling->n_labels++;
    return settling->failed ? NULL : *place;
}

static void add_defined(struct settling *settling, LLVMValueRef call)
{
    LLVMValueRef assembly = assembly_of(call);
    struct asm_symbols symbols;

    if (asm_symbols_read_text(text_of(call), &settling->arena, &symbols,
                              NULL)) {
        settling->failed = true;
        return;
    }
    for (size_t i = 0; i < symbols.n_symbols && !settling->failed; i++) {
        const char *name = symbols.symbol[i].name;
        struct label *label;

        if (!asm_symbol_is_local(&symbols.symbol[i]) ||
            glue_find_global(settling->dest, name))
            continue;
        label = add_label(settling, name);
        if (!label || label->last_defined == assembly)
            continue;
        label->last_defined = assembly;
        label->n_defined++;
    }
}

/* An asm_suffix_fn that only counts. Names in the module assembly stay as they
 * are: that assembly is linked already. */
static const char *count_name(void *context, const char *name)
{
    struct settling *settling = context;
    struct label *label = name_map_find(&settling->labels, name);

    if (label && !settling->statement) {
        label->n_defined = 0;
    } else if (label && label->last_named != settling->statement) {
        label->last_named = settling->statement;
        label->n_named++;
    }
    return NULL;
}

static void count_names(struct settling *settling, struct span text,
                        LLVMValueRef statement)
{
    struct buffer nowhere;

    buffer_init(&nowhere);
    settling->statement = statement;
    asm_text_rename(text, count_name, settling, &nowhere);
    settling->failed |= buffer_failed(&nowhere);
    buffer_release(&nowhere);
}

static const char *suffix_of(void *context, const char *name)
{
    const struct settling *settling = context;
    const struct label *label = name_map_find(&settling->labels, name);

    if (!label || label->suffix || label->n_defined == 0)
        return label ? label->suffix : NULL;
    return label->n_defined == label->n_named ? own_suffix
                                              : settling->file->suffix;
}

static void read_labels(struct settling *settling)
{
    const struct asm_file *file = settling->file;
    size_t n = count_statements(settling);

    for (size_t i = 0; i < n && !settling->failed; i++)
        add_defined(settling, statement_at(settling, i));
    if (settling->n_labels > 0)
        count_names(settling, buffer_span(&settling->own), NULL);
    for (size_t i = 0; i < file->n_renamed && !settling->failed; i++) {
        struct label *label = add_label(settling, file->renamed[i]);
        if (label)
            label->suffix = file->suffix;
    }
    for (size_t i = 0; i < n && settling->n_labels && !settling->failed; i++) {
        LLVMValueRef call = statement_at(settling, i);
        count_names(settling, text_of(call), assembly_of(call));
    }
}

/* ---- Renaming ---- */

static void replace(LLVMValueRef call, struct span text)
{
    LLVMValueRef old = assembly_of(call);
    unsigned called = (unsigned)LLVMGetNumOperands(call) - 1;
    size_t size;
    const char *constraints = LLVMGetInlineAsmConstraintString(old, &size);

    LLVMSetOperand(
        call, called,
        LLVMGetInlineAsm(
            LLVMGetInlineAsmFunctionType(old), (const char *)text.data,
            text.size, constraints, size, LLVMGetInlineAsmHasSideEffects(old),
            LLVMGetInlineAsmNeedsAlignedStack(old),
            LLVMGetInlineAsmDialect(old), LLVMGetInlineAsmCanUnwind(old)));
}

static void rename_labels(struct settling *settling, LLVMValueRef call)
{
    struct span text = text_of(call);
    struct buffer renamed;

    buffer_init(&renamed);
    asm_text_rename(text, suffix_of, settling, &renamed);
    settling->failed |= buffer_failed(&renamed);
    if (!settling->failed && renamed.size != text.size)
        replace(call, buffer_span(&renamed));
    buffer_release(&renamed);
}

/* ---- A file ---- */

static void settle(struct settling *settling, LLVMValueRef first)
{
    for (LLVMValueRef at = first; at; at = LLVMGetNextFunction(at))
        collect(settling, at);
    settling->failed |=
        buffer_failed(&settling->statements) || buffer_failed(&settling->own);
    if (settling->failed || settling->statements.size == 0)
        return;
    read_labels(settling);
    if (settling->n_labels == 0)
        return;
    for (size_t i = 0; i < count_statements(settling); i++)
        if (!settling->failed)
            rename_labels(settling, statement_at(settling, i));
}

static LLVMValueRef add_mark(LLVMModuleRef dest)
{
    LLVMTypeRef none = LLVMVoidTypeInContext(LLVMGetModuleContext(dest));

    return LLVMAddFunction(dest, "", LLVMFunctionType(none, NULL, 0, false));
}

enum status asm_labels_link(struct glue *glue, LLVMModuleRef dest,
                            LLVMModuleRef module, const struct asm_file *file,
                            struct error *err)
{
    struct settling settling = {.dest = dest, .file = file};
    LLVMValueRef mark = add_mark(dest);
    enum status status;
    const char *own;
    size_t size;

    arena_init(&settling.arena);
    name_map_init(&settling.labels);
    buffer_init(&settling.statements);
    buffer_init(&settling.own);
    own = LLVMGetModuleInlineAsm(module, &size);
    buffer_append(&settling.own, own, size);
    status = glue_link(glue, dest, module, file->name, err);
    if (status == STATUS_OK)
        settle(&settling, LLVMGetNextFunction(mark));
    if (status == STATUS_OK && settling.failed)
        status = error_no_memory(err);
    LLVMDeleteFunction(mark);
    buffer_release(&settling.own);
    buffer_release(&settling.statements);
    name_map_release(&settling.labels);
    arena_release(&settling.arena);
    return status;
}
