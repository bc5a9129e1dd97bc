/* Dependencies: does an entry belong to these inputs, or to others? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cache_fixture.h"
#include "dependency.h"
#include "sample_cache.h"
#include "sha1_digest.h"

#define SECOND UINT64_C(1000000000)

/* ---- Racily clean ---- */

struct sound_case {
    uint64_t mtime_ns, ctime_ns, now_ns;
    bool is_sound;
};

static const struct sound_case sound_cases[] = {
    /* Fine-grained: 20 ms after the later of both. */
    {SECOND + 1, SECOND + 1, SECOND + 1, false},
    {SECOND + 1, SECOND + 1, SECOND + DEPENDENCY_RACY_NS, false},
    {SECOND + 1, SECOND + 1, SECOND + 1 + DEPENDENCY_RACY_NS, true},
    {SECOND + 1, 5 * SECOND + 1, 5 * SECOND + 2, false},
    {SECOND + 1, 5 * SECOND + 1, 6 * SECOND, true},
    {5 * SECOND + 1, SECOND + 1, 5 * SECOND + 2, false},
    {5 * SECOND + 1, SECOND + 1, 6 * SECOND, true},
    /* Whole seconds: two of them. */
    {SECOND, SECOND, 2 * SECOND, false},
    {SECOND, SECOND, 3 * SECOND - 1, false},
    {SECOND, SECOND, 3 * SECOND, true},
    {SECOND + 1, 2 * SECOND, 3 * SECOND, false},
    {SECOND, 2 * SECOND + 1, 4 * SECOND, false},
    {SECOND, 2 * SECOND + 1, 4 * SECOND + 1, true},
    /* The future, or a clock that was set back. */
    {9 * SECOND + 1, SECOND + 1, 8 * SECOND, false},
    {SECOND + 1, 9 * SECOND + 1, 8 * SECOND, false},
    {UINT64_MAX, SECOND + 1, 8 * SECOND, false},
    {UINT64_MAX, UINT64_MAX, UINT64_MAX, false},
};

static void stamp_is_sound_only_when_no_change_can_hide(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sound_cases) / sizeof(sound_cases[0]); i++) {
        const struct sound_case *c = &sound_cases[i];
        const struct file_stamp stamp = {1, 2, 3, c->mtime_ns, c->ctime_ns};

        if (dependency_stamp_is_sound(&stamp, c->now_ns) != c->is_sound)
            fail_msg("case %zu", i);
    }
}

/* ---- Checking ---- */

/* An entry made from script and library, and the same as inputs. */
struct fixture {
    struct cache_dependency dependencies[2];
    struct dependency_input inputs[2];
    struct file_stamp stamp;
    const char *content[2];
    size_t n_reads[2];
    enum status read_status;
    struct cache_file file;
    struct cache_view view;
    struct error err;
};

struct content {
    const char *text;
    size_t *n_reads;
    enum status status;
};

static struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static enum status hash_content(void *context, uint8_t ret_digest[SHA1_SIZE],
                                struct error *err)
{
    struct content *content = context;

    ++*content->n_reads;
    if (content->status)
        return error_set(err, content->status, "file: cannot be read");
    sha1_digest(span_of(content->text), ret_digest);
    return STATUS_OK;
}

static int set_up(void **state)
{
    static const struct file_stamp stamp = {11, 22, 6, 33, 44};
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    f->stamp = stamp;
    f->content[0] = "script";
    f->content[1] = "library";
    f->dependencies[0] = (struct cache_dependency){
        .name = "old/script.bc",
        .type = OBCC_FILE_RESOURCE,
        .flags = OBCC_DEPENDENCY_STAMPED,
        .stamp = stamp,
    };
    f->dependencies[1] = (struct cache_dependency){
        .name = "lib.bc",
        .type = OBCC_APK_RESOURCE,
        .flags = OBCC_DEPENDENCY_LIBRARY,
    };
    f->inputs[0] = (struct dependency_input){
        .role = REQUEST_SCRIPT,
        .type = OBCC_FILE_RESOURCE,
        .name = "new/script.bc",
        .stamp = &f->stamp,
    };
    f->inputs[1] = (struct dependency_input){
        .role = REQUEST_LIBRARY,
        .type = OBCC_APK_RESOURCE,
        .name = "lib.bc",
    };
    for (size_t i = 0; i < 2; i++)
        sha1_digest(span_of(f->content[i]), f->dependencies[i].sha1);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    cache_file_free(&f->file);
    free(f);
    return 0;
}

static enum status check(struct fixture *f, size_t n_inputs)
{
    struct content content[2];
    struct sample_cache sample;
    struct cache_layout layout;
    enum status status;

