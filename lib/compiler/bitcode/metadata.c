/* The metadata that RenderScript's front end defined and that this engine's
 * users still write: named nodes whose operands are tuples of strings.
 *
 *   !#pragma = !{!0}                     key, value: exactly two strings
 *   !#rs_export_var = !{!1}              name, type, ...: more than one
 *   !#rs_export_func = !{!2}             name
 *   !#rs_export_foreach = !{!3}          signature bits, decimal
 *   !#rs_export_foreach_name = !{!4}     kernel name
 *   !#rs_object_slots = !{!5}            index of an exported variable, decimal
 *   !#rs_export_reduce = !{!6}           name, bytes of an accumulator,
 * decimal, {accumulator, signature bits}; then, each NULL or absent,
 * initializer, combiner, outconverter, halter
 *
 * Clients address variables and functions by their position in these lists,
 * so an entry whose name is unusable keeps its place and gets no address,
 * while a tuple of the wrong length is no entry at all: that is how the
 * original counted.
 *
 * Scripts from before the foreach lists (2011) have neither: their kernel is
 * `root`, with every argument (signature 0x1f). Scripts from before the names
 * (2012) have one signature, root's. A kernel without a signature has 0.
 *
 * If objects are linked with the script, their lists follow the script's, in
 * the order of linking.
 *
 * Metadata is read before linking, because libraries may carry such metadata
 * too, which does not belong to the script. */
#include "export_lists.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

enum { FOREACH_ALL_ARGUMENTS = 0x1f };

/* One module, and the arena for the result. */
struct script {
    LLVMModuleRef module;
    const char *name;
    struct arena *arena;
};

/* The tuples of one named node. */
struct node {
    struct arena *arena;
    LLVMValueRef *tuple;
    unsigned n_tuples;
};

/* Operands of one tuple; only the first `max` are read. */
enum { MAX_OPERANDS = 2 };

struct tuple {
    unsigned n_operands;
    const char *string[MAX_OPERANDS]; /* NULL: not a string */
};

static enum status node_read(const struct script *script, const char *name,
                             struct node *ret_node, struct error *err)
{
    struct node node = {.arena = script->arena};

    node.n_tuples = LLVMGetNamedMetadataNumOperands(script->module, name);
    if (node.n_tuples > 0) {
        node.tuple =
            arena_alloc(script->arena, node.n_tuples, sizeof(*node.tuple));
        if (!node.tuple)
            return error_no_memory(err);
        LLVMGetNamedMetadataOperands(script->module, name, node.tuple);
    }
    *ret_node = node;
    return STATUS_OK;
}

static const char *operand_string(LLVMValueRef operand, struct arena *arena,
                                  bool *ret_no_memory)
{
    const char *text, *copy;
    unsigned size;

    text = operand ? LLVMGetMDString(operand, &size) : NULL;
    if (!text)
        return NULL;
    copy = arena_copy_string(arena, text, size);
    if (!copy)
        *ret_no_memory = true;
    return copy;
}

static enum status tuple_read(const struct node *node, unsigned index,
                              struct tuple *ret_tuple, struct error *err)
{
    LLVMValueRef value = node->tuple[index];
    struct tuple tuple = {.n_operands = LLVMGetMDNodeNumOperands(value)};
    bool no_memory = false;
    LLVMValueRef *operand;

    if (tuple.n_operands > 0) {
        operand = arena_alloc(node->arena, tuple.n_operands, sizeof(*operand));
        if (!operand)
            return error_no_memory(err);
        LLVMGetMDNodeOperands(value, operand);
        for (unsigned i = 0; i < tuple.n_operands && i < MAX_OPERANDS; i++)
            tuple.string[i] =
                operand_string(operand[i], node->arena, &no_memory);
    }
    if (no_memory)
        return error_no_memory(err);
    *ret_tuple = tuple;
    return STATUS_OK;
}

