#include "vendor.h"

float vendor_clamp(float value, float low, float high)
{
    return value < low ? low : (value > high ? high : value);
}

float vendor_mix(float a, float b, float weight)
{
    return a + (b - a) * weight;
}

unsigned vendor_pack(float red, float green, float blue)
{
    return (unsigned)(red * 255) << 16 | (unsigned)(green * 255) << 8 |
           (unsigned)(blue * 255);
}
