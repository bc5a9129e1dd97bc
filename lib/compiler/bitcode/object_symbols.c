/* The rules are those of ELF linkers (gABI, "Symbol Table"; for archives the
 * common rules of GNU ld and lld):
 *
 *   - Of several definitions of a name a strong one wins, then a common one
 *     (C's tentative definition, without -fno-common), then the first weak one.
 *     Two strong ones are an error, unless they are in groups (COMDAT), of
 *     which the linker keeps one.
 *   - An archive's member is taken if it defines an undefined symbol. A weak
 *     reference takes none. A common symbol takes a member with a real
 *     definition.
 *   - Code reaches a thread-local symbol differently from a plain one, so all
 *     modules must agree. A linker does not notice if a function and a variable
 *     have the same name.
 *
 * LLVM's linker has the same rules and joins the modules in the end. It cannot
 * tell which symbols are missing and which files disagree: this file does. */
#include "object_symbols.h"

#include <elf.h>
#include <string.h>

#include <llvm-c/Comdat.h>

#include "assembly.h"

/* ORDER DEFINITION: a later value wins. UNKNOWN: so far only archives contain
 * the name. */
enum definition { UNKNOWN, WEAKLY_WANTED, WANTED, WEAK, COMMON, STRONG };

struct known_symbol {
    enum definition definition;
    const char *file; /* the file with this definition, or with the first
                         reference, or NULL */
    bool is_grouped;
    bool is_typed; /* the next field is known: the name was seen with a type */
    bool is_thread_local;
};

/* ---- Global values of a module ---- */

/* A symbol in one module. */
struct occurrence {
    const char *name;
    enum definition definition;
    bool is_grouped;
    bool is_typed;
    bool is_thread_local;
};

/* A visitor returns false to stop. */
typedef bool (*visit_fn)(void *context, const struct occurrence *occurrence);

static bool is_declared_only(LLVMValueRef global)
{
    return LLVMIsDeclaration(global) ||
           LLVMGetLinkage(global) == LLVMAvailableExternallyLinkage;
}

/* False: the definition is local to its module. */
static bool read_global(LLVMValueRef global, struct occurrence *ret_occurrence)
{
    bool is_variable = LLVMIsAGlobalVariable(global) != NULL;
    struct occurrence seen = {
        .name = glue_name(global),
        .definition = STRONG,
        .is_typed = true,
        .is_thread_local = is_variable && LLVMIsThreadLocal(global),
    };

    switch (LLVMGetLinkage(global)) {
    case LLVMInternalLinkage:
    case LLVMPrivateLinkage:
    case LLVMAppendingLinkage:
        return false;
    case LLVMExternalWeakLinkage:
        seen.definition = WEAKLY_WANTED;
        break;
    case LLVMCommonLinkage:
        seen.definition = COMMON;
        break;
    case LLVMWeakAnyLinkage:
    case LLVMWeakODRLinkage:
    case LLVMLinkOnceAnyLinkage:
    case LLVMLinkOnceODRLinkage:
        seen.definition = WEAK;
        break;
    default:
        if (is_declared_only(global))
            seen.definition = WANTED;
        break;
    }
    if (seen.definition >= WEAK && (is_variable || LLVMIsAFunction(global)))
        seen.is_grouped = LLVMGetComdat(global) != NULL;
    *ret_occurrence = seen;
    return !glue_is_llvm_name(seen.name);
}

static bool for_each_global(LLVMModuleRef module, visit_fn visit, void *context)
{
    struct occurrence occurrence;
    LLVMValueRef global = NULL;

    while ((global = glue_next_global(module, global)))
        if (read_global(global, &occurrence) && !visit(context, &occurrence))
            return false;
    return true;
}

/* False: the label is local to its module. */
static bool read_asm_symbol(const struct asm_symbol *symbol,
                            struct occurrence *ret_occurrence)
{
    struct occurrence seen = {.name = symbol->name};
    bool is_weak = symbol->uses & ASM_WEAK;

    if (symbol->uses & ASM_DEFINED)
        seen.definition = is_weak ? WEAK : STRONG;
    else
        seen.definition = is_weak ? WEAKLY_WANTED : WANTED;
    *ret_occurrence = seen;
    return !(symbol->uses & ASM_DEFINED) || symbol->uses & ASM_GLOBAL;
}

static enum status for_each_symbol(const struct object_symbols *symbols,
                                   LLVMModuleRef module, visit_fn visit,
                                   void *context, struct error *err)
{
    struct asm_symbols in_asm;
    enum status status;
    size_t size;

    if (!for_each_global(module, visit, context))
        return STATUS_OK;
    LLVMGetModuleInlineAsm(module, &size);
    if (size == 0)
        return STATUS_OK;
    status = asm_symbols_read(module, symbols->arena, &in_asm, err);
    for (size_t i = 0; status == STATUS_OK && i < in_asm.n_symbols; i++) {
        struct occurrence occurrence;
        if (read_asm_symbol(&in_asm.symbol[i], &occurrence) &&
            !visit(context, &occurrence))
            break;
    }
    return status;
}

