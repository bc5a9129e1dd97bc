/* A hit does not start the compiler, read the bitcode, or map LLVM into the
 * process; and the conditions that make a launch a hit or a miss. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api_fixture.h"
#include "samples.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

static BCCScriptRef launch(const struct fixture *f, const char *path,
                           const char *library, int expected)
{
    BCCScriptRef script = open_script(path, library);

    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_cache(script, expected);
    return script;
}

static int answer_of(const struct fixture *f, const char *path, int expected)
{
    BCCScriptRef script = launch(f, path, NULL, expected);
    int answer = call(script, "answer");

    bccDisposeScript(script);
    return answer;
}

static int needy_of(const struct fixture *f, const char *library, int expected)
{
    BCCScriptRef script =
        launch(f, bitcode_path("needy.bc").text, library, expected);
    int (*needy)(int) = bccGetFuncAddr(script, "needy");
    int result;

    assert_non_null(needy);
    result = needy(1);
    bccDisposeScript(script);
    return result;
}

/* ---- What a hit does not do ---- */

static void a_hit_does_not_start_the_compiler(void **state)
{
    const struct fixture *f = *state;
    struct path answer = bitcode_path("answer.bc");
    BCCOptions options = runnable_options();
    BCCScriptRef script;

    options.compilerPath = "/nonexistent/bccc";
    answer_of(f, answer.text, BCC_CACHE_MISS);
    script = open_script(answer.text, NULL);
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_cache(script, BCC_CACHE_HIT);
    for (int stage = BCC_STAGE_READ; stage <= BCC_STAGE_PUBLISH; stage++)
        assert_int_equal(report_of(script).stageNs[stage], 0);
    bccDisposeScript(script);

    script = open_script(answer.text, NULL);
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_fails(script, bccPrepareExecutable(script, f->cache, "other", 0),
                 BCC_NO_COMPILER);
    bccDisposeScript(script);
}

static void the_environment_names_the_compiler(void **state)
{
    const struct fixture *f = *state;
    struct path answer = bitcode_path("answer.bc");
    const char *named = getenv("BCC_BCCC");
    char *kept = named ? strdup(named) : NULL;
    BCCScriptRef script;

    answer_of(f, answer.text, BCC_CACHE_MISS);
    assert_int_equal(setenv("BCC_BCCC", "/nonexistent/bccc", 1), 0);
    answer_of(f, answer.text, BCC_CACHE_HIT);
    script = open_script(answer.text, NULL);
    assert_fails(script, bccPrepareExecutable(script, f->cache, "other", 0),
                 BCC_NO_COMPILER);
    bccDisposeScript(script);
    if (kept)
        setenv("BCC_BCCC", kept, 1);
    else
        unsetenv("BCC_BCCC");
    free(kept);
}

/* Launch; true if somebody opened the file meanwhile. stat() does not. */
static bool is_opened_by_launch(const struct fixture *f,
                                const struct sample_files *files,
                                const struct sample *sample,
                                const char *watched, int expected)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char event[4096];
    BCCScriptRef script;
    ssize_t size;
    int failed;

    assert_return_code(fd, 0);
    assert_return_code(inotify_add_watch(fd, watched, IN_OPEN | IN_ACCESS), 0);
    failed = sample_open(sample, files, &script);
    assert_succeeds(script, failed);
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_cache(script, expected);
    bccDisposeScript(script);
    size = read(fd, event, sizeof(event));
    close(fd);
    return size > 0;
}

static void a_hit_does_not_open_the_bitcode(void **state)
{
    const struct fixture *f = *state;
    struct sample_files files;
    const struct sample *sample;
    size_t n_samples;

    /* Files of the build, as files written just now have to be read. */
    sample = sample_table(&n_samples);
    assert_int_equal(sample_locate(sample, NULL, &files), 0);
    assert_true(
        is_opened_by_launch(f, &files, sample, files.script, BCC_CACHE_MISS));
    assert_false(
        is_opened_by_launch(f, &files, sample, files.script, BCC_CACHE_HIT));
    assert_false(
        is_opened_by_launch(f, &files, sample, files.library, BCC_CACHE_HIT));
}

