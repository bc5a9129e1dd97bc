/* The kernels of one element type. Included once for each, with
 *
 *     NAME(x)    the name of x for this type
 *     ELEMENT    the type, WRAP the one in which its integers may overflow
 *     LOW HIGH   its range, IS_FLOAT
 *
 * Plain loops: vectorising and unrolling them is the compiler's work. */

static inline ELEMENT NAME(from_double)(double value)
{
#if IS_FLOAT
    return (ELEMENT)value;
#else
    if (value != value)
        return 0;
    return value <= (double)LOW    ? (ELEMENT)LOW
           : value >= (double)HIGH ? (ELEMENT)HIGH
                                   : (ELEMENT)value;
#endif
}

static double NAME(get)(const void *data, size_t index)
{
    return (double)((const ELEMENT *)data)[index];
}

static void NAME(set)(void *data, size_t index, double value)
{
    ((ELEMENT *)data)[index] = NAME(from_double)(value);
}

/* ---- Two operands ---- */

static inline ELEMENT NAME(one_add)(ELEMENT a, ELEMENT b)
{
    return (ELEMENT)((WRAP)a + (WRAP)b);
}

static inline ELEMENT NAME(one_sub)(ELEMENT a, ELEMENT b)
{
    return (ELEMENT)((WRAP)a - (WRAP)b);
}

static inline ELEMENT NAME(one_mul)(ELEMENT a, ELEMENT b)
{
    return (ELEMENT)((WRAP)a * (WRAP)b);
}

static inline ELEMENT NAME(one_div)(ELEMENT a, ELEMENT b)
{
#if IS_FLOAT
    return a / b;
#else
    /* what the machine would trap on is 0, or wraps */
    return b == 0             ? 0
           : b == (ELEMENT)-1 ? (ELEMENT)(LOW < 0 ? 0 - (WRAP)a : a == b)
                              : (ELEMENT)(a / b);
#endif
}

static inline ELEMENT NAME(one_min)(ELEMENT a, ELEMENT b)
{
    return b < a ? b : a;
}

static inline ELEMENT NAME(one_max)(ELEMENT a, ELEMENT b)
{
    return b > a ? b : a;
}

static inline ELEMENT NAME(one_absdiff)(ELEMENT a, ELEMENT b)
{
    return (ELEMENT)(a > b ? (WRAP)a - (WRAP)b : (WRAP)b - (WRAP)a);
}

