/* Libraries that are linked by closures: in these tests, all that can be. */
#include "compile_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, compile_fixture_setup,           \
                                    compile_fixture_teardown)

/* ---- Inputs ---- */

/* first and second share statics of all kinds, types and metadata; third uses
 * none of them, and all of them call common. */
static const char library[] =
    "%pair = type { i32, %inner }\n"
    "%inner = type { i32, i32 }\n"
    "@text = private unnamed_addr constant [3 x i8] c\"ab\\00\"\n"
    "@counter = internal global %pair { i32 7, %inner { i32 8, i32 9 } }\n"
    "@0 = internal global i32 5\n"
    "@table = internal constant [2 x ptr] [ptr @common, ptr @hidden]\n"
    "@visible = global i32 3\n"
    "define i32 @third(i32 %n) noinline {\n"
    "  %c = call i32 @common(i32 %n)\n"
    "  %s = mul i32 %c, 3\n"
    "  ret i32 %s\n"
    "}\n"
    "define i32 @second(i32 %n) noinline {\n"
    "  %p = getelementptr %pair, ptr @counter, i32 0, i32 1, i32 1\n"
    "  %v = load volatile i32, ptr %p, !tbaa !1\n"
    "  %z = load volatile i32, ptr @0\n"
    "  %h = call i32 @hidden(i32 %v)\n"
    "  %a = add i32 %z, %h\n"
    "  %t = call i32 @take(ptr @text)\n"
    "  %b = add i32 %a, %t\n"
    "  ret i32 %b\n"
    "}\n"
    "define i32 @first(i32 %n) noinline {\n"
    "  store volatile i32 %n, ptr @counter, !tbaa !1\n"
    "  store volatile i32 %n, ptr @0\n"
    "  %slot = getelementptr [2 x ptr], ptr @table, i32 0, i32 %n\n"
    "  %f = load ptr, ptr %slot\n"
    "  %v = call i32 %f(i32 %n)\n"
    "  ret i32 %v\n"
    "}\n"
    "define internal i32 @hidden(i32 %n) noinline {\n"
    "  %t = call i32 @take(ptr @text)\n"
    "  %o = load volatile i32, ptr @visible\n"
    "  %s = add i32 %o, %t\n"
    "  ret i32 %s\n"
    "}\n"
    "define i32 @common(i32 %n) noinline {\n"
    "  %v = load volatile i32, ptr @visible\n"
    "  %s = add i32 %v, %n\n"
    "  ret i32 %s\n"
    "}\n"
    "declare i32 @take(ptr)\n"
    "!llvm.ident = !{!0}\n"
    "!0 = !{!\"a compiler\"}\n"
    "!1 = !{!2, !2, i64 0}\n"
    "!2 = !{!\"int\", !3}\n"
    "!3 = !{!\"root\"}\n";

#define CALLS(name)                                                            \
    "declare i32 @" name "(i32)\n"                                             \
    "define i32 @call_" name "(i32 %n) {\n"                                    \
    "  %v = call i32 @" name "(i32 %n)\n"                                      \
    "  ret i32 %v\n"                                                           \
    "}\n"

static const char *const scripts[] = {
    CALLS("first"),
    CALLS("second"),
    CALLS("third"),
    CALLS("second") CALLS("first"),
    CALLS("third") CALLS("common") CALLS("missing"),
    CALLS("third") CALLS("second") CALLS("first"),
};

enum { N_SCRIPTS = sizeof(scripts) / sizeof(scripts[0]) };

/* ---- What came of it ---- */

static const uint8_t digest[SHA1_SIZE] = {1, 2, 3};
static const struct span identity = {(const uint8_t *)"id", 2};

/* The index that a compile without one has made, to be freed. */
static struct span index_of(const struct library_index *index)
{
    const struct index_contents contents = {
        .identity = identity,
        .sha1 = digest,
        .is_whole = index->is_whole,
        .rows = index->rows,
        .n_rows = index->n_rows,
        .defined = index->defined,
        .n_defined = index->n_defined,
    };
    struct buffer out;

    assert_true(index->is_changed);
    buffer_init(&out);
    assert_int_equal(index_write(&contents, &out, NULL), STATUS_OK);
    return buffer_span(&out);
}

static void add(struct compile_fixture *f, const char *script)
{
    compile_fixture_reset(f);
    compile_fixture_add_text(f, "script.bc", script);
    compile_fixture_add_text(f, "library.bc", library);
}

/* The same once more, with what file knows of the library. */
static void compile_again(struct compile_fixture *f, struct span file)
{
    static struct index_view view;

    assert_int_equal(index_view_open(file, identity, "index", &view, NULL),
                     STATUS_OK);
    compile_result_release(&f->result);
    memset(f->indexes, 0, sizeof(f->indexes));
    f->indexes[1].known = &view;
    assert_int_equal(compile_fixture_run_on(f), STATUS_OK);
}

