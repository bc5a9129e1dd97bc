/* Inputs in an archive: which bytes are compiled, when a launch is a hit or a
 * miss, and which files are not archives. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bcc/bcc_cache.h>

#include "api_fixture.h"
#include "cache_read.h"
#include "zip_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Archives of bitcode ---- */

#define SCRIPT  "res/raw/script.bc"
#define LIBRARY "res/raw/library.bc"
#define OBJECT  "res/raw/object.bc"

/* Which bitcode is in the entries, and how. */
struct package {
    const char *script, *library, *object;
    unsigned file_flags, flags;
    const char *ballast; /* of another entry, before them */
};

static const struct package usual = {
    "needy.bc", "offset.bc", "arithmetic.bc", 0, 0, "",
};

static void write_package(const char *path, const struct package *package)
{
    const char *const content[] = {package->script, package->library,
                                   package->object};
    struct zip_file files[] = {
        {"AndroidManifest.xml", package->ballast, strlen(package->ballast), 0},
        {SCRIPT, NULL, 0, package->file_flags},
        {LIBRARY, NULL, 0, package->file_flags},
        {OBJECT, NULL, 0, package->file_flags},
    };
    struct buffer archive;
    char *data[3];

    for (size_t i = 0; i < ARRAY_SIZE(content); i++) {
        data[i] = read_whole(bitcode_path(content[i]).text, &files[i + 1].size);
        files[i + 1].data = data[i];
    }
    buffer_init(&archive);
    zip_make(files, ARRAY_SIZE(files), package->flags, &archive, NULL);
    write_whole(path, archive.data, archive.size);
    buffer_release(&archive);
    for (size_t i = 0; i < ARRAY_SIZE(content); i++)
        free(data[i]);
}

/* One entry of any content. */
static void write_single(const char *path, const char *entry,
                         const struct path *content, unsigned flags)
{
    struct zip_file file = {.name = entry, .flags = flags};
    struct buffer archive;
    char *data = read_whole(content->text, &file.size);

    file.data = data;
    buffer_init(&archive);
    zip_make(&file, 1, 0, &archive, NULL);
    write_whole(path, archive.data, archive.size);
    buffer_release(&archive);
    free(data);
}

/* ---- Launches ---- */

static BCCScriptRef open_package(const char *path, unsigned long flags)
{
    BCCScriptRef script = new_script();

    assert_succeeds(script, bccReadResource(script, path, SCRIPT, flags));
    assert_succeeds(script, bccLinkResource(script, path, LIBRARY, flags));
    assert_succeeds(
        script, bccLinkResource(script, path, OBJECT, flags | BCC_LINK_WHOLE));
    return script;
}

static int needy_of(const struct fixture *f, BCCScriptRef script, int expected)
{
    int (*needy)(int);
    int result;

    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_cache(script, expected);
    needy = bccGetFuncAddr(script, "needy");
    assert_non_null(needy);
    result = needy(1);
    bccDisposeScript(script);
    return result;
}

static int launch(const struct fixture *f, const char *path, int expected)
{
    return needy_of(f, open_package(path, 0), expected);
}

/* BCC_REASON_... of a launch that may not compile. */
static int reason_of(const struct fixture *f, const char *path)
{
    BCCScriptRef script = open_package(path, 0);
    int reason;

    assert_fails(
        script, bccPrepareExecutable(script, f->cache, "entry", BCC_CACHE_ONLY),
        BCC_NO_COMPILER);
    reason = report_of(script).reasonCode;
    bccDisposeScript(script);
    return reason;
}

/* Compile until the archive's last change is long enough ago for its stat
 * stamp to be recorded: the second time, as compiling takes its time. */
