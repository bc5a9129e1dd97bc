/* The API with wrong arguments and in the wrong order: the result, the error
 * code and a message, as bcc.h says. Input that is not bitcode is in
 * test_api_inputs.c, a defective cache in test_api_cache.c. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

static int prepare(BCCScriptRef script, const struct fixture *f)
{
    return bccPrepareExecutable(script, f->cache, "entry", 0);
}

/* ---- NULL ---- */

static void every_int_function_refuses_a_null_script(void **state)
{
    BCCOptions options = {.size = sizeof(options)};
    BCCReport report = {.size = sizeof(report)};

    (void)state;
    assert_int_equal(take_error(NULL), BCC_INVALID_VALUE);
    assert_non_null(bccGetErrorMessage(NULL));
    assert_int_equal(bccReadBC(NULL, "name", "BC\xc0\xde", 4, 0), 1);
    assert_int_equal(bccLinkBC(NULL, "name", "BC\xc0\xde", 4, 0), 1);
    assert_int_equal(bccReadFile(NULL, "/dev/null", 0), 1);
    assert_int_equal(bccLinkFile(NULL, "/dev/null", 0), 1);
    assert_int_equal(bccReadBC(NULL, NULL, NULL, 0, 0), 1);
    assert_int_equal(bccReadFile(NULL, NULL, 0), 1);
    assert_int_equal(bccRegisterSymbolCallback(NULL, NULL, NULL), 1);
    assert_int_equal(bccSetOptions(NULL, &options), 1);
    assert_int_equal(bccSetOptions(NULL, NULL), 1);
    assert_int_equal(bccSetLogCallback(NULL, NULL, NULL), 1);
    assert_int_equal(bccPrepareExecutable(NULL, NULL, NULL, 0), 1);
    assert_int_equal(bccPrepareSharedObject(NULL, NULL, NULL, 0), 1);
    assert_int_equal(bccPrepareSharedObjectFile(NULL, NULL, 0), 1);
    assert_int_equal(bccGetReport(NULL, &report), 1);
    assert_int_equal(bccGetReport(NULL, NULL), 1);
}

static void every_getter_survives_a_null_script(void **state)
{
    void *list[1] = {list};
    const char *text[1] = {"kept"};
    BCCFuncInfo function[1] = {{.name = "kept"}};
    uint32_t slot[1] = {7};

    (void)state;
    bccDisposeScript(NULL);
    bccMarkExternalSymbol(NULL, "name");
    assert_null(bccGetFuncAddr(NULL, "name"));
    assert_null(bccGetVarAddr(NULL, "name"));
    assert_int_equal(bccGetExportVarCount(NULL), 0);
    assert_int_equal(bccGetExportFuncCount(NULL), 0);
    assert_int_equal(bccGetExportForEachCount(NULL), 0);
    assert_int_equal(bccGetPragmaCount(NULL), 0);
    assert_int_equal(bccGetFuncCount(NULL), 0);
    assert_int_equal(bccGetObjectSlotCount(NULL), 0);
    assert_null(bccGetExportVarName(NULL, 0));
    assert_null(bccGetExportFuncName(NULL, 0));
    assert_null(bccGetExportForEachName(NULL, 0));
    assert_int_equal(bccGetExportForEachSignature(NULL, 0), 0);
    bccGetExportVarList(NULL, 1, list);
    bccGetExportFuncList(NULL, 1, list);
    bccGetExportForEachList(NULL, 1, list);
    bccGetPragmaList(NULL, 1, text, text);
    bccGetFuncInfoList(NULL, 1, function);
    bccGetObjectSlotList(NULL, 1, slot);
    assert_ptr_equal(list[0], list);
    assert_string_equal(text[0], "kept");
    assert_string_equal(function[0].name, "kept");
    assert_int_equal(slot[0], 7);
}

