/* The request's parser: it accepts only text that it would write itself. */
#include <string.h>

#include "fuzz.h"
#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request request;
    struct buffer again;
    struct arena arena;
    struct error err = {0};
    size_t identity_size;

    arena_init(&arena);
    buffer_init(&again);
    if (request_parse((struct span){data, size}, &arena, &request,
                      &identity_size, &err)) {
        fuzz_require(err.message[0]);
    } else {
        fuzz_require(identity_size <= size);
        fuzz_require(request_write(&request, &again, &err) == STATUS_OK);
        fuzz_require(again.size == size && !memcmp(again.data, data, size));
    }
    buffer_release(&again);
    arena_release(&arena);
    return 0;
}