static void install(const struct fixture *f, const char *path)
{
    const int64_t enough_ns = 100 * 1000 * 1000;
    struct timespec now;
    struct stat st;
    int64_t age_ns;

    assert_int_equal(stat(path, &st), 0);
    do {
        BCCScriptRef script = open_package(path, 0);

        clock_gettime(CLOCK_REALTIME, &now);
        age_ns = (now.tv_sec - st.st_ctim.tv_sec) * INT64_C(1000000000) +
                 now.tv_nsec - st.st_ctim.tv_nsec;
        assert_succeeds(script, bccPrepareSharedObject(script, f->cache,
                                                       "entry", BCC_REBUILD));
        bccDisposeScript(script);
    } while (age_ns < enough_ns);
}

/* ---- What is compiled ---- */

static void every_kind_of_archive_runs(void **state)
{
    static const unsigned kinds[] = {0,
                                     ZIP_DEFLATED,
                                     ZIP_DESCRIPTOR,
                                     ZIP_DEFLATED | ZIP_DESCRIPTOR,
                                     ZIP_64,
                                     ZIP_DEFLATED | ZIP_64};
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct package content = usual;
        struct path entry = fixture_path(f, "cache/entry.oBCC");

        content.file_flags = kinds[i];
        content.flags = kinds[i] & ZIP_64;
        write_package(package.text, &content);
        assert_int_equal(launch(f, package.text, BCC_CACHE_MISS), 1006);
        assert_int_equal(launch(f, package.text, BCC_CACHE_HIT), 1006);
        assert_int_equal(remove(entry.text), 0);
    }
}

static void without_a_cache_it_runs_too(void **state)
{
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");
    BCCScriptRef script;
    int (*needy)(int);

    write_package(package.text, &usual);
    script = open_package(package.text, 0);
    assert_succeeds(script, bccPrepareExecutable(script, NULL, NULL, 0));
    needy = bccGetFuncAddr(script, "needy");
    assert_int_equal(needy(1), 1006);
    bccDisposeScript(script);
}

/* ---- What is a hit ---- */

static void move(const struct fixture *f, struct path *package)
{
    struct path there = fixture_path(f, "installed app.apk");

    assert_int_equal(rename(package->text, there.text), 0);
    *package = there;
}

static void copy(const struct fixture *f, struct path *package)
{
    struct path there = fixture_path(f, "copy.apk");

    copy_whole(package->text, there.text);
    *package = there;
}

static void touch(const struct fixture *f, struct path *package)
{
    (void)f;
    assert_int_equal(utimensat(AT_FDCWD, package->text, NULL, 0), 0);
}

static void deflate_all(const struct fixture *f, struct path *package)
{
    struct package content = usual;

    (void)f;
    content.file_flags = ZIP_DEFLATED;
    write_package(package->text, &content);
}

static void write_as_zip64(const struct fixture *f, struct path *package)
{
    struct package content = usual;

    (void)f;
    content.file_flags = ZIP_64;
    content.flags = ZIP_64;
    write_package(package->text, &content);
}

static void change_another_entry(const struct fixture *f, struct path *package)
{
    struct package content = usual;

    (void)f;
    content.ballast = "<manifest/>";
    write_package(package->text, &content);
}

static void put_something_before(const struct fixture *f, struct path *package)
{
    struct buffer longer;
    size_t size;
    char *data = read_whole(package->text, &size);

    (void)f;
    buffer_init(&longer);
    buffer_append_string(&longer, "#!/bin/sh\n");
    buffer_append(&longer, data, size);
    write_whole(package->text, longer.data, longer.size);
    buffer_release(&longer);
    free(data);
}

static void what_keeps_the_content_is_a_hit(void **state)
{
    static const struct {
        const char *what;
        void (*change)(const struct fixture *f, struct path *package);
    } changes[] = {
        {"nothing", NULL},
        {"touched", touch},
        {"copied", copy},
        {"deflated", deflate_all},
        {"written as ZIP64", write_as_zip64},
        {"another entry changed", change_another_entry},
        {"something before it", put_something_before},
        {"moved", move},
    };
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");

    write_package(package.text, &usual);
    install(f, package.text);
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        if (changes[i].change)
            changes[i].change(f, &package);
        print_message("  %s\n", changes[i].what);
        assert_int_equal(launch(f, package.text, BCC_CACHE_HIT), 1006);
    }
}

