/* Every sample, every way: compiled into a fresh cache, mapped from it,
 * precompiled, and without a cache. The code must do the same, and reflection
 * must report the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_fixture.h"
#include "rs_host.h"
#include "samples.h"

/* ---- All that reflection says, as text ---- */

/* Addresses count from the sample's entry. */
static void print_address(FILE *out, const void *address, const void *base)
{
    if (address)
        fprintf(out, " %+td\n", (const char *)address - (const char *)base);
    else
        fprintf(out, " none\n");
}

enum { MAX_LIST = 4096 };

static void print_exports(FILE *out, BCCScriptRef script, const void *base)
{
    void *address[MAX_LIST];

    bccGetExportVarList(script, MAX_LIST, address);
    for (size_t i = 0; i < bccGetExportVarCount(script); i++) {
        fprintf(out, "variable %s", bccGetExportVarName(script, i));
        print_address(out, address[i], base);
    }
    bccGetExportFuncList(script, MAX_LIST, address);
    for (size_t i = 0; i < bccGetExportFuncCount(script); i++) {
        fprintf(out, "function %s", bccGetExportFuncName(script, i));
        print_address(out, address[i], base);
    }
    bccGetExportForEachList(script, MAX_LIST, address);
    for (size_t i = 0; i < bccGetExportForEachCount(script); i++) {
        fprintf(out, "kernel %s 0x%x", bccGetExportForEachName(script, i),
                (unsigned)bccGetExportForEachSignature(script, i));
        print_address(out, address[i], base);
    }
}

static void print_tables(FILE *out, BCCScriptRef script, const void *base)
{
    static BCCFuncInfo function[MAX_LIST];
    const char *key[MAX_LIST];
    const char *value[MAX_LIST];
    uint32_t slot[MAX_LIST];

    bccGetPragmaList(script, MAX_LIST, key, value);
    for (size_t i = 0; i < bccGetPragmaCount(script); i++)
        fprintf(out, "pragma %s(%s)\n", key[i], value[i]);
    bccGetObjectSlotList(script, MAX_LIST, slot);
    for (size_t i = 0; i < bccGetObjectSlotCount(script); i++)
        fprintf(out, "slot %u\n", (unsigned)slot[i]);
    bccGetFuncInfoList(script, MAX_LIST, function);
    for (size_t i = 0; i < bccGetFuncCount(script); i++) {
        fprintf(out, "code %s %zu", function[i].name, function[i].size);
        print_address(out, function[i].addr, base);
    }
}

/* To be freed. */
static char *reflection_of(BCCScriptRef script, const char *entry)
{
    const void *base = bccGetFuncAddr(script, entry);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_non_null(base);
    print_exports(out, script, base);
    print_tables(out, script, base);
    fclose(out);
    return text;
}

/* ---- The samples ---- */

static struct sample_files locate(const struct sample *sample)
{
    struct sample_files files;

    if (sample_locate(sample, NULL, &files)) {
        print_message("%s: its library is not installed\n", sample->name);
        skip();
    }
    return files;
}

static BCCScriptRef open_sample(const struct sample *sample)
{
    struct sample_files files = locate(sample);
    BCCScriptRef script;

    if (sample_open(sample, &files, &script))
        fail_msg("%s: %s", sample->name, bccGetErrorMessage(script));
    return script;
}

/* Larger samples would get baseline code at first. */
static BCCScriptRef open_best(const struct sample *sample)
{
    BCCScriptRef script = open_sample(sample);
    const BCCOptions best = {.size = sizeof(best), .tier = BCC_TIER_BEST};

    assert_succeeds(script, bccSetOptions(script, &best));
    return script;
}

static BCCScriptRef prepare_sample(const struct sample *sample,
                                   const char *cache_dir, int expected)
{
    BCCScriptRef script = open_best(sample);

    assert_succeeds(script,
                    bccPrepareExecutable(script, cache_dir, sample->name,
                                         sample->prepare_flags));
    assert_cache(script, expected);
    return script;
}

struct outcome {
    uint64_t sum;
    char *reflection;
};

