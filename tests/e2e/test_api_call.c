/* Recorded signatures, and calls by name (bcc_run.h). */
#include "api_fixture.h"

#include <float.h>
#include <stdbool.h>
#include <string.h>

#include <bcc/bcc_run.h>

static int host_twice(int value)
{
    return 2 * value;
}

static void *lookup(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "host_twice") == 0 ? (void *)host_twice : NULL;
}

static BCCScriptRef begin_functions(void)
{
    BCCScriptRef script = new_script();

    assert_succeeds(script,
                    bccReadFile(script, bitcode_path("functions.bc").text, 0));
    assert_succeeds(script, bccRegisterSymbolCallback(script, lookup, NULL));
    return script;
}

static BCCScriptRef open_functions(struct fixture *f)
{
    BCCScriptRef script = begin_functions();

    bccAllowCall(script, "sum", "i32 i32 f64 i32 -> i32");
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "f", 0));
    return script;
}

static BCCCallRef get_call(BCCScriptRef script, const char *name)
{
    BCCRunError error = {.message = ""};
    BCCCallRef call = bccGetCall(script, name, NULL, &error);

    if (!call)
        fail_msg("%s", error.message);
    return call;
}

static BCCValue i32(int64_t value)
{
    return (BCCValue){.type = BCC_I32, .u.i = value};
}

static BCCValue invoke(BCCScriptRef script, const char *name,
                       const BCCValue *arguments, size_t n)
{
    BCCCallRef call = get_call(script, name);
    BCCRunError error = {.message = ""};
    BCCValue result = {0};

    if (bccInvoke(call, arguments, n, &result, &error))
        fail_msg("%s", error.message);
    bccDisposeCall(call);
    return result;
}

/* The message of an invoke that must fail. */
static BCCRunError refused(BCCScriptRef script, const char *name,
                           const BCCValue *arguments, size_t n)
{
    BCCCallRef call = get_call(script, name);
    BCCRunError error = {.message = ""};
    BCCValue result = {.type = 7};

    assert_int_equal(bccInvoke(call, arguments, n, &result, &error), 1);
    assert_int_equal(result.type, 7); /* untouched */
    bccDisposeCall(call);
    return error;
}

/* ---- Signatures ---- */

static void signatures_and_names_are_recorded(void **state)
{
    BCCScriptRef script = open_functions(*state);

    assert_string_equal(bccGetFuncSignature(script, "add"), "i32 i32 -> i32");
    assert_string_equal(bccGetFuncParameters(script, "add"), "left right");
    assert_string_equal(bccGetFuncSignature(script, "nothing"), "-> void");
    assert_string_equal(bccGetFuncSignature(script, "sum"), "i32 ... -> i32");
    assert_null(bccGetFuncSignature(script, "absent"));
    assert_null(bccGetFuncSignature(NULL, "add"));
    assert_null(bccGetKernelText(script, "add"));
    bccDisposeScript(script);
}

static void a_function_is_found_by_its_type(void **state)
{
    BCCScriptRef script = open_functions(*state);
    BCCRunError error = {.message = ""};
    int (*add)(int, int) = NULL;

    assert_int_equal(bccFindFunc(script, "add", "i32 i32 -> i32", &add, &error),
                     0);
    assert_int_equal(add(40, 2), 42);
    add = NULL;
    assert_int_equal(bccFindFunc(script, "add", "i32 f32 -> i32", &add, &error),
                     1);
    assert_string_equal(error.message,
                        "add: is 'i32 i32 -> i32', not 'i32 f32 -> i32'");
    assert_null(add);
    assert_int_equal(bccFindFunc(script, "no", "-> void", &add, NULL), 1);
    bccDisposeScript(script);
}

static void a_hit_has_them_too(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = open_functions(f);

    bccDisposeScript(script);
    script = open_functions(f);
    assert_cache(script, BCC_CACHE_HIT);
    assert_string_equal(bccGetFuncSignature(script, "add"), "i32 i32 -> i32");
    bccDisposeScript(script);
}