/* ---- Adding ---- */

void object_symbols_init(struct object_symbols *symbols, struct arena *arena)
{
    *symbols = (struct object_symbols){.arena = arena};
    name_map_init(&symbols->map);
}

void object_symbols_release(struct object_symbols *symbols)
{
    name_map_release(&symbols->map);
}

static void contradict(struct object_symbols *symbols, const char *format,
                       const char *file, const char *name, const char *other)
{
    if (symbols->n_conflicts++ == 0)
        error_set(&symbols->conflict, STATUS_COMPILE, format, file, name,
                  other);
}

static void check_against(struct object_symbols *symbols,
                          const struct known_symbol *symbol,
                          const struct occurrence *seen, const char *file)
{
    bool is_grouped = symbol->is_grouped && seen->is_grouped;

    if (symbol->definition == STRONG && seen->definition == STRONG &&
        !is_grouped && symbol->is_typed && seen->is_typed)
        contradict(symbols, "%s: '%s' is defined here and in %s", file,
                   seen->name, symbol->file);
    else if (symbol->is_typed && seen->is_typed &&
             symbol->is_thread_local != seen->is_thread_local)
        contradict(symbols,
                   seen->is_thread_local
                       ? "%s: '%s' is thread-local here and not in %s"
                       : "%s: '%s' is not thread-local here as it is in %s",
                   file, seen->name, symbol->file);
}

struct addition {
    struct object_symbols *symbols;
    const char *file;
    bool no_memory;
};

/* The symbol of that name, created if it is new. NULL: no memory. */
static struct known_symbol *intern(struct object_symbols *symbols,
                                   const char *name)
{
    void **place = name_map_insert(&symbols->map, name);

    if (place && !*place)
        *place = arena_alloc(symbols->arena, 1, sizeof(struct known_symbol));
    return place ? *place : NULL;
}

static bool add_occurrence(void *context, const struct occurrence *seen)
{
    struct addition *addition = context;
    struct known_symbol *symbol = intern(addition->symbols, seen->name);

    addition->no_memory = !symbol;
    if (!symbol)
        return false;
    check_against(addition->symbols, symbol, seen, addition->file);
    if (seen->definition > symbol->definition || !symbol->file) {
        symbol->definition = seen->definition;
        symbol->file = addition->file;
        symbol->is_grouped = seen->is_grouped;
    }
    if (seen->is_typed) {
        symbol->is_typed = true;
        symbol->is_thread_local = seen->is_thread_local;
    }
    return true;
}

enum status object_symbols_add(struct object_symbols *symbols,
                               LLVMModuleRef module, const char *file,
                               struct error *err)
{
    struct addition addition = {symbols, file, false};
    enum status status =
        for_each_symbol(symbols, module, add_occurrence, &addition, err);

    return addition.no_memory ? error_no_memory(err) : status;
}

static enum definition definition_of(const struct object_symbol *symbol)
{
    const bool is_weak = symbol->binding == STB_WEAK;

    switch (symbol->place) {
    case OBJECT_SYMBOL_UNDEFINED:
        return is_weak ? WEAKLY_WANTED : WANTED;
    case OBJECT_SYMBOL_COMMON:
        return COMMON;
    default:
        return is_weak ? WEAK : STRONG;
    }
}

/* A reference has no type, unless it is to a thread-local variable. */
static struct occurrence occurrence_of(const struct object_view *object,
                                       const struct object_symbol *symbol)
{
    const bool is_thread_local = symbol->type == STT_TLS;

    return (struct occurrence){
        .name = symbol->name,
        .definition = definition_of(symbol),
        .is_grouped = symbol->place == OBJECT_SYMBOL_IN_SECTION &&
                      object->sections[symbol->section].flags & SHF_GROUP,
        .is_typed = symbol->place != OBJECT_SYMBOL_UNDEFINED || is_thread_local,
        .is_thread_local = is_thread_local,
    };
}

enum status object_symbols_add_object(struct object_symbols *symbols,
                                      const struct object_view *object,
                                      struct error *err)
{
    struct addition addition = {symbols, object->name, false};
    enum status status = STATUS_OK;

    for (uint32_t i = 1; !status && i < object->n_symbols; i++) {
        struct object_symbol symbol;
        struct occurrence seen;

        status = object_symbol_at(object, i, &symbol, err);
        if (status || symbol.binding == STB_LOCAL)
            continue;
        seen = occurrence_of(object, &symbol);
        if (!add_occurrence(&addition, &seen))
            return error_no_memory(err);
    }
    return status;
}

