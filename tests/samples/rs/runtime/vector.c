/* Vendor library: functions of one to four floats. Those of vectors apply
 * the scalar one to each component; the compiler finds the vector
 * instructions. */
#include "../rs.h"

#define MAP_1(f)                                                               \
    float2 RS_OVERLOAD f(float2 a)                                             \
    {                                                                          \
        return (float2){f(a.x), f(a.y)};                                       \
    }                                                                          \
    float3 RS_OVERLOAD f(float3 a)                                             \
    {                                                                          \
        return (float3){f(a.x), f(a.y), f(a.z)};                               \
    }                                                                          \
    float4 RS_OVERLOAD f(float4 a)                                             \
    {                                                                          \
        return (float4){f(a.x), f(a.y), f(a.z), f(a.w)};                       \
    }

#define MAP_2(f)                                                               \
    float2 RS_OVERLOAD f(float2 a, float2 b)                                   \
    {                                                                          \
        return (float2){f(a.x, b.x), f(a.y, b.y)};                             \
    }                                                                          \
    float3 RS_OVERLOAD f(float3 a, float3 b)                                   \
    {                                                                          \
        return (float3){f(a.x, b.x), f(a.y, b.y), f(a.z, b.z)};                \
    }                                                                          \
    float4 RS_OVERLOAD f(float4 a, float4 b)                                   \
    {                                                                          \
        return (float4){f(a.x, b.x), f(a.y, b.y), f(a.z, b.z), f(a.w, b.w)};   \
    }

/* ---- Component by component ---- */

float RS_OVERLOAD fabs(float a)
{
    return __builtin_fabsf(a);
}
MAP_1(fabs)

/* Without the instruction for it, that of the C library would be called: the
 * host need not have one. Exact below 2^23; above, floats are whole. */
float RS_OVERLOAD floor(float a)
{
    float whole;

    if (!(__builtin_fabsf(a) < 8388608.0f))
        return a;
    whole = (float)(int)a;
    return whole > a ? whole - 1.0f : whole;
}
MAP_1(floor)

float RS_OVERLOAD fract(float a)
{
    return a - floor(a);
}
MAP_1(fract)

float RS_OVERLOAD sqrt(float a)
{
    return __builtin_sqrtf(a);
}
MAP_1(sqrt)

float RS_OVERLOAD min(float a, float b)
{
    return b < a ? b : a;
}
MAP_2(min)

float RS_OVERLOAD max(float a, float b)
{
    return a < b ? b : a;
}
MAP_2(max)

/* ---- Ranges ---- */

float RS_OVERLOAD clamp(float value, float low, float high)
{
    return min(max(value, low), high);
}

int RS_OVERLOAD clamp(int value, int low, int high)
{
    if (value < low)
        return low;
    return value > high ? high : value;
}

float2 RS_OVERLOAD clamp(float2 value, float low, float high)
{
    return min(max(value, (float2)low), (float2)high);
}

float3 RS_OVERLOAD clamp(float3 value, float low, float high)
{
    return min(max(value, (float3)low), (float3)high);
}

float4 RS_OVERLOAD clamp(float4 value, float low, float high)
{
    return min(max(value, (float4)low), (float4)high);
}

float RS_OVERLOAD mix(float a, float b, float t)
{
    return a + (b - a) * t;
}

float2 RS_OVERLOAD mix(float2 a, float2 b, float t)
{
    return a + (b - a) * t;
}

float3 RS_OVERLOAD mix(float3 a, float3 b, float t)
{
    return a + (b - a) * t;
}

float4 RS_OVERLOAD mix(float4 a, float4 b, float t)
{
    return a + (b - a) * t;
}

float RS_OVERLOAD smoothstep(float low, float high, float x)
{
    float t = clamp((x - low) / (high - low), 0.0f, 1.0f);

    return t * t * (3.0f - 2.0f * t);
}

/* ---- Geometry ---- */

float RS_OVERLOAD dot(float2 a, float2 b)
{
    return a.x * b.x + a.y * b.y;
}

float RS_OVERLOAD dot(float3 a, float3 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

float RS_OVERLOAD dot(float4 a, float4 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

float3 RS_OVERLOAD cross(float3 a, float3 b)
{
    return a.yzx * b.zxy - a.zxy * b.yzx;
}

float RS_OVERLOAD length(float2 v)
{
    return sqrt(dot(v, v));
}

float RS_OVERLOAD length(float3 v)
{
    return sqrt(dot(v, v));
}

float RS_OVERLOAD length(float4 v)
{
    return sqrt(dot(v, v));
}

float RS_OVERLOAD distance(float2 a, float2 b)
{
    return length(a - b);
}

float RS_OVERLOAD distance(float3 a, float3 b)
{
    return length(a - b);
}

/* The zero vector has no direction and stays as it is. */
static float inverse(float size)
{
    return size > 0.0f ? 1.0f / size : 0.0f;
}

float RS_OVERLOAD normalize(float a)
{
    return a * inverse(fabs(a));
}

float2 RS_OVERLOAD normalize(float2 a)
{
    return a * inverse(length(a));
}

float3 RS_OVERLOAD normalize(float3 a)
{
    return a * inverse(length(a));
}

float4 RS_OVERLOAD normalize(float4 a)
{
    return a * inverse(length(a));
}
