/* device KEY: runs the vendor's filter, as code that the vendor has compiled
 * and signed. The device has no compiler. */
#include <stdio.h>

#include <bcc/bcc.h>

/* For which CPUs the vendor compiles, the best first. */
static const char *const cpus[] = {"x86-64-v4", "x86-64-v3", "x86-64-v2"};

/* Returns 0 if the layer has code that this CPU can run. */
static int prepare(BCCScriptRef script, const char *key)
{
    char layer[64];
    BCCReport report = {.size = sizeof(report)};
    BCCOptions options = {.size = sizeof(options), .trustedKeys = key};

    for (int i = 0; i < 3; i++) {
        snprintf(layer, sizeof(layer), "layer/%s", cpus[i]);
        options.cpu = cpus[i];
        if (bccSetOptions(script, &options) || bccSetCachePath(script, layer))
            return 1;
        if (bccPrepareExecutable(script, NULL, "filter", 0) == 0)
            return 0;
        bccGetReport(script, &report);
        if (report.reasonCode != BCC_REASON_HOST_CPU)
            return 1;
    }
    return 1;
}

int main(int argc, char **argv)
{
    BCCScriptRef script = bccCreateScript();
    int (*blend)(int, int);

    if (argc != 2 || bccReadFile(script, "filter.bc", 0) ||
        bccLinkFile(script, "vendor.bc", 0) || prepare(script, argv[1])) {
        printf("refused: %s\n", bccGetErrorMessage(script));
        bccDisposeScript(script);
        return 1;
    }
    *(void **)&blend = bccGetFuncAddr(script, "blend");
    printf("blend(6, 7) = %d\n", blend(6, 7));
    bccDisposeScript(script);
    return 0;
}
