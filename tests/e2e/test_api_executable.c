/* Code that is compiled already: bccReadExecutableFile() and
 * bccReadExecutable(), with no compiler in reach. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_fixture.h"
#include "cache_layout.h"
#include "checksum.h"
#include "signature.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* ---- Helpers ---- */

struct file {
    char *bytes; /* owned */
    size_t size;
    struct path path;
};

static struct file compile(const struct fixture *f, const char *bitcode)
{
    struct file file = {.path = fixture_path(f, "file.oBCC")};
    BCCScriptRef script = open_script(bitcode_path(bitcode).text, NULL);

    assert_succeeds(script,
                    bccPrepareSharedObjectFile(script, file.path.text, 0));
    bccDisposeScript(script);
    file.bytes = read_whole(file.path.text, &file.size);
    return file;
}

static void rewrite(const struct file *file)
{
    write_whole(file->path.text, file->bytes, file->size);
    assert_int_equal(chmod(file->path.text, 0600), 0);
}

/* A script that can compile nothing. keys may be NULL. */
static BCCScriptRef without_compiler(const char *keys)
{
    BCCOptions options = runnable_options();
    BCCScriptRef script = bccCreateScript();

    options.compilerPath = "/nonexistent/bccc";
    options.trustedKeys = keys;
    assert_succeeds(script, bccSetOptions(script, &options));
    return script;
}

enum form { AS_FILE, AS_BYTES, N_FORMS };

static BCCScriptRef read_form(const struct file *file, enum form form,
                              const char *keys)
{
    BCCScriptRef script = without_compiler(keys);

    if (form == AS_FILE)
        assert_succeeds(script,
                        bccReadExecutableFile(script, file->path.text, 0));
    else
        assert_succeeds(script, bccReadExecutable(script, "bytes", file->bytes,
                                                  file->size, 0));
    return script;
}

static int prepare(BCCScriptRef script)
{
    return bccPrepareExecutable(script, NULL, NULL, 0);
}

/* In both forms: it runs. */
static void assert_runs(const struct file *file, const char *keys)
{
    for (enum form form = 0; form < N_FORMS; form++) {
        BCCScriptRef script = read_form(file, form, keys);

        assert_succeeds(script, prepare(script));
        assert_int_equal(call(script, "answer"), 42);
        bccDisposeScript(script);
    }
}

static void assert_form_refused(const struct file *file, enum form form,
                                const char *keys, int code, int reason,
                                const char *words)
{
    BCCScriptRef script = read_form(file, form, keys);

    assert_int_equal(prepare(script), 1);
    if (!strstr(bccGetErrorMessage(script), words))
        fail_msg("'%s' lacks '%s'", bccGetErrorMessage(script), words);
    assert_int_equal(report_of(script).cache, BCC_CACHE_MISS);
    assert_string_equal(bccGetReasonName(report_of(script).reasonCode),
                        bccGetReasonName(reason));
    assert_int_equal(take_error(script), code);
    assert_null(bccGetFuncAddr(script, "answer"));
    bccDisposeScript(script);
}

static void assert_refused(const struct file *file, int code, int reason,
                           const char *words)
{
    rewrite(file);
    for (enum form form = 0; form < N_FORMS; form++)
        assert_form_refused(file, form, NULL, code, reason, words);
}

/* ---- What runs ---- */

static void runs_without_bitcode_compiler_and_cache(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");

    assert_runs(&file, NULL);
    free(file.bytes);
}

static void report_counts_it_as_a_hit(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");

    for (enum form form = 0; form < N_FORMS; form++) {
        BCCScriptRef script = read_form(&file, form, NULL);
        BCCReport report;

        assert_succeeds(script, bccPrepareExecutable(script, f->cache, "name",
                                                     BCC_PROCESS_SYMBOLS));
        report = report_of(script);
        assert_int_equal(report.cache, BCC_CACHE_HIT);
        assert_int_equal(report.reasonCode, BCC_REASON_NONE);
        assert_string_equal(report.reason, "");
        assert_string_equal(report.path, form == AS_FILE ? file.path.text : "");
        assert_true(report.imageBytes > 0);
        bccDisposeScript(script);
    }
    /* Nothing was put in the cache. */
    assert_int_equal(rmdir(f->cache), 0);
    assert_int_equal(mkdir(f->cache, 0700), 0);
    free(file.bytes);
}

