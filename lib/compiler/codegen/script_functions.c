/* Trampolines (call_shapes.c) are made for exported functions of scripts that
 * list their exports, and for all kept functions if the host asks for them
 * ("bcc:calls"). In other scripts, above all programs, nothing would call
 * them. */
#include "script_functions.h"

#include <stdlib.h>
#include <string.h>

#include "call_shapes.h"
#include "signature_text.h"
#include "kernels.h"

enum { MAX_EXTRA = 32 };

struct making {
    const struct functions_job *job;
    struct cache_function *rows;
    bool *is_item; /* of each row: a work item of OpenCL */
    size_t n_rows;
    struct buffer text;
};

/* The function with this name, or behind an alias with this name, if it is
 * defined. NULL: there is none. */
static LLVMValueRef find_definition(const struct functions_job *job,
                                    const char *name)
{
    LLVMModuleRef module = job->module;
    LLVMValueRef function = LLVMGetNamedFunction(module, name);

    if (!function) {
        function = LLVMGetNamedGlobalAlias(module, name, strlen(name));
        function = function ? LLVMAliasGetAliasee(function) : NULL;
    }
    return function && LLVMIsAFunction(function) &&
                   (job->has_stubs || !LLVMIsDeclaration(function))
               ? function
               : NULL;
}

/* A copy of the text so far; the buffer is empty afterwards. NULL: no
 * memory. */
static const char *take_text(struct making *m)
{
    const char *copy =
        buffer_failed(&m->text)
            ? NULL
            : arena_copy_string(m->job->arena, (const char *)m->text.data,
                                m->text.size);

    m->text.size = 0;
    return copy;
}

static enum status describe(struct making *m, const char *name,
                            LLVMValueRef function, struct error *err)
{
    struct cache_function *row = &m->rows[m->n_rows++];

    row->name = name;
    signature_append(&m->text, function, m->job->target->layout);
    row->signature = take_text(m);
    if (!row->signature)
        return error_no_memory(err);
    if (!debug_append_parameter_names(&m->text, function,
                                      m->job->target->layout))
        return STATUS_OK;
    row->parameters = take_text(m);
    return row->parameters ? STATUS_OK : error_no_memory(err);
}

static enum status describe_all(struct making *m, struct error *err)
{
    const struct functions_job *job = m->job;

    m->rows =
        arena_alloc(job->arena, job->n_names + job->exports->n_reductions + 1,
                    sizeof(*m->rows));
    m->is_item = arena_alloc(job->arena, job->n_names + 1, sizeof(bool));
    if (!m->rows || !m->is_item)
        return error_no_memory(err);
    for (size_t i = 0; i < job->n_names; i++) {
        LLVMValueRef function = find_definition(job, job->names[i]);
        enum status status =
            function ? describe(m, job->names[i], function, err) : STATUS_OK;

        if (status)
            return status;
    }
    return STATUS_OK;
}

static int compare_row(const void *name, const void *row)
{
    return strcmp(name, ((const struct cache_function *)row)->name);
}

static struct cache_function *find_row(const struct making *m, const char *name)
{
    return m->n_rows ? bsearch(name, m->rows, m->n_rows, sizeof(*m->rows),
                               compare_row)
                     : NULL;
}

/* ---- Trampolines ---- */

static void make_callable(struct making *m, const char *name)
{
    const struct cache_function *row = find_row(m, name);
    struct call_shape shape = {0};

    if (!row || strstr(row->signature, "... ->"))
        return;
    shape.function = find_definition(m->job, name);
    shape.text = row->signature;
    (void)call_shape_define(m->job->module, m->job->target->layout, &shape);
}

static enum status refuse(const struct functions_job *job,
                          const struct directive *directive, const char *fact,
                          struct error *err)
{
    return error_set(err, STATUS_COMPILE, "%s: '%s' as '%s': %s", job->name,
                     directive->name, directive->rest, fact);
}

/* The types of the variable arguments: for "ptr i32 f64 -> i32" of the function
 * "ptr ... -> i32" these are i32 and f64. False: text does not begin and end
 * like the function's own signature. */
