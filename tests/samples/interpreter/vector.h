/* Vectors: arrays of one machine type. What can be done with them is listed
 * here once; vector_kernels.h has the code, which is compiled for every type,
 * and each type has a table of it. */
#ifndef TARN_VECTOR_H
#define TARN_VECTOR_H

#include "tarn.h"

/* ORDER TYPES: name, C type, type in which integers wrap, lowest and highest
 * value, whether it is floating point. */
#define VECTOR_TYPES(X)                                                        \
    X(i8, int8_t, uint32_t, INT8_MIN, INT8_MAX, 0)                             \
    X(u8, uint8_t, uint32_t, 0, UINT8_MAX, 0)                                  \
    X(i16, int16_t, uint32_t, INT16_MIN, INT16_MAX, 0)                         \
    X(u16, uint16_t, uint32_t, 0, UINT16_MAX, 0)                               \
    X(i32, int32_t, uint32_t, INT32_MIN, INT32_MAX, 0)                         \
    X(u32, uint32_t, uint32_t, 0, UINT32_MAX, 0)                               \
    X(i64, int64_t, uint64_t, INT64_MIN, INT64_MAX, 0)                         \
    X(u64, uint64_t, uint64_t, 0, UINT64_MAX, 0)                               \
    X(f32, float, float, -FLT_MAX, FLT_MAX, 1)                                 \
    X(f64, double, double, -DBL_MAX, DBL_MAX, 1)

enum vector_type_index {
#define X(name, type, wrap, low, high, is_float) VECTOR_##name,
    VECTOR_TYPES(X)
#undef X
        N_VECTOR_TYPES
};

/* ORDER BINARY: of two vectors, or of a vector and a number. */
#define VECTOR_BINARY(X)                                                       \
    X(add)                                                                     \
    X(sub)                                                                     \
    X(mul)                                                                     \
    X(div)                                                                     \
    X(min)                                                                     \
    X(max)                                                                     \
    X(absdiff)

/* ORDER COMPARE: likewise; the result is a mask of u8. */
#define VECTOR_COMPARE(X) X(lt) X(le) X(eq)

/* ORDER UNARY: element by element, or by running over the vector. */
#define VECTOR_UNARY(X)                                                        \
    X(neg)                                                                     \
    X(abs)                                                                     \
    X(square)                                                                  \
    X(sqrt)                                                                    \
    X(sign)                                                                    \
    X(cumsum)                                                                  \
    X(cummax)                                                                  \
    X(diff)                                                                    \
    X(reverse)                                                                 \
    X(smooth)

/* ORDER REDUCE: to one number. */
#define VECTOR_REDUCE(X)                                                       \
    X(sum)                                                                     \
    X(prod)                                                                    \
    X(lowest)                                                                  \
    X(highest)                                                                 \
    X(sumsq)                                                                   \
    X(argmin)                                                                  \
    X(argmax)                                                                  \
    X(count)

#define INDEX(name) VECTOR_INDEX_##name,
enum { VECTOR_BINARY(INDEX) N_VECTOR_BINARY };
enum { VECTOR_UNARY(INDEX) N_VECTOR_UNARY };
enum { VECTOR_REDUCE(INDEX) N_VECTOR_REDUCE };
enum { VECTOR_COMPARE(INDEX) N_VECTOR_COMPARE };
#undef INDEX

struct vector_type {
    char name[4];
    uint32_t element_size;
    enum vector_type_index index;
    double (*get)(const void *data, size_t index);
    void (*set)(void *data, size_t index, double value);
    void (*fill)(void *out, double value, size_t n);
    void (*iota)(void *out, double start, double step, size_t n);
    void (*axpy)(void *out, double a, const void *x, const void *y, size_t n);
    void (*clamp)(void *out, const void *a, double low, double high, size_t n);
    void (*sort)(void *data, size_t n);
    double (*dot)(const void *a, const void *b, size_t n);
    void (*convolve)(void *out, const void *a, const void *kernel, size_t n,
                     size_t n_kernel);
    void (*binary[N_VECTOR_BINARY])(void *out, const void *a, const void *b,
                                    size_t n);
    void (*scalar[N_VECTOR_BINARY])(void *out, const void *a, double b,
                                    size_t n);
    void (*unary[N_VECTOR_UNARY])(void *out, const void *a, size_t n);
    double (*reduce[N_VECTOR_REDUCE])(const void *a, size_t n);
};

extern const struct vector_type vector_types[N_VECTOR_TYPES];

/* out[i] = a[i], converted; integers saturate when they come from floating
 * point and wrap otherwise. */
void vector_convert(void *out, enum vector_type_index to, const void *in,
                    enum vector_type_index from, size_t n);

/* A mask; operation is of VECTOR_COMPARE, b NULL means the number. */
void vector_compare(uint8_t *out, enum vector_type_index type, int operation,
                    const void *a, const void *b, double number, size_t n);

/* out[i] = mask[i] ? a[i] : b[i]. */
void vector_select(void *out, enum vector_type_index type, const uint8_t *mask,
                   const void *a, const void *b, size_t n);

/* out[i] = a[index[i]], 0 where the index is outside of a. */
void vector_gather(void *out, enum vector_type_index type, const void *a,
                   size_t n_a, const int64_t *index, size_t n);

#endif