static void has_data_of_its_own_constructors_and_lists(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");

    for (enum form form = 0; form < N_FORMS; form++) {
        BCCScriptRef one = read_form(&file, form, NULL);
        BCCScriptRef two = read_form(&file, form, NULL);
        const int *started;

        assert_succeeds(one, prepare(one));
        assert_succeeds(two, prepare(two));
        started = bccGetVarAddr(one, "started");
        assert_non_null(started);
        assert_int_equal(*started, 101);
        assert_int_equal(call(one, "count"), 1);
        assert_int_equal(call(one, "count"), 2);
        assert_int_equal(call(two, "count"), 1);
        assert_int_equal(bccGetExportFuncCount(one), 2);
        assert_int_equal(bccGetExportVarCount(one), 1);
        bccDisposeScript(one);
        bccDisposeScript(two);
    }
    free(file.bytes);
}

static void copied_bytes_need_not_live(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    BCCScriptRef script = without_compiler(NULL);

    assert_succeeds(script, bccReadExecutable(script, "bytes", file.bytes,
                                              file.size, BCC_COPY_INPUT));
    memset(file.bytes, 0xcc, file.size);
    free(file.bytes);
    assert_succeeds(script, prepare(script));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

static void borrowed_bytes_need_not_outlive_the_prepare(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    BCCScriptRef script = read_form(&file, AS_BYTES, NULL);

    assert_succeeds(script, prepare(script));
    memset(file.bytes, 0xcc, file.size);
    free(file.bytes);
    assert_int_equal(call(script, "answer"), 42);
    assert_string_equal(bccGetExportFuncName(script, 0), "answer");
    bccDisposeScript(script);
}

static void the_last_input_counts(void **state)
{
    const struct fixture *f = *state;
    struct path bitcode = bitcode_path("answer_43.bc");
    struct file file = compile(f, "answer.bc");
    BCCScriptRef script = new_script();

    assert_succeeds(script, bccReadExecutableFile(script, file.path.text, 0));
    assert_succeeds(script, bccReadFile(script, bitcode.text, 0));
    assert_succeeds(script, prepare(script));
    assert_int_equal(call(script, "answer"), 43);
    bccDisposeScript(script);

    script = without_compiler(NULL);
    assert_succeeds(script, bccReadFile(script, bitcode.text, 0));
    assert_succeeds(script, bccReadExecutableFile(script, file.path.text, 0));
    assert_succeeds(script, prepare(script));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
    free(file.bytes);
}

static void a_failed_prepare_can_be_mended(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    BCCScriptRef script = read_form(&file, AS_FILE, NULL);

    assert_int_equal(chmod(file.path.text, 0622), 0);
    assert_fails(script, prepare(script), BCC_IO_ERROR);
    assert_int_equal(chmod(file.path.text, 0644), 0);
    assert_succeeds(script, prepare(script));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
    free(file.bytes);
}

static void *find_offset(void *context, const char *name)
{
    static int value = 1000;

    return strcmp(name, "fourth_need") == 0 ? &value : context;
}

static int identity(int x)
{
    return x;
}

static void imports_are_bound_or_listed(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "needy.bc");

    for (enum form form = 0; form < N_FORMS; form++) {
        BCCScriptRef script = read_form(&file, form, NULL);
        const char *user;
        int (*needy)(int);
        size_t n = 0;

        assert_fails(script, prepare(script), BCC_UNRESOLVED_SYMBOL);
        assert_int_equal(report_of(script).reasonCode, BCC_REASON_UNRESOLVED);
        while (bccGetMissingSymbol(script, n, &user))
            n++;
        assert_int_equal(n, 4);
        assert_succeeds(script, bccRegisterSymbolCallback(script, find_offset,
                                                          (void *)identity));
        assert_succeeds(script, prepare(script));
        *(void **)&needy = bccGetFuncAddr(script, "needy");
        assert_int_equal(needy(5), 1015);
        bccDisposeScript(script);
    }
    free(file.bytes);
}

/* ---- Trust ---- */

