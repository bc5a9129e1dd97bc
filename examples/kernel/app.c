#include <stdio.h>

#include <bcc/bcc.h>

int main(void)
{
    unsigned char in[4] = {0, 1, 100, 200}, out[4];
    void (*kernel)(const unsigned char *, unsigned char *);
    BCCScriptRef script = bccCreateScript();
    const char *key, *value;
    void *address;

    if (bccReadFile(script, "invert.bc", 0) ||
        bccPrepareExecutable(script, "cache", "invert", 0)) {
        fprintf(stderr, "%s\n", bccGetErrorMessage(script));
        return 1;
    }
    bccGetPragmaList(script, 1, &key, &value);
    printf("%s %s, kernel %s with parameters 0x%x\n", key, value,
           bccGetExportForEachName(script, 0),
           (unsigned)bccGetExportForEachSignature(script, 0));
    bccGetExportForEachList(script, 1, &address);
    *(void **)&kernel = address;
    for (int i = 0; i < 4; i++)
        kernel(&in[i], &out[i]);
    printf("%d %d %d %d\n", out[0], out[1], out[2], out[3]);
    bccDisposeScript(script);
    return 0;
}
