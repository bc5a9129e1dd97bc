/* The key of a cache entry: it contains everything that shaped the code, and a
 * change of that is a miss with a reason of its own; nothing else is. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bcc/bcc_cache.h>

#include "api_fixture.h"
#include "cache_layout.h"
#include "checksum.h"

/* ---- One launch ---- */

enum { N_LIBRARIES = 2, N_MARKS = 3 };

struct launch {
    struct path script;
    struct path library[N_LIBRARIES];
    size_t n_libraries;
    bool libraries_are_objects;
    struct path object;
    const char *shared, *library_dir;
    unsigned long script_flags;
    bool in_memory;
    BCCOptions options;
    const char *marks[N_MARKS];
    unsigned long flags;
};

static struct launch usual_launch(const struct fixture *f)
{
    struct launch launch = {
        .script = fixture_path(f, "script.bc"),
        .library = {fixture_path(f, "one.bc"), fixture_path(f, "two.bc")},
        .n_libraries = N_LIBRARIES,
        .object = fixture_path(f, "object.bc"),
        .shared = "m",
        .library_dir = "/nonexistent",
        .options = runnable_options(),
        .marks = {"answer"},
    };

    launch.options.optLevel = BCC_OPT_O2;
    return launch;
}

static BCCScriptRef open_launch(const struct launch *launch, char *bytes,
                                size_t size)
{
    BCCScriptRef script = bccCreateScript();

    assert_non_null(script);
    assert_succeeds(script, bccSetOptions(script, &launch->options));
    if (launch->in_memory)
        assert_succeeds(script, bccReadBC(script, "script", bytes, size, 0));
    else
        assert_succeeds(script, bccReadFile(script, launch->script.text,
                                            launch->script_flags));
    for (size_t i = 0; i < launch->n_libraries; i++)
        assert_succeeds(
            script,
            bccLinkFile(script, launch->library[i].text,
                        launch->libraries_are_objects ? BCC_LINK_WHOLE : 0));
    assert_succeeds(script,
                    bccLinkFile(script, launch->object.text, BCC_LINK_WHOLE));
    assert_succeeds(script, bccLinkSharedLibrary(script, launch->shared,
                                                 BCC_SEARCH_LIBRARY));
    assert_succeeds(script,
                    bccAddLibraryDirectory(script, launch->library_dir));
    for (size_t i = 0; i < N_MARKS; i++)
        if (launch->marks[i])
            bccMarkExternalSymbol(script, launch->marks[i]);
    return script;
}

/* BCC_REASON_... of a launch that may not compile. */
static int reason_of(const struct fixture *f, const struct launch *launch,
                     char ret_text[PATH_SIZE])
{
    size_t size;
    char *bytes = read_whole(launch->script.text, &size);
    BCCScriptRef script = open_launch(launch, bytes, size);
    int failed = bccPrepareExecutable(script, f->cache, "entry",
                                      launch->flags | BCC_CACHE_ONLY);
    BCCReport report = report_of(script);

    assert_int_equal(report.cache, failed ? BCC_CACHE_MISS : BCC_CACHE_HIT);
    snprintf(ret_text, PATH_SIZE, "%s", report.reason);
    if (failed)
        assert_fails(script, failed, BCC_NO_COMPILER);
    bccDisposeScript(script);
    free(bytes);
    return report.reasonCode;
}

static void assert_reason(const struct fixture *f, const struct launch *launch,
                          int expected, const char *what)
{
    char text[PATH_SIZE];
    int reason = reason_of(f, launch, text);

    if (reason != expected)
        fail_msg("%s: reason %s, not %s: %s", what, bccGetReasonName(reason),
                 bccGetReasonName(expected), text);
    assert_true((reason == BCC_REASON_NONE) == (*text == '\0'));
}

/* The inputs, and the entry of the usual launch. */
static struct launch install(const struct fixture *f)
{
    struct launch launch = usual_launch(f);
    BCCScriptRef script;