/* Accepts only whole decimal numbers. */
static bool parse_u32(const char *text, uint32_t *ret_value)
{
    uint64_t value = 0;

    if (!text || !*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *ret_value = (uint32_t)value;
    return true;
}

/* ---- Exports ---- */

/* Tuples with at least min_operands become symbols, named by their first
 * operand, and are added to the list. */
static enum status read_symbols(const struct script *script, const char *name,
                                unsigned min_operands,
                                struct cache_symbol **list, size_t *n_list,
                                struct error *err)
{
    struct cache_symbol *symbols;
    enum status status;
    struct node node = {0};
    struct tuple tuple = {0};
    size_t n = *n_list;

    status = node_read(script, name, &node, err);
    if (status)
        return status;
    symbols =
        arena_extend(script->arena, *list, n, node.n_tuples, sizeof(*symbols));
    if (!symbols)
        return error_no_memory(err);
    for (unsigned i = 0; i < node.n_tuples; i++) {
        status = tuple_read(&node, i, &tuple, err);
        if (status)
            return status;
        if (tuple.n_operands < min_operands)
            continue;
        symbols[n++] = (struct cache_symbol){
            .name = tuple.string[0] ? plain_name(tuple.string[0]) : "",
            .address = OBCC_NO_ADDRESS,
        };
    }
    *list = symbols;
    *n_list = n;
    return STATUS_OK;
}

/* Add the numbers of a node; each of its tuples holds one decimal string. */
static enum status read_numbers(const struct script *script,
                                const char *node_name, const char *what,
                                uint32_t **list, size_t *n_list,
                                struct error *err)
{
    uint32_t *numbers;
    enum status status;
    struct node node = {0};
    struct tuple tuple = {0};
    size_t n = *n_list;

    status = node_read(script, node_name, &node, err);
    if (status)
        return status;
    numbers =
        arena_extend(script->arena, *list, n, node.n_tuples, sizeof(*numbers));
    if (!numbers)
        return error_no_memory(err);
    for (unsigned i = 0; i < node.n_tuples; i++) {
        status = tuple_read(&node, i, &tuple, err);
        if (status)
            return status;
        if (tuple.n_operands != 1)
            continue;
        if (!parse_u32(tuple.string[0], &numbers[n++]))
            return error_set(err, STATUS_COMPILE,
                             "%s: Non-integer %s value '%s'", script->name,
                             what, tuple.string[0] ? tuple.string[0] : "");
    }
    *list = numbers;
    *n_list = n;
    return STATUS_OK;
}

static bool defines_function(LLVMModuleRef module, const char *name)
{
    LLVMValueRef function = LLVMGetNamedFunction(module, name);

    return function && !LLVMIsDeclaration(function);
}

static enum status read_foreachs(const struct script *script,
                                 struct script_exports *exports,
                                 struct error *err)
{
    struct cache_symbol *kernels = exports->foreachs;
    size_t n_before = exports->n_foreachs, n_kernels = n_before;
    uint32_t *signatures = NULL;
    size_t n_signatures = 0;
    enum status status;

    status = read_symbols(script, "#rs_export_foreach_name", 1, &kernels,
                          &n_kernels, err);
    if (status)
        return status;
    status = read_numbers(script, "#rs_export_foreach", "ForEach signature",
                          &signatures, &n_signatures, err);
    if (status)
        return status;
    if (n_kernels == n_before &&
        (n_signatures > 0 || defines_function(script->module, "root"))) {
        /* There is room: arena_extend() gives one item to spare. */
        kernels[n_kernels++] =
            (struct cache_symbol){.name = "root", .address = OBCC_NO_ADDRESS};
    }
    for (size_t i = 0; i < n_kernels - n_before; i++) {
        struct cache_symbol *kernel = &kernels[n_before + i];
        if (i < n_signatures)
            kernel->kernel_signature = signatures[i];
        else if (n_signatures == 0 && strcmp(kernel->name, "root") == 0)
            kernel->kernel_signature = FOREACH_ALL_ARGUMENTS;
    }
    exports->foreachs = kernels;
    exports->n_foreachs = n_kernels;
    return STATUS_OK;
}

/* ---- Reductions ---- */

/* Make the function visible: the front end makes these static. */
static void publish(LLVMModuleRef module, const char *name)
{
    LLVMValueRef function = name ? LLVMGetNamedFunction(module, name) : NULL;

    if (function && LLVMGetLinkage(function) == LLVMInternalLinkage) {
        LLVMSetLinkage(function, LLVMExternalLinkage);
        LLVMSetVisibility(function, LLVMHiddenVisibility);
    }
}

enum {
    REDUCE_NAME,
    REDUCE_SIZE,
    REDUCE_ACCUMULATOR,
    REDUCE_INITIALIZER,
    REDUCE_COMBINER,
    REDUCE_OUTCONVERTER,
    REDUCE_OPERANDS = REDUCE_OUTCONVERTER + 2, /* a halter may follow */
};

/* False: the tuple does not describe a reduction. */
static bool read_reduction(const struct script *script, LLVMValueRef node,
                           struct script_reduction *ret_row,
                           bool *ret_no_memory)
{
    LLVMValueRef operand[REDUCE_OPERANDS] = {NULL}, accumulator[2];
    struct script_reduction row = {.name = NULL};
    const unsigned n = LLVMGetMDNodeNumOperands(node);
    const char *text[REDUCE_OPERANDS] = {NULL};

    if (n <= REDUCE_ACCUMULATOR || n > REDUCE_OPERANDS)
        return false;
    LLVMGetMDNodeOperands(node, operand);
    for (unsigned i = 0; i < n; i++)
        if (i != REDUCE_ACCUMULATOR)
            text[i] = operand_string(operand[i], script->arena, ret_no_memory);
    node = operand[REDUCE_ACCUMULATOR];
    if (!node || LLVMGetMDString(node, &(unsigned){0}) ||
        LLVMGetMDNodeNumOperands(node) != 2)
        return false;
    LLVMGetMDNodeOperands(node, accumulator);
    row.name = text[REDUCE_NAME];
    row.accumulator =
        operand_string(accumulator[0], script->arena, ret_no_memory);
    row.initializer = text[REDUCE_INITIALIZER];
    row.combiner = text[REDUCE_COMBINER];
    row.outconverter = text[REDUCE_OUTCONVERTER];
    *ret_row = row;
    return row.name && row.accumulator &&
           parse_u32(text[REDUCE_SIZE], &ret_row->size) &&
           parse_u32(
               operand_string(accumulator[1], script->arena, ret_no_memory),
               &ret_row->bits);
}

static enum status read_reductions(const struct script *script,
                                   struct script_exports *exports,
                                   struct error *err)
{
    struct script_reduction *rows;
    struct node node = {0};
    enum status status = node_read(script, "#rs_export_reduce", &node, err);

    if (status)
        return status;
    rows = arena_extend(script->arena, exports->reductions,
                        exports->n_reductions, node.n_tuples, sizeof(*rows));
    if (!rows)
        return error_no_memory(err);
    exports->reductions = rows;
    for (unsigned i = 0; i < node.n_tuples; i++) {
        struct script_reduction *row = &rows[exports->n_reductions];
        bool no_memory = false;

        /* A name alone is the form of an earlier RenderScript: a function. */
        if (LLVMGetMDNodeNumOperands(node.tuple[i]) == 1)
            continue;
        if (!read_reduction(script, node.tuple[i], row, &no_memory))
            return no_memory ? error_no_memory(err)
                             : error_set(err, STATUS_COMPILE,
                                         "%s: #rs_export_reduce: row %u is not "
                                         "of the known form",
                                         script->name, i);
        publish(script->module, row->accumulator);
        publish(script->module, row->initializer);
        publish(script->module, row->combiner);
        publish(script->module, row->outconverter);
        exports->n_reductions++;
    }
    return STATUS_OK;
}

/* ---- The rest ---- */

static enum status read_pragmas(const struct script *script,
                                struct script_exports *exports,
                                struct error *err)
{
    struct cache_pragma *pragmas;
    enum status status;
    struct node node = {0};
    struct tuple tuple = {0};
    size_t n = exports->n_pragmas;

    status = node_read(script, "#pragma", &node, err);
    if (status)
        return status;
    pragmas = arena_extend(script->arena, exports->pragmas, n, node.n_tuples,
                           sizeof(*pragmas));
    if (!pragmas)
        return error_no_memory(err);
    for (unsigned i = 0; i < node.n_tuples; i++) {
        status = tuple_read(&node, i, &tuple, err);
        if (status)
            return status;
        if (tuple.n_operands != 2 || !tuple.string[0] || !tuple.string[1])
            continue;
        pragmas[n].key = tuple.string[0];
        pragmas[n++].value = tuple.string[1];
    }
    exports->pragmas = pragmas;
    exports->n_pragmas = n;
    return STATUS_OK;
}

/* n_vars_before: the number of variables of the modules before this one. A slot
 * is an index among the variables of its own module. */
static enum status read_object_slots(const struct script *script,
                                     size_t n_vars_before,
                                     struct script_exports *exports,
                                     struct error *err)
{
    size_t n_vars = exports->n_vars - n_vars_before;
    size_t n_before = exports->n_object_slots;
    enum status status;

    status =
        read_numbers(script, "#rs_object_slots", "object slot",
                     &exports->object_slots, &exports->n_object_slots, err);
    if (status)
        return status;
    for (size_t i = n_before; i < exports->n_object_slots; i++) {
        if (exports->object_slots[i] >= n_vars)
            return error_set(err, STATUS_COMPILE,
                             "%s: object slot %u of %zu exported variables",
                             script->name, exports->object_slots[i], n_vars);
        exports->object_slots[i] += (uint32_t)n_vars_before;
    }
    return STATUS_OK;
}

static bool has_rs_metadata(LLVMModuleRef module)
{
    LLVMNamedMDNodeRef node = LLVMGetFirstNamedMetadata(module);

    for (; node; node = LLVMGetNextNamedMetadata(node)) {
        size_t size;
        const char *name = LLVMGetNamedMetadataName(node, &size);
        if (size > 4 && memcmp(name, "#rs_", 4) == 0)
            return true;
    }
    return false;
}

static enum status read_module(const struct script *script,
                               struct script_exports *exports,
                               struct error *err)
{
    size_t n_vars_before = exports->n_vars;
    enum status status;

    status = read_symbols(script, "#rs_export_var", 2, &exports->vars,
                          &exports->n_vars, err);
    if (status)
        return status;
    status = read_symbols(script, "#rs_export_func", 1, &exports->funcs,
                          &exports->n_funcs, err);
    if (status)
        return status;
    status = read_foreachs(script, exports, err);
    if (status)
        return status;
    status = read_reductions(script, exports, err);
    if (status)
        return status;
    status = read_pragmas(script, exports, err);
    if (status)
        return status;
    return read_object_slots(script, n_vars_before, exports, err);
}

enum status metadata_read(const struct objects *objects,
                          struct script_exports *exports, bool *ret_has_exports,
                          struct error *err)
{
    bool has_exports = false;

    for (size_t i = 0; i < objects->n_objects; i++) {
        const struct object *object = &objects->object[i];
        const struct script one = {object->module, object->name,
                                   exports->arena};
        enum status status = read_module(&one, exports, err);

        if (status == STATUS_OK)
            status = annotations_read(object->module, object->name, exports,
                                      &has_exports, err);
        if (status)
            return status;
        has_exports |= has_rs_metadata(object->module);
    }
    *ret_has_exports = has_exports;
    return STATUS_OK;
}
