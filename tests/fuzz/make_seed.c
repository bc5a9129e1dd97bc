/* The first inputs of fuzz_cache (one with a function index), fuzz_index,
 * fuzz_kernels, fuzz_request and fuzz_zip:
 *
 *     make_seed cache|functions|index|kernels|request|zip */
#include <stdio.h>
#include <string.h>

#include "../unit/sample_cache.h"
#include "../unit/sample_index.h"
#include "../unit/zip_fixture.h"

/* Each kind of entry, in ZIP64's form as well. */
static const struct zip_file zip_files[] = {
    {"a.bc", "stored, stored", 14, 0},
    {"b.bc", "deflated, deflated, deflated", 28, ZIP_DEFLATED},
    {"c.bc", "later, later, later", 19, ZIP_DEFLATED | ZIP_DESCRIPTOR},
    {"d.bc", "64 bits, 64 bits", 16, ZIP_DEFLATED | ZIP_64},
};

/* As many functions as have an index. */
static struct cache_symbol many[1025];

static void fill_many(struct cache_contents *contents)
{
    static char names[sizeof(many) / sizeof(many[0])][24];

    contents->n_funcs = sizeof(many) / sizeof(many[0]);
    for (size_t i = 0; i < contents->n_funcs; i++) {
        snprintf(names[i], sizeof(names[i]), "f%zu", i);
        many[i] = (struct cache_symbol){.name = names[i], .address = i};
    }
    contents->funcs = many;
}

/* As the compiler writes them, by name. */
static const struct cache_function functions[] = {
    {"add", "i32 i32 -> i32", "a b", NULL},
    {"blend", "f32 <4 x f32> i8:zext -> f64", NULL,
     "in=4/4 in=8/8 out=8/8 x tile:1024,1,1 kernel at:7:a b.c"},
    {"copy", "ptr ptr -> void", "in out",
     "in>=4 out>=4 restrict tile:64,1,1 kernel"},
    {"item", "ptr i32 ptr -> void", NULL, "local:2 memory:64 group:4,1,1 item"},
    {"items", "ptr -> void", NULL, "group:4,1,1 item groups private:24"},
    {"join", "ptr ptr -> void", NULL, NULL},
    {"printf", "ptr ... -> i32", NULL, NULL},
    {"reduce sum", "ptr ptr -> void", NULL, "reduce 8 total - join -"},
    {"refused", "{i32, [2 x i8]} -> void", NULL, "refused: for a reason"},
    {"total", "ptr ptr -> void", NULL, "in=8/8 accum result kernel"},
};

int main(int argc, char **argv)
{
    struct sample_cache sample;
    struct buffer out;
    enum status status;
    struct request request = sample_request;
    const struct request_input inputs[] = {
        {REQUEST_SCRIPT, OBCC_FILE_RESOURCE, false, "twice.bc", 1234, NULL},
        {REQUEST_LIBRARY, OBCC_APK_RESOURCE, true, "lib math", 5, NULL},
        {REQUEST_OBJECT, OBCC_FILE_RESOURCE, false, "lib.a", 68, NULL},
        {REQUEST_OBJECT, OBCC_APK_RESOURCE, false, "a.apk!b.bc", 99, "b.bc"},
    };

    buffer_init(&out);
    if (argc == 2 &&
        (strcmp(argv[1], "cache") == 0 || strcmp(argv[1], "functions") == 0 ||
         strcmp(argv[1], "kernels") == 0)) {
        status = sample_cache_init(&sample);
        if (*argv[1] == 'f')
            fill_many(&sample.contents);
        if (*argv[1] == 'k') {
            sample.contents.functions = functions;
            sample.contents.n_functions =
                sizeof(functions) / sizeof(functions[0]);
        }
        if (status == STATUS_OK)
            status = cache_write(&sample.contents, &out, NULL);
        sample_cache_release(&sample);
    } else if (argc == 2 && strcmp(argv[1], "index") == 0) {
        status = index_write(&sample_index, &out, NULL);
    } else if (argc == 2 && strcmp(argv[1], "zip") == 0) {
        zip_make(zip_files, sizeof(zip_files) / sizeof(zip_files[0]), ZIP_64,
                 &out, NULL);
        status = STATUS_OK;
    } else {
        request.inputs = inputs;
        request.n_inputs = sizeof(inputs) / sizeof(inputs[0]);
        status = request_write(&request, &out, NULL);
    }
    if (status || fwrite(out.data, 1, out.size, stdout) != out.size)
        return 1;
    buffer_release(&out);
    return 0;
}