    copy_whole(bitcode_path("answer.bc").text, launch.script.text);
    copy_whole(bitcode_path("offset.bc").text, launch.library[0].text);
    copy_whole(bitcode_path("offset_2000.bc").text, launch.library[1].text);
    copy_whole(bitcode_path("arithmetic.bc").text, launch.object.text);
    script = open_launch(&launch, NULL, 0);
    assert_succeeds(script,
                    bccPrepareSharedObject(script, f->cache, "entry", 0));
    bccDisposeScript(script);
    assert_reason(f, &launch, BCC_REASON_NONE, "as installed");
    return launch;
}

/* ---- Inputs of the key ---- */

static void flip_last_bit(const char *path)
{
    size_t size;
    char *data = read_whole(path, &size);

    data[size - 1] ^= 1;
    write_whole(path, data, size);
    free(data);
}

static void change_script(struct launch *launch)
{
    flip_last_bit(launch->script.text);
}

static void change_first_library(struct launch *launch)
{
    flip_last_bit(launch->library[0].text);
}

static void change_second_library(struct launch *launch)
{
    flip_last_bit(launch->library[1].text);
}

static void swap_libraries(struct launch *launch)
{
    struct path first = launch->library[0];

    launch->library[0] = launch->library[1];
    launch->library[1] = first;
}

static void drop_library(struct launch *launch)
{
    launch->n_libraries--;
}

static void link_libraries_whole(struct launch *launch)
{
    launch->libraries_are_objects = true;
}

static void change_object(struct launch *launch)
{
    flip_last_bit(launch->object.text);
}

static void take_other_shared_library(struct launch *launch)
{
    launch->shared = "z";
}

static void search_elsewhere(struct launch *launch)
{
    launch->library_dir = "/";
}

static void read_from_memory(struct launch *launch)
{
    launch->in_memory = true;
}

static void skip_sha1(struct launch *launch)
{
    launch->script_flags = BCC_SKIP_DEP_SHA1;
}

static void change_triple(struct launch *launch)
{
    launch->options.targetTriple = "x86_64-unknown-linux-musl";
}

static void change_cpu(struct launch *launch)
{
    launch->options.cpu = "x86-64-v2";
}

static void change_feature(struct launch *launch)
{
    launch->options.features = "-avx512f";
}

static void change_level(struct launch *launch)
{
    launch->options.optLevel = BCC_OPT_O1;
}

static void keep_marked_only(struct launch *launch)
{
    launch->flags |= BCC_MARKED_ONLY;
}

static void take_default_libraries(struct launch *launch)
{
    launch->flags |= BCC_DEFAULT_LIBRARIES;
}

static void strip_debug(struct launch *launch)
{
    launch->flags |= BCC_STRIP_DEBUG;
}

static void mark_more(struct launch *launch)
{
    launch->marks[1] = "count";
}

static void mark_less(struct launch *launch)
{
    launch->marks[0] = NULL;
}

static void rebuild(struct launch *launch)
{
    launch->flags |= BCC_REBUILD;
}

struct change {
    const char *what;
    void (*apply)(struct launch *launch);
    int reason;
};

static void each_input_changed_is_a_miss_with_its_reason(void **state)
{
    static const struct change changes[] = {
        {"a bit of the script", change_script, BCC_REASON_SCRIPT},
        {"a bit of a library", change_first_library, BCC_REASON_LIBRARY},
        {"of another library", change_second_library, BCC_REASON_LIBRARY},
        {"order of libraries", swap_libraries, BCC_REASON_LIBRARY},
        {"a library less", drop_library, BCC_REASON_INPUT_COUNT},
        {"libraries whole", link_libraries_whole, BCC_REASON_INPUT_KIND},
        {"a bit of an object", change_object, BCC_REASON_OBJECT},
        {"a shared library", take_other_shared_library, BCC_REASON_SHARED},
        {"a directory of these", search_elsewhere, BCC_REASON_SHARED},
        {"script from memory", read_from_memory, BCC_REASON_INPUT_KIND},
        {"content not compared", skip_sha1, BCC_REASON_INPUT_KIND},
        {"triple", change_triple, BCC_REASON_TRIPLE},
        {"CPU", change_cpu, BCC_REASON_CPU},
        {"a feature", change_feature, BCC_REASON_FEATURES},
        {"level", change_level, BCC_REASON_OPT_LEVEL},
        {"marked only", keep_marked_only, BCC_REASON_FLAGS},
        {"default libraries", take_default_libraries, BCC_REASON_FLAGS},
        {"debug information", strip_debug, BCC_REASON_FLAGS},
        {"a mark more", mark_more, BCC_REASON_MARKS},
        {"a mark less", mark_less, BCC_REASON_MARKS},
        {"rebuild", rebuild, BCC_REASON_REBUILD},
    };
    const struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct launch launch = install(f);

        changes[i].apply(&launch);
        assert_reason(f, &launch, changes[i].reason, changes[i].what);
    }
}

