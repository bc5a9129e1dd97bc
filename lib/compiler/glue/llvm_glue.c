#include "llvm_glue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/BitReader.h>
#include <llvm-c/Error.h>
#include <llvm-c/Linker.h>

#include "llvm_compat.h"

/* ---- Messages ---- */

/* LLVM's messages may have several lines (the verifier quotes the instruction);
 * errors here have one. */
static void copy_one_line(char *out, size_t out_size, const char *text)
{
    size_t used = 0;

    while (*text && used + 1 < out_size) {
        char c = *text++;
        if (c == '\n' || c == '\r' || c == '\t')
            c = ' ';
        if (c == ' ' && (used == 0 || out[used - 1] == ' '))
            continue;
        out[used++] = c;
    }
    while (used > 0 && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
}

static enum status set_error(struct error *err, enum status status,
                             const char *name, const char *text)
{
    char line[ERROR_MESSAGE_SIZE];

    copy_one_line(line, sizeof(line), text);
    return error_set(err, status, "%s: %s", name, line);
}

/* The context's own diagnostic is preferred, if there is one. */
static enum status set_diagnosed(struct glue *glue, struct error *err,
                                 enum status status, const char *name,
                                 const char *otherwise)
{
    const char *text = glue->failed ? glue->message : otherwise;
    enum status set = set_error(err, status, name, text);

    glue->failed = false;
    return set;
}

static void on_diagnostic(LLVMDiagnosticInfoRef info, void *context)
{
    struct glue *glue = context;
    char *text;

    if (LLVMGetDiagInfoSeverity(info) != LLVMDSError || glue->failed)
        return;
    text = LLVMGetDiagInfoDescription(info);
    copy_one_line(glue->message, sizeof(glue->message), text);
    glue->failed = true;
    LLVMDisposeMessage(text);
}

void glue_init(struct glue *glue)
{
    memset(glue, 0, sizeof(*glue));
    glue->context = LLVMContextCreate();
    LLVMContextSetDiagnosticHandler(glue->context, on_diagnostic, glue);
}

void glue_release(struct glue *glue)
{
    if (glue->context)
        LLVMContextDispose(glue->context);
    glue->context = NULL;
}

/* ---- Modules ---- */

enum status glue_read_bitcode(struct glue *glue, struct span bytes,
                              const char *name, LLVMModuleRef *ret_module,
                              struct error *err)
{
    LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRange(
        (const char *)bytes.data, bytes.size, name, false);
    LLVMModuleRef module = NULL;

    /* Names of local values are for people; dropping them saves a tenth of the
     * time to read. */
    LLVMContextSetDiscardValueNames(glue->context, true);
    if (LLVMGetBitcodeModuleInContext2(glue->context, buffer, &module)) {
        LLVMDisposeMemoryBuffer(buffer);
        return set_diagnosed(glue, err, STATUS_CORRUPT, name,
                             "LLVM rejects the bitcode");
    }
    if (glue->failed) {
        LLVMDisposeModule(module);
        return set_diagnosed(glue, err, STATUS_CORRUPT, name, "");
    }
    *ret_module = module;
    return STATUS_OK;
}

enum status glue_read_text(struct glue *glue, struct span bytes,
                           const char *name, LLVMModuleRef *ret_module,
                           struct error *err)
{
    /* The parser needs a NUL after the text, hence the copy. */
    LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(
        (const char *)bytes.data, bytes.size, name);
    enum status status = STATUS_OK;
    char *message = NULL;

    if (!buffer)
        return error_no_memory(err);
    LLVMContextSetDiscardValueNames(glue->context, false);
    if (!compat_parse_text(glue->context, buffer, ret_module, &message))
        status = error_set(err, STATUS_CORRUPT, "%.*s",
                           (int)strcspn(message, "\n"), message);
    LLVMDisposeMessage(message);
    return status;
}

enum status glue_link(struct glue *glue, LLVMModuleRef dest,
                      LLVMModuleRef module, const char *name, struct error *err)
{
    if (LLVMLinkModules2(dest, module) || glue->failed)
        return set_diagnosed(glue, err, STATUS_COMPILE, name,
                             "LLVM cannot link it");
    return STATUS_OK;
}

enum status glue_verify(struct glue *glue, LLVMModuleRef module,
                        const char *name, struct error *err)
{
    enum status status = STATUS_OK;
    char *message = NULL;

    (void)glue;
    if (LLVMVerifyModule(module, LLVMReturnStatusAction, &message))
        status = set_error(err, STATUS_COMPILE, name, message);
    LLVMDisposeMessage(message);
    return status;
}

/* ---- Code ---- */

enum status glue_run_passes(struct glue *glue, LLVMModuleRef module,
                            const struct glue_passes *passes, const char *name,
                            struct error *err)
{
    LLVMErrorRef error =
        LLVMRunPasses(module, passes->text, passes->machine, passes->options);

    if (error) {
        char *message = LLVMGetErrorMessage(error); /* consumes error */
        enum status status = set_error(err, STATUS_COMPILE, name, message);
        LLVMDisposeErrorMessage(message);
        return status;
    }
    if (glue->failed)
        return set_diagnosed(glue, err, STATUS_COMPILE, name, "");
    return STATUS_OK;
}

enum status glue_emit(struct glue *glue, LLVMModuleRef module,
                      LLVMTargetMachineRef machine, const char *name,
                      struct buffer *out, struct error *err)
{
    LLVMMemoryBufferRef object = NULL;
    enum status status = STATUS_OK;
    char *message = NULL;

    if (LLVMTargetMachineEmitToMemoryBuffer(machine, module, LLVMObjectFile,
                                            &message, &object)) {
        status = set_error(err, STATUS_COMPILE, name, message);
        LLVMDisposeMessage(message);
        return status;
    }
    if (!object) /* LLVM had no memory for the copy, and so gives no message */
        return error_no_memory(err);
    if (glue->failed)
        status = set_diagnosed(glue, err, STATUS_COMPILE, name, "");
    else
        buffer_append(out, LLVMGetBufferStart(object),
                      LLVMGetBufferSize(object));
    LLVMDisposeMemoryBuffer(object);
    if (status == STATUS_OK && buffer_failed(out))
        status = error_no_memory(err);
    return status;
}

enum status glue_target(const char *triple, LLVMTargetRef *ret_target,
                        struct error *err)
{
    char *message = NULL;

    if (LLVMGetTargetFromTriple(triple, ret_target, &message)) {
        enum status status =
            set_error(err, STATUS_UNSUPPORTED, triple, message);
        LLVMDisposeMessage(message);
        return status;
    }
    return STATUS_OK;
}

const char *glue_name(LLVMValueRef global)
{
    size_t size;

    return LLVMGetValueName2(global, &size);
}

LLVMValueRef glue_next_global(LLVMModuleRef module, LLVMValueRef at)
{
    static const struct {
        LLVMValueRef (*is)(LLVMValueRef);
        LLVMValueRef (*first)(LLVMModuleRef);
        LLVMValueRef (*next)(LLVMValueRef);
    } kinds[] = {
        {LLVMIsAFunction, LLVMGetFirstFunction, LLVMGetNextFunction},
        {LLVMIsAGlobalVariable, LLVMGetFirstGlobal, LLVMGetNextGlobal},
        {LLVMIsAGlobalAlias, LLVMGetFirstGlobalAlias, LLVMGetNextGlobalAlias},
        {LLVMIsAGlobalIFunc, LLVMGetFirstGlobalIFunc, LLVMGetNextGlobalIFunc},
    };
    size_t kind = 0;
    LLVMValueRef next;

    while (at && !kinds[kind].is(at))
        kind++;
    next = at ? kinds[kind].next(at) : kinds[kind].first(module);
    while (!next && ++kind < sizeof(kinds) / sizeof(kinds[0]))
        next = kinds[kind].first(module);
    return next;
}

bool glue_is_llvm_name(const char *name)
{
    return strncmp(name, "llvm.", 5) == 0;
}

int glue_compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

bool glue_contains_name(const char *const *names, size_t n, const char *name)
{
    return bsearch(&name, names, n, sizeof(*names), glue_compare_names) != NULL;
}

void glue_copy_metadata(LLVMValueRef from, LLVMValueRef to)
{
    size_t n;
    LLVMValueMetadataEntry *entries = LLVMGlobalCopyAllMetadata(from, &n);

    for (unsigned i = 0; i < n; i++)
        LLVMGlobalSetMetadata(to, LLVMValueMetadataEntriesGetKind(entries, i),
                              LLVMValueMetadataEntriesGetMetadata(entries, i));
    LLVMDisposeValueMetadataEntries(entries);
}

static bool copy_attributes(LLVMValueRef from, LLVMValueRef to,
                            LLVMAttributeIndex index, struct arena *arena)
{
    unsigned n = LLVMGetAttributeCountAtIndex(from, index);
    LLVMAttributeRef *attribute = arena_alloc(arena, n + 1, sizeof(*attribute));

    if (!attribute)
        return false;
    LLVMGetAttributesAtIndex(from, index, attribute);
    for (unsigned i = 0; i < n; i++)
        LLVMAddAttributeAtIndex(to, index, attribute[i]);
    return true;
}

LLVMValueRef glue_function_metadata(LLVMValueRef function, const char *kind)
{
    LLVMContextRef context = LLVMGetTypeContext(LLVMTypeOf(function));
    const unsigned id =
        LLVMGetMDKindIDInContext(context, kind, (unsigned)strlen(kind));
    size_t n;
    LLVMValueMetadataEntry *entries = LLVMGlobalCopyAllMetadata(function, &n);
    LLVMMetadataRef found = NULL;

    for (unsigned i = 0; i < n; i++)
        if (LLVMValueMetadataEntriesGetKind(entries, i) == id)
            found = LLVMValueMetadataEntriesGetMetadata(entries, i);
    LLVMDisposeValueMetadataEntries(entries);
    return found ? LLVMMetadataAsValue(context, found) : NULL;
}

LLVMValueRef glue_declare_like(LLVMModuleRef module, LLVMValueRef function,
                               struct arena *arena)
{
    LLVMValueRef declaration =
        LLVMAddFunction(module, "", LLVMGlobalGetValueType(function));

    LLVMSetFunctionCallConv(declaration, LLVMGetFunctionCallConv(function));
    for (unsigned i = 0; i <= LLVMCountParams(function); i++)
        if (!copy_attributes(function, declaration, i, arena))
            return NULL;
    if (!copy_attributes(function, declaration,
                         (LLVMAttributeIndex)LLVMAttributeFunctionIndex, arena))
        return NULL;
    return declaration;
}

LLVMValueRef glue_find_global(LLVMModuleRef module, const char *name)
{
    LLVMValueRef found = LLVMGetNamedFunction(module, name);

    if (!found)
        found = LLVMGetNamedGlobal(module, name);
    if (!found)
        found = LLVMGetNamedGlobalAlias(module, name, strlen(name));
    return found;
}

LLVMValueRef glue_next_instruction(LLVMValueRef function, LLVMValueRef at)
{
    LLVMValueRef next = at ? LLVMGetNextInstruction(at) : NULL;
    LLVMBasicBlockRef block;

    if (next)
        return next;
    block = at ? LLVMGetNextBasicBlock(LLVMGetInstructionParent(at))
               : LLVMGetFirstBasicBlock(function);
    while (block && !(next = LLVMGetFirstInstruction(block)))
        block = LLVMGetNextBasicBlock(block);
    return next;
}

bool glue_is_call(LLVMValueRef instruction)
{
    switch (LLVMGetInstructionOpcode(instruction)) {
    case LLVMCall:
    case LLVMInvoke:
    case LLVMCallBr:
        return true;
    default:
        return false;
    }
}

size_t glue_count_globals(LLVMModuleRef module)
{
    LLVMValueRef at = NULL;
    size_t n = 0;

    while ((at = glue_next_global(module, at)))
        n++;
    return n;
}
