/* compile(): objects that are linked whole, and archives. test_link.sh compares
 * this with a native link of such files. */
#include <stdio.h>
#include <stdlib.h>

#include "compile_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, compile_fixture_setup,           \
                                    compile_fixture_teardown)

static const char calls_helper[] = "declare i32 @helper(i32)\n"
                                   "define i32 @entry(i32 %x) {\n"
                                   "  %y = call i32 @helper(i32 %x)\n"
                                   "  ret i32 %y\n"
                                   "}\n";
static const char helper[] = "define i32 @helper(i32 %x) { ret i32 7 }\n";

/* ---- Exports ---- */

static void assert_names(const struct cache_symbol *symbols, size_t n,
                         const char *const *wanted, size_t n_wanted)
{
    assert_int_equal(n, n_wanted);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(symbols[i].name, wanted[i]);
}

static void exports_are_those_of_all_objects_in_order(void **state)
{
    static const char *const funcs[] = {"entry", "both", "last", "helper"};
    static const char *const vars[] = {"shared", "more"};
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "declare i32 @helper(i32)\n"
                             "@shared = common global i32 0\n"
                             "define i32 @entry() { ret i32 1 }\n"
                             "define weak i32 @both() { ret i32 1 }\n"
                             "define i32 @last() { ret i32 1 }\n");
    compile_fixture_add_object(f, "object.bc",
                               "@shared = common global i64 0\n"
                               "@more = global i32 1\n"
                               "define i32 @both() { ret i32 2 }\n"
                               "define i32 @helper(i32 %x) { ret i32 7 }\n");
    assert_compiles(f);
    assert_names(f->result.exports.funcs, f->result.exports.n_funcs, funcs, 4);
    assert_names(f->result.exports.vars, f->result.exports.n_vars, vars, 2);
    for (size_t i = 0; i < 4; i++)
        assert_true(f->result.exports.funcs[i].address != OBCC_NO_ADDRESS);
    assert_int_equal(f->result.exports.vars[0].size, 8);
}

static const char metadata_of_script[] = "@a = global i32 1\n"
                                         "@b = global i32 2\n"
                                         "define void @kernel() { ret void }\n"
                                         "!\\23rs_export_var = !{!0, !1}\n"
                                         "!\\23rs_export_foreach_name = !{!2}\n"
                                         "!\\23rs_export_foreach = !{!3}\n"
                                         "!\\23rs_object_slots = !{!4}\n"
                                         "!\\23pragma = !{!5}\n"
                                         "!0 = !{!\"a\", !\"5\"}\n"
                                         "!1 = !{!\"b\", !\"5\"}\n"
                                         "!2 = !{!\"kernel\"}\n"
                                         "!3 = !{!\"3\"}\n"
                                         "!4 = !{!\"1\"}\n"
                                         "!5 = !{!\"version\", !\"1\"}\n";

static const char metadata_of_object[] =
    "@c = global i32 3\n"
    "define void @function() { ret void }\n"
    "define void @kernel_2() { ret void }\n"
    "!\\23rs_export_var = !{!0}\n"
    "!\\23rs_export_func = !{!1}\n"
    "!\\23rs_export_foreach_name = !{!2}\n"
    "!\\23rs_export_foreach = !{!3}\n"
    "!\\23rs_object_slots = !{!4}\n"
    "!\\23pragma = !{!5}\n"
    "!0 = !{!\"c\", !\"5\"}\n"
    "!1 = !{!\"function\"}\n"
    "!2 = !{!\"kernel_2\"}\n"
    "!3 = !{!\"5\"}\n"
    "!4 = !{!\"0\"}\n"
    "!5 = !{!\"more\", !\"2\"}\n";