static void imports_are_compared(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = begin_functions();

    bccDeclareImport(script, "host_twice", "i64 -> i64");
    assert_fails(script, bccPrepareExecutable(script, f->cache, "f", 0),
                 BCC_COMPILE_ERROR);
    assert_non_null(strstr(bccGetErrorMessage(script),
                           "import 'host_twice': the script calls 'i32 -> "
                           "i32', the host has 'i64 -> i64'"));
    bccDisposeScript(script);
    script = begin_functions();
    bccDeclareImport(script, "host_twice", "i32 -> i32");
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "f", 0));
    bccDisposeScript(script);
}

/* ---- Calls ---- */

static void integers_and_floats_are_passed(void **state)
{
    BCCScriptRef script = open_functions(*state);
    const BCCValue two[] = {i32(40), i32(2)};
    const BCCValue small[] = {{.type = BCC_I8, .u.i = -100},
                              {.type = BCC_I16, .u.i = 65535},
                              {.type = BCC_I1, .u.i = 1}};
    const BCCValue mixed[] = {{.type = BCC_F32, .u.f = 0.5f},
                              {.type = BCC_F64, .u.d = 0.25},
                              {.type = BCC_I64, .u.i = -7},
                              {.type = BCC_PTR, .u.p = (void *)"A"}};
    BCCValue result = invoke(script, "add", two, 2);

    assert_int_equal(result.type, BCC_I32);
    assert_int_equal(result.u.i, 42);
    result = invoke(script, "narrow", small, 3);
    assert_int_equal(result.type, BCC_I8);
    assert_int_equal(result.u.i, (uint8_t)(-100 + 65535 + 1));
    result = invoke(script, "mix", mixed, 4);
    assert_true(result.type == BCC_F64 && result.u.d == 0.75 - 7 + 65);
    assert_int_equal(invoke(script, "nothing", NULL, 0).type, BCC_VOID);
    bccDisposeScript(script);
}

static void wide_values_and_vectors_are_passed(void **state)
{
    BCCScriptRef script = open_functions(*state);
    BCCValue wide[] = {{.type = BCC_I128}, {.type = BCC_I64, .u.i = 3}};
    BCCValue vector[] = {{.type = BCC_F32, .lanes = 4},
                         {.type = BCC_F32, .u.f = 2}};
    const float lanes[] = {1, 2, 3, 4};
    BCCValue result;
    float scaled[4];

    if (strstr(bccGetFuncSignature(script, "wide"), "i128 i64")) {
        wide[0].u.w[1] = 5;
        wide[0].u.w[0] = UINT64_MAX;
        result = invoke(script, "wide", wide, 2);
        assert_true(result.u.w[0] == UINT64_MAX - 2 && result.u.w[1] == 17);
    }
    memcpy(vector[0].u.v, lanes, sizeof(lanes));
    result = invoke(script, "scale", vector, 2);
    assert_int_equal(result.lanes, 4);
    memcpy(scaled, result.u.v, sizeof(scaled));
    assert_true(scaled[0] == 2 && scaled[3] == 8);
    if (strcmp(bccGetFuncSignature(script, "extended"), "f80 -> f80") == 0) {
        BCCValue value = {.type = BCC_F80};
        long double number = 1;

        memcpy(value.u.v, &number, 10);
        result = invoke(script, "extended", &value, 1);
        memcpy(&number, result.u.v, 10);
        assert_true(number == 1.0L / 3);
    }
    bccDisposeScript(script);
}

static void structs_are_passed_by_address(void **state)
{
    BCCScriptRef script = open_functions(*state);
    int64_t from[] = {1, 2, 3}, to[3] = {0};
    const char *signature = bccGetFuncSignature(script, "reversed");

    if (strcmp(signature, "ptr:sret(24,8) ptr:byval(24,8) -> void") == 0) {
        const BCCValue both[] = {{.type = BCC_PTR, .u.p = to},
                                 {.type = BCC_PTR, .u.p = from}};

        invoke(script, "reversed", both, 2);
        assert_true(to[0] == 3 && to[2] == 1 && from[0] == 1);
    }
    signature = bccGetFuncSignature(script, "swapped");
    if (strcmp(signature, "f64 i64 -> {f64, i64}") == 0) {
        const BCCValue pair[] = {{.type = BCC_F64, .u.d = 4},
                                 {.type = BCC_I64, .u.i = 9}};
        const BCCValue result = invoke(script, "swapped", pair, 2);
        double first;

        memcpy(&first, result.u.v, sizeof(first));
        assert_true(result.type == BCC_STRUCT && first == 9 &&
                    result.u.w[1] == 4);
    }
    bccDisposeScript(script);
}