    assert_int_equal(sample_cache_init(&sample), STATUS_OK);
    sample.contents.dependencies = f->dependencies;
    sample.contents.n_dependencies = 2;
    cache_file_free(&f->file);
    f->file = cache_file_make(&sample.contents);
    sample_cache_release(&sample);
    assert_int_equal(cache_file_open(&f->file, 0, &layout, &f->view, &f->err),
                     STATUS_OK);
    for (size_t i = 0; i < 2; i++) {
        f->n_reads[i] = 0;
        content[i] =
            (struct content){f->content[i], &f->n_reads[i], f->read_status};
        f->inputs[i].digest = hash_content;
        f->inputs[i].context = &content[i];
    }
    f->err = (struct error){0};
    status = dependency_check(&f->view, f->inputs, n_inputs, &f->err);
    assert_int_equal(status, f->err.status);
    return status;
}

static void expect_stale(struct fixture *f, const char *message)
{
    assert_int_equal(check(f, 2), STATUS_STALE);
    assert_string_equal(f->err.message, message);
}

static void equal_stamp_needs_no_reading(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(check(f, 2), STATUS_OK);
    assert_int_equal(f->n_reads[0], 0);
    assert_int_equal(f->n_reads[1], 1);
}

static void names_are_not_compared(void **state)
{
    struct fixture *f = *state;

    f->inputs[0].name = "elsewhere";
    f->inputs[1].name = "";
    assert_int_equal(check(f, 2), STATUS_OK);
}

static void touched_file_of_equal_content_matches(void **state)
{
    struct fixture *f = *state;

    f->stamp.mtime_ns++;
    f->stamp.ctime_ns++;
    assert_int_equal(check(f, 2), STATUS_OK);
    assert_int_equal(f->n_reads[0], 1);
    f->stamp.inode++;
    f->stamp.device++;
    assert_int_equal(check(f, 2), STATUS_OK);
}

static void changed_file_is_stale(void **state)
{
    struct fixture *f = *state;

    f->stamp.ctime_ns++;
    f->content[0] = "scripT";
    expect_stale(f, "input 0 (new/script.bc): content changed");
    assert_int_equal(f->n_reads[0], 1);
}

static void file_of_another_size_is_stale_without_reading(void **state)
{
    struct fixture *f = *state;

    f->stamp.size++;
    expect_stale(f, "input 0 (new/script.bc): content changed");
    assert_int_equal(f->n_reads[0], 0);
}

static void without_a_recorded_stamp_content_decides(void **state)
{
    struct fixture *f = *state;

    f->dependencies[0].flags = 0;
    assert_int_equal(check(f, 2), STATUS_OK);
    assert_int_equal(f->n_reads[0], 1);
    f->stamp = (struct file_stamp){0, 0, 0, 0, 0};
    f->content[0] = "other";
    expect_stale(f, "input 0 (new/script.bc): content changed");
}

static void without_a_stamp_of_the_input_content_decides(void **state)
{
    struct fixture *f = *state;

    f->inputs[0].stamp = NULL;
    assert_int_equal(check(f, 2), STATUS_OK);
    assert_int_equal(f->n_reads[0], 1);
}

static void changed_memory_is_stale(void **state)
{
    struct fixture *f = *state;

    f->content[1] = "";
    expect_stale(f, "input 1 (lib.bc): content changed");
}

static void skipped_content_is_not_compared(void **state)
{
    struct fixture *f = *state;

    f->dependencies[1].flags |= OBCC_DEPENDENCY_SKIP_SHA1;
    f->inputs[1].skip_sha1 = true;
    f->content[1] = "anything";
    assert_int_equal(check(f, 2), STATUS_OK);
    assert_int_equal(f->n_reads[1], 0);
}

static void skipping_on_one_side_only_is_stale(void **state)
{
    struct fixture *f = *state;

    f->inputs[1].skip_sha1 = true;
    expect_stale(f, "input 1 (lib.bc): content was compared then");
    f->inputs[1].skip_sha1 = false;
    f->dependencies[1].flags |= OBCC_DEPENDENCY_SKIP_SHA1;
    expect_stale(f, "input 1 (lib.bc): content was not compared then");
}

static void another_role_or_type_is_stale(void **state)
{
    struct fixture *f = *state;

    f->inputs[0].role = REQUEST_LIBRARY;
    expect_stale(f, "input 0 (new/script.bc): was the script");
    f->inputs[0].role = REQUEST_SCRIPT;
    f->inputs[1].role = REQUEST_SCRIPT;
    expect_stale(f, "input 1 (lib.bc): was a linked library");
    f->inputs[1].role = REQUEST_OBJECT;
    expect_stale(f, "input 1 (lib.bc): was a linked library");
    f->dependencies[1].flags = OBCC_DEPENDENCY_OBJECT;
    assert_int_equal(check(f, 2), STATUS_OK);
    f->inputs[1].role = REQUEST_LIBRARY;
    expect_stale(f, "input 1 (lib.bc): was a linked object");
    f->dependencies[1].flags = OBCC_DEPENDENCY_LIBRARY;
    f->inputs[1].type = OBCC_FILE_RESOURCE;
    expect_stale(f, "input 1 (lib.bc): was a resource of another type");
}