/* True if somebody opened the file during the launch. stat() does not. */
static bool is_opened_by_launch(const struct fixture *f, const char *path)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char event[4096];
    ssize_t size;

    assert_return_code(fd, 0);
    assert_return_code(inotify_add_watch(fd, path, IN_OPEN | IN_ACCESS), 0);
    assert_int_equal(launch(f, path, BCC_CACHE_HIT), 1006);
    size = read(fd, event, sizeof(event));
    close(fd);
    return size > 0;
}

static void a_known_archive_is_not_opened(void **state)
{
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");
    struct path link = fixture_path(f, "link.apk");

    write_package(package.text, &usual);
    install(f, package.text);
    assert_false(is_opened_by_launch(f, package.text));
    assert_int_equal(symlink(package.text, link.text), 0);
    assert_false(is_opened_by_launch(f, link.text));
    touch(f, &package);
    assert_true(is_opened_by_launch(f, package.text));
}

static void bytes_in_memory_hit_on_what_an_archive_made(void **state)
{
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");
    BCCScriptRef script = new_script();
    char *data[3];
    size_t size[3];

    write_package(package.text, &usual);
    launch(f, package.text, BCC_CACHE_MISS);
    data[0] = read_whole(bitcode_path(usual.script).text, &size[0]);
    data[1] = read_whole(bitcode_path(usual.library).text, &size[1]);
    data[2] = read_whole(bitcode_path(usual.object).text, &size[2]);
    assert_succeeds(script, bccReadBC(script, "script", data[0], size[0], 0));
    assert_succeeds(script, bccLinkBC(script, "library", data[1], size[1], 0));
    assert_succeeds(
        script, bccLinkBC(script, "object", data[2], size[2], BCC_LINK_WHOLE));
    assert_int_equal(needy_of(f, script, BCC_CACHE_HIT), 1006);
    for (size_t i = 0; i < 3; i++)
        free(data[i]);
}

static void what_is_skipped_may_change_unnoticed(void **state)
{
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");
    struct package content = usual;

    write_package(package.text, &usual);
    assert_int_equal(needy_of(f, open_package(package.text, BCC_SKIP_DEP_SHA1),
                              BCC_CACHE_MISS),
                     1006);
    content.library = "offset_2000.bc";
    write_package(package.text, &content);
    assert_int_equal(needy_of(f, open_package(package.text, BCC_SKIP_DEP_SHA1),
                              BCC_CACHE_HIT),
                     1006);
    assert_int_equal(reason_of(f, package.text), BCC_REASON_INPUT_KIND);
}

/* ---- What is a miss ---- */

static void a_changed_entry_is_a_miss_with_its_reason(void **state)
{
    static const struct {
        struct package package;
        int reason;
    } changes[] = {
        {{"answer.bc", "offset.bc", "arithmetic.bc", 0, 0, ""},
         BCC_REASON_SCRIPT},
        {{"needy.bc", "offset_2000.bc", "arithmetic.bc", 0, 0, ""},
         BCC_REASON_LIBRARY},
        {{"needy.bc", "offset.bc", "extra.bc", ZIP_DEFLATED, 0, ""},
         BCC_REASON_OBJECT},
    };
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");

    write_package(package.text, &usual);
    install(f, package.text);
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        write_package(package.text, &changes[i].package);
        assert_int_equal(reason_of(f, package.text), changes[i].reason);
    }
    write_package(package.text, &usual);
    assert_int_equal(launch(f, package.text, BCC_CACHE_HIT), 1006);
}