static void variadic_calls_need_a_shape(void **state)
{
    BCCScriptRef script = open_functions(*state);
    static const char shape[] = "i32 i32 f64 i32 -> i32";
    const BCCValue three[] = {
        i32(3), i32(10), {.type = BCC_F64, .u.d = 20.5}, i32(12)};
    BCCRunError error = {.message = ""};
    BCCValue result = {0};
    BCCCallRef call = bccGetCall(script, "sum", shape, &error);

    assert_non_null(call);
    assert_int_equal(bccInvoke(call, three, 4, &result, &error), 0);
    assert_int_equal(result.u.i, 42);
    bccDisposeCall(call);
    assert_null(bccGetCall(script, "sum", NULL, &error));
    assert_non_null(strstr(error.message, "variadic"));
    assert_null(bccGetCall(script, "sum", "i32 i64 -> i32", &error));
    assert_non_null(strstr(error.message, "bccAllowCall"));
    bccDisposeScript(script);
}

static void a_wrong_shape_fails_the_prepare(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = begin_functions();

    bccAllowCall(script, "sum", "i64 i32 -> i32");
    assert_fails(script, bccPrepareExecutable(script, f->cache, "f", 0),
                 BCC_COMPILE_ERROR);
    assert_non_null(strstr(bccGetErrorMessage(script), "i32 ... -> i32"));
    bccDisposeScript(script);
}

static void nothing_is_converted(void **state)
{
    BCCScriptRef script = open_functions(*state);
    BCCValue two[] = {i32(1), {.type = BCC_I64, .u.i = 2}};
    BCCValue small[] = {{.type = BCC_I8, .u.i = 128},
                        {.type = BCC_I16, .u.i = 1},
                        {.type = BCC_I1, .u.i = 1}};

    assert_string_equal(refused(script, "add", two, 2).message,
                        "add: argument 2: wanted i32, given i64");
    assert_string_equal(refused(script, "add", two, 1).message,
                        "add: wanted 2 arguments, given 1");
    two[1] = (BCCValue){.type = BCC_F32, .u.f = 2};
    assert_string_equal(refused(script, "add", two, 2).message,
                        "add: argument 2: wanted i32, given f32");
    two[1] = (BCCValue){.type = BCC_I32, .lanes = 4};
    assert_string_equal(refused(script, "add", two, 2).message,
                        "add: argument 2: wanted i32, given <4 x i32>");
    two[1] = i32(INT64_C(1) << 32);
    assert_non_null(strstr(refused(script, "add", two, 2).message,
                           "argument 2: wanted i32, -2147483648 to "
                           "4294967295, given 4294967296"));
    assert_non_null(strstr(refused(script, "narrow", small, 3).message,
                           "argument 1: wanted i8:sext, -128 to 127"));
    small[0].u.i = 0;
    small[1].u.i = -1;
    assert_non_null(strstr(refused(script, "narrow", small, 3).message,
                           "argument 2: wanted i16:zext, 0 to 65535"));
    small[1].u.i = 0;
    small[2].u.i = 2;
    assert_non_null(
        strstr(refused(script, "narrow", small, 3).message, "argument 3"));
    bccDisposeScript(script);
}

static BCCScriptRef open_values(struct fixture *f)
{
    BCCScriptRef script = open_script(bitcode_path("values.ll").text, NULL);

    bccAllowCalls(script);
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "v", 0));
    return script;
}

