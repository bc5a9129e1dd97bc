/* Module matrix: matrices are vectors of f32 or f64 that have rows. */
#include "vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ELEMENT float
#define NAME(x) f32_##x
#include "matrix_kernels.h"

#undef ELEMENT
#undef NAME
#define ELEMENT double
#define NAME(x) f64_##x
#include "matrix_kernels.h"

/* Calls the kernel of the matrix's element type. */
#define KERNEL(matrix, name, ...)                                              \
    ((matrix)->type->index == VECTOR_f32 ? f32_##name(__VA_ARGS__)             \
                                         : f64_##name(__VA_ARGS__))

static struct vector *arg_matrix(struct vm *vm, struct value *arguments, int n,
                                 int index)
{
    struct vector *matrix = arg_vector(vm, arguments, n, index);

    if (!matrix->rows)
        vm_error(vm, "argument %d is a vector without rows", index + 1);
    return matrix;
}

static struct vector *arg_square(struct vm *vm, struct value *arguments, int n,
                                 int index)
{
    struct vector *matrix = arg_matrix(vm, arguments, n, index);

    if (matrix->rows != matrix->columns)
        vm_error(vm, "a matrix of %zu x %zu is not square", matrix->rows,
                 matrix->columns);
    return matrix;
}

static struct vector *new_matrix(struct vm *vm, const struct vector_type *type,
                                 size_t rows, size_t columns)
{
    struct vector *matrix = vector_new(vm, type, rows * columns);

    matrix->rows = rows;
    matrix->columns = columns;
    return matrix;
}

/* new(vector, rows): the vector's elements, in rows. */
static struct value matrix_make(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *vector = arg_vector(vm, arguments, n, 0);
    size_t rows = (size_t)arg_integer(vm, arguments, n, 1, 1, 1 << 20);
    struct vector *matrix;

    if (vector->type->index < VECTOR_f32)
        vm_error(vm, "a matrix is of f32 or f64, not of %s",
                 vector->type->name);
    if (!vector->count || vector->count % rows)
        vm_error(vm, "%zu elements do not make %zu rows", vector->count, rows);
    matrix = new_matrix(vm, vector->type, rows, vector->count / rows);
    memcpy(matrix->data, vector->data,
           vector->count * vector->type->element_size);
    return object_value(matrix);
}

static struct value matrix_identity(struct vm *vm, struct value *arguments,
                                    int n)
{
    size_t rows = (size_t)arg_integer(vm, arguments, n, 0, 1, 4096);
    struct vector *matrix =
        new_matrix(vm, &vector_types[VECTOR_f64], rows, rows);

    for (size_t i = 0; i < rows; i++)
        vector_set(matrix, i * rows + i, 1);
    return object_value(matrix);
}

static struct value matrix_mul(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_matrix(vm, arguments, n, 0);
    const struct vector *b = arg_matrix(vm, arguments, n, 1);
    struct vector *out;

    if (a->type != b->type || a->columns != b->rows)
        vm_error(vm, "cannot multiply %s %zu x %zu and %s %zu x %zu",
                 a->type->name, a->rows, a->columns, b->type->name, b->rows,
                 b->columns);
    out = new_matrix(vm, a->type, a->rows, b->columns);
    KERNEL(a, multiply, out->data, a->data, b->data, a->rows, a->columns,
           b->columns);
    return object_value(out);
}

static struct value matrix_transpose(struct vm *vm, struct value *arguments,
                                     int n)
{
    const struct vector *a = arg_matrix(vm, arguments, n, 0);
    struct vector *out = new_matrix(vm, a->type, a->columns, a->rows);

    KERNEL(a, transpose, out->data, a->data, a->rows, a->columns);
    return object_value(out);
}

static struct value matrix_det(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_square(vm, arguments, n, 0);
    struct vector *copy = new_matrix(vm, a->type, a->rows, a->columns);

    memcpy(copy->data, a->data, a->count * a->type->element_size);
    return number_value(KERNEL(a, eliminate, copy->data, a->rows, a->columns));
}

static struct value matrix_trace(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_square(vm, arguments, n, 0);

    return number_value(KERNEL(a, trace, a->data, a->rows));
}

/* solve(a, b): x with a * x = b; nil if there is none. */
static struct value matrix_solve(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_square(vm, arguments, n, 0);
    const struct vector *b = arg_matrix(vm, arguments, n, 1);
    size_t rows = a->rows, all = a->columns + b->columns;
    size_t size = a->type->element_size;
    struct vector *both, *out;

    if (b->type != a->type || b->rows != rows)
        vm_error(vm, "%zu rows and %zu rows do not match", rows, b->rows);
    both = new_matrix(vm, a->type, rows, all);
    out = new_matrix(vm, a->type, rows, b->columns);
    for (size_t i = 0; i < rows; i++) {
        char *row = (char *)both->data + i * all * size;

        memcpy(row, (char *)a->data + i * rows * size, rows * size);
        memcpy(row + rows * size, (char *)b->data + i * b->columns * size,
               b->columns * size);
    }
    if (KERNEL(a, eliminate, both->data, rows, all) == 0)
        return nil_value();
    KERNEL(a, substitute, both->data, rows, all);
    for (size_t i = 0; i < rows; i++)
        memcpy((char *)out->data + i * b->columns * size,
               (char *)both->data + (i * all + rows) * size, b->columns * size);
    return object_value(out);
}

static struct value matrix_shape(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_matrix(vm, arguments, n, 0);
    struct list *list = list_new(vm, 2);

    list_push(vm, list, number_value((double)a->rows));
    list_push(vm, list, number_value((double)a->columns));
    return object_value(list);
}

static struct value matrix_at(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_matrix(vm, arguments, n, 0);
    int64_t row = arg_integer(vm, arguments, n, 1, 0, (int64_t)a->rows - 1);
    int64_t column =
        arg_integer(vm, arguments, n, 2, 0, (int64_t)a->columns - 1);

    return number_value(
        vector_get(a, (size_t)row * a->columns + (size_t)column));
}

/* Singular values would need more; this is the power method's largest. */
static struct value matrix_radius(struct vm *vm, struct value *arguments, int n)
{
    const struct vector *a = arg_square(vm, arguments, n, 0);
    double *x = calloc(a->rows * 2, sizeof(*x)), *y = x + a->rows;
    double length = 0;

    if (!x)
        vm_error(vm, "out of memory");
    for (size_t i = 0; i < a->rows; i++)
        x[i] = 1;
    for (int round = 0; round < 100; round++) {
        length = 0;
        for (size_t i = 0; i < a->rows; i++) {
            y[i] = 0;
            for (size_t j = 0; j < a->rows; j++)
                y[i] += vector_get(a, i * a->rows + j) * x[j];
            length += y[i] * y[i];
        }
        length = sqrt(length);
        for (size_t i = 0; i < a->rows && length > 0; i++)
            x[i] = y[i] / length;
    }
    free(x);
    return number_value(length);
}

static const struct builtin builtins[] = {
    {"new", matrix_make},    {"identity", matrix_identity},
    {"mul", matrix_mul},     {"transpose", matrix_transpose},
    {"det", matrix_det},     {"trace", matrix_trace},
    {"solve", matrix_solve}, {"shape", matrix_shape},
    {"at", matrix_at},       {"radius", matrix_radius},
};

void library_open_matrix(struct vm *vm)
{
    library_add(vm, "matrix", builtins, sizeof(builtins) / sizeof(builtins[0]));
}