static void compile_known(struct compile_fixture *f, const char *script,
                          struct span file)
{
    add(f, script);
    compile_again(f, file);
}

static struct span image_of(const struct compile_fixture *f)
{
    struct buffer copy;

    buffer_init(&copy);
    buffer_append(&copy, f->result.link.image.data, f->result.link.image.size);
    assert_false(buffer_failed(&copy));
    return buffer_span(&copy);
}

static void assert_same(struct span a, struct span b)
{
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
}

/* ---- The index ---- */

static void an_index_does_not_show_in_the_image(void **state)
{
    struct compile_fixture *f = *state;

    for (size_t i = 0; i < N_SCRIPTS; i++) {
        struct span alone, with, file;

        add(f, scripts[i]);
        assert_compiles(f);
        alone = image_of(f);
        for (size_t j = 0; j < N_SCRIPTS; j++) {
            add(f, scripts[j]);
            assert_compiles(f);
            file = index_of(&f->indexes[1]);
            compile_known(f, scripts[i], file);
            with = image_of(f);
            assert_same(alone, with);
            free((void *)with.data);
            free((void *)file.data);
        }
        free((void *)alone.data);
    }
}

static void a_closure_is_the_same_whatever_is_cut_beside_it(void **state)
{
    struct span seen[3] = {{NULL, 0}};
    struct compile_fixture *f = *state;

    for (size_t i = 0; i < N_SCRIPTS; i++) {
        add(f, scripts[i]);
        assert_compiles(f);
        for (size_t row = 0; row < f->indexes[1].n_rows; row++) {
            const struct index_row *is = &f->indexes[1].rows[row];
            size_t at = is->name[0] == 'f' ? 0 : is->name[0] == 's' ? 1 : 2;

            if (is->kind == IBCC_DECLARED || strcmp(is->name, "common") == 0)
                continue;
            if (seen[at].data) {
                assert_same(seen[at], is->closure);
                continue;
            }
            seen[at].data = malloc(is->closure.size);
            seen[at].size = is->closure.size;
            assert_non_null(seen[at].data);
            memcpy((void *)seen[at].data, is->closure.data, is->closure.size);
        }
    }
    for (size_t i = 0; i < 3; i++) {
        assert_true(seen[i].size > 0);
        free((void *)seen[i].data);
    }
}

static void what_is_known_is_not_read_again(void **state)
{
    static const uint8_t nothing[100];
    struct compile_fixture *f = *state;
    struct index_view view;
    struct span file;

    add(f, scripts[5]);
    assert_compiles(f);
    file = index_of(&f->indexes[1]);
    assert_int_equal(index_view_open(file, identity, "index", &view, NULL),
                     STATUS_OK);
    for (size_t i = 0; i < N_SCRIPTS; i++) {
        bool all_known = i != 4; /* common was not wanted */

        add(f, scripts[i]);
        f->bytes[1] = (struct span){nothing, sizeof(nothing)};
        f->indexes[1].known = &view;
        assert_int_equal(compile_fixture_run_on(f),
                         all_known ? STATUS_OK : STATUS_CORRUPT);
        assert_false(f->indexes[1].is_changed);
    }
    free((void *)file.data);
}

static void damaged_closures_are_cut_again(void **state)
{
    struct compile_fixture *f = *state;
    struct index_view view;
    struct index_row row;
    struct span file, alone, with;

    add(f, scripts[3]);
    assert_compiles(f);
    alone = image_of(f);
    file = index_of(&f->indexes[1]);
    assert_int_equal(index_view_open(file, identity, "index", &view, NULL),
                     STATUS_OK);
    assert_true(index_view_find(&view, "second", &row));
    ((uint8_t *)row.closure.data)[row.closure.size / 2] ^= 4;
    assert_false(index_view_find(&view, "second", &row));
    compile_known(f, scripts[3], file);
    with = image_of(f);
    assert_same(alone, with);
    assert_true(f->indexes[1].is_changed);
    assert_int_equal(f->indexes[1].n_rows, 1);
    assert_string_equal(f->indexes[1].rows[0].name, "second");
    free((void *)with.data);
    free((void *)alone.data);
    free((void *)file.data);
}

/* ---- What it comes to ---- */

