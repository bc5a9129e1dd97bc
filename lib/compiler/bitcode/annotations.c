/* clang's __attribute__((annotate(text))) puts a row into a variable:
 *
 *   @llvm.global.annotations = [{ptr what, ptr text, ptr file, i32 line, ...}]
 *
 * Rows are in the order of the source, with functions after variables. Texts
 * that do not begin with "bcc." are not libbcc's. */
#include "export_lists.h"

#include <string.h>

#include "read.h"

#define TABLE "llvm.global.annotations"

/* The words of a kernel in the order of its parameters, with the bits that
 * RenderScript gave them in #rs_export_foreach. */
enum {
    KERNEL_IN = 0x01,
    KERNEL_OUT = 0x02,
    KERNEL_BY_VALUE = 0x20,
    KERNEL_ITEM = 0x200,
};

static const struct {
    char word[6];
    uint16_t bit;
} kernel_words[] = {
    {"in", 0x01},
    {"out", KERNEL_OUT},
    {"data", 0x04},
    {"x", 0x08},
    {"y", 0x10},
    {"z", 0x40},
    {"value", KERNEL_BY_VALUE},
    {"accum", 0x100},
    {"item", KERNEL_ITEM},
};

enum { N_KERNEL_WORDS = sizeof(kernel_words) / sizeof(kernel_words[0]) };

struct reading {
    const char *name; /* of the module */
    struct script_exports *exports;
    bool has_exports;
};

struct annotation {
    LLVMValueRef what;
    const char *name; /* the name without escapes; in the arena, */
    const char *text; /* as is the text */
};

static enum status refuse(const struct reading *reading,
                          const struct annotation *annotation, const char *fact,
                          struct error *err)
{
    return error_set(err, STATUS_COMPILE, "%s: annotation '%s' of '%s': %s",
                     reading->name, annotation->text, annotation->name, fact);
}

/* ---- Lists ---- */

/* Make room for one more row in each list; n: how many rows they have. */
static enum status make_room(struct script_exports *exports, size_t n,
                             struct error *err)
{
    struct arena *arena = exports->arena;

    exports->vars = arena_extend(arena, exports->vars, exports->n_vars, n,
                                 sizeof(*exports->vars));
    exports->funcs = arena_extend(arena, exports->funcs, exports->n_funcs, n,
                                  sizeof(*exports->funcs));
    exports->foreachs =
        arena_extend(arena, exports->foreachs, exports->n_foreachs, n,
                     sizeof(*exports->foreachs));
    exports->pragmas = arena_extend(arena, exports->pragmas, exports->n_pragmas,
                                    n, sizeof(*exports->pragmas));
    exports->reductions =
        arena_extend(arena, exports->reductions, exports->n_reductions, n,
                     sizeof(*exports->reductions));
    exports->object_slots =
        arena_extend(arena, exports->object_slots, exports->n_object_slots, n,
                     sizeof(*exports->object_slots));
    if (!exports->vars || !exports->funcs || !exports->foreachs ||
        !exports->pragmas || !exports->object_slots || !exports->reductions)
        return error_no_memory(err);
    return STATUS_OK;
}

/* Append to a list with room: see make_room(). */
static void add_symbol(struct cache_symbol *list, size_t *n_list,
                       const struct annotation *annotation)
{
    list[(*n_list)++] = (struct cache_symbol){.name = annotation->name,
                                              .address = OBCC_NO_ADDRESS};
}

/* ---- Kinds ---- */

static void read_export(const struct reading *reading,
                        const struct annotation *annotation)
{
    struct script_exports *exports = reading->exports;

    if (LLVMIsAGlobalVariable(annotation->what))
        add_symbol(exports->vars, &exports->n_vars, annotation);
    else
        add_symbol(exports->funcs, &exports->n_funcs, annotation);
}

static enum status read_object(const struct reading *reading,
                               const struct annotation *annotation,
                               struct error *err)
{
    struct script_exports *exports = reading->exports;

    if (!LLVMIsAGlobalVariable(annotation->what))
        return refuse(reading, annotation, "not a variable", err);
    exports->object_slots[exports->n_object_slots++] =
        (uint32_t)exports->n_vars;
    add_symbol(exports->vars, &exports->n_vars, annotation);
    return STATUS_OK;
}

