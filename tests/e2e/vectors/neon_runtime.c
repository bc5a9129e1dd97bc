/* The runtime library of neon.c: vectors and arrays of them by value. */
#include <arm_neon.h>

__attribute__((noinline)) float32x4_t runtime_scale(float32x4_t vector,
                                                    float by)
{
    return vmulq_n_f32(vector, by);
}

__attribute__((noinline)) uint8x16_t runtime_reverse(uint8x16_t vector)
{
    vector = vrev64q_u8(vector);
    return vcombine_u8(vget_high_u8(vector), vget_low_u8(vector));
}

__attribute__((noinline)) float32x2_t runtime_half(float32x4_t vector)
{
    return vpadd_f32(vget_low_f32(vector), vget_high_f32(vector));
}

__attribute__((noinline)) int16x8x2_t runtime_zip(int16x8_t a, int16x8_t b)
{
    return vzipq_s16(a, b);
}

__attribute__((noinline)) float32x4x4_t runtime_transpose(float32x4x4_t matrix)
{
    float32x4x4_t result;
    float at[16];

    vst4q_f32(at, matrix);
    for (int i = 0; i < 4; i++)
        result.val[i] = vld1q_f32(at + 4 * i);
    return result;
}
