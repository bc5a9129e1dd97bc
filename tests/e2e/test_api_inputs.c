/* Inputs that cannot be used: files that cannot be read, bytes that are not
 * bitcode, undefined symbols; imports that need no library; and a failed
 * prepare that succeeds after correction. */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

static int prepare(BCCScriptRef script, const struct fixture *f)
{
    return bccPrepareExecutable(script, f->cache, "entry", 0);
}

/* ---- Files ---- */

static void files_that_cannot_be_read_are_io_errors(void **state)
{
    const struct fixture *f = *state;
    struct path fifo = fixture_path(f, "fifo");
    struct path dangling = fixture_path(f, "dangling");
    struct path secret = fixture_path(f, "secret.bc");
    BCCScriptRef script = new_script();

    assert_int_equal(mkfifo(fifo.text, 0600), 0);
    assert_int_equal(symlink("nowhere", dangling.text), 0);
    copy_whole(bitcode_path("answer.bc").text, secret.text);
    assert_fails(script, bccReadFile(script, "/nonexistent/a.bc", 0),
                 BCC_IO_ERROR);
    assert_non_null(strstr(bccGetErrorMessage(script), "/nonexistent/a.bc"));
    assert_fails(script, bccLinkFile(script, dangling.text, 0), BCC_IO_ERROR);
    assert_fails(script, bccReadFile(script, f->dir, 0), BCC_IO_ERROR);
    assert_fails(script, bccReadFile(script, fifo.text, 0), BCC_IO_ERROR);
    assert_fails(script, bccReadFile(script, "/dev/null", 0), BCC_IO_ERROR);
    if (geteuid() != 0) { /* root may read everything */
        assert_int_equal(chmod(secret.text, 0), 0);
        assert_fails(script,
                     bccReadFile(script, secret.text, 0) || prepare(script, f),
                     BCC_IO_ERROR);
    }
    bccDisposeScript(script);
}

static void a_file_that_goes_before_prepare_is_an_io_error(void **state)
{
    const struct fixture *f = *state;
    struct path file = fixture_path(f, "gone.bc");
    BCCScriptRef script;

    copy_whole(bitcode_path("answer.bc").text, file.text);
    script = open_script(file.text, NULL);
    assert_int_equal(remove(file.text), 0);
    assert_fails(script, prepare(script, f), BCC_IO_ERROR);
    bccDisposeScript(script);
}

/* ---- What is no bitcode ---- */

static void an_empty_file_is_an_invalid_value(void **state)
{
    const struct fixture *f = *state;
    struct path file = fixture_path(f, "empty.bc");
    BCCScriptRef script = new_script();

    write_whole(file.text, "", 0);
    assert_fails(script, bccReadFile(script, file.text, 0), BCC_INVALID_VALUE);
    bccDisposeScript(script);
}

/* The first bytes of answer.bc, with the byte at `flip` changed, if any. */
static void assert_refused(const struct fixture *f, size_t size, size_t flip)
{
    size_t whole;
    char *bitcode = read_whole(bitcode_path("answer.bc").text, &whole);
    BCCScriptRef script = new_script();

    if (flip < size)
        bitcode[flip] ^= 0x40;
    assert_in_range(size, 4, whole);
    assert_succeeds(script, bccReadBC(script, "cut", bitcode, size, 0));
    assert_fails(script, prepare(script, f), BCC_INVALID_VALUE);
    assert_non_null(strstr(bccGetErrorMessage(script), "cut"));
    bccDisposeScript(script);
    free(bitcode);
}

static void truncated_bitcode_is_an_invalid_value(void **state)
{
    static const size_t sizes[] = {4, 5, 8, 20, 100, 500, 1000};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        assert_refused(*state, sizes[i], SIZE_MAX);
}

static void a_wrong_magic_number_is_an_invalid_value(void **state)
{
    for (size_t i = 0; i < 4; i++)
        assert_refused(*state, 1000, i);
}

static void text_is_an_invalid_value_as_script_and_as_library(void **state)
{
    static const char text[] = "int main(void) { return 42; }";
    const struct fixture *f = *state;
    BCCScriptRef script = new_script();

    assert_succeeds(script, bccReadBC(script, "text", text, sizeof(text), 0));
    assert_fails(script, prepare(script, f), BCC_INVALID_VALUE);
    assert_succeeds(script,
                    bccReadFile(script, bitcode_path("needy.bc").text, 0));
    assert_succeeds(script, bccLinkBC(script, "text", text, sizeof(text), 0));
    assert_fails(script, prepare(script, f), BCC_INVALID_VALUE);
    bccDisposeScript(script);
}

