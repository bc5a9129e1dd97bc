/* The root of a module that is compiled in pieces: no function but those whose
 * labels are in initialisers, and the lists that the stubs and the pieces are
 * made from. */
#include "cut_steps.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "link_image.h"

/* Lists under way. */
struct root {
    LLVMModuleRef module;
    struct lazy_cut *cut;
    struct buffer functions, whole, imports, declared; /* const char * */
    struct buffer aliases;                             /* struct lazy_alias */
    bool failed;
};

/* ---- Modules that are not cut ---- */

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Calls with others may pass something in the register that a stub uses, or
 * expect it unchanged (coldcc). */
static bool has_plain_convention(LLVMValueRef function)
{
    static const char keeps_all[] = "no_caller_saved_registers";

    if (LLVMGetStringAttributeAtIndex(
            function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, keeps_all,
            sizeof(keeps_all) - 1))
        return false;
    switch (LLVMGetFunctionCallConv(function)) {
    case LLVMCCallConv:
    case LLVMFastCallConv:
    case LLVMPreserveMostCallConv:
    case LLVMPreserveAllCallConv:
    case LLVMX8664SysVCallConv:
    case LLVMWin64CallConv:
        return true;
    default:
        return false;
    }
}

/* Generated code calls them, in a way of its own. */
static bool is_hook(const char *name)
{
    return begins(name, "__x86_indirect_thunk_") ||
           begins(name, "__morestack") || strcmp(name, "__fentry__") == 0 ||
           strcmp(name + strspn(name, "_"), "mcount") == 0;
}

/* What the linker defines in each image, and what follows from where code is.
 * Each image has its own __dso_handle: that of the root serves pieces, too. */
static bool is_of_image(const char *name)
{
    return (link_defines(name) && strcmp(name, "__dso_handle") != 0) ||
           strcmp(name, "__LLVM_StackMaps") == 0 ||
           begins(name, "llvm.experimental.stackmap") ||
           begins(name, "llvm.experimental.patchpoint") ||
           begins(name, "llvm.experimental.gc.statepoint");
}

static const char *refuse_function(LLVMValueRef function)
{
    const char *section = LLVMGetSection(function);

    if (LLVMIsDeclaration(function))
        return NULL;
    if (!has_plain_convention(function) || is_hook(glue_name(function)))
        return "a function has a calling convention of its own";
    if (LLVMHasPrefixData(function) || LLVMHasPrologueData(function))
        return "a function has data before its code";
    if (LLVMGetAlignment(function) > LAZY_STUB_SIZE)
        return "a function's address is aligned";
    /* __start_NAME tells where it begins. */
    if (section && *section && !begins(section, ".text"))
        return "a function is in a section of its own";
    return NULL;
}

static const char *refuse_alias(LLVMValueRef alias)
{
    LLVMValueRef base = cut_alias_base(alias);

    if (!base)
        return "an alias has no fixed address";
    if (LLVMIsAFunction(base) &&
        !LLVMIsAGlobalValue(LLVMAliasGetAliasee(alias)))
        return "an alias points into a function";
    return NULL;
}

/* NULL: it is cut. */
static const char *find_refusal(LLVMModuleRef module)
{
    const char *refusal = NULL;
    LLVMValueRef at = NULL;
    size_t size;

    LLVMGetModuleInlineAsm(module, &size);
    if (size)
        return "the module has assembly";
    /* A hash of the type is before the code. */
    if (LLVMGetModuleFlag(module, "kcfi", strlen("kcfi")))
        return "calls through pointers are checked (kcfi)";
    if (LLVMGetFirstGlobalIFunc(module))
        return "a function is indirect (ifunc)";
    while ((at = glue_next_global(module, at))) {
        if (LLVMIsAGlobalVariable(at) && LLVMIsThreadLocal(at))
            return "a variable is thread-local";
        if (LLVMIsDeclaration(at) && is_of_image(glue_name(at)))
            return "code asks where the image's parts are";
        if (LLVMIsAFunction(at))
            refusal = refuse_function(at);
        else if (LLVMIsAGlobalAlias(at))
            refusal = refuse_alias(at);
        if (refusal)
            return refusal;
    }
    return NULL;
}