/* Runs and disposes of the script. */
static struct outcome outcome_of(const struct sample *sample,
                                 BCCScriptRef script)
{
    struct outcome outcome;
    struct sample_code code;

    outcome.reflection = reflection_of(script, sample->entry);
    if (sample_run(sample, script, &code, &outcome.sum))
        fail_msg("%s: %s", sample->name, code.failure);
    if (sample->expected && outcome.sum != sample->expected)
        fail_msg("%s: 0x%016llx", sample->name,
                 (unsigned long long)outcome.sum);
    bccDisposeScript(script);
    return outcome;
}

static void assert_same(const struct outcome *expected, struct outcome outcome)
{
    assert_string_equal(outcome.reflection, expected->reflection);
    assert_true(outcome.sum == expected->sum);
    free(outcome.reflection);
}

static void does_the_same_whichever_way_it_was_made(void **state)
{
    const struct fixture *f = *state;
    const struct sample *sample = f->parameter;
    struct outcome miss;
    BCCScriptRef script;

    script = prepare_sample(sample, f->cache, BCC_CACHE_MISS);
    miss = outcome_of(sample, script);
    script = prepare_sample(sample, f->cache, BCC_CACHE_HIT);
    assert_same(&miss, outcome_of(sample, script));
    script = prepare_sample(sample, NULL, BCC_CACHE_OFF);
    assert_same(&miss, outcome_of(sample, script));

    script = open_sample(sample);
    assert_succeeds(script,
                    bccPrepareSharedObject(script, f->cache, "installed", 0));
    assert_cache(script, BCC_CACHE_MISS);
    assert_succeeds(script,
                    bccPrepareExecutable(script, f->cache, "installed", 0));
    assert_cache(script, BCC_CACHE_HIT);
    assert_same(&miss, outcome_of(sample, script));
    free(miss.reflection);
}

/* Other code, which computes the same to the last bit. */
static void does_the_same_in_baseline_code(void **state)
{
    const BCCOptions baseline = {.size = sizeof(baseline),
                                 .tier = BCC_TIER_BASELINE};
    const struct fixture *f = *state;
    const struct sample *sample = f->parameter;
    BCCScriptRef script = prepare_sample(sample, NULL, BCC_CACHE_OFF);
    struct outcome best = outcome_of(sample, script), outcome;
    BCCReport report = {.size = sizeof(report)};

    script = open_sample(sample);
    assert_succeeds(script, bccSetOptions(script, &baseline));
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, sample->name,
                                                 sample->prepare_flags));
    assert_succeeds(script, bccGetReport(script, &report));
    assert_int_equal(report.tier, BCC_TIER_BASELINE);
    outcome = outcome_of(sample, script);
    assert_true(outcome.sum == best.sum);
    free(outcome.reflection);
    free(best.reflection);
}

/* A sample is known by its file, so that the table may be sorted anew. */
static const struct sample *find_sample(const char *script_name)
{
    const struct sample *sample;
    size_t n_samples;

    sample = sample_table(&n_samples);
    for (size_t i = 0; i < n_samples; i++) {
        if (strcmp(sample[i].script, script_name) == 0)
            return &sample[i];
    }
    fail_msg("%s: no such sample", script_name);
    return NULL;
}

/* ---- What the metadata said ---- */

static void lists_kernels_with_signatures_in_order(void **state)
{
    static const struct {
        const char *name;
        uint32_t signature;
    } expected[] = {{"root", 31},
                    {"blurRows", 58},
                    {"blurColumns", 58},
                    {"grade", 35},
                    {"julia", 58}};
    const struct fixture *f = *state;
    BCCScriptRef script =
        prepare_sample(find_sample("app_2.bc"), f->cache, BCC_CACHE_MISS);
    void *address[8] = {NULL};

    assert_int_equal(bccGetExportForEachCount(script), 5);
    bccGetExportForEachList(script, 4, address);
    assert_null(address[4]);
    bccGetExportForEachList(script, 8, address);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(bccGetExportForEachName(script, i),
                            expected[i].name);
        assert_int_equal(bccGetExportForEachSignature(script, i),
                         expected[i].signature);
        assert_ptr_equal(address[i], bccGetFuncAddr(script, expected[i].name));
        assert_non_null(address[i]);
    }
    assert_null(bccGetExportForEachName(script, 5));
    assert_int_equal(bccGetExportForEachSignature(script, 5), 0);
    bccDisposeScript(script);
}