/* The size is the same, the archive's too. */
static void one_byte_of_an_entry_changed_is_a_miss(void **state)
{
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");
    struct path script = fixture_path(f, "script.bc");
    size_t size;
    char *data = read_whole(bitcode_path("answer.bc").text, &size);
    BCCScriptRef launched = new_script();

    write_whole(script.text, data, size);
    write_single(package.text, SCRIPT, &script, 0);
    assert_succeeds(launched,
                    bccReadResource(launched, package.text, SCRIPT, 0));
    assert_succeeds(launched,
                    bccPrepareSharedObject(launched, f->cache, "entry", 0));
    assert_cache(launched, BCC_CACHE_MISS);
    data[size - 1] ^= 1;
    write_whole(script.text, data, size);
    write_single(package.text, SCRIPT, &script, 0);
    assert_fails(
        launched,
        bccPrepareSharedObject(launched, f->cache, "entry", BCC_CACHE_ONLY),
        BCC_NO_COMPILER);
    assert_int_equal(report_of(launched).reasonCode, BCC_REASON_SCRIPT);
    assert_non_null(strstr(report_of(launched).reason, "app.apk!" SCRIPT));
    bccDisposeScript(launched);
    free(data);
}

/* The archive and its stamp are the same, the entry is not. */
static void another_entry_of_a_known_archive_is_a_miss(void **state)
{
    static const char *const names[] = {"a.bc", "b.bc", "x!a.bc", "x!b.bc"};
    static const int answers[] = {42, 43, 43, 42};
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");
    struct zip_file files[ARRAY_SIZE(names)];
    struct buffer archive;
    char *data[2];
    size_t size[2];

    data[0] = read_whole(bitcode_path("answer.bc").text, &size[0]);
    data[1] = read_whole(bitcode_path("answer_43.bc").text, &size[1]);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        files[i] = (struct zip_file){names[i], data[answers[i] - 42],
                                     size[answers[i] - 42], 0};
    buffer_init(&archive);
    zip_make(files, ARRAY_SIZE(names), 0, &archive, NULL);
    write_whole(package.text, archive.data, archive.size);
    /* Each pair twice, as the first round may be too early for stamps. */
    for (size_t i = 0; i < 4 * ARRAY_SIZE(names) * ARRAY_SIZE(names); i++) {
        size_t which =
            i % 2 ? i / 2 % ARRAY_SIZE(names) : i / 8 % ARRAY_SIZE(names);
        BCCScriptRef script = new_script();

        assert_succeeds(script,
                        bccReadResource(script, package.text, names[which], 0));
        assert_succeeds(script,
                        bccPrepareExecutable(script, f->cache, "entry", 0));
        assert_int_equal(call(script, "answer"), answers[which]);
        bccDisposeScript(script);
    }
    buffer_release(&archive);
    free(data[0]);
    free(data[1]);
}

/* ---- What the entry says ---- */

static struct obcc_dependency dependency_of(const char *entry, size_t index,
                                            char ret_name[PATH_SIZE])
{
    struct obcc_dependency row;
    struct cache_layout layout;
    struct cache_view view;
    size_t size;
    char *data = read_whole(entry, &size);
    struct span bytes = {(const uint8_t *)data, size};

    assert_int_equal(
        cache_layout_read(bytes, size, false, entry, &layout, NULL), 0);
    assert_int_equal(
        cache_view_open(bytes, &layout, CACHE_CHECK_ALL, entry, &view, NULL),
        0);
    row = *cache_dependency_at(&view, (uint32_t)index);
    snprintf(ret_name, PATH_SIZE, "%s",
             cache_string(&view, obcc_get32(row.name)));
    free(data);
    return row;
}