static bool parse_extra(const struct making *m, const char *own,
                        const char *called, struct call_shape *shape)
{
    const size_t n_fixed = (size_t)(strstr(own, "... ->") - own);
    const char *at = called + n_fixed;

    if (strncmp(own, called, n_fixed) != 0)
        return false;
    while (strncmp(at, "->", 2) != 0) {
        LLVMTypeRef type =
            signature_parse_type(LLVMGetModuleContext(m->job->module), &at);

        if (!type || *at != ' ' || shape->n_extra == MAX_EXTRA)
            return false;
        shape->extra[shape->n_extra++] = type;
        at++;
    }
    return strcmp(at, own + n_fixed + strlen("... ")) == 0;
}

static enum status make_variadic(struct making *m,
                                 const struct directive *directive,
                                 struct error *err)
{
    const struct cache_function *row = find_row(m, directive->name);
    LLVMTypeRef extra[MAX_EXTRA];
    struct call_shape shape = {.extra = extra, .text = directive->rest};

    if (!row)
        return refuse(m->job, directive, "no such function", err);
    if (!strstr(row->signature, "... ->"))
        return refuse(m->job, directive, "the function is not variadic", err);
    if (!parse_extra(m, row->signature, directive->rest, &shape))
        return error_set(err, STATUS_COMPILE,
                         "%s: '%s' as '%s': the function is '%s'", m->job->name,
                         directive->name, directive->rest, row->signature);
    shape.function = find_definition(m->job, directive->name);
    if (!call_shape_define(m->job->module, m->job->target->layout, &shape))
        return refuse(m->job, directive, "values of a type are not passed",
                      err);
    return STATUS_OK;
}

static void make_trampolines(struct making *m)
{
    const struct functions_job *job = m->job;

    if (directives_have(job->directives, DIRECTIVE_CALLS)) {
        for (size_t i = 0; i < m->n_rows; i++)
            make_callable(m, m->rows[i].name);
        return;
    }
    for (size_t i = 0;
         job->has_metadata && !job->marked_only && i < job->exports->n_funcs;
         i++)
        make_callable(m, job->exports->funcs[i].name);
}

/* ---- Imports ---- */

static enum status check_import(struct making *m,
                                const struct directive *directive,
                                struct error *err)
{
    LLVMValueRef function =
        LLVMGetNamedFunction(m->job->module, directive->name);
    const char *called;

    if (!function || !LLVMIsDeclaration(function))
        return STATUS_OK;
    signature_append(&m->text, function, m->job->target->layout);
    called = take_text(m);
    if (!called)
        return error_no_memory(err);
    if (strcmp(called, directive->rest) == 0)
        return STATUS_OK;
    return error_set(err, STATUS_COMPILE,
                     "%s: import '%s': the script calls '%s', the host has "
                     "'%s'",
                     m->job->name, directive->name, called, directive->rest);
}

/* ---- Constants ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes as a constant of the variable's type. NULL: another size, or not a
 * number. */
static LLVMValueRef constant_of(LLVMTypeRef type, LLVMTargetDataRef layout,
                                const char *digits)
{
    LLVMContextRef context = LLVMGetTypeContext(type);
    const size_t size = strlen(digits) / 2;
    LLVMTypeRef bits = LLVMIntTypeInContext(context, (unsigned)size * 8);
    uint64_t words[2] = {0};

    if (size == 0 || size > sizeof(words) || strlen(digits) % 2 ||
        LLVMStoreSizeOfType(layout, type) != size)
        return NULL;
    for (size_t i = 0; i < 2 * size; i++) {
        const int digit = hex_digit(digits[i]);

        if (digit < 0)
            return NULL;
        words[i / 16] |= (uint64_t)digit << (i % 16 / 2 * 8 + (i % 2 ? 0 : 4));
    }
    bits = LLVMIntTypeInContext(context, (unsigned)size * 8);
    switch (LLVMGetTypeKind(type)) {
    case LLVMIntegerTypeKind:
        return LLVMConstIntOfArbitraryPrecision(type, size > 8 ? 2 : 1, words);
    case LLVMFloatTypeKind:
    case LLVMDoubleTypeKind:
    case LLVMHalfTypeKind:
        return LLVMConstBitCast(
            LLVMConstIntOfArbitraryPrecision(bits, 1, words), type);
    default:
        return NULL;
    }
}

static enum status set_constant(struct making *m,
                                const struct directive *directive,
                                struct error *err)
{
    LLVMValueRef variable = LLVMGetNamedGlobal(m->job->module, directive->name);
    LLVMValueRef value;

