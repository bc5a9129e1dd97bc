/* The linker: one foreign object, and the same one twice. */
#include "fuzz.h"
#include "link.h"

static void check(const struct link_result *result)
{
    for (size_t i = 0; i < result->n_functions; i++) {
        const struct link_symbol *f = &result->functions[i];
        fuzz_require(f->address <= result->span &&
                     f->size <= result->span - f->address);
    }
    for (size_t i = 0; i < result->n_objects; i++) {
        const struct link_symbol *o = &result->objects[i];
        fuzz_require(o->address <= result->span &&
                     o->size <= result->span - o->address);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const exports[] = {"sample_api", "add", "counter"};
    const struct link_input inputs[] = {{"a.o", {data, size}},
                                        {"b.o", {data, size}}};

    for (size_t n_inputs = 1; n_inputs <= 2; n_inputs++) {
        const struct link_params params = {.inputs = inputs,
                                           .n_inputs = n_inputs,
                                           .exports = exports,
                                           .n_exports = 3};
        struct link_result result;
        struct error err = {0};

        if (link_image(&params, &result, &err)) {
            fuzz_require(err.message[0]);
        } else {
            check(&result);
            link_result_release(&result);
        }
    }
    return 0;
}