/* ---- Memory ---- */

/* What the process has mapped. */
struct mappings {
    size_t n_writable_code;
    size_t n_named; /* with this text in the name */
    bool has_compiler;
};

static struct mappings read_mappings(const char *name)
{
    static const char *const unwanted[] = {"LLVM", "libcrypto", "libssl",
                                           "/bccc"};
    struct mappings mappings = {0};
    FILE *file = fopen("/proc/self/maps", "re");
    char line[1024], mode[8];

    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        assert_int_equal(sscanf(line, "%*s %7s", mode), 1);
        mappings.n_writable_code += mode[1] == 'w' && mode[2] == 'x';
        mappings.n_named += strstr(line, name) != NULL;
        for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
            mappings.has_compiler |= strstr(line, unwanted[i]) != NULL;
    }
    fclose(file);
    return mappings;
}

/* Valgrind has writable code of its own, so this counts from the start. */
static void assert_no_more_writable_code(const struct mappings *before)
{
    struct mappings now = read_mappings("");

    assert_int_equal(now.n_writable_code, before->n_writable_code);
    assert_false(now.has_compiler);
}

static void the_process_never_holds_the_compiler_or_writable_code(void **state)
{
    const struct fixture *f = *state;
    struct path answer = bitcode_path("answer.bc");
    struct mappings before = read_mappings("");
    BCCScriptRef script;

    for (int i = 0; i < 2; i++) {
        script = launch(f, answer.text, NULL,
                        i == 0 ? BCC_CACHE_MISS : BCC_CACHE_HIT);
        assert_no_more_writable_code(&before);
        call(script, "answer");
        assert_no_more_writable_code(&before);
        bccDisposeScript(script);
    }
    script = open_script(answer.text, NULL);
    assert_succeeds(script, bccPrepareExecutable(script, NULL, NULL, 0));
    assert_no_more_writable_code(&before);
    bccDisposeScript(script);
}

static void a_disposed_script_leaves_no_mapping(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script =
        launch(f, bitcode_path("answer.bc").text, NULL, BCC_CACHE_MISS);

    assert_true(read_mappings(f->dir).n_named > 0);
    bccDisposeScript(script);
    assert_int_equal(read_mappings(f->dir).n_named, 0);
    assert_int_equal(read_mappings("answer.bc").n_named, 0);
}

/* ---- Hit or miss ---- */

static void changed_bitcode_is_a_miss(void **state)
{
    const struct fixture *f = *state;
    struct path file = fixture_path(f, "changing.bc");

    copy_whole(bitcode_path("answer.bc").text, file.text);
    assert_int_equal(answer_of(f, file.text, BCC_CACHE_MISS), 42);
    assert_int_equal(answer_of(f, file.text, BCC_CACHE_HIT), 42);
    /* At once: the new time stamp may well be the old one. */
    copy_whole(bitcode_path("answer_43.bc").text, file.text);
    assert_int_equal(answer_of(f, file.text, BCC_CACHE_MISS), 43);
    assert_int_equal(answer_of(f, file.text, BCC_CACHE_HIT), 43);
    copy_whole(bitcode_path("answer.bc").text, file.text);
    assert_int_equal(answer_of(f, file.text, BCC_CACHE_MISS), 42);
}

static void a_miss_says_which_input_changed(void **state)
{
    const struct fixture *f = *state;
    struct path file = fixture_path(f, "changing.bc");
    BCCScriptRef script;

    copy_whole(bitcode_path("answer.bc").text, file.text);
    answer_of(f, file.text, BCC_CACHE_MISS);
    copy_whole(bitcode_path("answer_43.bc").text, file.text);
    script = launch(f, file.text, NULL, BCC_CACHE_MISS);
    assert_non_null(strstr(report_of(script).reason, "changing.bc"));
    bccDisposeScript(script);
}