    if (!variable || LLVMIsDeclaration(variable))
        return refuse(m->job, directive, "no such variable", err);
    value = constant_of(LLVMGlobalGetValueType(variable),
                        m->job->target->layout, directive->rest);
    if (!value)
        return refuse(m->job, directive,
                      "the variable is not a number of this size", err);
    LLVMSetInitializer(variable, value);
    LLVMSetGlobalConstant(variable, true);
    /* A volatile or weak variable would still be read. */
    LLVMSetExternallyInitialized(variable, false);
    return STATUS_OK;
}

static enum status follow_directives(struct making *m, struct error *err)
{
    for (size_t i = 0; i < m->job->directives->n_rows; i++) {
        const struct directive *row = &m->job->directives->row[i];
        enum status status = STATUS_OK;

        if (row->verb == DIRECTIVE_CALL)
            status = make_variadic(m, row, err);
        else if (row->verb == DIRECTIVE_IMPORT)
            status = check_import(m, row, err);
        else if (row->verb == DIRECTIVE_CONSTANT)
            status = set_constant(m, row, err);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* ---- Kernels ---- */

static enum status expand(struct making *m, struct cache_function *row,
                          unsigned bits, unsigned n_inputs, struct error *err)
{
    const struct kernel kernel = {find_definition(m->job, row->name), bits,
                                  n_inputs};

    if (row->kernel)
        return STATUS_OK;
    m->is_item[row - m->rows] = bits & KERNEL_ITEM;
    kernel_expand(m->job->module, m->job->target->layout, &kernel, &m->text);
    row->kernel = take_text(m);
    return row->kernel ? STATUS_OK : error_no_memory(err);
}

static enum status expand_named(struct making *m, struct error *err)
{
    for (size_t i = 0; i < m->job->directives->n_rows; i++) {
        const struct directive *directive = &m->job->directives->row[i];
        struct cache_function *row;
        unsigned bits, n_inputs;
        enum status status;

        if (directive->verb != DIRECTIVE_KERNEL)
            continue;
        row = find_row(m, directive->name);
        if (!row)
            return refuse(m->job, directive, "no such function", err);
        if (!kernel_parse(directive->rest, &bits, &n_inputs))
            return refuse(m->job, directive, "not the words of a kernel", err);
        status = expand(m, row, bits, n_inputs, err);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status expand_exports(struct making *m, struct error *err)
{
    const struct script_exports *exports = m->job->exports;

    for (size_t i = 0; i < exports->n_foreachs; i++) {
        struct cache_function *row = find_row(m, exports->foreachs[i].name);
        enum status status =
            row ? expand(m, row, exports->foreachs[i].kernel_signature,
                         exports->foreachs[i].n_inputs, err)
                : STATUS_OK;

        if (status)
            return status;
    }
    return STATUS_OK;
}

/* Expand accumulators of RenderScript's form that only a reduction names: they
 * take elements by value. */
static enum status expand_accumulators(struct making *m, struct error *err)
{
    const struct script_exports *exports = m->job->exports;

    for (size_t i = 0; i < exports->n_reductions; i++) {
        const struct script_reduction *reduction = &exports->reductions[i];
        struct cache_function *row = find_row(m, reduction->accumulator);
        enum status status =
            row && reduction->bits
                ? expand(m, row,
                         reduction->bits | KERNEL_ACCUMULATOR | KERNEL_BY_VALUE,
                         0, err)
                : STATUS_OK;

        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status finish_item(struct making *m, struct cache_function *row,
                               struct error *err)
{
    const char *words;

    kernel_item_finish(m->job->module, m->job->target->layout,
                       find_definition(m->job, row->name), &m->text);
    words = take_text(m);
    if (!words)
        return error_no_memory(err);
    if (strncmp(words, "refused", 7) == 0) {
        row->kernel = words;
        return STATUS_OK;
    }
    buffer_printf(&m->text, "%s%s", row->kernel, words);
    row->kernel = take_text(m);
    return row->kernel ? STATUS_OK : error_no_memory(err);
}

static enum status finish_items(struct making *m, struct error *err)
{
    for (size_t i = 0; i < m->n_rows; i++) {
        enum status status;

        if (!m->is_item[i])
            continue;
        status = finish_item(m, &m->rows[i], err);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status expand_items(struct making *m, struct error *err)
{
    const struct functions_job *job = m->job;
    enum status status = STATUS_OK;
    size_t n_items = 0;

    for (size_t i = 0; status == STATUS_OK && i < m->n_rows; i++) {
        struct cache_function *row = &m->rows[i];
        LLVMValueRef function = find_definition(job, row->name);

        if (!row->kernel && kernel_is_item(function))
            status = expand(m, row, KERNEL_ITEM, 0, err);
        n_items += m->is_item[i];
    }
    if (status || n_items == 0)
        return status;
    kernel_items_prepare(job->module);
    status = glue_run_passes(
        job->glue, job->module,
        &(struct glue_passes){"always-inline", job->target->machine,
                              LLVMCreatePassBuilderOptions()},
        job->name, err);
    return status ? status : finish_items(m, err);
}

/* ---- Reductions ---- */

static int compare_rows(const void *left, const void *right)
{
    return compare_row(((const struct cache_function *)left)->name, right);
}

/* Add a row "reduce NAME" for each reduction; a function may have the same
 * NAME. */
static enum status add_reductions(struct making *m, struct error *err)
{
    const struct script_exports *exports = m->job->exports;
    struct cache_function *row = m->rows + m->n_rows;

    for (size_t i = 0; i < exports->n_reductions; i++) {
        const struct script_reduction *reduction = &exports->reductions[i];
        const struct cache_function *accumulator =
            find_row(m, reduction->accumulator);

        buffer_printf(&m->text, "reduce %s", reduction->name);
        row->name = take_text(m);
        row->signature = accumulator ? accumulator->signature : "";
        row->parameters = NULL;
        reduction_describe(m->job->module, reduction,
                           accumulator ? accumulator->kernel : NULL, &m->text);
        row->kernel = take_text(m);
        if (!row->name || !row->kernel)
            return error_no_memory(err);
        row++;
    }
    m->n_rows += exports->n_reductions;
    if (m->n_rows)
        qsort(m->rows, m->n_rows, sizeof(*m->rows), compare_rows);
    return STATUS_OK;
}

/* ---- For hosts without an entry ---- */

static enum status add_places(struct making *m, struct error *err)
{
    for (size_t i = 0; i < m->n_rows; i++) {
        struct cache_function *row = &m->rows[i];

        if (!row->kernel || strncmp(row->kernel, "refused", 7) == 0)
            continue;
        buffer_append_string(&m->text, row->kernel);
        kernel_append_place(&m->text, find_definition(m->job, row->name));
        row->kernel = take_text(m);
        if (!row->kernel)
            return error_no_memory(err);
    }
    return STATUS_OK;
}

static enum status make_table(const struct making *m, struct error *err)
{
    const struct functions_job *job = m->job;
    const struct kernel_table table = {
        job->module, job->target->layout, *job->cpu_features,
        m->rows,     m->n_rows,
    };

    if (!directives_have(job->directives, DIRECTIVE_TABLE) ||
        kernel_table_define(&table))
        return STATUS_OK;
    return error_set(err, STATUS_COMPILE,
                     "%s: a table of kernels is wanted, but the script defines "
                     "'%s' itself",
                     job->name, KERNEL_TABLE_QUERY);
}

/* ---- All of it ---- */

static enum status make(struct making *m, struct error *err)
{
    enum status status = describe_all(m, err);

    if (status == STATUS_OK)
        status = follow_directives(m, err);
    if (status)
        return status;
    make_trampolines(m);
    status = expand_named(m, err);
    if (status == STATUS_OK)
        status = expand_exports(m, err);
    if (status == STATUS_OK)
        status = expand_accumulators(m, err);
    if (status == STATUS_OK)
        status = expand_items(m, err);
    if (status == STATUS_OK)
        status = add_places(m, err);
    if (status == STATUS_OK)
        status = make_table(m, err);
    return status ? status : add_reductions(m, err);
}

enum status functions_make(const struct functions_job *job,
                           struct cache_function **ret_functions,
                           size_t *ret_n_functions, struct error *err)
{
    struct making m = {.job = job};
    enum status status;

    buffer_init(&m.text);
    status = make(&m, err);
    buffer_release(&m.text);
    if (status)
        return status;
    *ret_functions = m.rows;
    *ret_n_functions = m.n_rows;
    return STATUS_OK;
}
