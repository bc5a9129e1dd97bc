/* Module vector. */
#include "vector.h"

#include <string.h>

double vector_get(const struct vector *vector, size_t index)
{
    return vector->type->get(vector->data, index);
}

void vector_set(struct vector *vector, size_t index, double value)
{
    vector->type->set(vector->data, index, value);
}

const char *vector_type_name(const struct vector *vector)
{
    return vector->type->name;
}

size_t vector_element_size(const struct vector_type *type)
{
    return type->element_size;
}

/* ---- Arguments ---- */

static const struct vector_type *
arg_type(struct vm *vm, struct value *arguments, int n, int index)
{
    const struct string *name = arg_string(vm, arguments, n, index);

    for (int i = 0; i < N_VECTOR_TYPES; i++) {
        if (strcmp(vector_types[i].name, name->text) == 0)
            return &vector_types[i];
    }
    vm_error(vm, "'%s' is no element type", name->text);
}

/* A vector of the same type and length as the first argument. */
static struct vector *arg_like_first(struct vm *vm, struct value *arguments,
                                     int n, int index)
{
    const struct vector *first = arg_vector(vm, arguments, n, 0);
    struct vector *vector = arg_vector(vm, arguments, n, index);

    if (vector->type != first->type || vector->count != first->count)
        vm_error(vm, "%s[%zu] and %s[%zu] do not match", first->type->name,
                 first->count, vector->type->name, vector->count);
    return vector;
}

static struct vector *new_like(struct vm *vm, const struct vector *model)
{
    struct vector *vector = vector_new(vm, model->type, model->count);

    vector->rows = model->rows;
    vector->columns = model->columns;
    return vector;
}

/* ---- Making ---- */

static struct value vector_make(struct vm *vm, struct value *arguments, int n)
{
    const struct vector_type *type = arg_type(vm, arguments, n, 0);
    struct value content = arg_any(vm, arguments, n, 1);
    struct vector *vector;
    const struct list *list;

    if (content.type == VALUE_NUMBER) {
        vector = vector_new(
            vm, type, (size_t)arg_integer(vm, arguments, n, 1, 0, 1 << 28));
        type->fill(vector->data, arg_number_or(vm, arguments, n, 2, 0),
                   vector->count);
        return object_value(vector);
    }
    list = arg_list(vm, arguments, n, 1);
    vector = vector_new(vm, type, list->count);
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].type != VALUE_NUMBER)
            vm_error(vm, "item %zu is not a number", i);
        type->set(vector->data, i, list->items[i].as.number);
    }
    return object_value(vector);
}

static struct value vector_range(struct vm *vm, struct value *arguments, int n)
{
    const struct vector_type *type = arg_type(vm, arguments, n, 0);
    struct vector *vector = vector_new(
        vm, type, (size_t)arg_integer(vm, arguments, n, 1, 0, 1 << 28));

    type->iota(vector->data, arg_number_or(vm, arguments, n, 2, 0),
               arg_number_or(vm, arguments, n, 3, 1), vector->count);
    return object_value(vector);
}

static struct value vector_as(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *from = arg_vector(vm, arguments, n, 0);
    const struct vector_type *type = arg_type(vm, arguments, n, 1);
    struct vector *vector = vector_new(vm, type, from->count);

    vector->rows = from->rows;
    vector->columns = from->columns;
    vector_convert(vector->data, type->index, from->data, from->type->index,
                   from->count);
    return object_value(vector);
}

static struct value vector_list(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *vector = arg_vector(vm, arguments, n, 0);
    struct list *list = list_new(vm, vector->count);

    for (size_t i = 0; i < vector->count; i++)
        list_push(vm, list, number_value(vector_get(vector, i)));
    return object_value(list);
}

static struct value vector_slice(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *from = arg_vector(vm, arguments, n, 0);
    int64_t count = (int64_t)from->count;
    size_t start = (size_t)arg_integer(vm, arguments, n, 1, 0, count);
    size_t end =
        (size_t)arg_integer(vm, arguments, n, 2, (int64_t)start, count);
    size_t size = from->type->element_size;
    struct vector *vector = vector_new(vm, from->type, end - start);

    memcpy(vector->data, (const char *)from->data + start * size,
           (end - start) * size);
    return object_value(vector);
}

/* ---- By table ---- */

static struct value binary(struct vm *vm, struct value *arguments, int n,
                           int operation)
{
    const struct vector *a = arg_vector(vm, arguments, n, 0);
    struct vector *out;

    if (n > 1 && arguments[1].type == VALUE_NUMBER) {
        out = new_like(vm, a);
        a->type->scalar[operation](out->data, a->data, arguments[1].as.number,
                                   a->count);
    } else {
        const struct vector *b = arg_like_first(vm, arguments, n, 1);

        out = new_like(vm, a);
        a->type->binary[operation](out->data, a->data, b->data, a->count);
    }
    return object_value(out);
}

static struct value compare(struct vm *vm, struct value *arguments, int n,
                            int operation)
{
    const struct vector *a = arg_vector(vm, arguments, n, 0), *b = NULL;
    struct vector *out = vector_new(vm, &vector_types[VECTOR_u8], a->count);
    double number = 0;

    if (n > 1 && arguments[1].type == VALUE_NUMBER)
        number = arguments[1].as.number;
    else
        b = arg_like_first(vm, arguments, n, 1);
    vector_compare(out->data, a->type->index, operation, a->data,
                   b ? b->data : NULL, number, a->count);
    return object_value(out);
}