static void null_arguments_are_invalid_values(void **state)
{
    BCCScriptRef script = new_script();
    struct path answer = bitcode_path("answer.bc");
    int (*const read[])(BCCScriptRef, const char *, const char *, size_t,
                        unsigned long) = {bccReadBC, bccLinkBC};

    (void)state;
    assert_string_equal(bccGetErrorMessage(script), "");
    for (int i = 0; i < 2; i++) {
        assert_fails(script, read[i](script, "name", NULL, 100, 0),
                     BCC_INVALID_VALUE);
        assert_fails(script, read[i](script, "name", "BC\xc0\xde", 0, 0),
                     BCC_INVALID_VALUE);
        assert_fails(script, read[i](script, "name", "BC\xc0", 3, 0),
                     BCC_INVALID_VALUE);
        assert_fails(script, read[i](script, NULL, "BC\xc0\xde", 4, 0),
                     BCC_INVALID_VALUE);
    }
    assert_fails(script, bccReadFile(script, NULL, 0), BCC_INVALID_VALUE);
    assert_fails(script, bccLinkFile(script, NULL, 0), BCC_INVALID_VALUE);
    assert_fails(script, bccGetReport(script, NULL), BCC_INVALID_VALUE);
    bccMarkExternalSymbol(script, NULL);
    assert_int_equal(take_error(script), BCC_INVALID_VALUE);
    assert_succeeds(script, bccReadFile(script, answer.text, 0));
    assert_fails(script, bccPrepareSharedObject(script, NULL, "entry", 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccPrepareSharedObjectFile(script, NULL, 0),
                 BCC_INVALID_VALUE);
    bccDisposeScript(script);
}

/* ---- Flags, names, options ---- */

static void unknown_flags_are_invalid_enums(void **state)
{
    const struct fixture *f = *state;
    struct path answer = bitcode_path("answer.bc");
    struct path file = fixture_path(f, "entry.oBCC");
    BCCScriptRef script = open_script(answer.text, NULL);

    assert_fails(script, bccReadFile(script, answer.text, 1ul << 20),
                 BCC_INVALID_ENUM);
    assert_fails(script, bccLinkFile(script, answer.text, 1ul << 20),
                 BCC_INVALID_ENUM);
    assert_fails(script, bccReadBC(script, "name", "BC\xc0\xde", 4, 1ul << 20),
                 BCC_INVALID_ENUM);
    assert_fails(script,
                 bccLinkBC(script, "name", "BC\xc0\xde", 4, BCC_MARKED_ONLY),
                 BCC_INVALID_ENUM);
    assert_fails(script,
                 bccPrepareExecutable(script, f->cache, "entry", 1ul << 20),
                 BCC_INVALID_ENUM);
    assert_fails(script,
                 bccPrepareSharedObject(script, f->cache, "entry", 1ul << 20),
                 BCC_INVALID_ENUM);
    assert_fails(script,
                 bccPrepareSharedObjectFile(script, file.text, 1ul << 20),
                 BCC_INVALID_ENUM);
    assert_succeeds(script, prepare(script, f));
    bccDisposeScript(script);
}

static void cache_names_are_plain_file_names(void **state)
{
    static const char *const names[] = {NULL, "", "a/b", "../b", ".hidden"};
    const struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_fails(script,
                     bccPrepareExecutable(script, f->cache, names[i], 0),
                     BCC_INVALID_VALUE);
        assert_fails(script,
                     bccPrepareSharedObject(script, f->cache, names[i], 0),
                     BCC_INVALID_VALUE);
    }
    assert_succeeds(
        script, bccPrepareExecutable(script, f->cache,
                                     "@org.example:raw@answer \xc3\xa4", 0));
    bccDisposeScript(script);
}

static void options_of_a_later_library_are_refused(void **state)
{
    struct {
        BCCOptions known;
        char later[16];
    } options = {.known = {.size = sizeof(options)}};
    BCCScriptRef script = new_script();

    (void)state;
    assert_succeeds(script, bccSetOptions(script, &options.known));
    options.later[15] = 1;
    assert_fails(script, bccSetOptions(script, &options.known),
                 BCC_INVALID_VALUE);
    options.known.size = 0;
    assert_fails(script, bccSetOptions(script, &options.known),
                 BCC_INVALID_VALUE);
    options.known.size = sizeof(BCCOptions);
    assert_succeeds(script, bccSetOptions(script, &options.known));
    options.known.size = offsetof(BCCOptions, cpu); /* an early program's */
    assert_succeeds(script, bccSetOptions(script, &options.known));
    assert_succeeds(script, bccSetOptions(script, NULL));
    bccDisposeScript(script);
}

static void keys_that_anybody_can_sign_for_are_refused(void **state)
{
    /* A good key, then y = 0 and y = p + 1: points of small order. */
    static const char zero[] =
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a,"
        "0000000000000000000000000000000000000000000000000000000000000000";
    static const char one[] =
        "EEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
    BCCOptions options = {.size = sizeof(options), .trustedKeys = zero};
    BCCScriptRef script = new_script();

    (void)state;
    assert_fails(script, bccSetOptions(script, &options), BCC_INVALID_VALUE);
    assert_non_null(strstr(bccGetErrorMessage(script), "anybody can sign"));
    options.trustedKeys = one;
    assert_fails(script, bccSetOptions(script, &options), BCC_INVALID_VALUE);
    bccDisposeScript(script);
}