static void a_changed_runtime_is_a_miss(void **state)
{
    const struct fixture *f = *state;
    struct path file = fixture_path(f, "runtime.bc");

    copy_whole(bitcode_path("offset.bc").text, file.text);
    assert_int_equal(needy_of(f, file.text, BCC_CACHE_MISS), 1006);
    assert_int_equal(needy_of(f, file.text, BCC_CACHE_HIT), 1006);
    copy_whole(bitcode_path("offset_2000.bc").text, file.text);
    assert_int_equal(needy_of(f, file.text, BCC_CACHE_MISS), 2006);
    assert_int_equal(needy_of(f, file.text, BCC_CACHE_HIT), 2006);
}

static void the_same_content_elsewhere_is_a_hit(void **state)
{
    const struct fixture *f = *state;
    struct path here = fixture_path(f, "here.bc");
    struct path there = fixture_path(f, "there.bc");

    copy_whole(bitcode_path("answer.bc").text, here.text);
    copy_whole(here.text, there.text);
    assert_int_equal(answer_of(f, here.text, BCC_CACHE_MISS), 42);
    assert_int_equal(answer_of(f, there.text, BCC_CACHE_HIT), 42);
    assert_int_equal(remove(here.text), 0);
    assert_int_equal(answer_of(f, there.text, BCC_CACHE_HIT), 42);
}

static void a_touched_file_is_a_hit(void **state)
{
    const struct fixture *f = *state;
    struct path file = fixture_path(f, "touched.bc");

    copy_whole(bitcode_path("answer.bc").text, file.text);
    answer_of(f, file.text, BCC_CACHE_MISS);
    assert_int_equal(utimensat(AT_FDCWD, file.text, NULL, 0), 0);
    answer_of(f, file.text, BCC_CACHE_HIT);
}

static void what_shapes_the_code_is_in_the_key(void **state)
{
    const struct fixture *f = *state;
    struct path answer = bitcode_path("answer.bc");
    BCCOptions options = runnable_options();
    BCCScriptRef script;

    options.optLevel = BCC_OPT_O1;
    answer_of(f, answer.text, BCC_CACHE_MISS);

    script = open_script(answer.text, NULL);
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_cache(script, BCC_CACHE_MISS);
    assert_non_null(strstr(report_of(script).reason, "opt"));
    bccDisposeScript(script);

    script = open_script(answer.text, NULL);
    assert_succeeds(script, bccSetOptions(script, &options));
    bccMarkExternalSymbol(script, "answer");
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_cache(script, BCC_CACHE_MISS);
    bccDisposeScript(script);

    script = open_script(answer.text, bitcode_path("offset.bc").text);
    assert_succeeds(script, bccSetOptions(script, &options));
    bccMarkExternalSymbol(script, "answer");
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_cache(script, BCC_CACHE_MISS);
    bccDisposeScript(script);
}

/* One key then is the beginning of the other. */
static void a_mark_more_or_less_is_named(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
    const char *reason;

    bccMarkExternalSymbol(script, "answer");
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    bccDisposeScript(script);

    script = launch(f, bitcode_path("answer.bc").text, NULL, BCC_CACHE_MISS);
    reason = strstr(report_of(script).reason, ": made");
    assert_non_null(reason);
    assert_string_equal(reason,
                        ": made with mark=answer, wanted nothing there");
    bccDisposeScript(script);

    script = open_script(bitcode_path("answer.bc").text, NULL);
    bccMarkExternalSymbol(script, "answer");
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    reason = strstr(report_of(script).reason, ": made");
    assert_non_null(reason);
    assert_string_equal(reason,
                        ": made with nothing there, wanted mark=answer");
    bccDisposeScript(script);
}

