/* MagicSmoke: layers of smoke from gradient noise. The script has a noise of
 * its own, with tables that init() fills, and integer loops over the pixels
 * of an image. */
#include "rs.h"

/*@ pragma version 1 */
/*@ pragma stateFragment parent */
/*@ pragma stateStore parent */
/*@ export_var gXOffset 1 */
/*@ export_var gPreset 5 */
/*@ export_var gImage 20 */
/*@ export_var gLayers 20 */
/*@ export_func clouds */
/*@ object_slot 2 */
/*@ object_slot 3 */

enum {
    N_GRADIENTS = 512, /* a power of two */
    N_LAYERS = 5
};

float gXOffset;
int gPreset = 3;
rs_allocation gImage;
rs_allocation gLayers; /* one strength for each layer */

static int permutation[N_GRADIENTS * 2];
static float2 gradient_2[N_GRADIENTS * 2];
static float curve[256];
static const uchar4 high_color[6] = {
    {255, 128, 0, 255},   {64, 255, 32, 255},  {32, 64, 255, 255},
    {240, 240, 240, 255}, {255, 96, 160, 255}, {128, 96, 255, 255},
};
static const uchar4 low_color[6] = {
    {32, 0, 0, 255},   {0, 24, 8, 255},  {0, 0, 48, 255},
    {64, 64, 72, 255}, {48, 0, 16, 255}, {16, 0, 40, 255},
};
static int n_frames;

void init(void);
int root(void);
void clouds(int shift_x, int shift_y);

static void shuffle(void)
{
    int swap, j;

    for (int i = 0; i < N_GRADIENTS; i++)
        permutation[i] = i;
    for (int i = N_GRADIENTS - 1; i > 0; i--) {
        j = rsRand(0, i + 1) % (i + 1);
        swap = permutation[i];
        permutation[i] = permutation[j];
        permutation[j] = swap;
    }
    for (int i = 0; i < N_GRADIENTS; i++)
        permutation[i + N_GRADIENTS] = permutation[i];
}

void init(void)
{
    shuffle();
    for (int i = 0; i < N_GRADIENTS * 2; i++)
        gradient_2[i] =
            normalize((float2){rsRand(-1.0f, 1.0f), rsRand(-1.0f, 1.0f)});
    for (int i = 0; i < 256; i++) {
        float t = (float)i * (1.0f / 256.0f);

        curve[i] = t * t * (3.0f - 2.0f * t);
    }
}

static float slope(int i, float x, float y)
{
    return gradient_2[i].x * x + gradient_2[i].y * y;
}

/* x and y have 8 fractional bits. */
static float cloud(int x, int y)
{
    int x0 = x >> 8 & (N_GRADIENTS - 1);
    int y0 = y >> 8 & (N_GRADIENTS - 1);
    float fx = (float)(x & 255) * (1.0f / 256.0f);
    float fy = (float)(y & 255) * (1.0f / 256.0f);
    int i = permutation[x0];
    int j = permutation[x0 + 1];
    float high, low;

    low = mix(slope(permutation[i + y0], fx, fy),
              slope(permutation[j + y0], fx - 1.0f, fy), curve[x & 255]);
    high = mix(slope(permutation[i + y0 + 1], fx, fy - 1.0f),
               slope(permutation[j + y0 + 1], fx - 1.0f, fy - 1.0f),
               curve[x & 255]);
    return 1.4f * mix(low, high, curve[y & 255]);
}

static float smoke(int x, int y)
{
    const float *strength = rsGetElementAt(gLayers, 0);
    float sum = 0.0f;

    for (int layer = 0; layer < N_LAYERS; layer++) {
        sum += fabs(cloud(x, y)) * strength[layer];
        x = x * 2 + 17 * layer;
        y = y * 2 - 29 * layer;
    }
    return clamp(sum, 0.0f, 1.0f);
}

void clouds(int shift_x, int shift_y)
{
    int width = (int)rsAllocationGetDimX(gImage);
    int height = (int)rsAllocationGetDimY(gImage);
    int preset = clamp(gPreset, 0, 5);
    float4 low = rsUnpackColor8888(low_color[preset]);
    float4 high = rsUnpackColor8888(high_color[preset]);

    for (int y = 0; y < height; y++) {
        uchar4 *row = rsGetElementAt(gImage, 0, (uint)y);

        for (int x = 0; x < width; x++)
            row[x] = rsPackColorTo8888(
                mix(low, high, smoke(x * 24 + shift_x, y * 24 + shift_y)));
    }
    rsAllocationMarkDirty(gImage);
}

int root(void)
{
    int shift = (int)(gXOffset * 256.0f);

    clouds(shift + n_frames * 5, n_frames * 3);
    n_frames++;
    return 33;
}
