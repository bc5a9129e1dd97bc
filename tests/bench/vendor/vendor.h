/* Small functions as in a vendor's runtime: too small to be called. */
float vendor_clamp(float value, float low, float high);
float vendor_mix(float a, float b, float weight);
unsigned vendor_pack(float red, float green, float blue);
