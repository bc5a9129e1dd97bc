/* BCC_LINK_WHOLE: inputs that are part of the program. */
#include <stdlib.h>
#include <string.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

static int prepare(BCCScriptRef script, const struct fixture *f)
{
    return bccPrepareExecutable(script, f->cache, "entry", 0);
}

static BCCScriptRef script_with(const char *object, unsigned long flags)
{
    BCCScriptRef script = new_script();

    assert_succeeds(script,
                    bccReadFile(script, bitcode_path("needy.bc").text, 0));
    assert_succeeds(script, bccLinkFile(script, bitcode_path("offset.bc").text,
                                        BCC_LINK_WHOLE));
    assert_succeeds(script,
                    bccLinkFile(script, bitcode_path(object).text, flags));
    return script;
}

static void objects_are_linked_whole_and_exported(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = script_with("answer.bc", BCC_LINK_WHOLE);
    int (*answer)(void), (*needy)(int);
    const int *started;

    assert_succeeds(script, prepare(script, f));
    *(void **)&needy = bccGetFuncAddr(script, "needy");
    *(void **)&answer = bccGetFuncAddr(script, "answer");
    assert_non_null(needy);
    assert_non_null(answer);
    assert_int_equal(needy(1), 1006);
    assert_int_equal(answer(), 42);
    /* Its constructor ran. */
    started = bccGetVarAddr(script, "started");
    assert_non_null(started);
    assert_int_equal(*started, 101);
    /* needy, three needs, answer, count; fourth_need, started. */
    assert_int_equal(bccGetExportFuncCount(script), 6);
    assert_string_equal(bccGetExportFuncName(script, 0), "needy");
    assert_string_equal(bccGetExportFuncName(script, 4), "answer");
    assert_int_equal(bccGetExportVarCount(script), 2);
    bccDisposeScript(script);
}

static void of_a_library_nothing_is_linked_without_need(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = script_with("answer.bc", 0);

    assert_succeeds(script, prepare(script, f));
    assert_null(bccGetFuncAddr(script, "answer"));
    assert_int_equal(bccGetExportFuncCount(script), 4);
    bccDisposeScript(script);
}

static void the_role_of_an_input_is_part_of_the_key(void **state)
{
    const struct fixture *f = *state;
    const unsigned long flags[] = {BCC_LINK_WHOLE, BCC_LINK_WHOLE, 0, 0};
    const int wanted[] = {BCC_CACHE_MISS, BCC_CACHE_HIT, BCC_CACHE_MISS,
                          BCC_CACHE_HIT};

    for (size_t i = 0; i < 4; i++) {
        BCCScriptRef script = script_with("answer.bc", flags[i]);

        assert_succeeds(script, prepare(script, f));
        assert_cache(script, wanted[i]);
        if (i == 2)
            assert_non_null(
                strstr(report_of(script).reason, "was a linked object"));
        bccDisposeScript(script);
    }
}

static void objects_may_be_memory(void **state)
{
    const struct fixture *f = *state;
    size_t size;
    char *bitcode = read_whole(bitcode_path("answer.bc").text, &size);
    BCCScriptRef script = script_with("offset.bc", 0);
    int (*answer)(void);

    assert_succeeds(script, bccLinkBC(script, "answer in memory", bitcode, size,
                                      BCC_LINK_WHOLE | BCC_COPY_INPUT));
    memset(bitcode, 0, size);
    free(bitcode);
    assert_succeeds(script, prepare(script, f));
    *(void **)&answer = bccGetFuncAddr(script, "answer");
    assert_non_null(answer);
    assert_int_equal(answer(), 42);
    bccDisposeScript(script);
}

static void two_definitions_are_a_compile_error(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = script_with("answer.bc", BCC_LINK_WHOLE);

    assert_succeeds(
        script,
        bccLinkFile(script, bitcode_path("answer_43.bc").text, BCC_LINK_WHOLE));
    assert_fails(script, prepare(script, f), BCC_COMPILE_ERROR);
    assert_non_null(strstr(bccGetErrorMessage(script),
                           "answer_43.bc: 'answer' is defined "
                           "here and in "));
    assert_non_null(strstr(bccGetErrorMessage(script), "/answer.bc (and 2 "));
    bccDisposeScript(script);
}

static void a_script_is_not_linked_to_itself(void **state)
{
    BCCScriptRef script = new_script();

    (void)state;
    assert_fails(
        script,
        bccReadFile(script, bitcode_path("needy.bc").text, BCC_LINK_WHOLE),
        BCC_INVALID_ENUM);
    assert_fails(script,
                 bccReadBC(script, "x", "BC\xc0\xde", 4, BCC_LINK_WHOLE),
                 BCC_INVALID_ENUM);
    bccDisposeScript(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(objects_are_linked_whole_and_exported),
        TEST(of_a_library_nothing_is_linked_without_need),
        TEST(the_role_of_an_input_is_part_of_the_key),
        TEST(objects_may_be_memory),
        TEST(two_definitions_are_a_compile_error),
        TEST(a_script_is_not_linked_to_itself),
    };

    return cmocka_run_group_tests_name("api_link", tests, NULL, NULL);
}