/* ---- Lists ---- */

static const char *copy(struct root *root, const char *name)
{
    const char *result =
        arena_copy_string(root->cut->arena, name, strlen(name));

    root->failed |= !result;
    return result;
}

static void add(struct root *root, struct buffer *list, const char *name)
{
    const char *own = copy(root, name);

    buffer_append(list, &own, sizeof(own));
}

/* The list as an array in the arena, sorted, and no name twice. */
static const char **take(struct root *root, struct buffer *list, size_t *ret_n)
{
    const size_t n = list->size / sizeof(const char *);
    const char **names = arena_alloc(root->cut->arena, n + 1, sizeof(*names));
    size_t n_kept = 0;

    root->failed |= !names || buffer_failed(list);
    if (root->failed || n == 0)
        return names;
    memcpy(names, list->data, list->size);
    qsort(names, n, sizeof(*names), glue_compare_names);
    for (size_t i = 0; i < n; i++)
        if (!n_kept || strcmp(names[n_kept - 1], names[i]) != 0)
            names[n_kept++] = names[i];
    *ret_n = n_kept;
    return names;
}

static int compare_aliases(const void *left, const void *right)
{
    return strcmp(((const struct lazy_alias *)left)->name,
                  ((const struct lazy_alias *)right)->name);
}

static void take_aliases(struct root *root)
{
    const size_t n = root->aliases.size / sizeof(struct lazy_alias);
    struct lazy_alias *rows =
        arena_alloc(root->cut->arena, n + 1, sizeof(*rows));

    root->failed |= !rows || buffer_failed(&root->aliases);
    if (root->failed || n == 0)
        return;
    memcpy(rows, root->aliases.data, root->aliases.size);
    qsort(rows, n, sizeof(*rows), compare_aliases);
    root->cut->aliases = rows;
    root->cut->n_aliases = n;
}

/* ---- What pieces import ---- */

/* "llvm.sin.v4f32" may become calls of sinf(), and "llvm.cos" with it one of
 * sincosf(). Names that are no functions do no harm: imports are weak. */
static void add_for_intrinsic(struct root *root, const char *name)
{
    static const char constrained[] = "experimental.constrained.";
    const char *base = name + strlen("llvm."), *type;
    const char *suffix = "";
    char text[32];

    if (strncmp(base, constrained, strlen(constrained)) == 0)
        base += strlen(constrained);
    type = strchr(base, '.');
    if (!type || type - base > 16)
        return;
    type = strchr(type, 'f');
    if (!type || !isdigit((unsigned char)type[1]))
        return;
    if (strncmp(type, "f32", 3) == 0 || strncmp(type, "f16", 3) == 0)
        suffix = "f";
    else if (strncmp(type, "f64", 3) != 0)
        suffix = "l";
    snprintf(text, sizeof(text), "%.*s%s", (int)strcspn(base, "."), base,
             suffix);
    add(root, &root->imports, text);
    snprintf(text, sizeof(text), "sincos%s", suffix);
    if (strncmp(base, "sin.", 4) == 0 || strncmp(base, "cos.", 4) == 0)
        add(root, &root->imports, text);
}

static void add_import(struct root *root, LLVMValueRef global)
{
    const char *name = glue_name(global);

    if (glue_is_llvm_name(name))
        add_for_intrinsic(root, name);
    else if (strcmp(name, "__dso_handle") != 0) {
        add(root, &root->imports, name);
        if (LLVMGetLinkage(global) != LLVMExternalWeakLinkage &&
            !cut_must_be_inlined(global))
            add(root, &root->declared, name);
    }
}

/* What the code of a piece may call although no declaration says so: for
 * handlers that imports.c defines, remainders, and exceptions. */
