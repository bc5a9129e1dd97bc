#include <stdio.h>

#include <bcc/bcc_run.h>

int main(void)
{
    unsigned char in[4] = {0, 1, 100, 200}, out[4];
    const BCCBuffer from = {.data = in, .size = 4, .elementSize = 1};
    const BCCBuffer to = {.data = out, .size = 4, .elementSize = 1};
    BCCForEach work = {.size = sizeof(work),
                       .range = {.end = {4}},
                       .in = &from,
                       .nIn = 1,
                       .out = &to};
    BCCScriptRef script = bccCreateScript();
    const char *key, *value;
    BCCKernelRef kernel;
    BCCRunError error;

    if (bccReadFile(script, "invert.bc", 0) ||
        bccPrepareExecutable(script, "cache", "invert", 0)) {
        fprintf(stderr, "%s\n", bccGetErrorMessage(script));
        return 1;
    }
    bccGetPragmaList(script, 1, &key, &value);
    printf("%s %s, kernel %s with parameters 0x%x\n", key, value,
           bccGetExportForEachName(script, 0),
           (unsigned)bccGetExportForEachSignature(script, 0));
    kernel = bccGetKernelAt(script, 0, &error);
    work.pool = bccCreatePool(0);
    if (!kernel || bccForEach(kernel, &work, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    printf("%d %d %d %d\n", out[0], out[1], out[2], out[3]);
    bccDisposePool(work.pool);
    bccDisposeKernel(kernel);
    bccDisposeScript(script);
    return 0;
}