static void small_floats_are_passed_as_bits(void **state)
{
    BCCScriptRef script = open_values(*state);
    BCCValue halves[] = {{.type = BCC_F16, .u.h = 0x3c00},
                         {.type = BCC_F16, .u.h = 0x4000}};
    BCCValue brains[] = {i32(1),
                         {.type = BCC_BF16, .u.h = 0x3f80},
                         {.type = BCC_BF16, .u.h = 0x4049}};
    BCCValue result = invoke(script, "half_sum", halves, 2);

    assert_int_equal(result.type, BCC_F16);
    assert_int_equal(result.u.h, 0x4200); /* 1 + 2 */
    result = invoke(script, "brain", brains, 3);
    assert_true(result.type == BCC_BF16 && result.u.h == 0x4049);
    halves[1].type = BCC_BF16;
    assert_string_equal(refused(script, "half_sum", halves, 2).message,
                        "half_sum: argument 2: wanted f16, given bf16");
    brains[2].type = BCC_F32;
    assert_string_equal(refused(script, "brain", brains, 3).message,
                        "brain: argument 3: wanted bf16, given f32");
    bccDisposeScript(script);
}

static void odd_integers_have_their_range(void **state)
{
    BCCScriptRef script = open_values(*state);
    BCCValue odd = {.type = BCC_INT(24), .u.i = -8388608};
    BCCValue wide = {.type = BCC_INT(100)};
    BCCValue result = invoke(script, "odd", &odd, 1);

    assert_int_equal(result.u.i, -8388607);
    odd.u.i = 16777215; /* without a sign */
    assert_int_equal(invoke(script, "odd", &odd, 1).u.i, 0);
    odd.u.i = 16777216;
    assert_non_null(strstr(refused(script, "odd", &odd, 1).message,
                           "i24, -8388608 to 16777215, given 16777216"));
    odd.u.i = -8388609;
    refused(script, "odd", &odd, 1);
    wide.u.w[0] = UINT64_MAX;
    wide.u.w[1] = (UINT64_C(1) << 36) - 1; /* all 100 bits */
    result = invoke(script, "long", &wide, 1);
    assert_true(result.u.w[0] == 0 && result.u.w[1] == 0);
    wide.u.w[1] = UINT64_C(1) << 36;
    assert_string_equal(refused(script, "long", &wide, 1).message,
                        "long: argument 1: wanted i100, given a number with "
                        "more bits");
    wide.u.w[1] = UINT64_MAX; /* -1 */
    result = invoke(script, "long", &wide, 1);
    assert_true(result.u.w[0] == 0 && result.u.w[1] == 0);
    wide.type = BCC_I128;
    assert_string_equal(refused(script, "long", &wide, 1).message,
                        "long: argument 1: wanted i100, given i128");
    bccDisposeScript(script);
}

static void lanes_and_quads_have_their_types(void **state)
{
    BCCScriptRef script = open_values(*state);
    BCCValue vector[] = {{.type = BCC_I16, .lanes = 8},
                         {.type = BCC_I16, .u.i = -3}};
    BCCValue quads[] = {i32(0), {.type = BCC_F128}, {.type = BCC_F128}};
    int16_t lanes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    BCCValue result;

    memcpy(vector[0].u.v, lanes, sizeof(lanes));
    result = invoke(script, "lanes", vector, 2);
    memcpy(lanes, result.u.v, sizeof(lanes));
    assert_true(result.lanes == 8 && lanes[0] == -3 && lanes[7] == -24);
    vector[0].lanes = 4;
    assert_string_equal(refused(script, "lanes", vector, 2).message,
                        "lanes: argument 1: wanted <8 x i16>, given <4 x i16>");
    vector[0] = (BCCValue){.type = BCC_I32, .lanes = 8};
    assert_non_null(
        strstr(refused(script, "lanes", vector, 2).message, "given <8 x i32>"));
    quads[1].u.w[1] = UINT64_C(0x3fff) << 48; /* 1 */
    result = invoke(script, "quad", quads, 3);
    assert_true(result.type == BCC_F128 && result.u.w[1] == quads[1].u.w[1]);
    quads[2].type = BCC_F80;
    assert_string_equal(refused(script, "quad", quads, 3).message,
                        "quad: argument 3: wanted f128, given f80");
    bccDisposeScript(script);
}

