/* A fade of a line of pixels between two colours: two calls of the vendor's
 * functions for each channel, one for each pixel. */
#include "vendor.h"

enum { N_PIXELS = 4096 };

static unsigned pixels[N_PIXELS];

unsigned fade(float from, float to);

unsigned fade(float from, float to)
{
    unsigned sum = 0;

    for (int i = 0; i < N_PIXELS; i++) {
        const float at = (float)i / N_PIXELS;
        const float red = vendor_clamp(vendor_mix(from, to, at), 0, 1);
        const float green = vendor_clamp(vendor_mix(to, from, at), 0, 1);
        const float blue = vendor_clamp(vendor_mix(red, green, at), 0, 1);

        pixels[i] = vendor_pack(red, green, blue);
    }
    for (int i = 0; i < N_PIXELS; i++)
        sum = sum * 31 + pixels[i];
    return sum;
}