static void add_implied(struct root *root)
{
    static const char *const names[] = {"fmod", "fmodf", "fmodl",
                                        "_Unwind_Resume"};
    static const char *const handlers[][2] = {
        {"atexit", "__cxa_atexit"},
        {"at_quick_exit", "__cxa_at_quick_exit"},
        {"pthread_atfork", "__register_atfork"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        add(root, &root->imports, names[i]);
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
        if (LLVMGetNamedFunction(root->module, handlers[i][0]))
            add(root, &root->imports, handlers[i][1]);
}

/* ---- Each kind ---- */

static void cut_function(struct root *root, LLVMValueRef function)
{
    if (cut_is_elsewhere(function)) {
        add_import(root, function);
    } else if (cut_has_body(function)) {
        add(root, &root->whole, glue_name(function));
        cut_publish(function);
    } else {
        add(root, &root->functions, glue_name(function));
        cut_mark(function);
    }
}

static void cut_variable(struct root *root, LLVMValueRef variable)
{
    if (glue_is_llvm_name(glue_name(variable)))
        return;
    if (cut_is_elsewhere(variable))
        add_import(root, variable);
    else
        cut_publish(variable);
}

/* A stub has all names of its function. Other aliases stay as they are. */
static void cut_alias(struct root *root, LLVMValueRef alias)
{
    LLVMValueRef base = cut_alias_base(alias);
    struct lazy_alias row;

    if (!LLVMIsAFunction(base) || cut_has_body(base)) {
        LLVMSetLinkage(alias, LLVMExternalLinkage);
        LLVMSetVisibility(alias, LLVMHiddenVisibility);
        return;
    }
    row = (struct lazy_alias){copy(root, glue_name(alias)),
                              copy(root, glue_name(base))};
    buffer_append(&root->aliases, &row, sizeof(row));
    cut_replace_alias(alias);
}

static void cut_all(struct root *root)
{
    LLVMValueRef at;

    for (at = LLVMGetFirstGlobalAlias(root->module); at;
         at = LLVMGetNextGlobalAlias(at))
        cut_alias(root, at);
    for (at = LLVMGetFirstFunction(root->module); at;
         at = LLVMGetNextFunction(at))
        cut_function(root, at);
    for (at = LLVMGetFirstGlobal(root->module); at; at = LLVMGetNextGlobal(at))
        cut_variable(root, at);
    add_implied(root);
}

static void take_all(struct root *root)
{
    struct lazy_cut *cut = root->cut;

    cut->functions = take(root, &root->functions, &cut->n_functions);
    cut->whole = take(root, &root->whole, &cut->n_whole);
    cut->imports = take(root, &root->imports, &cut->n_imports);
    cut->declared = take(root, &root->declared, &cut->n_declared);
    take_aliases(root);
}

enum status cut_root(struct glue *glue, LLVMModuleRef module, const char *name,
                     struct lazy_cut *cut, struct error *err)
{
    struct root root = {.module = module, .cut = cut};

    cut->refusal = find_refusal(module);
    if (cut->refusal)
        return error_set(err, STATUS_UNSUPPORTED, "%s: %s", name, cut->refusal);
    buffer_init(&root.functions);
    buffer_init(&root.whole);
    buffer_init(&root.imports);
    buffer_init(&root.declared);
    buffer_init(&root.aliases);
    cut_all(&root);
    take_all(&root);
    buffer_release(&root.functions);
    buffer_release(&root.whole);
    buffer_release(&root.imports);
    buffer_release(&root.declared);
    buffer_release(&root.aliases);
    if (root.failed)
        return error_no_memory(err);
    /* LLVM's assembly as text is read with all bodies. */
    if (cut->n_functions == 0) {
        cut->refusal = "no function's body is still unread";
        return error_set(err, STATUS_UNSUPPORTED, "%s: %s", name, cut->refusal);
    }
    return cut_drop_marked(glue, module, name, err);
}