/* The bit of a kernel's word; 0: no such word. */
static unsigned kernel_bit(const char *word, size_t size)
{
    for (size_t i = 0; i < N_KERNEL_WORDS; i++)
        if (strlen(kernel_words[i].word) == size &&
            memcmp(kernel_words[i].word, word, size) == 0)
            return kernel_words[i].bit;
    return 0;
}

/* Do the parameters fit the words? A kernel that takes pointers to elements has
 * a parameter for each word. An element passed by value may take several
 * parameters, depending on the machine's calling convention. */
static bool agrees(LLVMValueRef function, unsigned bits, unsigned n_inputs)
{
    const unsigned n = LLVMCountParams(function);
    const unsigned others = (unsigned)__builtin_popcount(
        bits & ~(unsigned)(KERNEL_BY_VALUE | KERNEL_OUT | KERNEL_IN));

    if (bits & KERNEL_ITEM)
        return bits == KERNEL_ITEM;
    if (bits & KERNEL_BY_VALUE)
        return n >= others + n_inputs;
    return n == others + n_inputs + ((bits & KERNEL_OUT) != 0);
}

static enum status read_kernel(struct reading *reading,
                               const struct annotation *annotation,
                               const char *words, struct error *err)
{
    struct script_exports *exports = reading->exports;
    unsigned bits = 0, n_inputs = 0;

    if (!LLVMIsAFunction(annotation->what))
        return refuse(reading, annotation, "not a function", err);
    for (size_t size; words += strspn(words, ", "), *words; words += size) {
        unsigned bit;

        size = strcspn(words, ", ");
        bit = kernel_bit(words, size);
        if (!bit || (bits & bit && bit != KERNEL_IN))
            return refuse(reading, annotation,
                          "in may be there repeatedly, each of out, data, x, "
                          "y, z, value, accum, item once, and nothing else",
                          err);
        n_inputs += bit == KERNEL_IN;
        bits |= bit;
    }
    if (!agrees(annotation->what, bits, n_inputs))
        return refuse(reading, annotation,
                      "the function has another number of parameters", err);
    exports->foreachs[exports->n_foreachs++] =
        (struct cache_symbol){.name = annotation->name,
                              .address = OBCC_NO_ADDRESS,
                              .kernel_signature = bits,
                              .n_inputs = n_inputs};
    return STATUS_OK;
}

static enum status read_pragma(struct reading *reading,
                               const struct annotation *annotation,
                               const char *text, struct error *err)
{
    struct script_exports *exports = reading->exports;
    const char *equals = strchr(text, '=');
    char *key;

    if (!equals)
        return refuse(reading, annotation, "no '='", err);
    key = arena_copy_string(exports->arena, text, (size_t)(equals - text));
    if (!key)
        return error_no_memory(err);
    exports->pragmas[exports->n_pragmas++] =
        (struct cache_pragma){.key = key, .value = equals + 1};
    return STATUS_OK;
}

/* The word in "accumulator(word)". *ret_name is NULL if the text has no such
 * part. */
static enum status read_part(const struct reading *reading, const char *text,
                             const char *role, const char **ret_name,
                             struct error *err)
{
    const char *at = strstr(text, role), *end;

    *ret_name = NULL;
    if (!at)
        return STATUS_OK;
    at += strlen(role);
    end = at + strcspn(at, ")");
    *ret_name =
        arena_copy_string(reading->exports->arena, at, (size_t)(end - at));
    return *ret_name ? STATUS_OK : error_no_memory(err);
}

/* The text is "name:functions", the variable's value the size. */
static enum status read_reduction(struct reading *reading,
                                  const struct annotation *annotation,
                                  const char *text, struct error *err)
{
    struct script_exports *exports = reading->exports;
    struct script_reduction *row = &exports->reductions[exports->n_reductions];
    const char *functions = strchr(text, ':');
    LLVMValueRef size = LLVMIsAGlobalVariable(annotation->what)
                            ? LLVMGetInitializer(annotation->what)
                            : NULL;
    enum status status;

    if (!functions || !size || !LLVMIsAConstantInt(size))
        return refuse(reading, annotation, "not as BCC_REDUCE makes it", err);
    row->name =
        arena_copy_string(exports->arena, text, (size_t)(functions - text));
    if (!row->name)
        return error_no_memory(err);
    row->size = (uint32_t)LLVMConstIntGetZExtValue(size);
    row->bits = 0;
    status =
        read_part(reading, functions, "accumulator(", &row->accumulator, err);
    if (status == STATUS_OK)
        status = read_part(reading, functions, "initializer(",
                           &row->initializer, err);
    if (status == STATUS_OK)
        status =
            read_part(reading, functions, "combiner(", &row->combiner, err);
    if (status == STATUS_OK)
        status = read_part(reading, functions, "outconverter(",
                           &row->outconverter, err);
    if (status)
        return status;
    if (!row->accumulator)
        return refuse(reading, annotation, "accumulator(...) is needed", err);
    exports->n_reductions++;
    return STATUS_OK;
}