static void optimisation_levels_out_of_range_are_refused(void **state)
{
    BCCOptions options = {.size = sizeof(options), .optLevel = BCC_OPT_O3 + 1};
    BCCScriptRef script = new_script();

    (void)state;
    assert_fails(script, bccSetOptions(script, &options), BCC_INVALID_VALUE);
    options.optLevel = -1;
    assert_fails(script, bccSetOptions(script, &options), BCC_INVALID_VALUE);
    bccDisposeScript(script);
}

static void a_report_fills_the_size_that_it_is_given(void **state)
{
    BCCReport report = {.totalNs = 77};
    BCCScriptRef script = new_script();

    (void)state;
    assert_fails(script, bccGetReport(script, &report), BCC_INVALID_VALUE);
    report.size = offsetof(BCCReport, totalNs);
    assert_succeeds(script, bccGetReport(script, &report));
    assert_int_equal(report.totalNs, 77);
    assert_string_equal(report.reason, "");
    assert_string_equal(report.path, "");
    for (int stage = 0; stage < BCC_N_STAGES; stage++)
        assert_non_null(bccGetStageName(stage));
    assert_null(bccGetStageName(BCC_N_STAGES));
    assert_null(bccGetStageName(-1));
    bccDisposeScript(script);
}

static void unknown_targets_are_refused(void **state)
{
    const struct fixture *f = *state;
    BCCOptions options = {.size = sizeof(options),
                          .targetTriple = "no_such_cpu-unknown-linux"};
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    assert_succeeds(script, bccSetOptions(script, &options));
    assert_fails(script, bccPrepareSharedObject(script, f->cache, "entry", 0),
                 BCC_UNSUPPORTED);
    assert_non_null(strstr(bccGetErrorMessage(script), "no_such_cpu"));
    options = runnable_options();
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_succeeds(script, prepare(script, f));
    bccDisposeScript(script);
}

/* ---- Compilers ---- */

/* A compiler that does its work, and spoils the file before it ends. */
static void a_file_of_a_faulty_compiler_is_never_published(void **state)
{
    static const char *const faults[] = {
        ": >/proc/self/fd/4",
        "head -c 5000 /dev/urandom >/proc/self/fd/4",
        "truncate -s -1 /proc/self/fd/4",
        "truncate -s 200 /proc/self/fd/4",
        "truncate -s +4096 /proc/self/fd/4",
        "printf x | dd of=/proc/self/fd/4 bs=1 seek=5000 conv=notrunc",
    };
    const struct fixture *f = *state;
    struct path compiler = fixture_path(f, "compiler");
    BCCOptions options = runnable_options();
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    assert_succeeds(script, prepare(script, f));
    bccDisposeScript(script);
    options.compilerPath = compiler.text;
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        char text[1024];
        int size = snprintf(text, sizeof(text), "#!/bin/sh\n'%s' \"$@\"\n%s\n",
                            getenv("BCC_BCCC"), faults[i]);

        write_whole(compiler.text, text, (size_t)size);
        assert_int_equal(chmod(compiler.text, 0700), 0);
        script = open_script(bitcode_path("answer.bc").text, NULL);
        assert_succeeds(script, bccSetOptions(script, &options));
        assert_fails(
            script,
            bccPrepareExecutable(script, f->cache, "entry", BCC_REBUILD),
            BCC_COMPILE_ERROR);
        assert_fails(script, bccPrepareExecutable(script, NULL, NULL, 0),
                     BCC_COMPILE_ERROR);
        assert_succeeds(script, prepare(script, f));
        assert_cache(script, BCC_CACHE_HIT);
        assert_int_equal(call(script, "answer"), 42);
        bccDisposeScript(script);
    }
}

/* ---- Order ---- */

static void ignore_signal(int number)
{
    (void)number;
}

/* Many hosts have a timer, for a profiler or for their own work. */
static void the_time_limit_holds_in_a_host_with_a_timer(void **state)
{
    static const char endless[] = "#!/bin/sh\nexec sleep 20\n";
    const struct itimerval often = {{0, 20000}, {0, 20000}}, never = {0};
    struct sigaction action = {.sa_handler = ignore_signal}, old;
    const struct fixture *f = *state;
    struct path compiler = fixture_path(f, "compiler");
    BCCOptions options = {.size = sizeof(options), .compileTimeLimitMs = 100};
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    write_whole(compiler.text, endless, strlen(endless));
    assert_int_equal(chmod(compiler.text, 0700), 0);
    options.compilerPath = compiler.text;
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    assert_fails(script, bccPrepareExecutable(script, NULL, NULL, 0),
                 BCC_COMPILE_ERROR);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    assert_non_null(strstr(bccGetErrorMessage(script), "limit of 100 ms"));
    bccDisposeScript(script);
}