static struct value unary(struct vm *vm, struct value *arguments, int n,
                          int operation)
{
    const struct vector *a = arg_vector(vm, arguments, n, 0);
    struct vector *out = new_like(vm, a);

    a->type->unary[operation](out->data, a->data, a->count);
    return object_value(out);
}

static struct value reduce(struct vm *vm, struct value *arguments, int n,
                           int operation)
{
    const struct vector *a = arg_vector(vm, arguments, n, 0);

    return number_value(a->type->reduce[operation](a->data, a->count));
}

#define DEFINE(kind, name)                                                     \
    static struct value vector_##name(struct vm *vm, struct value *arguments,  \
                                      int n)                                   \
    {                                                                          \
        return kind(vm, arguments, n, VECTOR_INDEX_##name);                    \
    }
#define X(name) DEFINE(binary, name)
VECTOR_BINARY(X)
#undef X
#define X(name) DEFINE(compare, name)
VECTOR_COMPARE(X)
#undef X
#define X(name) DEFINE(unary, name)
VECTOR_UNARY(X)
#undef X
#define X(name) DEFINE(reduce, name)
VECTOR_REDUCE(X)
#undef X

/* ---- One by one ---- */

static struct value vector_fill(struct vm *vm, struct value *arguments, int n)
{
    struct vector *vector = arg_vector(vm, arguments, n, 0);

    vector->type->fill(vector->data, arg_number(vm, arguments, n, 1),
                       vector->count);
    return arguments[0];
}

static struct value vector_axpy(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *x = arg_vector(vm, arguments, n, 0);
    const struct vector *y = arg_like_first(vm, arguments, n, 1);
    double a = arg_number(vm, arguments, n, 2);
    struct vector *out = new_like(vm, x);

    x->type->axpy(out->data, a, x->data, y->data, x->count);
    return object_value(out);
}

static struct value vector_clamp(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_vector(vm, arguments, n, 0);
    double low = arg_number(vm, arguments, n, 1);
    double high = arg_number(vm, arguments, n, 2);
    struct vector *out = new_like(vm, a);

    a->type->clamp(out->data, a->data, low, high, a->count);
    return object_value(out);
}

static struct value vector_sort(struct vm *vm, struct value *arguments, int n)
{
    struct vector *vector = arg_vector(vm, arguments, n, 0);

    vector->type->sort(vector->data, vector->count);
    return arguments[0];
}

static struct value vector_dot(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_vector(vm, arguments, n, 0);
    const struct vector *b = arg_like_first(vm, arguments, n, 1);

    return number_value(a->type->dot(a->data, b->data, a->count));
}

static struct value vector_fir(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_vector(vm, arguments, n, 0);
    const struct vector *kernel = arg_vector(vm, arguments, n, 1);
    struct vector *out;

    if (kernel->type != a->type || !kernel->count || kernel->count > a->count)
        vm_error(vm, "the kernel does not match");
    out = vector_new(vm, a->type, a->count - kernel->count + 1);
    a->type->convolve(out->data, a->data, kernel->data, a->count,
                      kernel->count);
    return object_value(out);
}

static struct value vector_where(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_vector(vm, arguments, n, 0);
    const struct vector *b = arg_like_first(vm, arguments, n, 1);
    const struct vector *mask = arg_vector(vm, arguments, n, 2);
    struct vector *out;

    if (mask->type->index != VECTOR_u8 || mask->count != a->count)
        vm_error(vm, "the mask does not match");
    out = new_like(vm, a);
    vector_select(out->data, a->type->index, mask->data, a->data, b->data,
                  a->count);
    return object_value(out);
}

static struct value vector_pick(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_vector(vm, arguments, n, 0);
    const struct vector *index = arg_vector(vm, arguments, n, 1);
    struct vector *out;

    if (index->type->index != VECTOR_i64)
        vm_error(vm, "indexes must be i64");
    out = vector_new(vm, a->type, index->count);
    vector_gather(out->data, a->type->index, a->data, a->count, index->data,
                  index->count);
    return object_value(out);
}

static struct value vector_type_of(struct vm *vm, struct value *arguments,
                                   int n)
{
    return object_value(
        string_from(vm, arg_vector(vm, arguments, n, 0)->type->name));
}

static const struct builtin builtins[] = {{"new", vector_make},
                                          {"range", vector_range},
                                          {"as", vector_as},
                                          {"list", vector_list},
                                          {"slice", vector_slice},
                                          {"fill", vector_fill},
                                          {"axpy", vector_axpy},
                                          {"clamp", vector_clamp},
                                          {"sort", vector_sort},
                                          {"dot", vector_dot},
                                          {"fir", vector_fir},
                                          {"where", vector_where},
                                          {"pick", vector_pick},
                                          {"type", vector_type_of},
#define X(name) {#name, vector_##name},
                                          VECTOR_BINARY(X) VECTOR_COMPARE(X)
                                              VECTOR_UNARY(X) VECTOR_REDUCE(X)
#undef X
};

void library_open_vector(struct vm *vm)
{
    library_add(vm, "vector", builtins, sizeof(builtins) / sizeof(builtins[0]));
}
