/* The samples' runs compared with native code of the same bitcode: the results
 * that other tests expect are right without libbcc. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "api_fixture.h"
#include "samples.h"

static void *find_in_library(void *context, const char *name)
{
    return dlsym(context, name);
}

static void native_code_does_what_the_table_expects(void **state)
{
    const struct sample *sample = *state;
    size_t stem = strlen(sample->script) - strlen(".bc");
    struct sample_code code = {.find = find_in_library};
    struct path path;
    void *library;
    uint64_t sum;

    snprintf(path.text, sizeof(path.text), "%s/%.*s.so", BCC_E2E_NATIVE_DIR,
             (int)stem, sample->script);
    library = dlopen(path.text, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail_msg("%s", dlerror());
    code.context = library;
    sum = sample->run(&code);
    assert_string_equal(code.failure, "");
    if (sum != sample->expected)
        fail_msg("%s: 0x%016llx", sample->name, (unsigned long long)sum);
    dlclose(library);
}

int main(void)
{
    struct CMUnitTest tests[16] = {{0}};
    const struct sample *sample;
    size_t n_samples, n_tests = 0;

    sample = sample_table(&n_samples);
    for (size_t i = 0; i < n_samples; i++) {
        if (!sample[i].expected)
            continue; /* depends on the machine: no native one is made */
        tests[n_tests++] = (struct CMUnitTest){
            .name = sample[i].name,
            .test_func = native_code_does_what_the_table_expects,
            .initial_state = (void *)&sample[i],
        };
    }
    return _cmocka_run_group_tests("samples_native", tests, n_tests, NULL,
                                   NULL);
}
