/* Scripts far larger than the examples: lookups by name, imports and
 * relocations, a hundred thousand of each. The code is written as LLVM assembly
 * text and compiled at -O0, so that a test takes seconds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* ---- Text ---- */

struct text {
    FILE *file;
    char *bytes;
    size_t size;
};

static void text_begin(struct text *text)
{
    text->file = open_memstream(&text->bytes, &text->size);
    assert_non_null(text->file);
}

/* `name` = array of n elements, each printed with its index. */
static void write_array(struct text *text, const char *name, unsigned n,
                        const char *element)
{
    fprintf(text->file, "@%s = global [%u x ptr] [", name, n);
    for (unsigned i = 0; i < n; i++) {
        fputs(i ? ", ptr " : "ptr ", text->file);
        fprintf(text->file, element, i);
    }
    fputs("]\n", text->file);
}

/* A script of the text, which is finished by it, with a copy of its own. */
static BCCScriptRef text_script(struct text *text)
{
    BCCOptions options = runnable_options();
    BCCScriptRef script = bccCreateScript();

    if (text->file)
        fclose(text->file);
    text->file = NULL;
    assert_non_null(script);
    options.optLevel = BCC_OPT_O0;
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_succeeds(script, bccReadBC(script, "text", text->bytes, text->size,
                                      BCC_COPY_INPUT));
    return script;
}

static BCCScriptRef prepare(const struct fixture *f, struct text *text,
                            int expected)
{
    BCCScriptRef script = text_script(text);

    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry",
                                                 BCC_PROCESS_SYMBOLS));
    assert_cache(script, expected);
    return script;
}

/* ---- Functions ---- */

static void finds_each_of_a_hundred_thousand_functions(void **state)
{
    enum { N = 100000 };
    static const int expected[] = {BCC_CACHE_MISS, BCC_CACHE_HIT};
    const struct fixture *f = *state;
    struct text text;

    text_begin(&text);
    for (unsigned i = 0; i < N; i++)
        fprintf(text.file,
                "define i32 @f%u(i32 %%x) uwtable {\n"
                "%%r = add i32 %%x, %u\nret i32 %%r\n}\n",
                i, i);
    write_array(&text, "table", N, "@f%u");
    fprintf(text.file, "define i32 @direct() {\n%%a = call i32 @f0(i32 1)\n"
                       "%%b = call i32 @f99999(i32 %%a)\nret i32 %%b\n}\n");
    for (size_t i = 0; i < 2; i++) {
        BCCScriptRef script = prepare(f, &text, expected[i]);
        int (**table)(int) = bccGetVarAddr(script, "table");
        BCCFuncInfo *list = calloc(N + 1, sizeof(*list));

        assert_non_null(table);
        assert_non_null(list);
        assert_int_equal(bccGetFuncCount(script), N + 1);
        assert_int_equal(bccGetExportFuncCount(script), N + 1);
        bccGetFuncInfoList(script, N + 1, list);
        assert_string_equal(list[0].name, "direct");
        assert_string_equal(list[N].name, "f99999");
        for (unsigned j = 0; j < N; j++) {
            char name[16];

            snprintf(name, sizeof(name), "f%u", j);
            assert_true(bccGetFuncAddr(script, name) == (void *)table[j]);
            assert_int_equal(table[j](7), 7 + j);
        }
        assert_int_equal(call(script, "direct"), 100000);
        assert_null(bccGetFuncAddr(script, "f100000"));
        free(list);
        bccDisposeScript(script);
    }
    free(text.bytes);
}

static void finds_names_of_ten_thousand_characters(void **state)
{
    enum { N = 20, LENGTH = 10000 };
    const struct fixture *f = *state;
    struct text text;
    char *name = malloc(LENGTH + 8);

    assert_non_null(name);
    memset(name, 'x', LENGTH);
    text_begin(&text);
    for (int i = 0; i < N; i++) {
        sprintf(name + LENGTH, "%d", i);
        fprintf(text.file, "define i32 @%s() {\nret i32 %d\n}\n", name, i);
    }
    BCCScriptRef script = prepare(f, &text, BCC_CACHE_MISS);

    for (int i = 0; i < N; i++) {
        sprintf(name + LENGTH, "%d", i);
        assert_int_equal(call(script, name), i);
    }
    name[LENGTH] = 0;
    assert_null(bccGetFuncAddr(script, name));
    bccDisposeScript(script);
    free(text.bytes);
    free(name);
}