/* ---- Rows ---- */

/* The rest of the text after the prefix, or NULL. */
static const char *behind(const char *text, const char *beginning)
{
    const size_t size = strlen(beginning);

    return strncmp(text, beginning, size) == 0 ? text + size : NULL;
}

static enum status read_annotation(struct reading *reading,
                                   const struct annotation *annotation,
                                   struct error *err)
{
    const char *rest = behind(annotation->text, "bcc.");
    const char *operand;

    if (!rest)
        return STATUS_OK;
    operand = behind(rest, "pragma:");
    if (operand)
        return read_pragma(reading, annotation, operand, err);
    operand = behind(rest, "reduce:");
    if (operand)
        return read_reduction(reading, annotation, operand, err);
    if (LLVMGetLinkage(annotation->what) == LLVMInternalLinkage)
        return refuse(reading, annotation, "static, so it cannot be exported",
                      err);
    reading->has_exports = true;
    if (strcmp(rest, "export") == 0) {
        read_export(reading, annotation);
        return STATUS_OK;
    }
    if (strcmp(rest, "object") == 0)
        return read_object(reading, annotation, err);
    operand = behind(rest, "kernel:");
    if (operand)
        return read_kernel(reading, annotation, operand, err);
    return refuse(reading, annotation, "not one of bcc_script.h", err);
}

/* False: clang makes no such row. */
static bool read_row(LLVMValueRef row, struct arena *arena,
                     struct annotation *ret_annotation, bool *ret_no_memory)
{
    LLVMValueRef what, text, bytes;
    const char *string, *name;
    size_t size;

    if (!row || !LLVMIsAConstantStruct(row) || LLVMGetNumOperands(row) < 2)
        return false;
    what = LLVMGetOperand(row, 0);
    text = LLVMGetOperand(row, 1);
    if (!LLVMIsAGlobalValue(what) || !LLVMIsAGlobalVariable(text))
        return false;
    bytes = LLVMGetInitializer(text);
    if (!bytes || !LLVMIsAConstantDataSequential(bytes) ||
        !LLVMIsConstantString(bytes))
        return false;
    string = LLVMGetAsString(bytes, &size);
    name = plain_name(glue_name(what));
    *ret_annotation = (struct annotation){
        .what = what,
        .name = arena_copy_string(arena, name, strlen(name)),
        .text = arena_copy_string(arena, string, strnlen(string, size)),
    };
    *ret_no_memory = !ret_annotation->text || !ret_annotation->name;
    return !*ret_no_memory;
}

enum status annotations_read(LLVMModuleRef module, const char *name,
                             struct script_exports *exports,
                             bool *ret_has_exports, struct error *err)
{
    LLVMValueRef table = LLVMGetNamedGlobal(module, TABLE);
    LLVMValueRef rows = table ? LLVMGetInitializer(table) : NULL;
    struct reading reading = {.name = name, .exports = exports};
    enum status status;

    if (!rows || !LLVMIsAConstantArray(rows))
        return STATUS_OK;
    status = make_room(exports, (size_t)LLVMGetNumOperands(rows), err);
    for (int i = 0; status == STATUS_OK && i < LLVMGetNumOperands(rows); i++) {
        struct annotation annotation;
        bool no_memory = false;

        if (read_row(LLVMGetOperand(rows, (unsigned)i), exports->arena,
                     &annotation, &no_memory))
            status = read_annotation(&reading, &annotation, err);
        if (no_memory)
            status = error_no_memory(err);
    }
    *ret_has_exports |= reading.has_exports;
    return status;
}

void annotations_drop(LLVMModuleRef module)
{
    LLVMValueRef table = LLVMGetNamedGlobal(module, TABLE);

    if (table && !LLVMGetFirstUse(table))
        LLVMDeleteGlobal(table);
}
