/* Kernels that call the host, run by test_api_kernel.c. */
#include <stdint.h>

#include <bcc/bcc_script.h>

extern int host_visit(uint32_t x);

BCC_KERNEL("in, out, x")
int visit(const float *in, float *out, uint32_t x)
{
    *out = *in / 3;
    return host_visit(x);
}