static void metadata_of_objects_follow_the_scripts(void **state)
{
    static const char *const vars[] = {"a", "b", "c"};
    static const char *const funcs[] = {"function"};
    static const char *const kernels[] = {"kernel", "kernel_2"};
    struct compile_fixture *f = *state;
    const struct compile_result *result = &f->result;

    compile_fixture_add_text(f, "script.bc", metadata_of_script);
    compile_fixture_add_object(f, "object.bc", metadata_of_object);
    assert_compiles(f);
    assert_names(result->exports.vars, result->exports.n_vars, vars, 3);
    assert_names(result->exports.funcs, result->exports.n_funcs, funcs, 1);
    assert_names(result->exports.foreachs, result->exports.n_foreachs, kernels,
                 2);
    assert_int_equal(result->exports.foreachs[0].kernel_signature, 3);
    assert_int_equal(result->exports.foreachs[1].kernel_signature, 5);
    /* Each slot names a variable of its own module. */
    assert_int_equal(result->exports.n_object_slots, 2);
    assert_int_equal(result->exports.object_slots[0], 1);
    assert_int_equal(result->exports.object_slots[1], 2);
    assert_int_equal(result->exports.n_pragmas, 2);
    assert_string_equal(result->exports.pragmas[1].key, "more");
}

static void slots_of_an_object_are_checked_against_its_own(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", metadata_of_script);
    compile_fixture_add_object(f, "object.bc",
                               "!\\23rs_object_slots = !{!0}\n"
                               "!0 = !{!\"0\"}\n");
    assert_refused(f, STATUS_COMPILE,
                   "object.bc: object slot 0 of 0 exported variables");
}

/* ---- Linking ---- */

/* As LLVM's linker would leave it out: its own module does not use it. */
static void unused_inline_functions_are_there_for_others(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "define linkonce_odr i32 @helper(i32 %x) {\n"
                             "  ret i32 7\n"
                             "}\n");
    compile_fixture_add_object(f, "object.bc", calls_helper);
    assert_compiles(f);
    assert_null(find_import(f, "helper"));
}

/* A group is kept once, whatever the linkage of its members. */
static void groups_of_one_name_are_no_contradiction(void **state)
{
    static const char grouped[] =
        "$helper = comdat any\n"
        "define i32 @helper(i32 %x) comdat { ret i32 7 }\n";
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", grouped);
    compile_fixture_add_object(f, "object.bc", grouped);
    assert_compiles(f);
    assert_non_null(find_function(f, "helper"));
    compile_fixture_reset(f);
    compile_fixture_add_text(f, "script.bc", grouped);
    compile_fixture_add_object(f, "object.bc", helper);
    assert_refused(f, STATUS_COMPILE,
                   "object.bc: 'helper' is defined here and in script.bc");
}

static void runtimes_serve_objects_and_give_way_to_them(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", calls_helper);
    compile_fixture_add_text(f, "library.bc",
                             "define i32 @helper(i32 %x) {\n"
                             "  %y = call i32 @missing()\n"
                             "  ret i32 %y\n"
                             "}\n"
                             "define i32 @deeper() { ret i32 3 }\n"
                             "declare i32 @missing()\n");
    compile_fixture_add_object(f, "object.bc",
                               "define i32 @helper(i32 %x) {\n"
                               "  %y = call i32 @deeper()\n"
                               "  ret i32 %y\n"
                               "}\n"
                               "declare i32 @deeper()\n");
    assert_compiles(f);
    assert_int_equal(f->result.link.n_imports, 0);
}

/* ---- Several modules in a file ---- */

static void modules_of_one_file_are_joined(void **state)
{
    struct compile_fixture *f = *state;
    struct span first = make_bitcode(calls_helper);
    struct span second = make_bitcode(helper);
    uint8_t *both = malloc(first.size + second.size - 4);

    assert_non_null(both);
    memcpy(both, first.data, first.size);
    memcpy(both + first.size, second.data + 4, second.size - 4);
    compile_fixture_add(f, "two.bc",
                        (struct span){both, first.size + second.size - 4});
    assert_compiles(f);
    assert_int_equal(f->result.exports.n_funcs, 2);
    assert_int_equal(f->result.link.n_imports, 0);
    /* The second is cut off. */
    for (size_t cut = 4; cut < second.size - 4; cut += 64) {
        f->bytes[0].size = first.size + second.size - 4 - cut;
        if (compile_fixture_run(f) == STATUS_OK)
            assert_non_null(find_function(f, "entry"));
        else
            assert_non_null(strstr(f->err.message, "two.bc: "));
    }
    free(both);
    free((void *)first.data);
    free((void *)second.data);
}

/* ---- Archives ---- */

struct archive {
    char bytes[16384];
    size_t size;
};