static void a_failed_prepare_names_its_input_and_can_be_mended(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = new_script();

    assert_succeeds(script, bccReadBC(script, "the_input", "garbage", 7, 0));
    assert_fails(script, prepare(script, f), BCC_INVALID_VALUE);
    assert_non_null(strstr(bccGetErrorMessage(script), "the_input"));
    assert_int_equal(bccGetFuncCount(script), 0);
    assert_succeeds(script,
                    bccReadFile(script, bitcode_path("answer.bc").text, 0));
    assert_succeeds(script, prepare(script, f));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

/* The file of a library that was broken when it was linked. */
static void a_library_mended_in_place_is_read_anew(void **state)
{
    const struct fixture *f = *state;
    struct path library = fixture_path(f, "library.bc");
    BCCScriptRef script;

    write_whole(library.text, "garbage!", 8);
    script = open_script(bitcode_path("needy.bc").text, library.text);
    assert_fails(script, prepare(script, f), BCC_INVALID_VALUE);
    copy_whole(bitcode_path("offset.bc").text, library.text);
    assert_succeeds(script, prepare(script, f));
    bccDisposeScript(script);
}

static void a_script_mended_in_place_is_no_hit_on_its_old_entry(void **state)
{
    const struct fixture *f = *state;
    struct path file = fixture_path(f, "script.bc");
    BCCScriptRef script;

    copy_whole(bitcode_path("needy.bc").text, file.text);
    script = open_script(file.text, NULL);
    assert_fails(script, prepare(script, f), BCC_UNRESOLVED_SYMBOL);
    copy_whole(bitcode_path("answer.bc").text, file.text);
    assert_succeeds(script, prepare(script, f));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

/* ---- What is kept of them ---- */

static int count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* Thousands of scripts may live at once. */
static void a_prepared_script_holds_no_descriptor(void **state)
{
    const struct fixture *f = *state;
    struct path file = fixture_path(f, "answer.bc");
    BCCScriptRef script[3];
    int n_before = count_descriptors();
    size_t size;
    char *data;

    copy_whole(bitcode_path("answer.bc").text, file.text);
    data = read_whole(file.text, &size);
    script[0] = open_script(file.text, NULL);
    assert_succeeds(script[0], prepare(script[0], f));
    assert_int_equal(utimensat(AT_FDCWD, file.text, NULL, 0), 0);
    script[1] = open_script(file.text, NULL);
    assert_succeeds(script[1], prepare(script[1], f));
    assert_cache(script[1], BCC_CACHE_HIT);
    script[2] = new_script();
    assert_succeeds(script[2], bccReadBC(script[2], "answer", data, size, 0));
    assert_succeeds(script[2], bccPrepareExecutable(script[2], NULL, NULL, 0));
    free(data);
    assert_int_equal(count_descriptors(), n_before);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(call(script[i], "answer"), 42);
        bccDisposeScript(script[i]);
    }
}

/* Is a file of this name mapped? */
static bool is_mapped(const char *name)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[1024];
    bool found = false;

    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps))
        found |= strstr(line, name) != NULL;
    fclose(maps);
    return found;
}

static void *lookup_unless_mapped(void *context, const char *name)
{
    (void)name;
    return is_mapped("unmapped.bc") ? NULL : context;
}

/* Whoever writes to a file that this process maps could end it by SIGBUS. */
static void a_file_that_is_hashed_is_not_mapped(void **state)
{
    const struct fixture *f = *state;
    struct path file = fixture_path(f, "unmapped.bc");
    BCCScriptRef script;

    copy_whole(bitcode_path("needy.bc").text, file.text);
    for (int i = 0; i < 2; i++) {
        script = open_script(file.text, NULL);
        assert_succeeds(script,
                        bccRegisterSymbolCallback(script, lookup_unless_mapped,
                                                  (void *)f->cache));
        assert_succeeds(script, prepare(script, f));
        assert_cache(script, i == 0 ? BCC_CACHE_MISS : BCC_CACHE_HIT);
        bccDisposeScript(script);
        assert_int_equal(utimensat(AT_FDCWD, file.text, NULL, 0), 0);
    }
}