static void a_script_without_source_is_not_prepared(void **state)
{
    const struct fixture *f = *state;
    struct path library = bitcode_path("offset.bc");
    BCCScriptRef script = new_script();

    assert_fails(script, prepare(script, f), BCC_INVALID_OPERATION);
    assert_succeeds(script, bccLinkFile(script, library.text, 0));
    assert_fails(script, prepare(script, f), BCC_INVALID_OPERATION);
    assert_fails(script, bccPrepareSharedObject(script, f->cache, "entry", 0),
                 BCC_INVALID_OPERATION);
    bccDisposeScript(script);
}

static void a_prepared_script_takes_nothing_more(void **state)
{
    const struct fixture *f = *state;
    struct path answer = bitcode_path("answer.bc");
    BCCOptions options = {.size = sizeof(options)};
    BCCScriptRef script = open_script(answer.text, NULL);

    assert_succeeds(script, prepare(script, f));
    assert_fails(script, prepare(script, f), BCC_INVALID_OPERATION);
    assert_fails(script, bccPrepareSharedObject(script, f->cache, "entry", 0),
                 BCC_INVALID_OPERATION);
    assert_fails(script, bccReadFile(script, answer.text, 0),
                 BCC_INVALID_OPERATION);
    assert_fails(script, bccLinkFile(script, answer.text, 0),
                 BCC_INVALID_OPERATION);
    assert_fails(script, bccReadBC(script, "name", "BC\xc0\xde", 4, 0),
                 BCC_INVALID_OPERATION);
    assert_fails(script, bccLinkBC(script, "name", "BC\xc0\xde", 4, 0),
                 BCC_INVALID_OPERATION);
    assert_fails(script, bccSetOptions(script, &options),
                 BCC_INVALID_OPERATION);
    assert_fails(script, bccRegisterSymbolCallback(script, NULL, NULL),
                 BCC_INVALID_OPERATION);
    bccMarkExternalSymbol(script, "answer");
    assert_int_equal(take_error(script), BCC_INVALID_OPERATION);
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

static void nothing_is_reflected_before_prepare(void **state)
{
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
    void *list[1] = {list};
    BCCFuncInfo function[1] = {{.name = "kept"}};

    (void)state;
    assert_int_equal(bccGetExportVarCount(script), 0);
    assert_int_equal(bccGetFuncCount(script), 0);
    assert_int_equal(take_error(script), BCC_NO_ERROR);
    assert_null(bccGetFuncAddr(script, "answer"));
    assert_int_equal(take_error(script), BCC_INVALID_OPERATION);
    assert_null(bccGetVarAddr(script, "started"));
    assert_int_equal(take_error(script), BCC_INVALID_OPERATION);
    bccGetExportVarList(script, 1, list);
    assert_int_equal(take_error(script), BCC_INVALID_OPERATION);
    assert_ptr_equal(list[0], list);
    bccGetFuncInfoList(script, 1, function);
    assert_int_equal(take_error(script), BCC_INVALID_OPERATION);
    assert_string_equal(function[0].name, "kept");
    bccGetPragmaList(script, 0, NULL, NULL);
    assert_int_equal(take_error(script), BCC_INVALID_OPERATION);
    bccDisposeScript(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_int_function_refuses_a_null_script),
        cmocka_unit_test(every_getter_survives_a_null_script),
        cmocka_unit_test(null_arguments_are_invalid_values),
        TEST(unknown_flags_are_invalid_enums),
        TEST(cache_names_are_plain_file_names),
        cmocka_unit_test(options_of_a_later_library_are_refused),
        cmocka_unit_test(keys_that_anybody_can_sign_for_are_refused),
        cmocka_unit_test(optimisation_levels_out_of_range_are_refused),
        cmocka_unit_test(a_report_fills_the_size_that_it_is_given),
        TEST(unknown_targets_are_refused),
        TEST(the_time_limit_holds_in_a_host_with_a_timer),
        TEST(a_file_of_a_faulty_compiler_is_never_published),
        TEST(a_script_without_source_is_not_prepared),
        TEST(a_prepared_script_takes_nothing_more),
        cmocka_unit_test(nothing_is_reflected_before_prepare),
    };

    return cmocka_run_group_tests_name("api_errors", tests, NULL, NULL);
}