static void archive_begin(struct archive *archive)
{
    memcpy(archive->bytes, "!<arch>\n", 8);
    archive->size = 8;
}

static void archive_add(struct archive *archive, const char *name,
                        const char *text)
{
    struct span bitcode = make_bitcode(text);
    char *at = archive->bytes + archive->size;

    assert_true(archive->size + 61 + bitcode.size < sizeof(archive->bytes));
    snprintf(at, 61, "%-16s%-12d%-6d%-6d%-8d%-10zu`\n", name, 0, 0, 0, 644,
             bitcode.size);
    memcpy(at + 60, bitcode.data, bitcode.size);
    archive->size += 60 + bitcode.size;
    if (archive->size % 2)
        archive->bytes[archive->size++] = '\n';
    free((void *)bitcode.data);
}

static struct span archive_span(const struct archive *archive)
{
    return (struct span){(const uint8_t *)archive->bytes, archive->size};
}

static void archives_give_members_in_any_role(void **state)
{
    static const enum request_role roles[] = {REQUEST_LIBRARY, REQUEST_OBJECT};
    struct compile_fixture *f = *state;
    struct archive archive;

    archive_begin(&archive);
    archive_add(&archive, "unused.o/",
                "@unused = global i32 1\n"
                "define i32 @nobody() { ret i32 1 }\n");
    archive_add(&archive, "helper.o/", helper);
    for (size_t i = 0; i < 2; i++) {
        compile_fixture_reset(f);
        compile_fixture_add_text(f, "script.bc", calls_helper);
        compile_fixture_add(f, "lib.a", archive_span(&archive));
        f->inputs[1].role = roles[i];
        assert_compiles(f);
        assert_non_null(find_function(f, "helper"));
        assert_null(find_function(f, "nobody"));
        /* What was taken is exported like the rest of the program. */
        assert_int_equal(f->result.exports.n_funcs, 2);
        assert_int_equal(f->result.exports.n_vars, 0);
    }
}

static void a_marked_symbol_is_wanted_of_an_archive(void **state)
{
    struct compile_fixture *f = *state;
    struct archive archive;

    archive_begin(&archive);
    archive_add(&archive, "helper.o/", helper);
    archive_add(&archive, "entry.o/", calls_helper);
    compile_fixture_add(f, "script.a", archive_span(&archive));
    assert_refused(f, STATUS_COMPILE, "script.a: no member of the archive");
    compile_fixture_mark(f, "absent");
    assert_refused(f, STATUS_COMPILE, "script.a: no member of the archive");
    compile_fixture_mark(f, "entry");
    assert_compiles(f);
    assert_non_null(find_function(f, "entry"));
    assert_int_equal(f->result.link.n_imports, 0);
}

static void what_is_wrong_with_a_member_names_it(void **state)
{
    struct compile_fixture *f = *state;
    struct archive archive;

    archive_begin(&archive);
    archive_add(&archive, "helper.o/", helper);
    archive.bytes[68 + 8] ^= 0x55; /* behind the magic */
    compile_fixture_add_text(f, "script.bc", calls_helper);
    compile_fixture_add(f, "lib.a", archive_span(&archive));
    assert_refused(f, STATUS_CORRUPT, "lib.a(helper.o): ");
    compile_fixture_reset(f);
    archive.bytes[8 + 48] = 'x'; /* its size */
    compile_fixture_add_text(f, "script.bc", calls_helper);
    compile_fixture_add(f, "lib.a", archive_span(&archive));
    assert_refused(f, STATUS_CORRUPT, "lib.a: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exports_are_those_of_all_objects_in_order),
        TEST(metadata_of_objects_follow_the_scripts),
        TEST(slots_of_an_object_are_checked_against_its_own),
        TEST(unused_inline_functions_are_there_for_others),
        TEST(groups_of_one_name_are_no_contradiction),
        TEST(runtimes_serve_objects_and_give_way_to_them),
        TEST(modules_of_one_file_are_joined),
        TEST(archives_give_members_in_any_role),
        TEST(a_marked_symbol_is_wanted_of_an_archive),
        TEST(what_is_wrong_with_a_member_names_it),
    };

    return cmocka_run_group_tests_name("compile_objects", tests, NULL, NULL);
}