/* ---- Symbols ---- */

static void unresolved_symbols_are_all_named(void **state)
{
    const struct fixture *f = *state;
    struct path needy = bitcode_path("needy.bc");
    BCCScriptRef script = open_script(needy.text, NULL);
    const char *const name[] = {"first_need", "second_need", "third_need",
                                "fourth_need"};

    assert_fails(script, prepare(script, f), BCC_UNRESOLVED_SYMBOL);
    for (int i = 0; i < 4; i++)
        assert_non_null(strstr(bccGetErrorMessage(script), name[i]));
    bccDisposeScript(script);
    script = open_script(needy.text, NULL);
    assert_fails(script, bccPrepareExecutable(script, NULL, NULL, 0),
                 BCC_UNRESOLVED_SYMBOL);
    for (int i = 0; i < 4; i++)
        assert_non_null(strstr(bccGetErrorMessage(script), name[i]));
    bccDisposeScript(script);
}

static void a_failed_prepare_is_retried_after_more_input(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("needy.bc").text, NULL);
    int (*needy)(int);

    assert_fails(script, prepare(script, f), BCC_UNRESOLVED_SYMBOL);
    assert_succeeds(script,
                    bccLinkFile(script, bitcode_path("offset.bc").text, 0));
    assert_succeeds(script, prepare(script, f));
    assert_cache(script, BCC_CACHE_MISS);
    needy = bccGetFuncAddr(script, "needy");
    assert_non_null(needy);
    assert_int_equal(needy(5), 1030);
    bccDisposeScript(script);
}

static void *lookup_four(void *context, const char *name)
{
    return strstr(name, "_need") ? context : NULL;
}

static void a_callback_that_knows_too_little_is_retried(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("needy.bc").text, NULL);

    assert_succeeds(script, bccRegisterSymbolCallback(script, NULL, NULL));
    assert_fails(script, prepare(script, f), BCC_UNRESOLVED_SYMBOL);
    assert_succeeds(script, bccRegisterSymbolCallback(script, lookup_four,
                                                      (void *)f->cache));
    assert_succeeds(script, prepare(script, f));
    assert_cache(script, BCC_CACHE_HIT);
    bccDisposeScript(script);
}

/* No callback, no symbols of the process, and a hit as well as a miss. */
static void what_generated_code_calls_is_there_without_asking(void **state)
{
    static const char *const functions[] = {
        "divide_integers", "compute_quads",   "divide_complex",
        "convert_halves",  "raise_to_powers", "ask_for_features"};
    const struct fixture *f = *state;

    for (int launch = 0; launch < 2; launch++) {
        BCCScriptRef script =
            open_script(bitcode_path("arithmetic.bc").text, NULL);
        unsigned long (*length)(const char *);

        assert_succeeds(script, prepare(script, f));
        assert_cache(script, launch == 0 ? BCC_CACHE_MISS : BCC_CACHE_HIT);
        for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
            if (call(script, functions[i]) != 0)
                fail_msg("%s", functions[i]);
        length = bccGetFuncAddr(script, "length");
        assert_non_null(length);
        assert_int_equal(length("fifteen letters"), 15);
        bccDisposeScript(script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_that_cannot_be_read_are_io_errors),
        TEST(a_file_that_goes_before_prepare_is_an_io_error),
        TEST(an_empty_file_is_an_invalid_value),
        TEST(truncated_bitcode_is_an_invalid_value),
        TEST(a_wrong_magic_number_is_an_invalid_value),
        TEST(text_is_an_invalid_value_as_script_and_as_library),
        TEST(a_failed_prepare_names_its_input_and_can_be_mended),
        TEST(a_library_mended_in_place_is_read_anew),
        TEST(a_script_mended_in_place_is_no_hit_on_its_old_entry),
        TEST(a_prepared_script_holds_no_descriptor),
        TEST(a_file_that_is_hashed_is_not_mapped),
        TEST(unresolved_symbols_are_all_named),
        TEST(what_generated_code_calls_is_there_without_asking),
        TEST(a_failed_prepare_is_retried_after_more_input),
        TEST(a_callback_that_knows_too_little_is_retried),
    };

    return cmocka_run_group_tests_name("api_inputs", tests, NULL, NULL);
}