static void a_skipped_input_may_change_unnoticed(void **state)
{
    const struct fixture *f = *state;
    struct path file = fixture_path(f, "skipped.bc");
    BCCScriptRef script;

    copy_whole(bitcode_path("answer.bc").text, file.text);
    for (int i = 0; i < 2; i++) {
        script = new_script();
        assert_succeeds(script,
                        bccReadFile(script, file.text, BCC_SKIP_DEP_SHA1));
        assert_succeeds(script,
                        bccPrepareExecutable(script, f->cache, "entry", 0));
        assert_cache(script, i == 0 ? BCC_CACHE_MISS : BCC_CACHE_HIT);
        assert_int_equal(call(script, "answer"), 42);
        bccDisposeScript(script);
        copy_whole(bitcode_path("answer_43.bc").text, file.text);
    }
    assert_int_equal(answer_of(f, file.text, BCC_CACHE_MISS), 43);
}

static void bitcode_in_memory_is_known_by_its_content(void **state)
{
    const struct fixture *f = *state;
    static const int expected[] = {BCC_CACHE_MISS, BCC_CACHE_HIT,
                                   BCC_CACHE_MISS};
    static const char *const name[] = {"answer.bc", "answer.bc",
                                       "answer_43.bc"};
    BCCScriptRef script;
    size_t size;
    char *data;

    for (int i = 0; i < 3; i++) {
        data = read_whole(bitcode_path(name[i]).text, &size);
        script = new_script();
        assert_succeeds(
            script, bccReadBC(script, "resource", data, size, BCC_COPY_INPUT));
        memset(data, 0, size);
        free(data);
        assert_succeeds(script,
                        bccPrepareExecutable(script, f->cache, "entry", 0));
        assert_cache(script, expected[i]);
        assert_int_equal(call(script, "answer"), i < 2 ? 42 : 43);
        bccDisposeScript(script);
    }
}

/* A script of LLVM's text, as large as what is remembered by its keyed digest:
 * known_content.h. */
struct text_script {
    char bytes[20000];
};

static char *make_text_script(struct text_script *text)
{
    static const char code[] = "define i32 @answer() { ret i32 42 }\n;";

    memset(text->bytes, ' ', sizeof(text->bytes));
    memcpy(text->bytes, code, sizeof(code) - 1);
    return strstr(text->bytes, "2 }");
}

/* What it answered; -1: it was not as expected. No assertion: in a child, too.
 */
static int answer_of_text(const struct fixture *f,
                          const struct text_script *text, int expected)
{
    BCCScriptRef script = new_script();
    BCCReport report = {.size = sizeof(report)};
    int answer = -1;

    if (!bccReadBC(script, "text", text->bytes, sizeof(text->bytes), 0) &&
        !bccPrepareExecutable(script, f->cache, "text", 0) &&
        !bccGetReport(script, &report) && report.cache == expected)
        answer = ((int (*)(void))bccGetFuncAddr(script, "answer"))();
    bccDisposeScript(script);
    return answer;
}

static void a_large_script_in_memory_is_known_by_its_content(void **state)
{
    const struct fixture *f = *state;
    struct text_script text;
    char *digit = make_text_script(&text);

    assert_non_null(digit);
    assert_int_equal(answer_of_text(f, &text, BCC_CACHE_MISS), 42);
    for (int i = 0; i < 3; i++)
        assert_int_equal(answer_of_text(f, &text, BCC_CACHE_HIT), 42);
    /* A byte, at the same address. */
    *digit = '3';
    assert_int_equal(answer_of_text(f, &text, BCC_CACHE_MISS), 43);
    assert_int_equal(answer_of_text(f, &text, BCC_CACHE_HIT), 43);
    *digit = '2';
    assert_int_equal(answer_of_text(f, &text, BCC_CACHE_MISS), 42);
    /* The last one, which says nothing to the compiler. */
    text.bytes[sizeof(text.bytes) - 1] = ';';
    assert_int_equal(answer_of_text(f, &text, BCC_CACHE_MISS), 42);
    assert_int_equal(answer_of_text(f, &text, BCC_CACHE_HIT), 42);
}