static void lists_pragmas_and_object_slots(void **state)
{
    static const char *const pragma[][2] = {
        {"version", "1"},
        {"rs_fp_imprecise", ""},
        {"java_package_name", "org.example.editor"}};
    const struct fixture *f = *state;
    BCCScriptRef script =
        prepare_sample(find_sample("app_2.bc"), f->cache, BCC_CACHE_MISS);
    const char *key[4] = {NULL};
    const char *value[4] = {NULL};
    uint32_t slot[4] = {0};

    assert_int_equal(bccGetPragmaCount(script), 3);
    bccGetPragmaList(script, 4, key, NULL);
    bccGetPragmaList(script, 4, NULL, value);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(key[i], pragma[i][0]);
        assert_string_equal(value[i], pragma[i][1]);
    }
    assert_null(key[3]);
    assert_int_equal(bccGetObjectSlotCount(script), 3);
    bccGetObjectSlotList(script, 4, slot);
    assert_int_equal(slot[0], 3);
    assert_int_equal(slot[1], 4);
    assert_int_equal(slot[2], 5);
    assert_int_equal(slot[3], 0);
    bccDisposeScript(script);
}

static void lists_variables_and_invokables_in_order(void **state)
{
    static const char *const variable[] = {"gPartColor", "gGravity", "gPoints",
                                           "gPointsAllocation", "gMesh"};
    const struct fixture *f = *state;
    BCCScriptRef script =
        prepare_sample(find_sample("fountain.bc"), f->cache, BCC_CACHE_MISS);
    void *address[5] = {NULL};
    void *function = NULL;

    assert_int_equal(bccGetExportVarCount(script), 5);
    bccGetExportVarList(script, 5, address);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(bccGetExportVarName(script, i), variable[i]);
        assert_non_null(address[i]);
        assert_ptr_equal(address[i], bccGetVarAddr(script, variable[i]));
        assert_ptr_equal(address[i], bccGetFuncAddr(script, variable[i]));
    }
    assert_null(bccGetExportVarName(script, 5));
    assert_true(*(float *)address[1] == 9.8f);
    assert_int_equal(bccGetExportFuncCount(script), 1);
    bccGetExportFuncList(script, 1, &function);
    assert_string_equal(bccGetExportFuncName(script, 0), "addParticles");
    assert_ptr_equal(function, bccGetFuncAddr(script, "addParticles"));
    assert_null(bccGetFuncAddr(script, "no such name"));
    assert_int_equal(take_error(script), BCC_NO_ERROR);
    bccDisposeScript(script);
}

static void finds_helpers_of_invokables_with_arguments(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script =
        prepare_sample(find_sample("app_1.bc"), f->cache, BCC_CACHE_MISS);

    assert_string_equal(bccGetExportFuncName(script, 0), ".helper_setTexture");
    assert_non_null(bccGetFuncAddr(script, ".helper_setTexture"));
    bccDisposeScript(script);
}

static void sorts_functions_and_keeps_them_apart(void **state)
{
    static BCCFuncInfo function[MAX_LIST];
    const struct fixture *f = *state;
    BCCScriptRef script =
        prepare_sample(find_sample("app_1.bc"), f->cache, BCC_CACHE_MISS);
    size_t count = bccGetFuncCount(script);

    assert_in_range(count, 7, MAX_LIST);
    bccGetFuncInfoList(script, MAX_LIST, function);
    for (size_t i = 0; i < count; i++) {
        assert_true(function[i].size > 0);
        assert_non_null(function[i].addr);
        if (i > 0)
            assert_true(strcmp(function[i - 1].name, function[i].name) <= 0);
        for (size_t j = 0; j < i; j++)
            assert_true((char *)function[j].addr + function[j].size <=
                            (char *)function[i].addr ||
                        (char *)function[i].addr + function[i].size <=
                            (char *)function[j].addr);
    }
    bccDisposeScript(script);
}

/* ---- Instances ---- */