static void others_may_not_write_the_file(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");

    assert_int_equal(chmod(file.path.text, 0602), 0);
    assert_form_refused(&file, AS_FILE, NULL, BCC_IO_ERROR,
                        BCC_REASON_UNTRUSTED, "writable by group or others");
    if (geteuid() == 0) {
        assert_int_equal(chmod(file.path.text, 0600), 0);
        assert_int_equal(chown(file.path.text, 12345, 12345), 0);
        assert_form_refused(&file, AS_FILE, NULL, BCC_IO_ERROR,
                            BCC_REASON_UNTRUSTED, "belongs to user 12345");
    }
    free(file.bytes);
}

/* RFC 8032, section 7.1, test 1. */
static const uint8_t private_key[] = {
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
    0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
    0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
static const char ours[] =
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
/* Test 2. */
static const char theirs[] =
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

static void sign(struct file *file)
{
    const struct span bytes = {(const uint8_t *)file->bytes, file->size};
    struct error err = {0};
    struct buffer out;

    buffer_init(&out);
    if (signature_attach(bytes, private_key, "file", &out, &err))
        fail_msg("%s", err.message);
    free(file->bytes);
    file->size = buffer_span(&out).size;
    file->bytes = malloc(file->size);
    assert_non_null(file->bytes);
    memcpy(file->bytes, buffer_span(&out).data, file->size);
    buffer_release(&out);
    rewrite(file);
}

static void trusted_keys_ask_for_a_signature(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");

    for (enum form form = 0; form < N_FORMS; form++)
        assert_form_refused(&file, form, ours, BCC_IO_ERROR,
                            BCC_REASON_UNSIGNED, "not signed");
    sign(&file);
    assert_runs(&file, ours);
    assert_runs(&file, NULL);
    for (enum form form = 0; form < N_FORMS; form++)
        assert_form_refused(&file, form, theirs, BCC_IO_ERROR,
                            BCC_REASON_UNSIGNED, "not trusted");
    free(file.bytes);
}

/* The signature says whose code it is, whoever owns the file. */
static void a_signed_file_may_belong_to_anyone(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");

    sign(&file);
    assert_int_equal(chmod(file.path.text, 0666), 0);
    assert_form_refused(&file, AS_FILE, NULL, BCC_IO_ERROR,
                        BCC_REASON_UNTRUSTED, "writable by group or others");
    assert_runs(&file, ours);
    if (geteuid() == 0) {
        assert_int_equal(chown(file.path.text, 12345, 12345), 0);
        assert_runs(&file, ours);
    }
    file.bytes[file.size / 2] ^= 1;
    write_whole(file.path.text, file.bytes, file.size);
    for (enum form form = 0; form < N_FORMS; form++) {
        BCCScriptRef script = read_form(&file, form, ours);

        assert_int_equal(prepare(script), 1);
        bccDisposeScript(script);
    }
    free(file.bytes);
}

/* ---- What is refused ---- */

static void every_damage_is_found(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    const size_t step = file.size / 97 + 1;

    for (size_t at = 0; at < file.size; at += step)
        for (enum form form = 0; form < N_FORMS; form++) {
            BCCScriptRef script;

            file.bytes[at] ^= 0x10;
            rewrite(&file);
            script = read_form(&file, form, NULL);
            if (prepare(script) == 0)
                fail_msg("byte %zu of %zu", at, file.size);
            bccDisposeScript(script);
            file.bytes[at] ^= 0x10;
        }
    rewrite(&file);
    assert_runs(&file, NULL);
    free(file.bytes);
}

static void every_other_length_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    const size_t size = file.size;

    for (file.size = 4; file.size < size; file.size += size / 50 + 1) {
        /* No byte behind the end, for sanitizers. */
        struct file cut = {malloc(file.size), file.size, file.path};

        assert_non_null(cut.bytes);
        memcpy(cut.bytes, file.bytes, file.size);
        assert_refused(&cut, BCC_INVALID_VALUE, BCC_REASON_DAMAGED, ": ");
        free(cut.bytes);
    }
    free(file.bytes);
}

static void what_is_no_such_file_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct file file = {.path = fixture_path(f, "file.bc")};

    file.bytes = read_whole(bitcode_path("answer.bc").text, &file.size);
    assert_refused(&file, BCC_INVALID_VALUE, BCC_REASON_DAMAGED,
                   "not an oBCC file");
    free(file.bytes);
}