static void structs_must_have_an_address(void **state)
{
    BCCScriptRef script = open_values(*state);
    int64_t numbers[] = {7, 8, 9};
    BCCValue copied = {.type = BCC_PTR, .u.p = numbers};
    BCCValue whole = {.type = BCC_STRUCT, .u.p = numbers};

    assert_int_equal(invoke(script, "third", &copied, 1).u.i, 9);
    assert_int_equal(invoke(script, "first", &whole, 1).u.i, 7);
    copied.u.p = NULL;
    assert_non_null(
        strstr(refused(script, "third", &copied, 1).message, "given NULL"));
    whole.u.p = NULL;
    assert_non_null(
        strstr(refused(script, "first", &whole, 1).message, "given NULL"));
    whole.type = BCC_PTR;
    assert_non_null(
        strstr(refused(script, "first", &whole, 1).message, "given ptr"));
    bccDisposeScript(script);
}

static void scripts_without_lists_have_to_be_asked(void **state)
{
    struct fixture *f = *state;
    BCCRunError error = {.message = ""};
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
    BCCValue result;

    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "a", 0));
    assert_string_equal(bccGetFuncSignature(script, "answer"), "-> i32");
    assert_null(bccGetCall(script, "answer", NULL, &error));
    assert_non_null(strstr(error.message, "bccAllowCalls"));
    bccDisposeScript(script);

    script = open_script(bitcode_path("answer.bc").text, NULL);
    bccAllowCalls(script);
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "a", 0));
    assert_cache(script, BCC_CACHE_MISS);
    result = invoke(script, "answer", NULL, 0);
    assert_int_equal(result.u.i, call(script, "answer"));
    bccDisposeScript(script);
}

/* ---- Constants ---- */

static int sized_with(struct fixture *f, const int *size, int expected_cache)
{
    BCCScriptRef script = begin_functions();
    int result;

    if (size)
        bccSetConstant(script, "size", size, sizeof(*size));
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "c", 0));
    assert_cache(script, expected_cache);
    result = call(script, "sized");
    bccDisposeScript(script);
    return result;
}

static void constants_are_part_of_the_key(void **state)
{
    assert_int_equal(sized_with(*state, NULL, BCC_CACHE_MISS), 300);
    assert_int_equal(sized_with(*state, &(int){-5}, BCC_CACHE_MISS), -500);
    assert_int_equal(sized_with(*state, &(int){-5}, BCC_CACHE_HIT), -500);
    assert_int_equal(sized_with(*state, &(int){7}, BCC_CACHE_MISS), 700);
}

static void a_constant_must_fit_its_variable(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = begin_functions();
    const int64_t wide = 1;

    bccSetConstant(script, "size", &wide, sizeof(wide));
    assert_fails(script, bccPrepareExecutable(script, f->cache, "c", 0),
                 BCC_COMPILE_ERROR);
    bccDisposeScript(script);
    script = begin_functions();
    bccSetConstant(script, "absent", &wide, sizeof(wide));
    assert_fails(script, bccPrepareExecutable(script, f->cache, "c", 0),
                 BCC_COMPILE_ERROR);
    assert_non_null(strstr(bccGetErrorMessage(script), "no such variable"));
    bccDisposeScript(script);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(signatures_and_names_are_recorded),
        TEST(a_function_is_found_by_its_type),
        TEST(a_hit_has_them_too),
        TEST(imports_are_compared),
        TEST(integers_and_floats_are_passed),
        TEST(wide_values_and_vectors_are_passed),
        TEST(structs_are_passed_by_address),
        TEST(variadic_calls_need_a_shape),
        TEST(a_wrong_shape_fails_the_prepare),
        TEST(nothing_is_converted),
        TEST(small_floats_are_passed_as_bits),
        TEST(odd_integers_have_their_range),
        TEST(lanes_and_quads_have_their_types),
        TEST(structs_must_have_an_address),
        TEST(scripts_without_lists_have_to_be_asked),
        TEST(constants_are_part_of_the_key),
        TEST(a_constant_must_fit_its_variable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