static void instances_have_their_own_data_and_the_same_shape(void **state)
{
    const struct fixture *f = *state;
    const struct sample *sample = find_sample("fountain.bc");
    BCCScriptRef script[3];
    float *gravity[3];
    char *reflection[3];

    for (int i = 0; i < 3; i++) {
        script[i] = prepare_sample(sample, f->cache,
                                   i == 0 ? BCC_CACHE_MISS : BCC_CACHE_HIT);
        gravity[i] = bccGetVarAddr(script[i], "gGravity");
        reflection[i] = reflection_of(script[i], sample->entry);
        assert_true(*gravity[i] == 9.8f);
        *gravity[i] = (float)i;
    }
    for (int i = 0; i < 3; i++) {
        assert_true(*gravity[i] == (float)i);
        assert_string_equal(reflection[i], reflection[0]);
    }
    assert_ptr_not_equal(bccGetFuncAddr(script[0], "root"),
                         bccGetFuncAddr(script[1], "root"));
    for (int i = 0; i < 3; i++) {
        free(reflection[i]);
        bccDisposeScript(script[i]);
    }
}

static void a_variable_set_from_the_host_is_seen_by_the_code(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script =
        prepare_sample(find_sample("app_2.bc"), f->cache, BCC_CACHE_MISS);
    int *radius = bccGetVarAddr(script, "gRadius");
    void (*init)(void) = bccGetFuncAddr(script, "init");
    void (*set_radius)(int) = bccGetFuncAddr(script, "setRadius");

    assert_non_null(radius);
    assert_non_null(init);
    assert_non_null(set_radius);
    assert_int_equal(*radius, 4);
    *radius = 900;
    init(); /* clamps it */
    assert_int_equal(*radius, 25);
    set_radius(3);
    assert_int_equal(*radius, 3);
    bccDisposeScript(script);
}

struct asked {
    char names[64][80];
    int n_names;
};

static void *lookup_and_note(void *context, const char *name)
{
    struct asked *asked = context;

    assert_in_range(asked->n_names, 0, 63);
    snprintf(asked->names[asked->n_names++], 80, "%s", name);
    return rs_host_lookup(NULL, name);
}

static void the_callback_is_asked_once_for_each_import(void **state)
{
    const struct fixture *f = *state;
    struct sample sample = *find_sample("model.bc");
    struct asked asked[2] = {{.n_names = 0}, {.n_names = 0}};
    BCCScriptRef script;

    for (int i = 0; i < 2; i++) {
        script = open_sample(&sample);
        assert_succeeds(script, bccRegisterSymbolCallback(
                                    script, lookup_and_note, &asked[i]));
        assert_succeeds(script,
                        bccPrepareExecutable(script, f->cache, sample.name, 0));
        bccDisposeScript(script);
        for (int j = 0; j < asked[i].n_names; j++)
            for (int k = 0; k < j; k++)
                assert_string_not_equal(asked[i].names[j], asked[i].names[k]);
    }
    assert_in_range(asked[0].n_names, 10, 25);
    assert_int_equal(asked[0].n_names, asked[1].n_names);
}

/* ---- Programs ---- */

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

static int run_sample_tests(void)
{
    struct CMUnitTest tests[64] = {{0}};
    const struct sample *sample;
    size_t n_samples;

    sample = sample_table(&n_samples);
    assert_in_range(n_samples, 1, 32);
    for (size_t i = 0; i < n_samples; i++) {
        tests[i] =
            (struct CMUnitTest)TEST(does_the_same_whichever_way_it_was_made);
        tests[i].name = sample[i].name;
        tests[i].initial_state = (void *)&sample[i];
        tests[n_samples + i] =
            (struct CMUnitTest)TEST(does_the_same_in_baseline_code);
        tests[n_samples + i].name = sample[i].name;
        tests[n_samples + i].initial_state = (void *)&sample[i];
    }
    return _cmocka_run_group_tests("samples", tests, 2 * n_samples, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lists_kernels_with_signatures_in_order),
        TEST(lists_pragmas_and_object_slots),
        TEST(lists_variables_and_invokables_in_order),
        TEST(finds_helpers_of_invokables_with_arguments),
        TEST(sorts_functions_and_keeps_them_apart),
        TEST(instances_have_their_own_data_and_the_same_shape),
        TEST(a_variable_set_from_the_host_is_seen_by_the_code),
        TEST(the_callback_is_asked_once_for_each_import),
    };
    int n_failed = run_sample_tests();

    n_failed += cmocka_run_group_tests_name("reflection", tests, NULL, NULL);
    return n_failed != 0;
}
