/* An audio effect that Faust has compiled to bitcode. The module's own
 * description (JSON) says how large a processor is, and where its controls lie
 * in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc.h>

enum { RATE = 48000, BLOCK = 4, N_BLOCKS = 3 };

/* What a Faust module defines; "mydsp" is Faust's default name. */
struct effect {
    char *(*describe)(void);
    void (*init_class)(int rate);
    void (*init_constants)(void *dsp, int rate);
    void (*clear)(void *dsp);
    void (*compute)(void *dsp, int count, float **in, float **out);
};

static int find(BCCScriptRef script, const char *name, void *function)
{
    void *address = bccGetFuncAddr(script, name);

    memcpy(function, &address, sizeof(address));
    return !address;
}

static int find_all(BCCScriptRef script, struct effect *e)
{
    return find(script, "getJSONmydsp", &e->describe) ||
           find(script, "classInitmydsp", &e->init_class) ||
           find(script, "instanceConstantsmydsp", &e->init_constants) ||
           find(script, "instanceClearmydsp", &e->clear) ||
           find(script, "computemydsp", &e->compute);
}

/* The number behind "KEY": in the text from the first "after" on. */
static int number(const char *json, const char *after, const char *key)
{
    const char *at = strstr(json, after);

    at = at ? strstr(at, key) : NULL;
    return at ? atoi(at + strlen(key)) : 0;
}

int main(void)
{
    BCCScriptRef script = bccCreateScript();
    float in[BLOCK] = {1}, out[BLOCK], *inputs[] = {in}, *outputs[] = {out};
    const float feedback = 0.8f;
    struct effect e;
    char *json, *dsp;

    if (bccReadFile(script, "echo.bc", 0) ||
        bccPrepareExecutable(script, "cache", "echo", BCC_DEFAULT_LIBRARIES) ||
        find_all(script, &e)) {
        fprintf(stderr, "%s\n", bccGetErrorMessage(script));
        return 1;
    }
    json = e.describe();
    dsp = calloc(1, number(json, "{", "\"size\": "));
    e.init_class(RATE);
    e.init_constants(dsp, RATE);
    e.clear(dsp);
    memcpy(dsp + number(json, "\"feedback\"", "\"index\": "), &feedback,
           sizeof(feedback));
    for (int block = 0; block < N_BLOCKS; block++, in[0] = 0) {
        e.compute(dsp, BLOCK, inputs, outputs);
        for (int i = 0; i < BLOCK; i++)
            printf("%g ", out[i]);
    }
    printf("\n");
    free(dsp);
    bccDisposeScript(script);
    return 0;
}
