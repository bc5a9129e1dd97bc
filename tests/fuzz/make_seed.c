/* The first inputs of fuzz_cache (one with a function index), fuzz_index,
 * fuzz_request and fuzz_zip: make_seed cache|functions|index|request|zip */
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
        (strcmp(argv[1], "cache") == 0 || strcmp(argv[1], "functions") == 0)) {
        status = sample_cache_init(&sample);
        if (*argv[1] == 'f')
            fill_many(&sample.contents);
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