enum status object_symbols_want(struct object_symbols *symbols,
                                const char *name, struct error *err)
{
    struct addition addition = {symbols, NULL, false};
    const struct occurrence wanted = {.name = name, .definition = WANTED};

    add_occurrence(&addition, &wanted);
    return addition.no_memory ? error_no_memory(err) : STATUS_OK;
}

bool object_symbols_know(const struct object_symbols *symbols, const char *name)
{
    const struct known_symbol *symbol = name_map_find(&symbols->map, name);

    return symbol && symbol->definition != UNKNOWN;
}

const char *object_symbols_definer(const struct object_symbols *symbols,
                                   const char *name)
{
    const struct known_symbol *symbol = name_map_find(&symbols->map, name);

    return symbol && symbol->definition >= WEAK ? symbol->file : NULL;
}

/* ---- Members of archives ---- */

struct definition_row {
    const char *name;
    const struct known_symbol *symbol;
    bool is_common;
};

struct collection {
    struct object_symbols *symbols;
    struct definitions definitions;
    bool counts_only;
    bool no_memory;
};

static bool collect(void *context, const struct occurrence *seen)
{
    struct collection *collection = context;
    struct definitions *definitions = &collection->definitions;
    struct known_symbol *symbol;

    if (seen->definition < WEAK)
        return true;
    if (collection->counts_only) {
        definitions->n_rows++;
        return true;
    }
    symbol = intern(collection->symbols, seen->name);
    collection->no_memory = !symbol;
    definitions->row[definitions->n_rows++] =
        (struct definition_row){seen->name, symbol, seen->definition == COMMON};
    return symbol != NULL;
}

/* Visits all symbols of `of`: called once to count, once to collect. */
typedef enum status (*visit_all_fn)(struct collection *collection,
                                    const void *of, struct error *err);

static enum status visit_module(struct collection *collection, const void *of,
                                struct error *err)
{
    /* LLVM's functions take non-const handles. */
    LLVMModuleRef module = *(const LLVMModuleRef *)of;

    return for_each_symbol(collection->symbols, module, collect, collection,
                           err);
}

static enum status visit_object(struct collection *collection, const void *of,
                                struct error *err)
{
    const struct object_view *object = of;

    for (uint32_t i = 1; i < object->n_symbols; i++) {
        struct object_symbol symbol;
        struct occurrence seen;
        enum status status = object_symbol_at(object, i, &symbol, err);

        if (status)
            return status;
        seen = occurrence_of(object, &symbol);
        if (symbol.binding != STB_LOCAL && !collect(collection, &seen))
            break;
    }
    return STATUS_OK;
}

static enum status collect_all(struct object_symbols *symbols,
                               visit_all_fn visit_all, const void *of,
                               struct definitions *ret_definitions,
                               struct error *err)
{
    struct collection collection = {.symbols = symbols, .counts_only = true};
    struct definitions *definitions = &collection.definitions;
    enum status status = visit_all(&collection, of, err);

    if (status)
        return status;
    definitions->row = arena_alloc(symbols->arena, definitions->n_rows + 1,
                                   sizeof(*definitions->row));
    if (!definitions->row)
        return error_no_memory(err);
    definitions->n_rows = 0;
    collection.counts_only = false;
    status = visit_all(&collection, of, err);
    if (status)
        return status;
    *ret_definitions = *definitions;
    return collection.no_memory ? error_no_memory(err) : STATUS_OK;
}

enum status object_symbols_read_module(struct object_symbols *symbols,
                                       LLVMModuleRef module,
                                       struct definitions *ret_definitions,
                                       struct error *err)
{
    return collect_all(symbols, visit_module, &module, ret_definitions, err);
}

enum status object_symbols_read_object(struct object_symbols *symbols,
                                       const struct object_view *object,
                                       struct definitions *ret_definitions,
                                       struct error *err)
{
    return collect_all(symbols, visit_object, object, ret_definitions, err);
}

const char *object_symbols_wanted(const struct definitions *definitions)
{
    for (size_t i = 0; i < definitions->n_rows; i++) {
        const struct definition_row *row = &definitions->row[i];
        enum definition so_far = row->symbol->definition;

        if (so_far == WANTED || (so_far == COMMON && !row->is_common))
            return row->name;
    }
    return NULL;
}

const char *object_symbols_name(const struct definitions *definitions,
                                size_t index)
{
    return definitions->row[index].name;
}

/* ---- Result ---- */

enum status object_symbols_check(const struct object_symbols *symbols,
                                 struct error *err)
{
    const char *message = symbols->conflict.message;

    if (symbols->n_conflicts == 0)
        return STATUS_OK;
    if (symbols->n_conflicts == 1)
        return error_set(err, STATUS_COMPILE, "%s", message);
    return error_set(err, STATUS_COMPILE, "%s (and %zu more such names)",
                     message, symbols->n_conflicts - 1);
}
