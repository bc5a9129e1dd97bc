/* App_2: an image editor's chain of filters: separable blur, colour matrix,
 * vignette, histogram, and a Julia set to fill an empty picture. The filters
 * are kernels: the host calls them for each pixel. */
#include "rs.h"

/*@ pragma version 1 */
/*@ pragma rs_fp_imprecise */
/*@ pragma java_package_name org.example.editor */
/*@ export_var gRadius 5 */
/*@ export_var gSaturation 1 */
/*@ export_var gColor 17 */
/*@ export_var gSource 20 */
/*@ export_var gScratch 20 */
/*@ export_var gHistogram 20 */
/*@ export_var gFill 2 */
/*@ export_func setRadius */
/*@ export_func setSaturation */
/*@ export_func histogram */
/*@ export_foreach root 31 */
/*@ export_foreach blurRows 58 */
/*@ export_foreach blurColumns 58 */
/*@ export_foreach grade 35 */
/*@ export_foreach julia 58 */
/*@ object_slot 3 */
/*@ object_slot 4 */
/*@ object_slot 5 */

enum { MAX_RADIUS = 25, MAX_STEPS = 48 };

int gRadius = 4;
float gSaturation = 1.0f;
rs_matrix4x4 gColor;
rs_allocation gSource;
rs_allocation gScratch;
rs_allocation gHistogram;
float2 gFill = {-0.8f, 0.156f};

static float weight[MAX_RADIUS * 2 + 1];

void init(void);
void root(const uchar4 *in, uchar4 *out, const void *user, uint x, uint y);
uchar4 blurRows(uint x, uint y);
uchar4 blurColumns(uint x, uint y);
uchar4 grade(uchar4 in);
uchar4 julia(uint x, uint y);
void setRadius(int radius);
void setSaturation(float saturation);
void histogram(void);

void setRadius(int radius)
{
    float sigma, sum;

    gRadius = clamp(radius, 0, MAX_RADIUS);
    sigma = 0.4f * (float)gRadius + 0.6f;
    sum = 0.0f;
    for (int i = -gRadius; i <= gRadius; i++) {
        float d = (float)i / sigma;

        weight[i + gRadius] = exp(-0.5f * d * d);
        sum += weight[i + gRadius];
    }
    for (int i = 0; i <= 2 * gRadius; i++)
        weight[i] /= sum;
}

/* Between grey (0) and more colour than there is (2). */
void setSaturation(float saturation)
{
    float3 grey = {0.2126f, 0.7152f, 0.0722f};

    gSaturation = clamp(saturation, 0.0f, 2.0f);
    rsMatrixLoadIdentity(&gColor);
    for (int i = 0; i < 9; i++)
        gColor.m[i / 3 * 4 + i % 3] = grey[i / 3] * (1.0f - gSaturation) +
                                      (i % 4 == 0 ? gSaturation : 0.0f);
}

void init(void)
{
    setRadius(gRadius);
    setSaturation(gSaturation);
}

static float4 pixel(rs_allocation image, int x, int y)
{
    int width = (int)rsAllocationGetDimX(image);
    int height = (int)rsAllocationGetDimY(image);
    const uchar4 *p = rsGetElementAt(image, (uint)clamp(x, 0, width - 1),
                                     (uint)clamp(y, 0, height - 1));

    return convert_float4(*p);
}

uchar4 blurRows(uint x, uint y)
{
    float4 sum = 0.0f;

    for (int i = -gRadius; i <= gRadius; i++)
        sum += pixel(gSource, (int)x + i, (int)y) * weight[i + gRadius];
    return convert_uchar4(sum + 0.5f);
}

uchar4 blurColumns(uint x, uint y)
{
    float4 sum = 0.0f;

    for (int i = -gRadius; i <= gRadius; i++)
        sum += pixel(gScratch, (int)x, (int)y + i) * weight[i + gRadius];
    return convert_uchar4(sum + 0.5f);
}

uchar4 grade(uchar4 in)
{
    float4 c = rsMatrixMultiply(&gColor, rsUnpackColor8888(in));

    return rsPackColorTo8888(c);
}

/* The vignette, in the old style: by pointers. */
void root(const uchar4 *in, uchar4 *out, const void *user, uint x, uint y)
{
    const float *strength = user;
    float2 size = {(float)rsAllocationGetDimX(gSource),
                   (float)rsAllocationGetDimY(gSource)};
    float2 at = (float2){(float)x, (float)y} / size - 0.5f;
    float falloff = 1.0f - *strength * smoothstep(0.2f, 0.75f, length(at));
    float4 c = rsUnpackColor8888(*in) * falloff;

    c.w = 1.0f;
    *out = rsPackColorTo8888(c);
}

uchar4 julia(uint x, uint y)
{
    float2 size = {(float)rsAllocationGetDimX(gSource),
                   (float)rsAllocationGetDimY(gSource)};
    float2 z = ((float2){(float)x, (float)y} / size - 0.5f) * 3.0f;
    int n_steps = 0;
    float t;

    while (n_steps < MAX_STEPS && dot(z, z) < 4.0f) {
        z = (float2){z.x * z.x - z.y * z.y, 2.0f * z.x * z.y} + gFill;
        n_steps++;
    }
    t = (float)n_steps / (float)MAX_STEPS;
    return rsPackColorTo8888(9.0f * (1.0f - t) * t * t * t,
                             15.0f * (1.0f - t) * (1.0f - t) * t * t,
                             8.5f * (1.0f - t) * (1.0f - t) * (1.0f - t) * t);
}

/* Of brightness, in 256 bins; a bar is drawn for each sixteenth. */
void histogram(void)
{
    uint *bins = rsGetElementAt(gHistogram, 0);
    uint width = rsAllocationGetDimX(gSource);
    uint height = rsAllocationGetDimY(gSource);

    for (uint i = 0; i < 256; i++)
        bins[i] = 0;
    for (uint i = 0; i < width * height; i++) {
        float4 c = pixel(gSource, (int)(i % width), (int)(i / width));

        bins[(int)(0.2126f * c.x + 0.7152f * c.y + 0.0722f * c.z) & 255]++;
    }
    for (uint i = 0; i < 16; i++) {
        float bar = (float)bins[i * 16] / (float)(width * height);

        rsgDrawRect((float)i, 0.0f, (float)i + 1.0f, bar, 0.0f);
    }
    rsSendToClient(1);
}
