/* The first input of fuzz_cache and of fuzz_request: make_seed cache|request */
#include <stdio.h>
#include <string.h>

#include "../unit/sample_cache.h"

int main(int argc, char **argv)
{
    struct sample_cache sample;
    struct buffer out;
    enum status status;
    struct request request = sample_request;
    const struct request_input inputs[] = {
        {REQUEST_SCRIPT, OBCC_FILE_RESOURCE, false, "twice.bc", 1234},
        {REQUEST_LIBRARY, OBCC_APK_RESOURCE, true, "lib math", 5},
        {REQUEST_OBJECT, OBCC_FILE_RESOURCE, false, "lib.a", 68},
    };

    buffer_init(&out);
    if (argc == 2 && strcmp(argv[1], "cache") == 0) {
        status = sample_cache_init(&sample);
        if (status == STATUS_OK)
            status = cache_write(&sample.contents, &out, NULL);
        sample_cache_release(&sample);
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