#define X(name)                                                                \
    static void NAME(name)(void *restrict out, const void *restrict a,         \
                           const void *restrict b, size_t n)                   \
    {                                                                          \
        ELEMENT *restrict to = out;                                            \
        const ELEMENT *restrict left = a, *restrict right = b;                 \
                                                                               \
        for (size_t i = 0; i < n; i++)                                         \
            to[i] = NAME(one_##name)(left[i], right[i]);                       \
    }                                                                          \
    static void NAME(name##_number)(                                           \
        void *restrict out, const void *restrict a, double b, size_t n)        \
    {                                                                          \
        ELEMENT *restrict to = out;                                            \
        const ELEMENT *restrict left = a;                                      \
        ELEMENT right = NAME(from_double)(b);                                  \
                                                                               \
        for (size_t i = 0; i < n; i++)                                         \
            to[i] = NAME(one_##name)(left[i], right);                          \
    }
VECTOR_BINARY(X)
#undef X

#define COMPARISON(name, operation)                                            \
    static void NAME(name)(uint8_t *restrict out, const ELEMENT *restrict a,   \
                           const ELEMENT *restrict b, size_t n)                \
    {                                                                          \
        for (size_t i = 0; i < n; i++)                                         \
            out[i] = a[i] operation b[i];                                      \
    }                                                                          \
    static void NAME(name##_number)(                                           \
        uint8_t *restrict out, const ELEMENT *restrict a, double b, size_t n)  \
    {                                                                          \
        for (size_t i = 0; i < n; i++)                                         \
            out[i] = (double)a[i] operation b;                                 \
    }
COMPARISON(lt, <)
COMPARISON(le, <=)
COMPARISON(eq, ==)
#undef COMPARISON

static void NAME(compare)(uint8_t *out, int operation, const ELEMENT *a,
                          const ELEMENT *b, double number, size_t n)
{
    switch (operation) {
#define X(name)                                                                \
    case VECTOR_INDEX_##name:                                                  \
        if (b)                                                                 \
            NAME(name)(out, a, b, n);                                          \
        else                                                                   \
            NAME(name##_number)(out, a, number, n);                            \
        break;
        VECTOR_COMPARE(X)
#undef X
    }
}

static void NAME(select)(ELEMENT *restrict out, const uint8_t *restrict mask,
                         const ELEMENT *restrict a, const ELEMENT *restrict b,
                         size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = mask[i] ? a[i] : b[i];
}

static void NAME(gather)(ELEMENT *restrict out, const ELEMENT *restrict a,
                         size_t n_a, const int64_t *restrict index, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint64_t)index[i] < n_a ? a[index[i]] : 0;
}

/* ---- One operand ---- */

#define EACH(name, formula)                                                    \
    static void NAME(name)(void *restrict out, const void *restrict in,        \
                           size_t n)                                           \
    {                                                                          \
        ELEMENT *restrict to = out;                                            \
        const ELEMENT *restrict from = in;                                     \
                                                                               \
        for (size_t i = 0; i < n; i++) {                                       \
            ELEMENT a = from[i];                                               \
                                                                               \
            to[i] = (ELEMENT)(formula);                                        \
        }                                                                      \
    }
EACH(neg, 0 - (WRAP)a)
EACH(abs, a < 0 ? 0 - (WRAP)a : (WRAP)a)
EACH(square, (WRAP)a *(WRAP)a)
EACH(sqrt, a > 0 ? sqrt((double)a) : 0)
EACH(sign, (a > 0) - (a < 0))
#undef EACH

static void NAME(cumsum)(void *restrict out, const void *restrict in, size_t n)
{
    ELEMENT *restrict to = out;
    const ELEMENT *restrict from = in;
    WRAP sum = 0;

    for (size_t i = 0; i < n; i++)
        to[i] = (ELEMENT)(sum += (WRAP)from[i]);
}

static void NAME(cummax)(void *restrict out, const void *restrict in, size_t n)
{
    ELEMENT *restrict to = out;
    const ELEMENT *restrict from = in;
    ELEMENT highest = n ? from[0] : 0;

    for (size_t i = 0; i < n; i++)
        to[i] = highest = from[i] > highest ? from[i] : highest;
}

static void NAME(diff)(void *restrict out, const void *restrict in, size_t n)
{
    ELEMENT *restrict to = out;
    const ELEMENT *restrict from = in;

    if (n)
        to[0] = from[0];
    for (size_t i = 1; i < n; i++)
        to[i] = (ELEMENT)((WRAP)from[i] - (WRAP)from[i - 1]);
}

static void NAME(reverse)(void *restrict out, const void *restrict in, size_t n)
{
    ELEMENT *restrict to = out;
    const ELEMENT *restrict from = in;

    for (size_t i = 0; i < n; i++)
        to[i] = from[n - 1 - i];
}

/* Mean of each element and its neighbours, 1:2:1. */
static void NAME(smooth)(void *restrict out, const void *restrict in, size_t n)
{
    ELEMENT *restrict to = out;
    const ELEMENT *restrict from = in;

    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
    for (size_t i = 1; i + 1 < n; i++)
        to[i] =
            (ELEMENT)((from[i - 1] / 4) + (from[i] / 2) + (from[i + 1] / 4));
}

/* ---- To one number ---- */

#define REDUCE(name, type, start, step)                                        \
    static double NAME(name)(const void *in, size_t n)                         \
    {                                                                          \
        const ELEMENT *from = in;                                              \
        type r = start;                                                        \
                                                                               \
        for (size_t i = 0; i < n; i++) {                                       \
            ELEMENT a = from[i];                                               \
                                                                               \
            step;                                                              \
        }                                                                      \
        return (double)r;                                                      \
    }
REDUCE(prod, double, 1, r *= (double)a)
REDUCE(lowest, ELEMENT, HIGH, r = a < r ? a : r)
REDUCE(highest, ELEMENT, LOW, r = a > r ? a : r)
REDUCE(count, size_t, 0, r += a != 0)
#undef REDUCE

/* Eight sums side by side: the order in which floating point is added is part
 * of the result, so the compiler must not choose it. */
#define REDUCE8(name, term)                                                    \
    static double NAME(name)(const void *in, size_t n)                         \
    {                                                                          \
        const ELEMENT *from = in;                                              \
        double sum[8] = {0};                                                   \
        size_t i = 0;                                                          \
                                                                               \
        for (; i + 8 <= n; i += 8) {                                           \
            for (size_t j = 0; j < 8; j++) {                                   \
                double a = (double)from[i + j];                                \
                                                                               \
                sum[j] += (term);                                              \
            }                                                                  \
        }                                                                      \
        for (; i < n; i++) {                                                   \
            double a = (double)from[i];                                        \
                                                                               \
            sum[i & 7] += (term);                                              \
        }                                                                      \
        return ((sum[0] + sum[1]) + (sum[2] + sum[3])) +                       \
               ((sum[4] + sum[5]) + (sum[6] + sum[7]));                        \
    }
REDUCE8(sum, a)
REDUCE8(sumsq, a *a)
#undef REDUCE8

static double NAME(argmin)(const void *in, size_t n)
{
    const ELEMENT *from = in;
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        best = from[i] < from[best] ? i : best;
    return (double)best;
}

static double NAME(argmax)(const void *in, size_t n)
{
    const ELEMENT *from = in;
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        best = from[i] > from[best] ? i : best;
    return (double)best;
}

static double NAME(dot)(const void *a, const void *b, size_t n)
{
    const ELEMENT *left = a, *right = b;
    double sum[8] = {0};
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        for (size_t j = 0; j < 8; j++)
            sum[j] += (double)left[i + j] * (double)right[i + j];
    }
    for (; i < n; i++)
        sum[i & 7] += (double)left[i] * (double)right[i];
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) +
           ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

/* ---- The rest ---- */

static void NAME(fill)(void *out, double value, size_t n)
{
    ELEMENT *to = out;
    ELEMENT element = NAME(from_double)(value);

    for (size_t i = 0; i < n; i++)
        to[i] = element;
}

static void NAME(iota)(void *out, double start, double step, size_t n)
{
    ELEMENT *to = out;

    for (size_t i = 0; i < n; i++)
        to[i] = NAME(from_double)(start + (double)i * step);
}

static void NAME(axpy)(void *restrict out, double a, const void *restrict x,
                       const void *restrict y, size_t n)
{
    ELEMENT *restrict to = out;
    const ELEMENT *restrict from_x = x, *restrict from_y = y;
    WRAP factor = (WRAP)NAME(from_double)(a);

    for (size_t i = 0; i < n; i++)
        to[i] = (ELEMENT)(factor * (WRAP)from_x[i] + (WRAP)from_y[i]);
}

static void NAME(clamp)(void *restrict out, const void *restrict in, double low,
                        double high, size_t n)
{
    ELEMENT *restrict to = out;
    const ELEMENT *restrict from = in;
    ELEMENT least = NAME(from_double)(low), most = NAME(from_double)(high);

    for (size_t i = 0; i < n; i++)
        to[i] = from[i] < least ? least : from[i] > most ? most : from[i];
}

/* Heap sort: no recursion, and no worst case. */
static void NAME(sift)(ELEMENT *data, size_t root, size_t n)
{
    ELEMENT value = data[root];
    size_t child;

    while ((child = 2 * root + 1) < n) {
        if (child + 1 < n && data[child] < data[child + 1])
            child++;
        if (!(value < data[child]))
            break;
        data[root] = data[child];
        root = child;
    }
    data[root] = value;
}

static void NAME(sort)(void *data, size_t n)
{
    ELEMENT *elements = data;

    for (size_t i = n / 2; i > 0; i--)
        NAME(sift)(elements, i - 1, n);
    for (size_t i = n; i > 1; i--) {
        ELEMENT last = elements[i - 1];

        elements[i - 1] = elements[0];
        elements[0] = last;
        NAME(sift)(elements, 0, i - 1);
    }
}

/* out has n - n_kernel + 1 elements. */
static void NAME(convolve)(void *restrict out, const void *restrict in,
                           const void *restrict kernel, size_t n,
                           size_t n_kernel)
{
    ELEMENT *restrict to = out;
    const ELEMENT *restrict from = in, *restrict weights = kernel;

    for (size_t i = 0; i + n_kernel <= n; i++) {
        WRAP sum = 0;

        for (size_t j = 0; j < n_kernel; j++)
            sum += (WRAP)from[i + j] * (WRAP)weights[j];
        to[i] = (ELEMENT)sum;
    }
}

/* From every other type. */
#if IS_FLOAT
#define CONVERT(value, from_float) (ELEMENT)(value)
#else
#define CONVERT(value, from_float)                                             \
    ((from_float) ? NAME(from_double)((double)(value)) : (ELEMENT)(value))
#endif
#define X(name, type, wrap, low, high, from_float)                             \
    static void NAME(from_##name)(ELEMENT *restrict out,                       \
                                  const type *restrict in, size_t n)           \
    {                                                                          \
        for (size_t i = 0; i < n; i++)                                         \
            out[i] = CONVERT(in[i], from_float);                               \
    }
VECTOR_TYPES(X)
#undef X
#undef CONVERT

static void NAME(convert)(ELEMENT *out, const void *in,
                          enum vector_type_index from, size_t n)
{
    switch (from) {
#define X(name, type, wrap, low, high, from_float)                             \
    case VECTOR_##name:                                                        \
        NAME(from_##name)(out, in, n);                                         \
        break;
        VECTOR_TYPES(X)
#undef X
    default:
        break;
    }
}
