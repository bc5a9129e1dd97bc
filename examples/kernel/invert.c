#include <bcc/bcc_script.h>

BCC_PRAGMA("version", "1");
BCC_EXPORT unsigned strength = 255;

BCC_KERNEL("in, out")
void invert(const unsigned char *in, unsigned char *out)
{
    *out = (unsigned char)(strength - *in);
}