static void the_entry_names_archive_entry_and_stamp(void **state)
{
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");
    struct path entry = fixture_path(f, "cache/entry.oBCC");
    char name[PATH_SIZE], expected[2 * PATH_SIZE + 64];
    struct obcc_dependency row;
    struct stat st;

    write_package(package.text, &usual);
    install(f, package.text);
    assert_int_equal(stat(package.text, &st), 0);
    row = dependency_of(entry.text, 1, name);
    snprintf(expected, sizeof(expected), "%s!%s", package.text, LIBRARY);
    assert_string_equal(name, expected);
    assert_int_equal(obcc_get32(row.type), OBCC_APK_RESOURCE);
    assert_int_equal(obcc_get32(row.flags), OBCC_DEPENDENCY_LIBRARY |
                                                OBCC_DEPENDENCY_ARCHIVE |
                                                OBCC_DEPENDENCY_STAMPED);
    assert_int_equal(obcc_get64(row.size), st.st_size);
    assert_int_equal(obcc_get64(row.inode), st.st_ino);
}

static void a_file_that_travels_names_no_directory(void **state)
{
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");
    struct path file = fixture_path(f, "out.oBCC");
    BCCScriptRef script;
    char name[PATH_SIZE];
    struct obcc_dependency row;

    write_package(package.text, &usual);
    script = open_package(package.text, 0);
    assert_succeeds(script, bccPrepareSharedObjectFile(script, file.text, 0));
    bccDisposeScript(script);
    row = dependency_of(file.text, 0, name);
    assert_string_equal(name, "app.apk!" SCRIPT);
    assert_int_equal(obcc_get32(row.flags), OBCC_DEPENDENCY_ARCHIVE);
    assert_int_equal(obcc_get64(row.inode), 0);
}

/* ---- What fails ---- */

