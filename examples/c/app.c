#include <stdio.h>

#include <bcc/bcc.h>

int main(void)
{
    BCCReport report = {.size = sizeof(report)};
    BCCScriptRef script = bccCreateScript();
    int (*blend)(int, int);

    if (bccReadFile(script, "filter.bc", 0) ||
        bccLinkFile(script, "vendor.bc", 0) ||
        bccPrepareExecutable(script, "cache", "filter", 0)) {
        fprintf(stderr, "%s\n", bccGetErrorMessage(script));
        bccDisposeScript(script);
        return 1;
    }
    *(void **)&blend = bccGetFuncAddr(script, "blend");
    bccGetReport(script, &report);
    printf("blend(6, 7) = %d: %s\n", blend(6, 7),
           report.cache == BCC_CACHE_HIT ? "hit" : "miss");
    bccDisposeScript(script);
    return 0;
}
