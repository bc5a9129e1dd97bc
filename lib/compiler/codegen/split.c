/* After inlining and simplification, the rest of a compile works function by
 * function, and is most of the work. So a large module is divided, each part
 * becomes an object, and the linker joins them like the files of any program.
 *
 *   - Functions are divided in their order, into runs of about the same number
 *     of instructions. So code keeps its order in the image.
 *   - A definition that only its own part refers to is not changed. Others
 * become external, with hidden visibility: code refers to them as before.
 * Variables that several parts use are in the first part.
 *   - The optimiser needs the values of constants of other parts, so each part
 *     has these as available_externally. Small constants without a name or
 *     address of their own (private, unnamed_addr: strings) are copied into
 * each part.
 *
 * Names need care if code other than IR uses them. The code generator calls
 * functions by itself (memcpy, floor): a visible static function of such a name
 * would be taken for one of these, so it gets another name. A label within a
 * function cannot be used in another part. Module assembly may refer to labels
 * of its own; aliases, indirect functions and COMDATs depend on other
 * definitions. A large module with one of these is rare and is not divided; nor
 * is one with an extremely large table of pointers. */
#include "split.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Comdat.h>

#include "libcalls.h"
#include "llvm_glue.h"

enum {
    MAX_PARTS = 16,
    EVERY_PART = MAX_PARTS,
    MAX_COPIED_SIZE =
        4096, /* bytes of a constant that is copied into each part */
    MAX_TABLE_WORK = 20000000 /* pointers to visit: some 0.1 s */
};

struct owner {
    LLVMValueRef global;
    size_t part; /* or EVERY_PART */
};

static const uint32_t every_part = UINT32_MAX;

static uint32_t bit(size_t part)
{
    return UINT32_C(1) << part;
}

/* ---- Size ---- */

static size_t count_instructions(LLVMValueRef function)
{
    LLVMValueRef at = NULL;
    size_t n = 0;

    while ((at = glue_next_instruction(function, at)))
        n++;
    return n;
}

static size_t count_all(LLVMModuleRef module)
{
    size_t n = 0;

    for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
         at = LLVMGetNextFunction(at))
        n += count_instructions(at);
    return n;
}

static bool has_comdat(LLVMValueRef global)
{
    return !LLVMIsDeclaration(global) && LLVMGetComdat(global);
}

/* LLVM copies a table of pointers for each function in it that is replaced by a
 * declaration: in a part without most of 100,000 functions this takes
 * minutes. */
static bool has_large_table(LLVMModuleRef module)
{
    uint64_t n_functions = 0, largest = 0;
    LLVMValueRef at;

    for (at = LLVMGetFirstFunction(module); at; at = LLVMGetNextFunction(at))
        n_functions++;
    for (at = LLVMGetFirstGlobal(module); at; at = LLVMGetNextGlobal(at)) {
        LLVMValueRef initializer = LLVMGetInitializer(at);
        int n = initializer && LLVMIsAUser(initializer)
                    ? LLVMGetNumOperands(initializer)
                    : 0;

        if (n > 0 && (uint64_t)n > largest)
            largest = (uint64_t)n;
    }
    return n_functions * largest > MAX_TABLE_WORK;
}

/* False for modules that cannot be divided. The rest depends on what the
 * optimiser leaves. */
static bool is_divisible(LLVMModuleRef module)
{
    LLVMValueRef at = NULL;
    size_t size;

    LLVMGetModuleInlineAsm(module, &size);
    if (size > 0 || LLVMGetFirstGlobalAlias(module) ||
        LLVMGetFirstGlobalIFunc(module) || has_large_table(module))
        return false;
    while ((at = glue_next_global(module, at)))
        if (has_comdat(at))
            return false;
    return true;
}

/* Does the module read a table that LLVM writes at the end of each object, with
 * the functions of that object only? */
static bool reads_own_table(LLVMModuleRef module)
{
    return LLVMGetNamedGlobal(module, "__LLVM_StackMaps") ||
           LLVMGetNamedGlobal(module, "__LLVM_FaultMaps");
}

size_t split_count(LLVMModuleRef module, size_t part_size)
{
    size_t n = count_all(module) / part_size;

    if (n <= 1 || reads_own_table(module))
        return 1;
    n += n % 2; /* most machines have an even number of CPUs */
    return n < MAX_PARTS ? n : MAX_PARTS;
}

/* ---- Who refers to what ---- */

static int compare_addresses(const void *a, const void *b)
{
    uintptr_t first = (uintptr_t)(*(struct owner *const *)a)->global;
    uintptr_t second = (uintptr_t)(*(struct owner *const *)b)->global;

    return first < second ? -1 : first > second;
}