static void closures_share_static_variables(void **state)
{
    struct compile_fixture *f = *state;
    size_t n_unnamed = 0;

    f->request.opt_level = 0;
    compile_fixture_add_text(f, "script.bc", scripts[3]);
    compile_fixture_add_text(f, "library.bc", library);
    assert_compiles(f);
    assert_non_null(find_object(f, "counter"));
    assert_non_null(find_function(f, "hidden"));
    assert_non_null(find_object(f, "visible"));
    assert_null(find_function(f, "third"));
    assert_null(find_object(f, "text")); /* private */
    for (size_t i = 0; i < f->result.link.n_objects; i++) {
        const char *name = f->result.link.objects[i].name;

        assert_true((unsigned char)name[0] >= ' ');
        assert_null(strstr(name, "counter."));
        n_unnamed += strncmp(name, "__unnamed", 9) == 0;
    }
    assert_true(n_unnamed <= 1);
    assert_non_null(find_import(f, "take"));
}

static void a_script_replaces_what_the_library_uses_itself(void **state)
{
    struct compile_fixture *f = *state;

    f->request.opt_level = 0;
    compile_fixture_add_text(f, "script.bc",
                             CALLS("third") "define i32 @common(i32 %n) {\n"
                                            "  ret i32 4\n"
                                            "}\n");
    compile_fixture_add_text(f, "library.bc", library);
    assert_compiles(f);
    assert_non_null(find_function(f, "third"));
    assert_true(find_function(f, "common")->size < 12);
    assert_null(find_object(f, "visible"));
    assert_int_equal(f->result.exports.n_funcs, 2);
}

static void a_script_may_have_names_like_those_of_statics(void **state)
{
    struct compile_fixture *f = *state;

    f->request.opt_level = 0;
    compile_fixture_add_text(f, "script.bc",
                             CALLS("second") "@\"\\02\" = global i32 1\n"
                                             "@\"\\02x\" = global i32 2\n");
    compile_fixture_add_text(f, "library.bc", library);
    assert_compiles(f);
    assert_non_null(find_object(f, "\2"));
    assert_non_null(find_object(f, "\2x"));
    assert_non_null(find_function(f, "hidden"));
}

static void libraries_may_use_each_other(void **state)
{
    struct compile_fixture *f = *state;

    f->request.opt_level = 0;
    compile_fixture_add_text(f, "script.bc", CALLS("a"));
    compile_fixture_add_text(f, "early.bc",
                             "@same = internal global i32 1\n"
                             "declare i32 @b(i32)\n"
                             "define i32 @a(i32 %n) {\n"
                             "  %v = load volatile i32, ptr @same\n"
                             "  %b = call i32 @b(i32 %v)\n"
                             "  ret i32 %b\n"
                             "}\n"
                             "define i32 @c(i32 %n) { ret i32 7 }\n"
                             "define i32 @both(i32 %n) { ret i32 1 }\n"
                             "define i32 @unused(i32 %n) { ret i32 1 }\n");
    compile_fixture_add_text(f, "late.bc",
                             "@same = internal global i32 2\n"
                             "declare i32 @c(i32)\n"
                             "define i32 @b(i32 %n) {\n"
                             "  %v = load volatile i32, ptr @same\n"
                             "  %b = call i32 @c(i32 %v)\n"
                             "  %d = call i32 @both(i32 %b)\n"
                             "  ret i32 %d\n"
                             "}\n"
                             "define i32 @both(i32 %n) { ret i32 2 }\n"
                             "define i32 @also_unused(i32 %n) { ret i32 2 }\n");
    assert_compiles(f);
    assert_non_null(find_function(f, "a"));
    assert_non_null(find_function(f, "b"));
    assert_non_null(find_function(f, "c"));
    assert_non_null(find_object(f, "same"));
    assert_int_equal(f->result.link.n_objects, 2);
    assert_null(find_function(f, "unused"));
    assert_null(find_function(f, "also_unused"));
    assert_int_equal(f->result.link.n_imports, 0);
}

/* ---- What cannot be cut ---- */

static void libraries_that_cannot_be_cut_are_linked_whole(void **state)
{
    static const char *const tied[] = {
        "@other = alias i32 (i32), ptr @third\n",
        "@other = ifunc i32 (i32), ptr @resolver\n"
        "define ptr @resolver() { ret ptr @third }\n",
        "$third = comdat any\n"
        "define i32 @other() comdat($third) { ret i32 1 }\n",
        "@common_variable = common global i32 0\n",
        "module asm \".globl other\"\n",
        "declare i1 @llvm.type.test(ptr, metadata)\n",
        "declare i1 @llvm.public.type.test(ptr, metadata)\n",
        "declare {ptr, i1} @llvm.type.checked.load(ptr, i32, metadata)\n",
        "declare {ptr, i1} @llvm.type.checked.load.relative(ptr, i32, "
        "metadata)\n",
        "!some.list = !{!0}\n"
        "!0 = !{i32 1}\n",
        "!llvm.module.flags = !{!0}\n"
        "!0 = !{i32 5, !\"list\", !1}\n"
        "!1 = !{i32 1}\n",
        "@llvm.used = appending global [1 x ptr] [ptr @third], section "
        "\"llvm.metadata\"\n",
    };
    struct compile_fixture *f = *state;

    for (size_t i = 0; i < sizeof(tied) / sizeof(tied[0]); i++) {
        struct span file;
        char text[1024];

        snprintf(text, sizeof(text),
                 "%sdefine i32 @third(i32 %%n) {\n"
                 "  ret i32 %%n\n"
                 "}\n",
                 tied[i]);
        compile_fixture_reset(f);
        compile_fixture_add_text(f, "script.bc", CALLS("third"));
        compile_fixture_add_text(f, "library.bc", text);
        assert_compiles(f);
        assert_true(f->indexes[1].is_whole);
        assert_null(find_import(f, "third"));
        file = index_of(&f->indexes[1]);
        compile_again(f, file);
        assert_false(f->indexes[1].is_changed);
        assert_null(find_import(f, "third"));
        free((void *)file.data);
    }
}