/* ---- What the entry says of itself ---- */

static void seal(char *data)
{
    struct obcc_header *header = (void *)data;
    struct obcc_section *table = (void *)(header + 1);

    for (size_t i = 0; i < obcc_get16(header->n_sections); i++)
        table[i].checksum = obcc_le64(checksum_xxh3(
            (struct span){(uint8_t *)data + obcc_get64(table[i].offset),
                          (size_t)obcc_get64(table[i].size)}));
    header->checksum = obcc_le64(cache_header_checksum(
        (struct span){(uint8_t *)data, obcc_get32(header->header_size)},
        obcc_get32(header->header_size)));
}

/* The digit behind the first "name=" of the identity becomes another one. */
static void other_version(char *data, size_t size, const char *name)
{
    char *at = memmem(data, size, name, strlen(name));

    assert_non_null(at);
    at[strlen(name)] ^= 8;
}

static void of_other_libbcc(char *data, size_t size)
{
    other_version(data, size, "libbcc=");
}

static void of_other_llvm(char *data, size_t size)
{
    other_version(data, size, "llvm=");
}

static void of_other_format(char *data, size_t size)
{
    (void)size;
    ((struct obcc_header *)data)->version[0] ^= 8;
}

static void for_other_machine(char *data, size_t size)
{
    (void)size;
    ((struct obcc_header *)data)->machine.byte[1] ^= 0x40;
}

static void for_better_cpu(char *data, size_t size)
{
    (void)size;
    memset(((struct obcc_header *)data)->cpu_features, 0xff, 16);
}

static void what_the_entry_says_of_itself_counts(void **state)
{
    static const struct {
        const char *what;
        void (*patch)(char *data, size_t size);
        int reason;
    } patches[] = {
        {"libbcc version", of_other_libbcc, BCC_REASON_LIBBCC},
        {"LLVM version", of_other_llvm, BCC_REASON_LLVM},
        {"format version", of_other_format, BCC_REASON_FORMAT},
        {"machine", for_other_machine, BCC_REASON_MACHINE},
        {"CPU features", for_better_cpu, BCC_REASON_HOST_CPU},
    };
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    struct launch launch = install(f);
    size_t size;
    char *data = read_whole(entry.text, &size);

    for (size_t i = 0; i < sizeof(patches) / sizeof(patches[0]); i++) {
        char *copy = malloc(size);

        assert_non_null(copy);
        memcpy(copy, data, size);
        patches[i].patch(copy, size);
        seal(copy);
        write_whole(entry.text, copy, size);
        free(copy);
        assert_reason(f, &launch, patches[i].reason, patches[i].what);
    }
    write_whole(entry.text, data, size);
    assert_reason(f, &launch, BCC_REASON_NONE, "as it was");
    free(data);
}

static void other_reasons_have_codes_too(void **state)
{
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    struct launch launch = install(f);
    BCCScriptRef script;

    assert_int_equal(chmod(entry.text, 0666), 0);
    assert_reason(f, &launch, BCC_REASON_UNTRUSTED, "mode 0666");
    assert_int_equal(chmod(entry.text, 0644), 0);
    write_whole(entry.text, "", 0);
    assert_reason(f, &launch, BCC_REASON_DAMAGED, "empty");
    assert_int_equal(unlink(entry.text), 0);
    assert_reason(f, &launch, BCC_REASON_NO_ENTRY, "removed");

    script = open_launch(&launch, NULL, 0);
    assert_fails(script,
                 bccPrepareExecutable(script, NULL, NULL, BCC_CACHE_ONLY),
                 BCC_NO_COMPILER);
    assert_int_equal(report_of(script).reasonCode, BCC_REASON_NO_CACHE);
    bccDisposeScript(script);
}

