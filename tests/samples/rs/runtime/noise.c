/* Vendor library: gradient noise, colours, and chance.
 *
 * The gradients sit on the points of the integer grid and are chosen by a
 * hash of the point, so that no table is needed and the pattern does not
 * repeat. Between the points the four (eight) contributions are blended with
 * the quintic 6t^5 - 15t^4 + 10t^3, whose second derivative is continuous. */
#include "../rs.h"

static uint hash(uint x)
{
    /* Two rounds of xor-shift-multiply; odd factors, so that it is a
     * permutation of the 32-bit numbers. */
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ x >> 16;
}

static uint hash_2(int x, int y)
{
    return hash((uint)x + hash((uint)y));
}

static uint hash_3(int x, int y, int z)
{
    return hash((uint)x + hash_2(y, z));
}

/* -1..1 */
static float unit(uint h)
{
    return (float)(h >> 8) * (2.0f / 16777215.0f) - 1.0f;
}

static float fade(float t)
{
    return t * t * t * (t * (t * 6.0f - 15.0f) + 10.0f);
}

float RS_OVERLOAD noise(float x)
{
    float whole = floor(x);
    float t = x - whole;
    int at = (int)whole;

    return 2.0f * mix(unit(hash((uint)at)) * t,
                      unit(hash((uint)at + 1)) * (t - 1.0f), fade(t));
}

static float slope_2(int x, int y, float2 t)
{
    uint h = hash_2(x, y);

    return unit(h) * t.x + unit(hash(h)) * t.y;
}

float RS_OVERLOAD noise(float2 at)
{
    float2 whole = floor(at);
    float2 t = at - whole;
    int x = (int)whole.x;
    int y = (int)whole.y;
    float low, high;

    low =
        mix(slope_2(x, y, t), slope_2(x + 1, y, t - (float2){1, 0}), fade(t.x));
    high = mix(slope_2(x, y + 1, t - (float2){0, 1}),
               slope_2(x + 1, y + 1, t - (float2){1, 1}), fade(t.x));
    return mix(low, high, fade(t.y));
}

static float slope_3(int x, int y, int z, float3 t)
{
    uint h = hash_3(x, y, z);
    uint k = hash(h);

    return unit(h) * t.x + unit(k) * t.y + unit(hash(k)) * t.z;
}

float RS_OVERLOAD noise(float3 at)
{
    float3 whole = floor(at);
    float3 t = at - whole;
    float row[4];

    for (int i = 0; i < 4; i++) {
        int x = (int)whole.x;
        int y = (int)whole.y + (i & 1);
        int z = (int)whole.z + (i >> 1);
        float3 d = t - (float3){0, (float)(i & 1), (float)(i >> 1)};

        row[i] = mix(slope_3(x, y, z, d),
                     slope_3(x + 1, y, z, d - (float3){1, 0, 0}), fade(t.x));
    }
    return mix(mix(row[0], row[1], fade(t.y)), mix(row[2], row[3], fade(t.y)),
               fade(t.z));
}

float RS_OVERLOAD turbulence(float2 at, int octaves)
{
    float sum = 0.0f;
    float weight = 1.0f;

    for (int i = 0; i < octaves; i++) {
        sum += fabs(noise(at)) * weight;
        at *= 2.0f;
        weight *= 0.5f;
    }
    return sum;
}

float RS_OVERLOAD rsRand(float high)
{
    return rsRand(0.0f, high);
}

/* ---- Colours ---- */

float4 RS_OVERLOAD convert_float4(uchar4 c)
{
    return (float4){c.x, c.y, c.z, c.w};
}

uchar4 RS_OVERLOAD convert_uchar4(float4 c)
{
    c = clamp(c, 0.0f, 255.0f);
    return (uchar4){(uchar)c.x, (uchar)c.y, (uchar)c.z, (uchar)c.w};
}

float4 RS_OVERLOAD rsUnpackColor8888(uchar4 c)
{
    return convert_float4(c) * (1.0f / 255.0f);
}

uchar4 RS_OVERLOAD rsPackColorTo8888(float4 c)
{
    return convert_uchar4(c * 255.0f + 0.5f);
}

uchar4 RS_OVERLOAD rsPackColorTo8888(float r, float g, float b)
{
    return rsPackColorTo8888((float4){r, g, b, 1.0f});
}