static struct obcc_header *header_of(struct file *file)
{
    return (struct obcc_header *)(void *)file->bytes;
}

static void seal(struct file *file)
{
    struct obcc_header *header = header_of(file);

    header->checksum = obcc_le64(cache_header_checksum(
        (struct span){(const uint8_t *)file->bytes, file->size},
        obcc_get32(header->header_size)));
}

static void other_machines_code_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");

    header_of(&file)->machine = obcc_le16(243);
    seal(&file);
    assert_refused(&file, BCC_UNSUPPORTED, BCC_REASON_MACHINE,
                   "made for another machine (riscv64, this one is ");
    free(file.bytes);
}

static void the_cpu_feature_that_lacks_is_named(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    const struct cpu_features host = cpu_features_host();
    struct cpu_features all = {{UINT64_MAX, UINT64_MAX}};
    const int missing = cpu_features_missing(&all, &host);
    const char *name;

    assert_true(missing >= 0);
    name = cpu_feature_name(obcc_get16(header_of(&file)->machine),
                            (unsigned)missing);
    header_of(&file)->cpu_features[missing / 64] =
        obcc_le64(UINT64_C(1) << (missing % 64));
    header_of(&file)->cpu_features[1 - missing / 64] = obcc_le64(0);
    seal(&file);
    assert_refused(&file, BCC_UNSUPPORTED, BCC_REASON_HOST_CPU,
                   name ? name : "unknown");
    assert_refused(&file, BCC_UNSUPPORTED, BCC_REASON_HOST_CPU, "CPU feature");
    free(file.bytes);
}

/* As a vendor does that compiles for several CPUs. */
static void after_one_for_a_better_cpu_the_next_is_tried(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    struct path good = fixture_path(f, "good.oBCC");
    BCCScriptRef script;

    copy_whole(file.path.text, good.text);
    header_of(&file)->cpu_features[0] = obcc_le64(UINT64_MAX);
    header_of(&file)->cpu_features[1] = obcc_le64(UINT64_MAX);
    seal(&file);
    rewrite(&file);
    script = read_form(&file, AS_FILE, NULL);
    assert_int_equal(prepare(script), 1);
    assert_int_equal(report_of(script).reasonCode, BCC_REASON_HOST_CPU);
    assert_succeeds(script, bccReadExecutableFile(script, good.text, 0));
    assert_succeeds(script, prepare(script));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
    free(file.bytes);
}

static void a_link_to_the_file_is_followed(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    struct path link = fixture_path(f, "link");
    BCCScriptRef script = without_compiler(NULL);

    assert_int_equal(symlink(file.path.text, link.text), 0);
    assert_succeeds(script, bccReadExecutableFile(script, link.text, 0));
    assert_succeeds(script, prepare(script));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
    free(file.bytes);
}

static void other_formats_are_refused(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");

    header_of(&file)->version[1] ^= 1;
    seal(&file);
    assert_refused(&file, BCC_UNSUPPORTED, BCC_REASON_FORMAT, "format version");
    free(file.bytes);
}

/* With all checksums right. */
static void code_of_another_library_version_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    struct obcc_section *row =
        (void *)(file.bytes + sizeof(struct obcc_header));
    char *identity_text, *version;
    size_t size;

    while (obcc_get32(row->kind) != OBCC_IDENTITY)
        row++;
    identity_text = file.bytes + obcc_get64(row->offset);
    size = (size_t)obcc_get64(row->size);
    version = memmem(identity_text, size, "\nlibbcc=", 8);
    assert_non_null(version);
    version[8] = '9';
    row->checksum = obcc_le64(
        checksum_xxh3((struct span){(const uint8_t *)identity_text, size}));
    seal(&file);
    assert_refused(&file, BCC_UNSUPPORTED, BCC_REASON_LIBBCC,
                   "made with libbcc=9");
    free(file.bytes);
}

/* ---- Wrong calls ---- */

