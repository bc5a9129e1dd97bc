/* NEON through arm_neon.h, on every width of element, and vectors as arguments
 * and results of a runtime of the same triple. */
#include <arm_neon.h>
#include <stdio.h>

float32x4_t runtime_scale(float32x4_t vector, float by);
uint8x16_t runtime_reverse(uint8x16_t vector);
float32x2_t runtime_half(float32x4_t vector);
int16x8x2_t runtime_zip(int16x8_t a, int16x8_t b);
float32x4x4_t runtime_transpose(float32x4x4_t matrix);

static void print_bytes(const char *name, uint8x16_t vector)
{
    uint8_t at[16];

    vst1q_u8(at, vector);
    printf("%s", name);
    for (int i = 0; i < 16; i++)
        printf(" %02x", at[i]);
    putchar('\n');
}
#define PRINT(name, vector) print_bytes(name, (uint8x16_t)(vector))

int main(void)
{
    uint8_t bytes[48];
    float floats[16];
    float32x4x4_t matrix;

    for (int i = 0; i < 48; i++)
        ((volatile uint8_t *)bytes)[i] = (uint8_t)(i * 37 + 11);
    for (int i = 0; i < 16; i++)
        ((volatile float *)floats)[i] = (float)i * 1.5f - 7;

    uint8x16_t a = vld1q_u8(bytes), b = vld1q_u8(bytes + 16);
    int16x8_t s = (int16x8_t)a, t = (int16x8_t)b;
    float32x4_t f = vld1q_f32(floats), g = vld1q_f32(floats + 4);

    PRINT("qadd", vqaddq_u8(a, b));
    PRINT("qsub", vqsubq_s8((int8x16_t)a, (int8x16_t)b));
    PRINT("hadd", vhaddq_u8(a, b));
    PRINT("abd", vabdq_u8(a, b));
    PRINT("mull", vmull_s16(vget_low_s16(s), vget_high_s16(t)));
    PRINT("qdmulh", vqdmulhq_s16(s, t));
    PRINT("qrdmulh", vqrdmulhq_n_s16(s, 12345));
    PRINT("padd", vpaddlq_u8(a));
    PRINT("shrn",
          vcombine_u8(vqshrn_n_u16((uint16x8_t)a, 3), vqrshrun_n_s16(s, 5)));
    PRINT("shl", vqshlq_s32((int32x4_t)a, vdupq_n_s32(3)));
    PRINT("sli", vsliq_n_u16((uint16x8_t)a, (uint16x8_t)b, 5));
    PRINT("cnt", vcntq_u8(a));
    PRINT("clz", vclzq_s32((int32x4_t)a));
    PRINT("rev", vrev64q_u8(a));
    PRINT("ext", vextq_u8(a, b, 5));
    PRINT("tbl",
          vcombine_u8(vtbl2_u8((uint8x8x2_t){{vget_low_u8(a), vget_high_u8(a)}},
                               vand_u8(vget_low_u8(b), vdup_n_u8(31))),
                      vget_low_u8(a)));
    PRINT("bsl", vbslq_u8(vcgtq_u8(a, b), a, b));
    PRINT("poly", vmulq_p8((poly8x16_t)a, (poly8x16_t)b));
    PRINT("mla", vmlaq_f32(f, g, vdupq_n_f32(0.25f)));
    PRINT("max", vmaxq_f32(f, vnegq_f32(g)));
    PRINT("cvt", vcvtq_s32_f32(f));
    PRINT("cvt_n", vcvtq_n_f32_s32((int32x4_t)a, 7));
    PRINT("recpe", vrecpeq_f32(vaddq_f32(vabsq_f32(f), vdupq_n_f32(1))));
    PRINT("rsqrts", vrsqrtsq_f32(f, g));
    PRINT("f16", vcombine_u16((uint16x4_t)vcvt_f16_f32(f),
                              (uint16x4_t)vcvt_f16_f32(g)));
    PRINT("f32", vcvt_f32_f16(vcvt_f16_f32(f)));

    uint8x16x3_t three = vld3q_u8(bytes);
    PRINT("ld3.0", three.val[0]);
    PRINT("ld3.2", three.val[2]);
    uint8x16x3_t turned = {{three.val[2], three.val[0], three.val[1]}};
    vst3q_u8(bytes, turned);
    PRINT("st3", vld1q_u8(bytes + 16));
    PRINT("lane", vld1q_lane_u8(bytes + 3, a, 9));

    PRINT("scale", runtime_scale(f, 3));
    PRINT("reverse", runtime_reverse(a));
    PRINT("half", vcombine_f32(runtime_half(f), runtime_half(g)));
    PRINT("zip", runtime_zip(s, t).val[1]);
    for (int i = 0; i < 4; i++)
        matrix.val[i] = vld1q_f32(floats + 4 * i);
    matrix = runtime_transpose(matrix);
    PRINT("transpose.1", matrix.val[1]);
    PRINT("transpose.3", matrix.val[3]);
    return 0;
}
