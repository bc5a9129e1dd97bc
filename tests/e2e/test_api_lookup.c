/* What a prepare looks for: identity, inputs and compiler of a script, held
 * against what is in the entry that it makes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_fixture.h"
#include "cache_file.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

static struct cache_file open_entry(const struct fixture *f)
{
    struct path path = fixture_path(f, "entry.oBCC");
    struct cache_file file;
    struct error err;

    if (cache_file_open(path.text, CACHE_CHECK_ALL, &file, &err))
        fail_msg("%s", err.message);
    return file;
}

static void make_entry(const struct fixture *f, BCCScriptRef script,
                       unsigned long flags)
{
    assert_succeeds(script,
                    bccPrepareSharedObject(script, f->dir, "entry", flags));
}

static void identity_is_that_of_the_entry(void **state)
{
    static const unsigned long flags[] = {
        0, BCC_STRIP_DEBUG, BCC_MARKED_ONLY | BCC_DEFAULT_LIBRARIES,
        BCC_FP_CONTRACT_OFF};
    const struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
        const char *identity;
        struct cache_file file;
        struct span made;

        bccMarkExternalSymbol(script, "answer");
        make_entry(f, script, flags[i]);
        identity = bccGetIdentity(script, flags[i]);
        assert_non_null(identity);
        file = open_entry(f);
        made = cache_identity(&file.view);
        assert_int_equal(made.size, strlen(identity));
        assert_memory_equal(made.data, identity, made.size);
        cache_file_close(&file);
        bccDisposeScript(script);
    }
}

static void entry_has_the_identity_of_its_prepare(void **state)
{
    const struct fixture *f = *state;
    BCCOptions options = runnable_options();

    for (int change = 0; change < 4; change++) {
        BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
        BCCScriptRef other = open_script(bitcode_path("answer.bc").text, NULL);
        const unsigned long flags = change == 3 ? BCC_STRIP_DEBUG : 0;
        struct cache_file file;
        struct span made;

        assert_non_null(bccGetIdentity(script, 0));
        options.optLevel = BCC_OPT_O1;
        for (int i = 0; i < 2; i++) {
            BCCScriptRef changed = i ? other : script;

            if (change == 0)
                assert_succeeds(changed, bccSetOptions(changed, &options));
            else if (change == 1)
                bccMarkExternalSymbol(changed, "answer");
            else if (change == 2)
                assert_succeeds(changed,
                                bccAddLibraryDirectory(changed, f->dir));
        }
        make_entry(f, script, flags);
        file = open_entry(f);
        made = cache_identity(&file.view);
        assert_int_equal(made.size, strlen(bccGetIdentity(other, flags)));
        assert_memory_equal(made.data, bccGetIdentity(other, flags), made.size);
        cache_file_close(&file);
        bccDisposeScript(script);
        bccDisposeScript(other);
    }
}

static void identity_tells_options_apart_and_not_inputs(void **state)
{
    BCCOptions options = runnable_options();
    BCCScriptRef one = open_script(bitcode_path("answer.bc").text, NULL);
    BCCScriptRef two = open_script(bitcode_path("answer_43.bc").text, NULL);

    (void)state;
    assert_string_equal(bccGetIdentity(one, 0), bccGetIdentity(two, 0));
    assert_string_not_equal(bccGetIdentity(one, BCC_STRIP_DEBUG),
                            bccGetIdentity(two, 0));
    options.optLevel = BCC_OPT_O1;
    assert_succeeds(two, bccSetOptions(two, &options));
    assert_string_not_equal(bccGetIdentity(one, 0), bccGetIdentity(two, 0));
    assert_non_null(strstr(bccGetIdentity(two, 0), "\nopt=1\n"));
    bccDisposeScript(one);
    bccDisposeScript(two);
}

static BCCInput input_of(BCCScriptRef script, size_t i)
{
    BCCInput input = {.size = sizeof(input)};

    assert_succeeds(script, bccGetInput(script, i, &input));
    return input;
}

static void inputs_are_those_of_the_entry(void **state)
{
    const struct fixture *f = *state;
    struct path script_path = bitcode_path("needy.bc");
    struct path library_path = bitcode_path("offset.bc");
    size_t size;
    char *bytes = read_whole(bitcode_path("answer.bc").text, &size);
    BCCScriptRef script = new_script();
    struct cache_file file;

    assert_succeeds(script,
                    bccLinkFile(script, library_path.text, BCC_SKIP_DEP_SHA1));
    assert_succeeds(script,
                    bccLinkBC(script, "object", bytes, size, BCC_LINK_WHOLE));
    assert_succeeds(script, bccReadFile(script, script_path.text, 0));
    assert_int_equal(bccGetInputCount(script), 3);
    make_entry(f, script, 0);
    file = open_entry(f);
    for (uint32_t i = 0; i < 3; i++) {
        const struct obcc_dependency *row = cache_dependency_at(&file.view, i);
        const BCCInput input = input_of(script, i);

        assert_string_equal(input.name,
                            cache_string(&file.view, obcc_get32(row->name)));
        if (i != 1) /* which records none */
            assert_memory_equal(input.sha1, row->sha1, sizeof(row->sha1));
        assert_int_equal(input.role == BCC_INPUT_LIBRARY,
                         (obcc_get32(row->flags) & OBCC_DEPENDENCY_LIBRARY) !=
                             0);
        assert_int_equal(input.role == BCC_INPUT_OBJECT,
                         (obcc_get32(row->flags) & OBCC_DEPENDENCY_OBJECT) !=
                             0);
    }
    assert_string_equal(input_of(script, 0).path, script_path.text);
    assert_int_equal(input_of(script, 0).flags, 0);
    assert_string_equal(input_of(script, 1).path, library_path.text);
    assert_int_equal(input_of(script, 1).flags, BCC_SKIP_DEP_SHA1);
    assert_null(input_of(script, 2).path);
    cache_file_close(&file);
    bccDisposeScript(script);
    free(bytes);
}

