/* A piece of a module: the function that is called, and functions that it
 * calls. The address of a function is that of its stub, so only direct calls
 * refer to the code in the piece. */
#include "cut_steps.h"

#include <string.h>

#include "buffer.h"
#include "name_map.h"

struct member {
    LLVMValueRef function;
    bool is_copy; /* to be inlined here; other pieces have it, too */
};

struct piece {
    LLVMModuleRef module;
    LLVMPassManagerRef reader; /* of one function, without passes */
    struct lazy_cut *cut;
    struct buffer members; /* struct member */
    struct name_map names; /* of members: key and value */
    size_t n_called;       /* members that are no copies */
    bool failed;
};

static const LLVMAttributeIndex on_function =
    (LLVMAttributeIndex)LLVMAttributeFunctionIndex;

/* ---- Which functions ---- */

static struct member *member_at(const struct piece *piece, size_t i)
{
    return (struct member *)(void *)piece->members.data + i;
}

static size_t count_members(const struct piece *piece)
{
    return piece->members.size / sizeof(struct member);
}

static void add_member(struct piece *piece, LLVMValueRef function, bool is_copy)
{
    const struct member row = {function, is_copy};
    void **place = name_map_insert(&piece->names, glue_name(function));

    piece->failed |= !place;
    if (!place || *place)
        return;
    *place = function;
    buffer_append(&piece->members, &row, sizeof(row));
    piece->n_called += !is_copy;
    LLVMRunFunctionPassManager(piece->reader, function);
}

static void consider(struct piece *piece, LLVMValueRef callee)
{
    const struct lazy_cut *cut = piece->cut;
    const char *name = glue_name(callee);

    if (LLVMIsDeclaration(callee) || name_map_find(&piece->names, name))
        return;
    if (!cut_is_elsewhere(callee) &&
        cut->is_wanted(cut->is_wanted_context, name) &&
        (piece->n_called < cut->budget || cut_must_be_inlined(callee)))
        add_member(piece, callee, false);
    else if (cut_must_be_inlined(callee))
        add_member(piece, callee, true);
}

static void consider_calls(struct piece *piece, LLVMValueRef function)
{
    LLVMValueRef at = NULL, callee;

    while ((at = glue_next_instruction(function, at))) {
        callee = glue_is_call(at) ? LLVMGetCalledValue(at) : NULL;
        if (callee && LLVMIsAFunction(callee))
            consider(piece, callee);
    }
}

/* ---- Two names for each ---- */

/* Labels of the function are used where they are: not by RAUW. */
static bool has_labels(LLVMValueRef function)
{
    LLVMUseRef use = LLVMGetFirstUse(function);

    for (; use; use = LLVMGetNextUse(use))
        if (LLVMIsABlockAddress(LLVMGetUser(use)))
            return true;
    return false;
}

/* Is it the use of what a call calls? That is the last operand. */
static bool is_callee(LLVMUseRef use)
{
    LLVMValueRef user = LLVMGetUser(use);

    return LLVMIsAInstruction(user) && glue_is_call(user) &&
           LLVMGetOperandUse(user, (unsigned)LLVMGetNumOperands(user) - 1) ==
               use;
}

static void set_operand(LLVMUseRef use, LLVMValueRef value)
{
    LLVMValueRef user = LLVMGetUser(use);
    const unsigned n = (unsigned)LLVMGetNumOperands(user);

    for (unsigned i = 0; i < n; i++)
        if (LLVMGetOperandUse(user, i) == use) {
            LLVMSetOperand(user, i, value);
            return;
        }
}

/* Calls use `code`, all else `stub`. */
static void divide_uses(LLVMValueRef code, LLVMValueRef stub)
{
    const bool by_use = has_labels(code);
    LLVMUseRef use, next;

    if (!by_use)
        LLVMReplaceAllUsesWith(code, stub);
    for (use = LLVMGetFirstUse(by_use ? code : stub); use; use = next) {
        next = LLVMGetNextUse(use);
        if (by_use && LLVMIsAInstruction(LLVMGetUser(use)) && !is_callee(use))
            set_operand(use, stub);
        else if (!by_use && is_callee(use))
            set_operand(use, code);
    }
}