static void wrong_arguments_are_errors_at_once(void **state)
{
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");
    struct path missing = fixture_path(f, "missing.apk");
    struct path small = fixture_path(f, "small.apk");
    BCCScriptRef script = new_script();

    write_package(package.text, &usual);
    write_whole(small.text, "PK\5\6 is too short", 17);
    assert_fails(script, bccReadResource(script, NULL, SCRIPT, 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccReadResource(script, package.text, NULL, 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccLinkResource(script, package.text, "", 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccReadResource(script, small.text, SCRIPT, 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccReadResource(script, missing.text, SCRIPT, 0),
                 BCC_IO_ERROR);
    assert_fails(script, bccLinkResource(script, f->dir, SCRIPT, 0),
                 BCC_IO_ERROR);
    assert_fails(script,
                 bccReadResource(script, package.text, SCRIPT, BCC_LINK_WHOLE),
                 BCC_INVALID_ENUM);
    assert_fails(script,
                 bccLinkResource(script, package.text, SCRIPT, BCC_COPY_INPUT),
                 BCC_INVALID_ENUM);
    assert_int_equal(bccReadResource(NULL, package.text, SCRIPT, 0), 1);
    assert_int_equal(bccLinkResource(NULL, package.text, NULL, 0), 1);
    assert_fails(script, bccPrepareExecutable(script, NULL, NULL, 0),
                 BCC_INVALID_OPERATION);
    bccDisposeScript(script);
}

/* Flags of all entries, in the local headers and in the directory. */
static void patch_all(const char *path, const char *magic, size_t offset,
                      char value)
{
    size_t size;
    char *data = read_whole(path, &size);

    for (size_t i = 0; i + 32 < size; i++)
        if (memcmp(data + i, magic, 4) == 0)
            data[i + offset] = value;
    write_whole(path, data, size);
    free(data);
}

static void damage_content(const char *path)
{
    size_t size;
    char *data = read_whole(path, &size);

    data[size / 2] ^= 0x10;
    write_whole(path, data, size);
    free(data);
}

static void cut(const char *path)
{
    assert_int_equal(truncate(path, 500), 0);
}

static void encrypt(const char *path)
{
    patch_all(path, "PK\1\2", ZIP_CENTRAL_FLAGS, 1);
}

static void pack_otherwise(const char *path)
{
    patch_all(path, "PK\1\2", ZIP_CENTRAL_METHOD, 93);
}

static void drop_entry(const char *path)
{
    struct path content = bitcode_path("answer.bc");

    write_single(path, "other.bc", &content, 0);
}

static void put_text(const char *path)
{
    struct zip_file file = {SCRIPT, "\1 this is no bitcode", 21, 0};
    struct buffer archive;

    buffer_init(&archive);
    zip_make(&file, 1, 0, &archive, NULL);
    write_whole(path, archive.data, archive.size);
    buffer_release(&archive);
}

static void empty_entry(const char *path)
{
    struct zip_file file = {SCRIPT, "", 0, 0};
    struct buffer archive;

    buffer_init(&archive);
    zip_make(&file, 1, 0, &archive, NULL);
    write_whole(path, archive.data, archive.size);
    buffer_release(&archive);
}

static void no_archive(const char *path)
{
    copy_whole(bitcode_path("answer.bc").text, path);
}

/* Each is an error of a first launch, and of one that finds an entry, where
 * what is wrong is the reason; and the same script may be prepared once it is
 * mended. */
static void what_cannot_be_read_is_an_error_and_can_be_mended(void **state)
{
    static const struct {
        void (*damage)(const char *path);
        int code, reason;
        const char *fact;
    } cases[] = {
        {damage_content, BCC_INVALID_VALUE, BCC_REASON_RESOURCE, "CRC-32"},
        {cut, BCC_INVALID_VALUE, BCC_REASON_RESOURCE, "not a ZIP archive"},
        {encrypt, BCC_UNSUPPORTED, BCC_REASON_RESOURCE, "encrypted"},
        {pack_otherwise, BCC_UNSUPPORTED, BCC_REASON_RESOURCE, "method 93"},
        {drop_entry, BCC_IO_ERROR, BCC_REASON_RESOURCE, "no such entry"},
        {no_archive, BCC_INVALID_VALUE, BCC_REASON_RESOURCE, "not a ZIP"},
        {put_text, BCC_INVALID_VALUE, BCC_REASON_SCRIPT, "not bitcode"},
        {empty_entry, BCC_INVALID_VALUE, BCC_REASON_SCRIPT,
         "the file is empty"},
    };
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");
    struct path answer = bitcode_path("answer.bc");

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct path entry = fixture_path(f, "cache/entry.oBCC");
        BCCScriptRef script = new_script();
        const char *message;

        write_single(package.text, SCRIPT, &answer, 0);
        assert_succeeds(script,
                        bccReadResource(script, package.text, SCRIPT, 0));
        cases[i].damage(package.text);
        assert_fails(script, bccPrepareExecutable(script, f->cache, "entry", 0),
                     cases[i].code);
        message = bccGetErrorMessage(script);
        if (!strstr(message, cases[i].fact) || !strstr(message, "app.apk"))
            fail_msg("case %zu: %s", i, message);

        write_single(package.text, SCRIPT, &answer, 0);
        assert_succeeds(script,
                        bccPrepareSharedObject(script, f->cache, "entry", 0));
        cases[i].damage(package.text);
        assert_fails(script, bccPrepareExecutable(script, f->cache, "entry", 0),
                     cases[i].code);
        assert_int_equal(report_of(script).reasonCode, cases[i].reason);
        assert_non_null(strstr(bccGetErrorMessage(script), cases[i].fact));

        write_single(package.text, SCRIPT, &answer, ZIP_DEFLATED);
        assert_succeeds(script,
                        bccPrepareExecutable(script, f->cache, "entry", 0));
        assert_cache(script, BCC_CACHE_HIT);
        assert_int_equal(call(script, "answer"), 42);
        bccDisposeScript(script);
        assert_int_equal(remove(entry.text), 0);
    }
}

static void an_archive_that_goes_before_prepare_is_an_io_error(void **state)
{
    const struct fixture *f = *state;
    struct path package = fixture_path(f, "app.apk");
    BCCScriptRef script;

    write_package(package.text, &usual);
    script = open_package(package.text, 0);
    assert_int_equal(remove(package.text), 0);
    assert_fails(script, bccPrepareExecutable(script, f->cache, "entry", 0),
                 BCC_IO_ERROR);
    assert_non_null(strstr(bccGetErrorMessage(script), "app.apk: No such"));
    write_package(package.text, &usual);
    assert_int_equal(needy_of(f, script, BCC_CACHE_MISS), 1006);
}

/* A bomb in the place of an entry that was compiled: 400 MiB of zeros in some
 * hundred KiB. The host has room for no such thing, and needs none. */
static void a_large_entry_takes_no_memory_of_the_host(void **state)
{
    enum { SIZE = 400 * 1024 * 1024, ROOM = 64 * 1024 * 1024 };
    const struct fixture *f = *state;
    struct path archive = fixture_path(f, "bomb.apk");
    struct path script_path = bitcode_path("answer.bc");
    struct zip_file file = {
        .name = SCRIPT, .size = SIZE, .flags = ZIP_DEFLATED};
    BCCScriptRef script = new_script();
    struct buffer bytes;
    int status;
    pid_t child;

    write_single(archive.text, SCRIPT, &script_path, 0);
    assert_succeeds(script, bccReadResource(script, archive.text, SCRIPT, 0));
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "x", 0));
    bccDisposeScript(script);
    file.data = calloc(1, SIZE);
    assert_non_null(file.data);
    buffer_init(&bytes);
    zip_make(&file, 1, 0, &bytes, NULL);
    write_whole(archive.text, bytes.data, bytes.size);
    buffer_release(&bytes);
    free((void *)file.data);

    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {ROOM, ROOM};
        BCCReport report = {.size = sizeof(report)};

        script = new_script();
        /* Private memory that is written, mappings of files aside. */
        if (setrlimit(RLIMIT_DATA, &limit) ||
            bccReadResource(script, archive.text, SCRIPT, 0))
            _exit(2);
        bccPrepareExecutable(script, f->cache, "x", BCC_CACHE_ONLY);
        _exit(bccGetReport(script, &report) ||
              report.reasonCode != BCC_REASON_SCRIPT);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* What cannot be compiled within the limit is not read to its end. */
static void the_memory_limit_holds_for_reading(void **state)
{
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    const struct fixture *f = *state;
    struct path path = fixture_path(f, "script.bc");
    BCCOptions options = runnable_options();
    BCCScriptRef script;

    copy_whole(bitcode_path("answer.bc").text, path.text);
    script = open_script(path.text, NULL);
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "x", 0));
    bccDisposeScript(script);
    assert_int_equal(utimensat(AT_FDCWD, path.text, times, 0), 0);
    script = open_script(path.text, NULL);
    options.compileMemoryLimit = 1000;
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_fails(script,
                 bccPrepareExecutable(script, f->cache, "x", BCC_CACHE_ONLY),
                 BCC_NO_COMPILER);
    assert_non_null(strstr(report_of(script).reason, "memory limit of 1000"));
    bccDisposeScript(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_archive_runs),
        TEST(without_a_cache_it_runs_too),
        TEST(what_keeps_the_content_is_a_hit),
        TEST(a_known_archive_is_not_opened),
        TEST(a_large_entry_takes_no_memory_of_the_host),
        TEST(the_memory_limit_holds_for_reading),
        TEST(bytes_in_memory_hit_on_what_an_archive_made),
        TEST(what_is_skipped_may_change_unnoticed),
        TEST(a_changed_entry_is_a_miss_with_its_reason),
        TEST(one_byte_of_an_entry_changed_is_a_miss),
        TEST(another_entry_of_a_known_archive_is_a_miss),
        TEST(the_entry_names_archive_entry_and_stamp),
        TEST(a_file_that_travels_names_no_directory),
        TEST(wrong_arguments_are_errors_at_once),
        TEST(what_cannot_be_read_is_an_error_and_can_be_mended),
        TEST(an_archive_that_goes_before_prepare_is_an_io_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