static uint32_t part_of_function(const struct split *split,
                                 LLVMValueRef function)
{
    struct owner key = {.global = function};
    struct owner *pointer = &key;
    struct owner **found =
        bsearch(&pointer, split->by_address, split->n_functions,
                sizeof(*split->by_address), compare_addresses);

    return found ? bit((*found)->part) : every_part;
}

static uint32_t users_of(const struct split *split, LLVMValueRef value);

/* The parts that a user belongs to. A variable whose initialiser refers to a
 * definition may be in any part. */
static uint32_t parts_of_user(const struct split *split, LLVMValueRef user)
{
    if (LLVMIsAInstruction(user))
        return part_of_function(
            split, LLVMGetBasicBlockParent(LLVMGetInstructionParent(user)));
    if (LLVMIsAFunction(user))
        return part_of_function(split, user); /* its personality */
    if (LLVMIsAGlobalValue(user))
        return every_part;
    if (LLVMIsABlockAddress(user))
        return 0; /* see labels_stay() */
    return users_of(split, user);
}

static uint32_t users_of(const struct split *split, LLVMValueRef value)
{
    uint32_t users = 0;

    for (LLVMUseRef use = LLVMGetFirstUse(value); use && users != every_part;
         use = LLVMGetNextUse(use))
        users |= parts_of_user(split, LLVMGetUser(use));
    return users;
}

/* Are all users of a label of this part in the part? */
static bool stays(const struct split *split, LLVMValueRef label, uint32_t part)
{
    for (LLVMUseRef use = LLVMGetFirstUse(label); use;
         use = LLVMGetNextUse(use)) {
        LLVMValueRef user = LLVMGetUser(use);
        bool is_constant =
            !LLVMIsAInstruction(user) && !LLVMIsAGlobalValue(user);

        if (is_constant && !stays(split, user, part))
            return false;
        if (LLVMIsAInstruction(user) && parts_of_user(split, user) != part)
            return false;
        if (LLVMIsAGlobalValue(user) && users_of(split, user) & ~part)
            return false;
    }
    return true;
}

static bool labels_stay(const struct split *split, const struct owner *owner)
{
    for (LLVMUseRef use = LLVMGetFirstUse(owner->global); use;
         use = LLVMGetNextUse(use)) {
        LLVMValueRef user = LLVMGetUser(use);

        if (LLVMIsABlockAddress(user) && !stays(split, user, bit(owner->part)))
            return false;
    }
    return true;
}

/* ---- Who has what ---- */

static bool is_definition(LLVMValueRef global)
{
    return !LLVMIsDeclaration(global) &&
           LLVMGetLinkage(global) != LLVMAvailableExternallyLinkage;
}

static bool is_local(LLVMValueRef global)
{
    return LLVMGetLinkage(global) == LLVMInternalLinkage ||
           LLVMGetLinkage(global) == LLVMPrivateLinkage;
}

static bool is_copied(LLVMModuleRef module, LLVMValueRef variable)
{
    return LLVMGetLinkage(variable) == LLVMPrivateLinkage &&
           LLVMIsGlobalConstant(variable) &&
           LLVMGetUnnamedAddress(variable) == LLVMGlobalUnnamedAddr &&
           LLVMABISizeOfType(LLVMGetModuleDataLayout(module),
                             LLVMGlobalGetValueType(variable)) <=
               MAX_COPIED_SIZE;
}

static void rename_with(LLVMValueRef global, const char *suffix)
{
    const char *name = glue_name(global);
    char longer[64];

    snprintf(longer, sizeof(longer), "%.48s%s", name, suffix);
    LLVMSetValueName2(global, longer, strlen(longer));
}

/* LLVM appends a number if the name is taken. */
static void make_visible(LLVMValueRef global)
{
    if (!is_local(global))
        return;
    if (*glue_name(global) == '\0')
        rename_with(global, "bcc.unnamed");
    else if (is_libcall(glue_name(global)))
        rename_with(global, ".local");
    LLVMSetLinkage(global, LLVMExternalLinkage);
    LLVMSetVisibility(global, LLVMHiddenVisibility);
}

/* A function belongs to the part in which its middle is. */
static void assign_functions(LLVMModuleRef module, struct split *split)
{
    size_t total = count_all(module), before = 0;

    for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
         at = LLVMGetNextFunction(at)) {
        size_t n = count_instructions(at);
        struct owner *owner = &split->owners[split->n_owners];

        if (is_definition(at)) {
            owner->global = at;
            owner->part = (before + n / 2) * split->n_parts / (total + 1);
            split->by_address[split->n_owners++] = owner;
        }
        before += n;
    }
    split->n_functions = split->n_owners;
    qsort(split->by_address, split->n_functions, sizeof(*split->by_address),
          compare_addresses);
}

/* Make functions visible that other parts refer to. False: that is
 * impossible. */