static void keeps_ten_thousand_marked_functions_and_no_other(void **state)
{
    enum { N = 20000 };
    const struct fixture *f = *state;
    BCCScriptRef script;
    struct text text;
    char name[16];

    text_begin(&text);
    for (int i = 0; i < N; i++)
        fprintf(text.file, "define i32 @f%d() {\nret i32 %d\n}\n", i, i);
    script = text_script(&text);
    for (int i = N - 1; i > 0; i -= 2) {
        snprintf(name, sizeof(name), "f%d", i);
        bccMarkExternalSymbol(script, name);
    }
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry",
                                                 BCC_MARKED_ONLY));
    assert_int_equal(bccGetExportFuncCount(script), N / 2);
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        if (i % 2)
            assert_int_equal(call(script, name), i);
        else
            assert_null(bccGetFuncAddr(script, name));
    }
    bccDisposeScript(script);
    free(text.bytes);
}

/* ---- Imports ---- */

enum { N_IMPORTS = 10000 };

struct host {
    int numbers[N_IMPORTS];
    unsigned char asked[2][N_IMPORTS];
    unsigned n_unknown; /* the last so many are not */
};

static int add_one(int x)
{
    return x + 1;
}

static void *look_up(void *context, const char *name)
{
    struct host *host = context;
    const int index = atoi(name + 1);

    assert_true(index >= 0 && index < N_IMPORTS);
    host->asked[name[0] == 'v'][index]++;
    if (index >= (int)(N_IMPORTS - host->n_unknown))
        return NULL;
    return name[0] == 'v' ? (void *)&host->numbers[index] : (void *)add_one;
}

static int prepare_imports(const struct fixture *f, struct text *text,
                           struct host *host, BCCScriptRef *ret_script)
{
    *ret_script = text_script(text);
    memset(host->asked, 0, sizeof(host->asked));
    bccRegisterSymbolCallback(*ret_script, look_up, host);
    return bccPrepareExecutable(*ret_script, f->cache, "entry", 0);
}

static void asks_once_for_each_of_ten_thousand_imports(void **state)
{
    const struct fixture *f = *state;
    struct host *host = calloc(1, sizeof(*host));
    BCCScriptRef script;
    struct text text;
    int result;

    assert_non_null(host);
    text_begin(&text);
    for (unsigned i = 0; i < N_IMPORTS; i++)
        fprintf(text.file,
                "declare i32 @f%u(i32)\n@v%u = external global i32\n"
                "define i32 @use%u() {\n%%v = load i32, ptr @v%u\n"
                "%%r = call i32 @f%u(i32 %%v)\nret i32 %%r\n}\n",
                i, i, i, i, i);
    fprintf(text.file, "@pointer = global ptr @v7\n");
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N_IMPORTS; i++)
            host->numbers[i] = i * (round + 1);
        result = prepare_imports(f, &text, host, &script);
        assert_succeeds(script, result);
        assert_cache(script, round ? BCC_CACHE_HIT : BCC_CACHE_MISS);
        for (int i = 0; i < N_IMPORTS; i++) {
            char name[16];

            assert_int_equal(host->asked[0][i], 1);
            assert_int_equal(host->asked[1][i], 1);
            snprintf(name, sizeof(name), "use%d", i);
            assert_int_equal(call(script, name), i * (round + 1) + 1);
        }
        bccDisposeScript(script);
    }
    host->n_unknown = 5000;
    result = prepare_imports(f, &text, host, &script);
    assert_fails(script, result, BCC_UNRESOLVED_SYMBOL);
    assert_non_null(strstr(bccGetErrorMessage(script), "more"));
    bccDisposeScript(script);
    free(text.bytes);
    free(host);
}

/* ---- Data ---- */

static void packs_the_addresses_of_a_million_pointers(void **state)
{
    enum { N = 1000000 };
    static const int expected[] = {BCC_CACHE_MISS, BCC_CACHE_HIT};
    const struct fixture *f = *state;
    struct text text;

    text_begin(&text);
    fprintf(text.file, "@numbers = global [1000000 x i8] zeroinitializer\n");
    write_array(&text, "table", N, "getelementptr (i8, ptr @numbers, i32 %u)");
    for (size_t i = 0; i < 2; i++) {
        BCCScriptRef script = prepare(f, &text, expected[i]);
        char *numbers = bccGetVarAddr(script, "numbers");
        char **table = bccGetVarAddr(script, "table");

        assert_non_null(numbers);
        assert_non_null(table);
        for (int j = 0; j < N; j++)
            assert_true(table[j] == numbers + j);
        /* A bit for each pointer, where an entry would take 24 bytes. */
        assert_true(report_of(script).imageBytes < 8 * N + N / 2);
        bccDisposeScript(script);
    }
    free(text.bytes);
}