static void a_child_knows_a_script_in_memory_too(void **state)
{
    const struct fixture *f = *state;
    struct text_script text;
    char *digit = make_text_script(&text);
    int status, answer = answer_of_text(f, &text, BCC_CACHE_MISS);
    pid_t child;

    assert_int_equal(answer, 42);
    child = fork();
    if (!child) {
        answer = answer_of_text(f, &text, BCC_CACHE_HIT);
        *digit = '3';
        _exit(answer != 42 || answer_of_text(f, &text, BCC_CACHE_MISS) != 43);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    /* The child's entry is in the place of ours now. */
    assert_int_equal(answer_of_text(f, &text, BCC_CACHE_MISS), 42);
}

/* ---- Install time ---- */

/* A shell would want its characters quoted; paths of tests have none. */
static void bcc_precompile(const struct fixture *f, const char *options)
{
    char command[8 * PATH_SIZE];

    snprintf(command, sizeof(command),
             "\"$BCC\" precompile --exports --cache-dir '%s' %s", f->cache,
             options);
    assert_int_equal(system(command), 0);
}

static int hit_or_miss(const struct fixture *f, const char *library,
                       int opt_level, unsigned long flags)
{
    BCCScriptRef script = open_script(bitcode_path("needy.bc").text, library);
    BCCOptions options = runnable_options();
    int (*needy)(int);
    int cache;

    options.optLevel = opt_level;
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_succeeds(script,
                    bccPrepareExecutable(script, f->cache, "needy", flags));
    *(void **)&needy = bccGetFuncAddr(script, "needy");
    assert_non_null(needy);
    assert_int_equal(needy(1), 1006);
    cache = report_of(script).cache;
    bccDisposeScript(script);
    return cache;
}

static void what_bcc_precompile_made_is_a_hit(void **state)
{
    const struct fixture *f = *state;
    struct path library = bitcode_path("offset.bc");
    struct path copy = fixture_path(f, "copy.bc");
    char options[5 * PATH_SIZE];

    if (getenv("BCC_TEST_CPU"))
        skip(); /* bcc compiles for this one */
    snprintf(options, sizeof(options), "-O1 --lib '%s' '%s'", library.text,
             bitcode_path("needy.bc").text);
    bcc_precompile(f, options);
    assert_int_equal(hit_or_miss(f, library.text, BCC_OPT_O1, 0),
                     BCC_CACHE_HIT);
    copy_whole(library.text, copy.text);
    assert_int_equal(hit_or_miss(f, copy.text, BCC_OPT_O1, BCC_VERIFY),
                     BCC_CACHE_HIT);
    assert_int_equal(hit_or_miss(f, library.text, BCC_OPT_O2, 0),
                     BCC_CACHE_MISS);
    /* And the other way round. */
    snprintf(options, sizeof(options),
             "-O2 --lib '%s' '%s' | grep -q '1 up to date'", library.text,
             bitcode_path("needy.bc").text);
    bcc_precompile(f, options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_hit_does_not_start_the_compiler),
        TEST(the_environment_names_the_compiler),
        TEST(a_hit_does_not_open_the_bitcode),
        TEST(the_process_never_holds_the_compiler_or_writable_code),
        TEST(a_disposed_script_leaves_no_mapping),
        TEST(changed_bitcode_is_a_miss),
        TEST(a_miss_says_which_input_changed),
        TEST(a_changed_runtime_is_a_miss),
        TEST(the_same_content_elsewhere_is_a_hit),
        TEST(a_touched_file_is_a_hit),
        TEST(what_shapes_the_code_is_in_the_key),
        TEST(a_mark_more_or_less_is_named),
        TEST(a_skipped_input_may_change_unnoticed),
        TEST(bitcode_in_memory_is_known_by_its_content),
        TEST(a_large_script_in_memory_is_known_by_its_content),
        TEST(a_child_knows_a_script_in_memory_too),
        TEST(what_bcc_precompile_made_is_a_hit),
    };

    return cmocka_run_group_tests_name("api_hit", tests, NULL, NULL);
}