/* The optimiser must not make calls of functions that the root does not
 * import. */
static void forbid_builtins(LLVMValueRef function)
{
    static const char name[] = "no-builtins";

    LLVMAddAttributeAtIndex(
        function, on_function,
        LLVMCreateStringAttribute(LLVMGetTypeContext(LLVMTypeOf(function)),
                                  name, strlen(name), "", 0));
}

static void divide(struct piece *piece, const struct member *member)
{
    struct lazy_cut *cut = piece->cut;
    struct lazy_body *body = &cut->bodies[cut->n_bodies];
    LLVMValueRef code = member->function, stub;
    const char *own = glue_name(code);
    const char *name = arena_copy_string(cut->arena, own, strlen(own));
    static const char suffix[] = ".body";

    stub = glue_declare_like(piece->module, code, cut->arena);
    piece->failed |= !name || !stub;
    if (piece->failed)
        return;
    divide_uses(code, stub);
    LLVMSetValueName2(code, suffix, strlen(suffix));
    LLVMSetValueName2(stub, name, strlen(name));
    cut_publish(code);
    forbid_builtins(code);
    if (member->is_copy) {
        LLVMSetLinkage(code, LLVMInternalLinkage);
        return;
    }
    own = glue_name(code);
    body->function = name;
    body->name = arena_copy_string(cut->arena, own, strlen(own));
    piece->failed |= !body->name;
    cut->n_bodies++;
}

/* ---- All of it ---- */

static void choose_members(struct piece *piece)
{
    LLVMValueRef first = LLVMGetNamedFunction(piece->module, piece->cut->first);

    if (first && !cut_is_elsewhere(first))
        add_member(piece, first, false);
    for (size_t i = 0; i < count_members(piece) && !piece->failed; i++)
        consider_calls(piece, member_at(piece, i)->function);
}

static void replace_aliases(LLVMModuleRef module)
{
    LLVMValueRef at = LLVMGetFirstGlobalAlias(module);

    for (; at; at = LLVMGetNextGlobalAlias(at))
        cut_replace_alias(at);
}

static void mark_others(struct piece *piece)
{
    LLVMValueRef next = LLVMGetFirstGlobal(piece->module), at;

    for (at = LLVMGetFirstFunction(piece->module); at;
         at = LLVMGetNextFunction(at))
        if (!LLVMIsDeclaration(at) &&
            !name_map_find(&piece->names, glue_name(at)))
            cut_mark(at);
    while ((at = next)) {
        next = LLVMGetNextGlobal(at);
        if (glue_is_llvm_name(glue_name(at)))
            LLVMDeleteGlobal(at);
        else if (!LLVMIsDeclaration(at))
            cut_mark(at);
    }
}

static void cut_members(struct piece *piece)
{
    struct lazy_cut *cut = piece->cut;
    const size_t n = count_members(piece);

    cut->n_bodies = 0;
    cut->bodies = arena_alloc(cut->arena, n + 1, sizeof(*cut->bodies));
    piece->failed |= !cut->bodies || buffer_failed(&piece->members);
    for (size_t i = 0; i < n && !piece->failed; i++)
        divide(piece, member_at(piece, i));
}

enum status cut_piece(struct glue *glue, LLVMModuleRef module, const char *name,
                      struct lazy_cut *cut, struct error *err)
{
    struct piece piece = {
        .module = module,
        .reader = LLVMCreateFunctionPassManagerForModule(module),
        .cut = cut,
    };
    enum status status = STATUS_OK;

    buffer_init(&piece.members);
    name_map_init(&piece.names);
    replace_aliases(module);
    choose_members(&piece);
    if (!piece.failed)
        mark_others(&piece);
    name_map_release(&piece.names); /* keys are names that change now */
    if (!piece.failed)
        cut_members(&piece);
    if (piece.failed)
        status = error_no_memory(err);
    else if (cut->n_bodies == 0)
        status = error_set(err, STATUS_CORRUPT, "%s: no function '%s'", name,
                           cut->first);
    buffer_release(&piece.members);
    LLVMDisposePassManager(piece.reader);
    return status ? status : cut_drop_marked(glue, module, name, err);
}
