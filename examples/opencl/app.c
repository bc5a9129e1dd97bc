/* app LIBRARY.bc: runs an OpenCL C kernel for 1,000,000 work items, on all
 * CPUs. */
#include <stdio.h>
#include <stdlib.h>

#include <bcc/bcc_run.h>

enum { N = 1000000 };

static int run(BCCScriptRef script, const float *in, float *out)
{
    BCCRunError error = {0};
    BCCPoolRef pool = bccCreatePool(0);
    BCCKernelRef kernel = bccGetKernel(script, "roots", &error);
    const BCCGrid grid = {.globalSize = {N}, .localSize = {64}};
    const BCCValue arguments[] = {{.type = BCC_PTR, .u.p = (void *)in},
                                  {.type = BCC_PTR, .u.p = out},
                                  {.type = BCC_F32, .u.f = 0.5f}};
    int result =
        !kernel || bccDispatch(kernel, pool, &grid, arguments, 3, &error);

    if (result)
        fprintf(stderr, "%s\n", error.message);
    bccDisposePool(pool);
    return result;
}

int main(int argc, char **argv)
{
    BCCScriptRef script = bccCreateScript();
    float *in = malloc(N * sizeof(*in)), *out = malloc(N * sizeof(*out));

    if (argc != 2 || !in || !out || bccReadFile(script, "roots.bc", 0) ||
        bccLinkFile(script, argv[1], 0) ||
        bccPrepareExecutable(script, "cache", "roots", 0)) {
        fprintf(stderr, "%s\n", bccGetErrorMessage(script));
        return 1;
    }
    for (int i = 0; i < N; i++)
        in[i] = (float)i;
    if (run(script, in, out))
        return 1;
    printf("%g %g %g\n", out[4], out[900], out[810000]);
    bccDisposeScript(script);
    free(in);
    free(out);
    return 0;
}