/* With the limit of 64 KiB: of "large" a closure is more, of
 * "one" and "other" both are. */
static char *make_large_library(void)
{
    static const struct {
        const char *name;
        size_t size;
    } tables[] = {{"large", 120000}, {"one", 60000}, {"other", 60000}};
    struct buffer text;

    buffer_init(&text);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        uint8_t *letters;

        buffer_printf(&text, "@t%zu = internal constant [%zu x i8] c\"", i,
                      tables[i].size);
        letters = buffer_grow(&text, tables[i].size);
        assert_non_null(letters);
        memset(letters, 'a', tables[i].size);
        buffer_printf(&text,
                      "\"\ndefine i32 @%s(i32 %%n) noinline {\n"
                      "  %%p = getelementptr i8, ptr @t%zu, i32 %%n\n"
                      "  %%v = load i8, ptr %%p\n"
                      "  %%w = zext i8 %%v to i32\n"
                      "  ret i32 %%w\n"
                      "}\n",
                      tables[i].name, i);
    }
    buffer_append(&text, "", 1);
    assert_false(buffer_failed(&text));
    return (char *)text.data;
}

static const char *const large_scripts[] = {
    CALLS("large"),
    CALLS("one"),
    CALLS("other"),
    CALLS("one") CALLS("other"),
};

enum { N_LARGE = sizeof(large_scripts) / sizeof(large_scripts[0]) };

static void closures_that_are_too_large_are_not_linked(void **state)
{
    static const bool is_kept[N_LARGE] = {false, true, true, true};
    struct compile_fixture *f = *state;
    char *text = make_large_library();

    for (size_t i = 0; i < N_LARGE; i++) {
        struct index_view view;
        struct span alone, with, file;

        for (size_t j = 0; j < N_LARGE; j++) {
            compile_fixture_reset(f);
            compile_fixture_add_text(f, "script.bc", large_scripts[i]);
            compile_fixture_add_text(f, "library.bc", text);
            assert_compiles(f);
            alone = image_of(f);
            assert_true(alone.size > 40000);
            compile_fixture_reset(f);
            compile_fixture_add_text(f, "script.bc", large_scripts[j]);
            compile_fixture_add_text(f, "library.bc", text);
            assert_compiles(f);
            assert_false(f->indexes[1].is_whole);
            assert_true(f->indexes[1].n_rows >= 1);
            assert_int_equal(f->indexes[1].rows[0].kind,
                             is_kept[j] ? IBCC_CLOSURE : IBCC_LARGE);
            file = index_of(&f->indexes[1]);
            assert_int_equal(
                index_view_open(file, identity, "index", &view, NULL),
                STATUS_OK);
            compile_fixture_reset(f);
            compile_fixture_add_text(f, "script.bc", large_scripts[i]);
            compile_fixture_add_text(f, "library.bc", text);
            f->indexes[1].known = &view;
            assert_int_equal(compile_fixture_run_on(f), STATUS_OK);
            if (i == j)
                assert_false(f->indexes[1].is_changed);
            with = image_of(f);
            assert_same(alone, with);
            free((void *)with.data);
            free((void *)alone.data);
            free((void *)file.data);
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_index_does_not_show_in_the_image),
        TEST(a_closure_is_the_same_whatever_is_cut_beside_it),
        TEST(what_is_known_is_not_read_again),
        TEST(damaged_closures_are_cut_again),
        TEST(closures_share_static_variables),
        TEST(a_script_replaces_what_the_library_uses_itself),
        TEST(a_script_may_have_names_like_those_of_statics),
        TEST(libraries_may_use_each_other),
        TEST(libraries_that_cannot_be_cut_are_linked_whole),
        TEST(closures_that_are_too_large_are_not_linked),
    };

    return cmocka_run_group_tests_name("compile_closures", tests, NULL, NULL);
}