static void every_reason_has_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < BCC_N_REASONS; i++) {
        assert_non_null(bccGetReasonName(i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(bccGetReasonName(i), bccGetReasonName(j));
    }
    assert_null(bccGetReasonName(BCC_N_REASONS));
    assert_null(bccGetReasonName(-1));
}

static void trusted_keys_fail_closed(void **state)
{
    static const char key[] =
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    static const char *const bad[] = {"", ",", "d75a", "none"};
    const struct fixture *f = *state;
    struct path file = fixture_path(f, "file.oBCC");
    struct launch launch = install(f);
    char many[3 * sizeof(key)];
    BCCScriptRef script;

    launch.options.trustedKeys = key;
    assert_reason(f, &launch, BCC_REASON_UNSIGNED, "not signed");
    /* With no flag that forbids it, nothing is compiled either. */
    script = open_launch(&launch, NULL, 0);
    assert_fails(script, bccPrepareExecutable(script, f->cache, "entry", 0),
                 BCC_NO_COMPILER);
    assert_fails(script, bccPrepareExecutable(script, NULL, NULL, 0),
                 BCC_NO_COMPILER);
    assert_fails(script, bccPrepareSharedObject(script, f->cache, "new", 0),
                 BCC_NO_COMPILER);
    assert_fails(script, bccPrepareSharedObjectFile(script, file.text, 0),
                 BCC_NO_COMPILER);
    assert_int_equal(access(file.text, F_OK), -1);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        launch.options.trustedKeys = bad[i];
        assert_fails(script, bccSetOptions(script, &launch.options),
                     BCC_INVALID_VALUE);
    }
    snprintf(many, sizeof(many), "%s;%s", key, key);
    launch.options.trustedKeys = many;
    assert_fails(script, bccSetOptions(script, &launch.options),
                 BCC_INVALID_VALUE);
    many[sizeof(key) - 1] = ',';
    assert_succeeds(script, bccSetOptions(script, &launch.options));
    many[10] = 'x';
    assert_fails(script, bccSetOptions(script, &launch.options),
                 BCC_INVALID_VALUE);
    bccDisposeScript(script);
}

/* ---- What is no part of the key ---- */

static void touch_all(struct launch *launch)
{
    const struct timespec times[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};

    assert_int_equal(utimensat(AT_FDCWD, launch->script.text, times, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, launch->library[0].text, times, 0), 0);
}

static void move_script(struct launch *launch)
{
    struct path moved = launch->script;

    strcat(moved.text, ".moved");
    assert_int_equal(rename(launch->script.text, moved.text), 0);
    launch->script = moved;
}

/* Back again when the test ends, see below. */
static void change_directory(struct launch *launch)
{
    (void)launch;
    assert_int_equal(chdir("/"), 0);
}

static void change_environment(struct launch *launch)
{
    (void)launch;
    assert_int_equal(setenv("LC_ALL", "C.UTF-8", 1), 0);
    assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
    assert_int_equal(setenv("BCC_UNKNOWN", "1", 1), 0);
}

static void change_limits(struct launch *launch)
{
    launch->options.compileTimeLimitMs = 12345;
    launch->options.compileMemoryLimit = UINT64_C(1) << 40;
    launch->options.cacheSizeLimit = UINT64_C(1) << 40;
    launch->options.compilerPath = "/proc/nonexistent";
}

static void look_harder(struct launch *launch)
{
    launch->flags |= BCC_VERIFY | BCC_PROCESS_SYMBOLS;
}

static void mark_twice(struct launch *launch)
{
    launch->marks[2] = launch->marks[0];
}

