#include "samples.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rs_host.h"

#define RS(label, function, sum)                                               \
    {                                                                          \
        .name = label, .script = #function ".bc", .library = "rs_runtime.bc",  \
        .lookup = rs_host_lookup, .entry = "root", .run = run_##function,      \
        .expected = sum                                                        \
    }

static const struct sample table[] = {
    RS("App_1", app_1, 0x7d1b7831926150d5),
    RS("App_2", app_2, 0xbdfc92ae74ebd4ff),
    RS("MagicSmoke", magic_smoke, 0xdcf4f994bd0a1c9d),
    RS("Halo", halo, 0xfeeeeaa6f03acad0),
    RS("Balls", balls, 0x71334a00de03915c),
    RS("SceneGraph", scene_graph, 0x48d4b977b967df92),
    RS("Model", model, 0xe80a595c7aeacc8e),
    RS("Fountain", fountain, 0x8a3a491de11be2ba),
    {
        .name = "OpenCL",
        .script = "filter.bc",
        .find_library = opencl_find_library,
        .lookup = opencl_lookup,
        .entry = "filter",
        .run = run_opencl,
    },
};

const struct sample *sample_table(size_t *ret_count)
{
    *ret_count = sizeof(table) / sizeof(table[0]);
    return table;
}

/* ---- Files ---- */

static void path_in(const char *dir, const char *name,
                    char ret_path[SAMPLE_MAX_PATH])
{
    if (name[0] == '/')
        snprintf(ret_path, SAMPLE_MAX_PATH, "%s", name);
    else
        snprintf(ret_path, SAMPLE_MAX_PATH, "%s/%s", dir, name);
}

int sample_locate(const struct sample *sample, const char *dir,
                  struct sample_files *ret_files)
{
    const char *library = sample->library;

    if (!dir)
        dir = getenv("BCC_SAMPLES_DIR");
    if (!dir)
        dir = BCC_SAMPLES_DIR;
    path_in(dir, sample->script, ret_files->script);
    ret_files->library[0] = '\0';
    if (sample->find_library) {
        library = sample->find_library();
        if (!library)
            return 1;
    }
    if (library)
        path_in(dir, library, ret_files->library);
    return 0;
}

int sample_open(const struct sample *sample, const struct sample_files *files,
                BCCScriptRef *ret_script)
{
    BCCOptions options = {.size = sizeof(options),
                          .cpu = getenv("BCC_TEST_CPU")};
    BCCScriptRef script = bccCreateScript();

    *ret_script = script;
    if (options.cpu && bccSetOptions(script, &options))
        return 1;
    for (int i = 0; i < SAMPLE_MAX_MARKS && sample->marks[i]; i++)
        bccMarkExternalSymbol(script, sample->marks[i]);
    return bccRegisterSymbolCallback(script, sample->lookup, NULL) ||
           bccReadFile(script, files->script, 0) ||
           (files->library[0] && bccLinkFile(script, files->library, 0));
}

/* ---- Runs ---- */

static void *find_in_script(void *context, const char *name)
{
    return bccGetFuncAddr(context, name);
}

int sample_run(const struct sample *sample, BCCScriptRef script,
               struct sample_code *code, uint64_t *ret_sum)
{
    code->find = find_in_script;
    code->context = script;
    code->script = script;
    code->failure[0] = '\0';
    *ret_sum = sample->run ? sample->run(code) : 0;
    return code->failure[0] != '\0';
}

void *sample_find(struct sample_code *code, const char *name)
{
    void *address = code->find(code->context, name);

    if (!address)
        sample_fail(code, "%s is not in the code", name);
    return address;
}

BCCKernelRef sample_kernel(struct sample_code *code, const char *name)
{
    BCCRunError error;
    BCCKernelRef kernel =
        code->script ? bccGetKernel(code->script, name, &error) : NULL;

    if (code->script && !kernel)
        sample_fail(code, "%s", error.message);
    return kernel;
}

uint64_t sample_fail(struct sample_code *code, const char *format, ...)
{
    va_list arguments;

    if (code->failure[0])
        return 0;
    va_start(arguments, format);
    vsnprintf(code->failure, sizeof(code->failure), format, arguments);
    va_end(arguments);
    return 0;
}