static void wrong_arguments_are_refused(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    const char *path = file.path.text;
    BCCScriptRef script = without_compiler(NULL);

    assert_int_equal(bccReadExecutableFile(NULL, path, 0), 1);
    assert_int_equal(bccReadExecutable(NULL, "x", file.bytes, file.size, 0), 1);
    assert_fails(script, bccReadExecutableFile(script, NULL, 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccReadExecutableFile(script, f->dir, 0),
                 BCC_IO_ERROR);
    assert_fails(script, bccReadExecutableFile(script, "/nonexistent", 0),
                 BCC_IO_ERROR);
    assert_fails(script, bccReadExecutableFile(script, path, BCC_SKIP_DEP_SHA1),
                 BCC_INVALID_ENUM);
    assert_fails(script, bccReadExecutableFile(script, path, BCC_COPY_INPUT),
                 BCC_INVALID_ENUM);
    assert_fails(script,
                 bccReadExecutable(script, "x", file.bytes, file.size,
                                   BCC_SKIP_DEP_SHA1),
                 BCC_INVALID_ENUM);
    assert_fails(script, bccReadExecutable(script, "x", NULL, 100, 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccReadExecutable(script, NULL, file.bytes, 100, 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccReadExecutable(script, "x", file.bytes, 0, 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, prepare(script), BCC_INVALID_OPERATION);
    assert_succeeds(script, bccReadExecutableFile(script, path, 0));
    assert_succeeds(script, prepare(script));
    assert_fails(script, bccReadExecutableFile(script, path, 0),
                 BCC_INVALID_OPERATION);
    bccDisposeScript(script);
    free(file.bytes);
}

static void is_not_compiled_again_nor_linked(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    struct path other = fixture_path(f, "other.oBCC");
    BCCScriptRef script = read_form(&file, AS_FILE, NULL);

    assert_fails(script, bccPrepareSharedObject(script, f->cache, "name", 0),
                 BCC_INVALID_OPERATION);
    assert_fails(script, bccPrepareSharedObjectFile(script, other.text, 0),
                 BCC_INVALID_OPERATION);
    assert_fails(script, bccPrepareExecutable(script, NULL, NULL, BCC_REBUILD),
                 BCC_INVALID_OPERATION);
    assert_succeeds(script,
                    bccLinkFile(script, bitcode_path("extra.bc").text, 0));
    assert_fails(script, prepare(script), BCC_INVALID_OPERATION);
    assert_non_null(strstr(bccGetErrorMessage(script), "compiled already"));
    bccDisposeScript(script);

    script = read_form(&file, AS_BYTES, NULL);
    assert_succeeds(script, bccLinkSharedLibrary(script, "libm.so.6", 0));
    assert_fails(script, prepare(script), BCC_INVALID_OPERATION);
    bccDisposeScript(script);
    assert_int_equal(access(other.text, F_OK), -1);
    free(file.bytes);
}

static void a_file_that_went_away_is_an_error(void **state)
{
    const struct fixture *f = *state;
    struct file file = compile(f, "answer.bc");
    BCCScriptRef script = read_form(&file, AS_FILE, NULL);

    assert_int_equal(unlink(file.path.text), 0);
    assert_fails(script, prepare(script), BCC_IO_ERROR);
    assert_int_equal(report_of(script).reasonCode, BCC_REASON_IO);
    bccDisposeScript(script);
    free(file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_without_bitcode_compiler_and_cache),
        TEST(report_counts_it_as_a_hit),
        TEST(has_data_of_its_own_constructors_and_lists),
        TEST(copied_bytes_need_not_live),
        TEST(borrowed_bytes_need_not_outlive_the_prepare),
        TEST(the_last_input_counts),
        TEST(a_failed_prepare_can_be_mended),
        TEST(imports_are_bound_or_listed),
        TEST(others_may_not_write_the_file),
        TEST(trusted_keys_ask_for_a_signature),
        TEST(a_signed_file_may_belong_to_anyone),
        TEST(every_damage_is_found),
        TEST(every_other_length_is_refused),
        TEST(what_is_no_such_file_is_refused),
        TEST(other_machines_code_is_refused),
        TEST(the_cpu_feature_that_lacks_is_named),
        TEST(after_one_for_a_better_cpu_the_next_is_tried),
        TEST(a_link_to_the_file_is_followed),
        TEST(other_formats_are_refused),
        TEST(code_of_another_library_version_is_refused),
        TEST(wrong_arguments_are_refused),
        TEST(is_not_compiled_again_nor_linked),
        TEST(a_file_that_went_away_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