static void stamp_of_input_needs_no_content(void **state)
{
    const struct fixture *f = *state;
    struct path path = fixture_path(f, "script.bc");
    BCCInput input = {.size = sizeof(input), .withoutSha1 = 1};
    const uint8_t none[sizeof(input.sha1)] = {0};
    BCCScriptRef script;
    struct stat st;

    copy_whole(bitcode_path("answer.bc").text, path.text);
    script = open_script(path.text, NULL);
    assert_int_equal(stat(path.text, &st), 0);
    assert_int_equal(unlink(path.text), 0);
    assert_succeeds(script, bccGetInput(script, 0, &input));
    assert_memory_equal(input.sha1, none, sizeof(none));
    assert_string_equal(input.path, path.text);
    assert_int_equal(input.stamp.device, st.st_dev);
    assert_int_equal(input.stamp.inode, st.st_ino);
    assert_int_equal(input.stamp.size, st.st_size);
    assert_int_equal(input.stamp.mtimeNs / 1000000000u, st.st_mtim.tv_sec);
    assert_int_equal(input.stamp.ctimeNs % 1000000000u, st.st_ctim.tv_nsec);
    bccDisposeScript(script);
}

static void a_file_is_read_again_after_a_prepare(void **state)
{
    const struct fixture *f = *state;
    struct path path = fixture_path(f, "script.bc");
    BCCScriptRef script;
    BCCInput before, after;

    copy_whole(bitcode_path("answer.bc").text, path.text);
    script = open_script(path.text, NULL);
    before = input_of(script, 0);
    make_entry(f, script, 0);
    copy_whole(bitcode_path("answer_43.bc").text, path.text);
    after = input_of(script, 0);
    assert_memory_not_equal(before.sha1, after.sha1, sizeof(before.sha1));
    bccDisposeScript(script);

    script = open_script(path.text, NULL);
    assert_int_equal(unlink(path.text), 0);
    assert_fails(script, bccGetInput(script, 0, &after), BCC_IO_ERROR);
    bccDisposeScript(script);
}

static void compiler_is_the_one_that_is_named(void **state)
{
    const struct fixture *f = *state;
    const char *named = getenv("BCC_BCCC");
    struct path path = fixture_path(f, "compiler");
    BCCOptions options = {.size = sizeof(options)};
    BCCScriptRef script = bccCreateScript();

    assert_non_null(named);
    assert_string_equal(bccGetCompilerPath(script), named);
    options.compilerPath = path.text;
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_null(bccGetCompilerPath(script));
    assert_int_equal(take_error(script), BCC_NO_COMPILER);
    assert_non_null(strstr(bccGetErrorMessage(script), path.text));
    copy_whole(named, path.text);
    assert_int_equal(chmod(path.text, 0700), 0);
    assert_string_equal(bccGetCompilerPath(script), path.text);
    bccDisposeScript(script);
}

static void wrong_calls_are_refused(void **state)
{
    BCCScriptRef script = bccCreateScript();
    BCCInput input = {.size = sizeof(input)};

    (void)state;
    assert_null(bccGetIdentity(NULL, 0));
    assert_null(bccGetCompilerPath(NULL));
    assert_int_equal(bccGetInputCount(NULL), 0);
    assert_int_equal(bccGetInput(NULL, 0, &input), 1);
    assert_null(bccGetIdentity(script, 0));
    assert_int_equal(take_error(script), BCC_INVALID_OPERATION);
    assert_int_equal(bccGetInputCount(script), 0);
    assert_fails(script, bccGetInput(script, 0, &input), BCC_INVALID_VALUE);
    bccDisposeScript(script);

    script = open_script(bitcode_path("answer.bc").text, NULL);
    assert_null(bccGetIdentity(script, 1ul << 30));
    assert_int_equal(take_error(script), BCC_INVALID_ENUM);
    assert_fails(script, bccGetInput(script, 1, &input), BCC_INVALID_VALUE);
    assert_fails(script, bccGetInput(script, 0, NULL), BCC_INVALID_VALUE);
    input.size--;
    assert_fails(script, bccGetInput(script, 0, &input), BCC_INVALID_VALUE);
    assert_succeeds(script, bccPrepareExecutable(script, NULL, NULL, 0));
    assert_int_equal(bccGetInputCount(script), 0);
    assert_null(bccGetIdentity(script, 0));
    assert_int_equal(take_error(script), BCC_INVALID_OPERATION);
    bccDisposeScript(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(identity_is_that_of_the_entry),
        TEST(identity_tells_options_apart_and_not_inputs),
        TEST(inputs_are_those_of_the_entry),
        TEST(entry_has_the_identity_of_its_prepare),
        TEST(stamp_of_input_needs_no_content),
        TEST(a_file_is_read_again_after_a_prepare),
        TEST(compiler_is_the_one_that_is_named),
        TEST(wrong_calls_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
