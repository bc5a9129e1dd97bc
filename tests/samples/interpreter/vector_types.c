/* The kernels of every element type, and the tables of them. */
#include "vector.h"

#include <float.h>
#include <math.h>

#define ELEMENT  int8_t
#define WRAP     uint32_t
#define LOW      INT8_MIN
#define HIGH     INT8_MAX
#define IS_FLOAT 0
#define NAME(x)  i8_##x
#include "vector_kernels.h"

#undef ELEMENT
#undef WRAP
#undef LOW
#undef HIGH
#undef NAME
#define ELEMENT uint8_t
#define WRAP    uint32_t
#define LOW     0
#define HIGH    UINT8_MAX
#define NAME(x) u8_##x
#include "vector_kernels.h"

#undef ELEMENT
#undef WRAP
#undef LOW
#undef HIGH
#undef NAME
#define ELEMENT int16_t
#define WRAP    uint32_t
#define LOW     INT16_MIN
#define HIGH    INT16_MAX
#define NAME(x) i16_##x
#include "vector_kernels.h"

#undef ELEMENT
#undef WRAP
#undef LOW
#undef HIGH
#undef NAME
#define ELEMENT uint16_t
#define WRAP    uint32_t
#define LOW     0
#define HIGH    UINT16_MAX
#define NAME(x) u16_##x
#include "vector_kernels.h"

#undef ELEMENT
#undef WRAP
#undef LOW
#undef HIGH
#undef NAME
#define ELEMENT int32_t
#define WRAP    uint32_t
#define LOW     INT32_MIN
#define HIGH    INT32_MAX
#define NAME(x) i32_##x
#include "vector_kernels.h"

#undef ELEMENT
#undef WRAP
#undef LOW
#undef HIGH
#undef NAME
#define ELEMENT uint32_t
#define WRAP    uint32_t
#define LOW     0
#define HIGH    UINT32_MAX
#define NAME(x) u32_##x
#include "vector_kernels.h"

#undef ELEMENT
#undef WRAP
#undef LOW
#undef HIGH
#undef NAME
#define ELEMENT int64_t
#define WRAP    uint64_t
#define LOW     INT64_MIN
#define HIGH    INT64_MAX
#define NAME(x) i64_##x
#include "vector_kernels.h"

#undef ELEMENT
#undef WRAP
#undef LOW
#undef HIGH
#undef NAME
#define ELEMENT uint64_t
#define WRAP    uint64_t
#define LOW     0
#define HIGH    UINT64_MAX
#define NAME(x) u64_##x
#include "vector_kernels.h"

#undef ELEMENT
#undef WRAP
#undef LOW
#undef HIGH
#undef NAME
#undef IS_FLOAT
#define IS_FLOAT 1
#define ELEMENT  float
#define WRAP     float
#define LOW      -FLT_MAX
#define HIGH     FLT_MAX
#define NAME(x)  f32_##x
#include "vector_kernels.h"

#undef ELEMENT
#undef WRAP
#undef LOW
#undef HIGH
#undef NAME
#define ELEMENT double
#define WRAP    double
#define LOW     -DBL_MAX
#define HIGH    DBL_MAX
#define NAME(x) f64_##x
#include "vector_kernels.h"

#define TABLE(type, size)                                                      \
    {                                                                          \
        .name = #type,                                                         \
        .element_size = size,                                                  \
        .index = VECTOR_##type,                                                \
        .get = type##_get,                                                     \
        .set = type##_set,                                                     \
        .fill = type##_fill,                                                   \
        .iota = type##_iota,                                                   \
        .axpy = type##_axpy,                                                   \
        .clamp = type##_clamp,                                                 \
        .sort = type##_sort,                                                   \
        .dot = type##_dot,                                                     \
        .convolve = type##_convolve,                                           \
        .binary = {type##_add, type##_sub, type##_mul, type##_div, type##_min, \
                   type##_max, type##_absdiff},                                \
        .scalar = {type##_add_number, type##_sub_number, type##_mul_number,    \
                   type##_div_number, type##_min_number, type##_max_number,    \
                   type##_absdiff_number},                                     \
        .unary = {type##_neg, type##_abs, type##_square, type##_sqrt,          \
                  type##_sign, type##_cumsum, type##_cummax, type##_diff,      \
                  type##_reverse, type##_smooth},                              \
        .reduce = {type##_sum, type##_prod, type##_lowest, type##_highest,     \
                   type##_sumsq, type##_argmin, type##_argmax, type##_count},  \
    },

/* ORDER TYPES, ORDER BINARY, ORDER UNARY, ORDER REDUCE */
const struct vector_type vector_types[N_VECTOR_TYPES] = {
#define X(name, type, wrap, low, high, is_float) TABLE(name, sizeof(type))
    VECTOR_TYPES(X)
#undef X
};

void vector_convert(void *out, enum vector_type_index to, const void *in,
                    enum vector_type_index from, size_t n)
{
    switch (to) {
#define X(name, type, wrap, low, high, is_float)                               \
    case VECTOR_##name:                                                        \
        name##_convert(out, in, from, n);                                      \
        break;
        VECTOR_TYPES(X)
#undef X
    default:
        break;
    }
}

void vector_compare(uint8_t *out, enum vector_type_index type, int operation,
                    const void *a, const void *b, double number, size_t n)
{
    switch (type) {
#define X(name, type, wrap, low, high, is_float)                               \
    case VECTOR_##name:                                                        \
        name##_compare(out, operation, a, b, number, n);                       \
        break;
        VECTOR_TYPES(X)
#undef X
    default:
        break;
    }
}

void vector_select(void *out, enum vector_type_index type, const uint8_t *mask,
                   const void *a, const void *b, size_t n)
{
    switch (type) {
#define X(name, type, wrap, low, high, is_float)                               \
    case VECTOR_##name:                                                        \
        name##_select(out, mask, a, b, n);                                     \
        break;
        VECTOR_TYPES(X)
#undef X
    default:
        break;
    }
}

void vector_gather(void *out, enum vector_type_index type, const void *a,
                   size_t n_a, const int64_t *index, size_t n)
{
    switch (type) {
#define X(name, type, wrap, low, high, is_float)                               \
    case VECTOR_##name:                                                        \
        name##_gather(out, a, n_a, index, n);                                  \
        break;
        VECTOR_TYPES(X)
#undef X
    default:
        break;
    }
}