static void nothing_else_is_in_the_key(void **state)
{
    static const struct change changes[] = {
        {"times of inputs", touch_all, 0},
        {"place of the script", move_script, 0},
        {"working directory", change_directory, 0},
        {"environment", change_environment, 0},
        {"limits and compiler", change_limits, 0},
        {"flags of the load", look_harder, 0},
        {"a mark twice", mark_twice, 0},
    };
    const struct fixture *f = *state;
    char *directory = getcwd(NULL, 0);

    assert_non_null(directory);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct launch launch = install(f);

        changes[i].apply(&launch);
        assert_reason(f, &launch, BCC_REASON_NONE, changes[i].what);
        assert_int_equal(chdir(directory), 0);
    }
    free(directory);
}

/* Root's entries serve all users. */
static void another_user_hits(void **state)
{
    const struct fixture *f = *state;
    struct launch launch;
    char text[PATH_SIZE];
    int status;
    pid_t pid;

    if (geteuid() != 0)
        skip();
    launch = install(f);
    assert_int_equal(chmod(f->dir, 0755), 0);
    assert_int_equal(chmod(f->cache, 0755), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (setuid(65534) < 0)
            _exit(100);
        _exit(reason_of(f, &launch, text));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), BCC_REASON_NONE);
}

/* What was installed first, and what lies beside it, does not matter. */
static void entries_do_not_depend_on_each_other(void **state)
{
    static const char *const names[] = {"a", "b"};
    const struct fixture *f = *state;
    struct path path = fixture_path(f, "cache/a.oBCC");
    struct launch launch = install(f);
    char *bytes[2];
    size_t sizes[2];

    for (size_t order = 0; order < 2; order++) {
        for (size_t i = 0; i < 2; i++) {
            bool is_a = (i == 0) == (order == 0);
            BCCScriptRef script;

            launch.options.optLevel = is_a ? BCC_OPT_O1 : BCC_OPT_O2;
            script = open_launch(&launch, NULL, 0);
            assert_succeeds(script,
                            bccPrepareSharedObject(script, f->cache,
                                                   names[!is_a], BCC_REBUILD));
            bccDisposeScript(script);
        }
        bytes[order] = read_whole(path.text, &sizes[order]);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
}

/* ---- A hit's two side effects ---- */

static void the_first_hit_checks_the_code(void **state)
{
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    struct launch launch = install(f);

    flip_last_bit(entry.text);
    assert_reason(f, &launch, BCC_REASON_DAMAGED, "first");
    assert_reason(f, &launch, BCC_REASON_DAMAGED, "again");
    flip_last_bit(entry.text);
    assert_reason(f, &launch, BCC_REASON_NONE, "mended");
    assert_reason(f, &launch, BCC_REASON_NONE, "mended, again");
}

static void a_hit_is_recorded_once_an_hour(void **state)
{
    const struct timespec old[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    const struct fixture *f = *state;
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    struct launch launch = install(f);
    struct stat first, second;

    assert_int_equal(utimensat(AT_FDCWD, entry.text, old, 0), 0);
    assert_reason(f, &launch, BCC_REASON_NONE, "old");
    assert_int_equal(stat(entry.text, &first), 0);
    assert_true(time(NULL) - first.st_mtim.tv_sec < 600);
    assert_reason(f, &launch, BCC_REASON_NONE, "recorded");
    assert_int_equal(stat(entry.text, &second), 0);
    assert_memory_equal(&first.st_mtim, &second.st_mtim, sizeof(first.st_mtim));
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_input_changed_is_a_miss_with_its_reason),
        TEST(what_the_entry_says_of_itself_counts),
        TEST(other_reasons_have_codes_too),
        cmocka_unit_test(every_reason_has_a_word),
        TEST(trusted_keys_fail_closed),
        TEST(nothing_else_is_in_the_key),
        TEST(another_user_hits),
        TEST(entries_do_not_depend_on_each_other),
        TEST(the_first_hit_checks_the_code),
        TEST(a_hit_is_recorded_once_an_hour),
    };

    return cmocka_run_group_tests_name("api_key", tests, NULL, NULL);
}
