/* What rows K1 to K4 run: a script, and, with YARDSTICK, what OpenMP makes of
 * the same loops. */
#include <stdint.h>

#ifdef YARDSTICK
#define BCC_EXPORT
#define BCC_KERNEL(words) static inline __attribute__((always_inline))
#else
#include <bcc/bcc_script.h>
#endif

BCC_EXPORT int step(int value)
{
    return value + 1;
}

/* Bound by memory. */
BCC_KERNEL("in, out")
void scale(const float *in, float *out)
{
    *out = *in * 2.0f + 1.0f;
}

/* Bound by arithmetic. */
BCC_KERNEL("in, out")
void iterate(const float *in, float *out)
{
    float x = *in;

/* Otherwise clang does not vectorise the yardstick. */
#pragma clang loop unroll(full)
    for (int i = 0; i < 64; i++)
        x = x * x * 0.25f + 0.125f;
    *out = x;
}

BCC_EXPORT void scale_loop(const float *in, float *out, int64_t n)
{
#ifdef YARDSTICK
#pragma omp parallel for simd schedule(static)
#endif
    for (int64_t i = 0; i < n; i++)
        scale(in + i, out + i);
}

BCC_EXPORT void iterate_loop(const float *in, float *out, int64_t n)
{
#ifdef YARDSTICK
#pragma omp parallel for simd schedule(static)
#endif
    for (int64_t i = 0; i < n; i++)
        iterate(in + i, out + i);
}