static bool settle_functions(const struct split *split)
{
    for (size_t i = 0; i < split->n_functions; i++)
        if (!labels_stay(split, &split->owners[i]))
            return false;
    for (size_t i = 0; i < split->n_functions; i++) {
        const struct owner *owner = &split->owners[i];

        if (users_of(split, owner->global) & ~bit(owner->part))
            make_visible(owner->global);
    }
    return true;
}

/* A local variable belongs to the part that uses it; a shared one to the
 * first. */
static void settle_variable(LLVMModuleRef module, const struct split *split,
                            struct owner *owner)
{
    uint32_t users = users_of(split, owner->global);

    if (!is_local(owner->global))
        return;
    if ((users & (users - 1)) == 0) { /* one part, or none */
        while (users >>= 1)
            owner->part++;
        return;
    }
    if (is_copied(module, owner->global))
        owner->part = EVERY_PART;
    else
        make_visible(owner->global);
}

static void assign_variables(LLVMModuleRef module, struct split *split)
{
    for (LLVMValueRef at = LLVMGetFirstGlobal(module); at;
         at = LLVMGetNextGlobal(at)) {
        struct owner *owner = &split->owners[split->n_owners];

        if (!is_definition(at))
            continue;
        *owner = (struct owner){at, 0};
        settle_variable(module, split, owner);
        split->n_owners++;
    }
}

enum status split_plan(LLVMModuleRef module, size_t n_parts,
                       struct arena *arena, struct split *ret_split,
                       struct error *err)
{
    size_t n = glue_count_globals(module);
    struct split split = {.n_parts = n_parts};

    *ret_split = (struct split){.n_parts = 1};
    if (n_parts <= 1 || !is_divisible(module))
        return STATUS_OK;
    split.owners = arena_alloc(arena, n + 1, sizeof(*split.owners));
    split.by_address = arena_alloc(arena, n + 1, sizeof(*split.by_address));
    if (!split.owners || !split.by_address)
        return error_no_memory(err);
    assign_functions(module, &split);
    if (!settle_functions(&split))
        return STATUS_OK;
    assign_variables(module, &split);
    *ret_split = split;
    return STATUS_OK;
}

/* ---- A copy ---- */

/* Both modules have the same global values in the same order, and so do the
 * functions and variables of the plan. */
enum status split_copy(LLVMModuleRef module, const struct split *split,
                       struct arena *arena, LLVMModuleRef *ret_copy,
                       struct split *ret_split, struct error *err)
{
    struct owner *owners =
        arena_alloc(arena, split->n_owners + 1, sizeof(*owners));
    LLVMValueRef from = NULL, to = NULL;
    LLVMModuleRef copy;
    size_t n = 0;

    if (!owners)
        return error_no_memory(err);
    copy = LLVMCloneModule(module);
    while (n < split->n_owners && (from = glue_next_global(module, from))) {
        to = glue_next_global(copy, to);
        if (split->owners[n].global != from)
            continue;
        owners[n] = (struct owner){to, split->owners[n].part};
        n++;
    }
    *ret_copy = copy;
    *ret_split = (struct split){split->n_parts, owners, n, NULL, 0};
    return STATUS_OK;
}

/* ---- One part ---- */

static bool remove_function(LLVMModuleRef module, LLVMValueRef function,
                            struct arena *arena)
{
    LLVMValueRef declaration = glue_declare_like(module, function, arena);
    char *name;

    if (!declaration)
        return false;
    LLVMSetVisibility(declaration, LLVMHiddenVisibility);
    LLVMSetUnnamedAddress(declaration, LLVMGetUnnamedAddress(function));
    LLVMReplaceAllUsesWith(function, declaration);
    name = LLVMCreateMessage(glue_name(function));
    LLVMDeleteFunction(function);
    LLVMSetValueName2(declaration, name, strlen(name));
    LLVMDisposeMessage(name);
    return true;
}

/* A local variable is used in no other part, so it is dead code now. */
static void remove_variable(LLVMValueRef variable)
{
    if (LLVMGetLinkage(variable) == LLVMAppendingLinkage)
        LLVMDeleteGlobal(variable); /* llvm.global_ctors and its like */
    else if (is_local(variable))
        return;
    else if (LLVMIsGlobalConstant(variable))
        LLVMSetLinkage(variable, LLVMAvailableExternallyLinkage);
    else
        LLVMSetInitializer(variable, NULL);
}

enum status split_keep(LLVMModuleRef module, const struct split *split,
                       size_t part, struct arena *arena, struct error *err)
{
    for (size_t i = 0; i < split->n_owners; i++) {
        const struct owner *owner = &split->owners[i];

        if (owner->part == part || owner->part == EVERY_PART)
            continue;
        if (LLVMIsAGlobalVariable(owner->global))
            remove_variable(owner->global);
        else if (!remove_function(module, owner->global, arena))
            return error_no_memory(err);
    }
    return STATUS_OK;
}
