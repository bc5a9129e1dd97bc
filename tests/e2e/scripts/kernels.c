/* Kernels of all forms, run by test_api_kernel.c. */
#include <stdint.h>

#include <bcc/bcc_script.h>

struct pixel {
    uint8_t r, g, b, a;
};

BCC_KERNEL("in, out, data, x, y, z")
void place(const int32_t *in, int32_t *out, const void *data, uint32_t x,
           uint32_t y, uint32_t z)
{
    *out = *in + *(const int32_t *)data + (int32_t)(x + 100 * y + 10000 * z);
}

BCC_KERNEL("in, out")
void grey(const struct pixel *in, struct pixel *out)
{
    uint8_t mean = (uint8_t)((in->r + in->g + in->b) / 3);

    *out = (struct pixel){mean, mean, mean, in->a};
}

BCC_KERNEL("in, in, out, value, x")
float blend(float first, float second, uint32_t x)
{
    return first * 2 + second + (float)x;
}

BCC_KERNEL("in, out")
void copied(const float *restrict in, float *restrict out)
{
    *out = *in;
}

BCC_KERNEL("in, x, y")
int positive(const int32_t *in, uint32_t x, uint32_t y)
{
    (void)x;
    (void)y;
    return *in < 0 ? *in : 0;
}

BCC_KERNEL("out, x")
void squares(uint64_t *out, uint64_t x)
{
    *out = x * x;
}

struct total {
    float sum;
    uint32_t n;
};

BCC_KERNEL("accum, in")
void add_up(struct total *total, const float *in)
{
    total->sum += *in;
    total->n++;
}

BCC_EXPORT void add_totals(struct total *total, const struct total *other)
{
    total->sum += other->sum;
    total->n += other->n;
}

/* ---- Reductions ---- */

BCC_REDUCE("mean", struct total,
           "accumulator(add_up) combiner(add_totals) outconverter(divide)");

void divide(double *result, const struct total *total)
{
    *result = (double)total->sum / total->n;
}

BCC_REDUCE("product", float, "accumulator(times) initializer(one)");

void one(float *accumulator)
{
    *accumulator = 1;
}

BCC_KERNEL("accum, in")
void times(float *accumulator, const float *in)
{
    *accumulator *= *in;
}

BCC_REDUCE("unfit", double, "accumulator(add_up)");

/* Not marked in the source. */
BCC_EXPORT void negate(const int32_t *in, int32_t *out)
{
    *out = -*in;
}

/* ---- Alignment ---- */

typedef float quad __attribute__((vector_size(16)));

BCC_KERNEL("in, out")
void quadruple(const quad *in, quad *out)
{
    *out = *in * 4;
}

struct __attribute__((packed)) loose {
    uint8_t kind;
    uint32_t value;
};

BCC_KERNEL("in, out")
void packed(const struct loose *in, struct loose *out)
{
    out->value = in->value + in->kind;
}

struct block {
    char byte[16];
};

BCC_KERNEL("in, out")
void looks(const struct block *in, struct block *out)
{
    if (((uintptr_t)in & 15) == 0)
        *(quad *)out = *(const quad *)in;
    else
        __builtin_memcpy(out, in, sizeof(quad));
}