static void runs_twenty_thousand_constructors_in_order(void **state)
{
    enum { N = 20000 };
    const struct fixture *f = *state;
    BCCScriptRef script;
    struct text text;

    text_begin(&text);
    fprintf(text.file, "@last = global i32 %d\n@bad = global i32 0\n", N);
    for (int i = 0; i < N; i++)
        fprintf(text.file,
                "define internal void @c%d() {\n%%l = load i32, ptr @last\n"
                "%%e = icmp ne i32 %%l, %d\n%%n = zext i1 %%e to i32\n"
                "%%b = load i32, ptr @bad\n%%s = add i32 %%b, %%n\n"
                "store i32 %%s, ptr @bad\nstore i32 %d, ptr @last\n"
                "ret void\n}\n",
                i, i + 1, i);
    fprintf(text.file,
            "@llvm.global_ctors = appending global "
            "[%d x { i32, ptr, ptr }] [",
            N);
    for (int i = 0; i < N; i++)
        fprintf(text.file, "%s{ i32, ptr, ptr } { i32 %d, ptr @c%d, ptr null }",
                i ? ", " : "", 40000 - i, i);
    fprintf(text.file, "]\n");
    script = prepare(f, &text, BCC_CACHE_MISS);
    assert_int_equal(*(int *)bccGetVarAddr(script, "last"), 0);
    assert_int_equal(*(int *)bccGetVarAddr(script, "bad"), 0);
    bccDisposeScript(script);
    free(text.bytes);
}

static void has_ten_thousand_variables_of_each_thread(void **state)
{
    enum { N = 10000 };
    const struct fixture *f = *state;
    BCCScriptRef script;
    struct text text;
    long sum = 0;

    text_begin(&text);
    for (int i = 0; i < N; i++)
        fprintf(text.file,
                "@t%d = %s thread_local global i32 %d\n"
                "define i32 @use%d() {\n"
                "%%p = call ptr @llvm.threadlocal.address.p0(ptr @t%d)\n"
                "%%v = load i32, ptr %%p\nret i32 %%v\n}\n",
                i, i % 3 ? "internal" : "", i % 2 ? i : 0, i, i);
    script = prepare(f, &text, BCC_CACHE_MISS);
    for (int i = 0; i < N; i++) {
        char name[16];

        snprintf(name, sizeof(name), "use%d", i);
        sum += call(script, name);
    }
    assert_int_equal(sum, (long)N / 2 * N / 2);
    bccDisposeScript(script);
    free(text.bytes);
}

static void delimits_five_thousand_sections(void **state)
{
    enum { N = 5000 };
    const struct fixture *f = *state;
    BCCScriptRef script;
    struct text text;
    char **starts, **stops;

    text_begin(&text);
    for (int i = 0; i < N; i++)
        fprintf(text.file,
                "@v%d = global [2 x i32] [i32 %d, i32 1], section \"sec%d\"\n"
                "@__start_sec%d = external hidden global i8\n"
                "@__stop_sec%d = external hidden global i8\n",
                i, i, i, i, i);
    write_array(&text, "starts", N, "@__start_sec%u");
    write_array(&text, "stops", N, "@__stop_sec%u");
    script = prepare(f, &text, BCC_CACHE_MISS);
    starts = bccGetVarAddr(script, "starts");
    stops = bccGetVarAddr(script, "stops");
    assert_non_null(starts);
    assert_non_null(stops);
    for (int i = 0; i < N; i++) {
        assert_int_equal(stops[i] - starts[i], 8);
        assert_int_equal(*(int *)(void *)starts[i], i);
    }
    bccDisposeScript(script);
    free(text.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_each_of_a_hundred_thousand_functions),
        TEST(finds_names_of_ten_thousand_characters),
        TEST(keeps_ten_thousand_marked_functions_and_no_other),
        TEST(asks_once_for_each_of_ten_thousand_imports),
        TEST(packs_the_addresses_of_a_million_pointers),
        TEST(runs_twenty_thousand_constructors_in_order),
        TEST(has_ten_thousand_variables_of_each_thread),
        TEST(delimits_five_thousand_sections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
