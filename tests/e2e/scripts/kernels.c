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

/* Not marked in the source. */
BCC_EXPORT void negate(const int32_t *in, int32_t *out)
{
    *out = -*in;
}