static void another_number_or_order_of_inputs_is_stale(void **state)
{
    struct fixture *f = *state;
    struct dependency_input first = f->inputs[0];

    assert_int_equal(check(f, 1), STATUS_STALE);
    assert_string_equal(f->err.message, "made from 2 inputs, not 1");
    assert_int_equal(check(f, 0), STATUS_STALE);
    f->inputs[0] = f->inputs[1];
    f->inputs[1] = first;
    assert_int_equal(check(f, 2), STATUS_STALE);
}

/* The script is an entry of an archive, whose stamp that is. */
static void put_in_archive(struct fixture *f)
{
    f->dependencies[0].name = "old/app.apk!raw/script.bc";
    f->dependencies[0].type = OBCC_APK_RESOURCE;
    f->dependencies[0].flags |= OBCC_DEPENDENCY_ARCHIVE;
    f->inputs[0].name = "new/app.apk!raw/script.bc";
    f->inputs[0].entry = "raw/script.bc";
    f->inputs[0].type = OBCC_APK_RESOURCE;
}

static void equal_stamp_of_the_archive_needs_no_reading(void **state)
{
    struct fixture *f = *state;

    put_in_archive(f);
    f->content[0] = "never looked at";
    assert_int_equal(check(f, 2), STATUS_OK);
    assert_int_equal(f->n_reads[0], 0);
}

static void content_decides_if_the_archive_changed(void **state)
{
    struct fixture *f = *state;

    put_in_archive(f);
    f->stamp.size += 100;
    f->stamp.mtime_ns++;
    assert_int_equal(check(f, 2), STATUS_OK);
    assert_int_equal(f->n_reads[0], 1);
    f->content[0] = "scripT";
    expect_stale(f, "input 0 (new/app.apk!raw/script.bc): content changed");
}

static void content_decides_if_it_is_another_entry(void **state)
{
    static const char *const others[] = {"script.bc", "w/script.bc",
                                         "app.apk!raw/script.bc",
                                         "raw/script.bc!raw/script.bc", ""};
    struct fixture *f = *state;

    put_in_archive(f);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        f->inputs[0].entry = others[i];
        assert_int_equal(check(f, 2), STATUS_OK);
        assert_int_equal(f->n_reads[0], 1);
    }
    f->dependencies[0].name = "no mark";
    f->inputs[0].entry = "no mark";
    assert_int_equal(check(f, 2), STATUS_OK);
    assert_int_equal(f->n_reads[0], 1);
}

static void bytes_in_memory_and_in_an_archive_are_of_one_type(void **state)
{
    struct fixture *f = *state;

    put_in_archive(f);
    f->inputs[0].entry = NULL;
    f->inputs[0].stamp = NULL;
    assert_int_equal(check(f, 2), STATUS_OK);
    assert_int_equal(f->n_reads[0], 1);
}

static void only_entries_without_a_mark_are_signable(void **state)
{
    (void)state;
    assert_true(dependency_entry_may_be_stamped("res/raw/a.bc"));
    assert_false(dependency_entry_may_be_stamped("res/raw!/a.bc"));
    assert_false(dependency_entry_may_be_stamped("a.bc!"));
}

static void failure_to_read_is_passed_on(void **state)
{
    struct fixture *f = *state;

    f->read_status = STATUS_IO;
    assert_int_equal(check(f, 2), STATUS_IO);
    assert_string_equal(f->err.message, "file: cannot be read");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stamp_is_sound_only_when_no_change_can_hide),
        TEST(equal_stamp_needs_no_reading),
        TEST(names_are_not_compared),
        TEST(touched_file_of_equal_content_matches),
        TEST(changed_file_is_stale),
        TEST(file_of_another_size_is_stale_without_reading),
        TEST(without_a_recorded_stamp_content_decides),
        TEST(without_a_stamp_of_the_input_content_decides),
        TEST(changed_memory_is_stale),
        TEST(skipped_content_is_not_compared),
        TEST(skipping_on_one_side_only_is_stale),
        TEST(another_role_or_type_is_stale),
        TEST(another_number_or_order_of_inputs_is_stale),
        TEST(equal_stamp_of_the_archive_needs_no_reading),
        TEST(content_decides_if_the_archive_changed),
        TEST(content_decides_if_it_is_another_entry),
        TEST(bytes_in_memory_and_in_an_archive_are_of_one_type),
        cmocka_unit_test(only_entries_without_a_mark_are_signable),
        TEST(failure_to_read_is_passed_on),
    };
#undef TEST

    return cmocka_run_group_tests_name("dependency", tests, NULL, NULL);
}
