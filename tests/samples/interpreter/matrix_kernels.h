/* Matrices of one floating-point type, by rows. Included once for each type,
 * with NAME(x) and ELEMENT. */

/* Small products with everything known: the compiler unrolls them. */
#define PRODUCT(size)                                                          \
    static void NAME(product##size)(ELEMENT *restrict out,                     \
                                    const ELEMENT *restrict a,                 \
                                    const ELEMENT *restrict b)                 \
    {                                                                          \
        for (int i = 0; i < size; i++) {                                       \
            for (int j = 0; j < size; j++) {                                   \
                ELEMENT sum = 0;                                               \
                                                                               \
                for (int k = 0; k < size; k++)                                 \
                    sum += a[i * size + k] * b[k * size + j];                  \
                out[i * size + j] = sum;                                       \
            }                                                                  \
        }                                                                      \
    }
PRODUCT(2)
PRODUCT(3)
PRODUCT(4)
PRODUCT(6)
PRODUCT(8)
#undef PRODUCT

/* out is n x m, a is n x p, b is p x m; out is zero. */
static void NAME(product)(ELEMENT *restrict out, const ELEMENT *restrict a,
                          const ELEMENT *restrict b, size_t n, size_t p,
                          size_t m)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < p; k++) {
            ELEMENT factor = a[i * p + k];

            for (size_t j = 0; j < m; j++)
                out[i * m + j] += factor * b[k * m + j];
        }
    }
}

static void NAME(multiply)(ELEMENT *out, const ELEMENT *a, const ELEMENT *b,
                           size_t n, size_t p, size_t m)
{
    static void (*const small[])(ELEMENT *restrict, const ELEMENT *restrict,
                                 const ELEMENT *restrict) = {
        [2] = NAME(product2), [3] = NAME(product3), [4] = NAME(product4),
        [6] = NAME(product6), [8] = NAME(product8),
    };

    if (n == p && p == m && n < sizeof(small) / sizeof(small[0]) && small[n])
        small[n](out, a, b);
    else
        NAME(product)(out, a, b, n, p, m);
}

static void NAME(transpose)(ELEMENT *restrict out, const ELEMENT *restrict a,
                            size_t n, size_t m)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++)
            out[j * n + i] = a[i * m + j];
    }
}

static void NAME(swap_rows)(ELEMENT *a, size_t m, size_t i, size_t j)
{
    for (size_t k = 0; k < m; k++) {
        ELEMENT swapped = a[i * m + k];

        a[i * m + k] = a[j * m + k];
        a[j * m + k] = swapped;
    }
}

/* Gauss with row pivots on n x m, in place; the determinant of the left n x n
 * is returned. */
static double NAME(eliminate)(ELEMENT *a, size_t n, size_t m)
{
    double determinant = 1;

    for (size_t k = 0; k < n; k++) {
        size_t pivot = k;

        for (size_t i = k + 1; i < n; i++) {
            if (fabs((double)a[i * m + k]) > fabs((double)a[pivot * m + k]))
                pivot = i;
        }
        if (a[pivot * m + k] == 0)
            return 0;
        if (pivot != k) {
            NAME(swap_rows)(a, m, pivot, k);
            determinant = -determinant;
        }
        determinant *= (double)a[k * m + k];
        for (size_t i = k + 1; i < n; i++) {
            ELEMENT factor = a[i * m + k] / a[k * m + k];

            for (size_t j = k; j < m; j++)
                a[i * m + j] -= factor * a[k * m + j];
        }
    }
    return determinant;
}

/* After eliminate(): the columns right of n become the solution. */
static void NAME(substitute)(ELEMENT *a, size_t n, size_t m)
{
    for (size_t k = n; k-- > 0;) {
        ELEMENT scale = 1 / a[k * m + k];

        for (size_t j = n; j < m; j++)
            a[k * m + j] *= scale;
        for (size_t i = 0; i < k; i++) {
            ELEMENT factor = a[i * m + k];

            for (size_t j = n; j < m; j++)
                a[i * m + j] -= factor * a[k * m + j];
        }
    }
}

static double NAME(trace)(const ELEMENT *a, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i * n + i];
    return sum;
}
